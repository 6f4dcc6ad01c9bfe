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

/* Makes room for n more bytes and a NUL.  False: they would pass the cap. */
static bool
grow(struct buf *b, size_t n)
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
	buf_add(b, &c, 1);
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

static void
add_escaped(struct buf *b, unsigned char c)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *p;
	char code[8] = { '\\' };

	for (p = named; *p; p += 2)
		if ((unsigned char)p[0] == c) {
			code[1] = p[1];
			buf_add(b, code, 2);
			return;
		}
	buf_add(b, code, (size_t)snprintf(code, sizeof(code), "\\u%04x", c));
}

void
buf_json(struct buf *b, const char *s, size_t n)
{
	size_t from = 0, i;

	buf_char(b, '"');
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, s + from, i - from);
		add_escaped(b, c);
		from = i + 1;
	}
	buf_add(b, s + from, n - from);
	buf_char(b, '"');
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
	b->at[b->len] = '\0';
	b->full = false;
}
