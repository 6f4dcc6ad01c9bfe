/* buf: growing by doubling; the old text stays behind in the arena until its reset. */
#include "buf.h"

#define FIRST_ROOM 256

void
buf_init(struct buf *b, struct arena *mem, size_t most)
{
	*b = (struct buf){ .mem = mem, .most = most, .room = FIRST_ROOM };
	b->at = arena_take(mem, b->room);
	b->at[0] = '\0';
}

static bool
grow_more(struct buf *b, size_t n)
{
	size_t room = b->room;
	char *at;

	if (b->full || n > b->most - b->len) {
		b->full = true;
		return false;
	}
	if (n < room - b->len)
		return true;
	while (room - b->len <= n)
		room *= 2;
	at = arena_take(b->mem, room);
	memcpy(at, b->at, b->len + 1);
	b->at = at;
	b->room = room;
	return true;
}

/* Makes room for n more bytes and a NUL.  False: they would pass the cap. */
static inline bool
grow(struct buf *b, size_t n)
{
	if (n < b->room - b->len && n <= b->most - b->len && !b->full)
		return true;
	return grow_more(b, n);
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0 || !grow(b, n))
		return;
	memcpy(b->at + b->len, bytes, n);
	b->len += n;
	b->at[b->len] = '\0';
}

void
buf_char(struct buf *b, char c)
{
	if (!grow(b, 1))
		return;
	b->at[b->len++] = c;
	b->at[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(small)) {
		buf_add(b, small, (size_t)n);
	} else if (n > 0 && grow(b, (size_t)n)) {
		vsnprintf(b->at + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void
buf_int(struct buf *b, int64_t n)
{
	char digits[24];

	buf_add(b, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRId64, n));
}

/* What stands behind the backslash; 0: the byte goes as it is; 'u': as \u00XX. */
static const char escape[256] = {
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\',
};

/* Room for n bytes of text even if each needs a backslash; less sure near the cap, where it is counted. */
static bool
grow_for(struct buf *b, const unsigned char *s, size_t n)
{
	size_t more = 2, i;

	if (2 * n + 2 <= b->most - b->len)
		return grow(b, 2 * n + 2);
	for (i = 0; i < n; i++)
		more += escape[s[i]] == 'u' ? 6 : escape[s[i]] ? 2 : 1;
	return grow(b, more);
}

void
buf_json(struct buf *b, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text, *end = s + n;
	char *to, e;

	if (!grow_for(b, s, n))
		return;
	to = b->at + b->len;
	*to++ = '"';
	for (; s < end; s++) {
		e = escape[*s];
		if (!e) {
			*to++ = (char)*s;
			continue;
		}
		*to++ = '\\';
		*to++ = e;
		if (e != 'u')
			continue;
		b->len = (size_t)(to - b->at);
		if (!grow(b, 4 + 2 * (size_t)(end - s)))
			return;
		to = b->at + b->len;
		*to++ = '0';
		*to++ = '0';
		*to++ = hex[*s >> 4];
		*to++ = hex[*s & 15];
	}
	*to++ = '"';
	*to = '\0';
	b->len = (size_t)(to - b->at);
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
	b->at[b->len] = '\0';
	b->full = false;
}
