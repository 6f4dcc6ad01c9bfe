/*
 * json: a recursive-descent check over raw bytes, then json-c.
 *
 * Names are compared by a keyed 64-bit hash of (object, unescaped name).  Two names that collide
 * by accident would be refused once in 10^8 requests of a hundred thousand names; an attacker who
 * finds a collision refuses only his own request.
 */
#include "json.h"
#include "utf8.h"

#define FIRST_NAMES 256

struct scan {
	struct arena     *mem;
	const char       *text;
	size_t            n;
	size_t            at;
	int               depth;	/* levels still allowed */
	int64_t           values;	/* values still allowed */
	uint64_t          objects;	/* objects begun: tells their names apart */
	uint64_t         *names;	/* open addressing; 0: free */
	size_t            names_room;	/* a power of two; 0: no table yet */
	size_t            names_used;
	struct json_flaw *flaw;
};

static int scan_value(struct scan *s);

static int
refuse(struct scan *s, const char *what)
{
	s->flaw->what = what;
	s->flaw->at = s->at;
	return -1;
}

static void
skip_space(struct scan *s)
{
	while (s->at < s->n && strchr(" \t\n\r", s->text[s->at]) && s->text[s->at])
		s->at++;
}

/* --- names ------------------------------------------------------------------------------ */

static uint64_t
hash_seed(void)
{
	static uint64_t seed;	/* of this process; children of a fork share it, which is fine */

	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			seed = (uint64_t)base_now_us() | 1;
	return seed;
}

static uint64_t
hash_byte(uint64_t h, unsigned char c)
{
	h = (h ^ c) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 29;
}

/* Spreads what the last characters changed over all bits: the lowest choose the place in the table. */
static uint64_t
hash_finish(uint64_t h)
{
	h = (h ^ h >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
	h = (h ^ h >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
	h ^= h >> 33;
	return h ? h : 1;
}

static void
names_grow(struct scan *s)
{
	size_t room = s->names_room ? s->names_room * 2 : FIRST_NAMES, i, at;
	uint64_t *names = arena_zero(s->mem, room * sizeof(*names));

	for (i = 0; i < s->names_room; i++) {
		if (!s->names[i])
			continue;
		for (at = s->names[i] & (room - 1); names[at]; at = (at + 1) & (room - 1))
			;
		names[at] = s->names[i];
	}
	s->names = names;
	s->names_room = room;
}

/* False: this hash was there already. */
static bool
names_add(struct scan *s, uint64_t hash)
{
	size_t at;

	hash = hash_finish(hash);
	if (2 * (s->names_used + 1) > s->names_room)
		names_grow(s);
	for (at = hash & (s->names_room - 1); s->names[at]; at = (at + 1) & (s->names_room - 1))
		if (s->names[at] == hash)
			return false;
	s->names[at] = hash;
	s->names_used++;
	return true;
}

/* --- strings ---------------------------------------------------------------------------- */

static int
hex4(struct scan *s, uint32_t *unit)
{
	size_t i;

	*unit = 0;
	for (i = 0; i < 4; i++) {
		char c = s->at + i < s->n ? s->text[s->at + i] : 'x';

		if (!isxdigit((unsigned char)c))
			return refuse(s, "\\u needs four hexadecimal digits");
		*unit = *unit << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	s->at += 4;
	return 0;
}

/* Behind "\u": one character, which may take a second escape. */
static int
unescape_code(struct scan *s, uint32_t *code)
{
	uint32_t low;

	if (hex4(s, code) != 0)
		return -1;
	if (*code == 0)
		return refuse(s, "\\u0000 is not accepted");
	if (*code < 0xD800 || *code > 0xDFFF)
		return 0;
	if (*code > 0xDBFF || s->n - s->at < 6 || memcmp(s->text + s->at, "\\u", 2) != 0)
		return refuse(s, "a lone surrogate");
	s->at += 2;
	if (hex4(s, &low) != 0)
		return -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return refuse(s, "a lone surrogate");
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return 0;
}

/* Behind a backslash. */
static int
scan_escape(struct scan *s, uint64_t *hash)
{
	static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	char c = s->at < s->n ? s->text[s->at] : '\0', bytes[4];
	const char *p;
	uint32_t code;
	size_t len, i;

	s->at++;
	if (c == 'u') {
		if (unescape_code(s, &code) != 0)
			return -1;
		len = utf8_put(bytes, code);
		for (i = 0; i < len; i++)
			*hash = hash_byte(*hash, (unsigned char)bytes[i]);
		return 0;
	}
	for (p = plain; *p; p += 2)
		if (p[0] == c) {
			*hash = hash_byte(*hash, (unsigned char)p[1]);
			return 0;
		}
	s->at--;
	return refuse(s, "an unknown escape");
}

static int
scan_beyond_ascii(struct scan *s, uint64_t *hash)
{
	uint32_t code;
	size_t step = utf8_step(s->text + s->at, s->n - s->at, &code);

	if (step == 0)
		return refuse(s, "not UTF-8");
	while (step-- > 0)
		*hash = hash_byte(*hash, (unsigned char)s->text[s->at++]);
	return 0;
}

/* At a quote.  *hash takes in the unescaped bytes. */
static int
scan_string(struct scan *s, uint64_t *hash)
{
	for (s->at++; s->at < s->n;) {
		unsigned char c = (unsigned char)s->text[s->at];

		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c < 0x20)
			return refuse(s, "a raw control character in a string");
		if (c == '\\') {
			s->at++;
			if (scan_escape(s, hash) != 0)
				return -1;
		} else if (c >= 0x80) {
			if (scan_beyond_ascii(s, hash) != 0)
				return -1;
		} else {
			*hash = hash_byte(*hash, c);
			s->at++;
		}
	}
	return refuse(s, "a string without end");
}

/* --- numbers, words --------------------------------------------------------------------- */

static size_t
skip_digits(struct scan *s)
{
	size_t from = s->at;

	while (s->at < s->n && isdigit((unsigned char)s->text[s->at]))
		s->at++;
	return s->at - from;
}

static int
check_fits(struct scan *s, size_t from, bool integer)
{
	errno = 0;
	if (integer) {
		if (s->at - from > 20)
			return refuse(s, "an integer beyond 64 bits");
		(void)strtoll(s->text + from, NULL, 10);
		return errno != 0 ? refuse(s, "an integer beyond 64 bits") : 0;
	}
	return isfinite(strtod(s->text + from, NULL)) ? 0 : refuse(s, "a number beyond the range of a double");
}

static int
scan_number(struct scan *s)
{
	size_t from = s->at, digits;
	bool integer = true;

	if (s->text[s->at] == '-')
		s->at++;
	digits = skip_digits(s);
	if (digits == 0)
		return refuse(s, "not a JSON value");
	if (digits > 1 && s->text[s->at - digits] == '0')
		return refuse(s, "a number with a leading zero");
	if (s->at < s->n && s->text[s->at] == '.') {
		integer = false;
		s->at++;
		if (skip_digits(s) == 0)
			return refuse(s, "a number without digits behind its point");
	}
	if (s->at < s->n && (s->text[s->at] | 0x20) == 'e') {
		integer = false;
		s->at++;
		if (s->at < s->n && strchr("+-", s->text[s->at]) && s->text[s->at])
			s->at++;
		if (skip_digits(s) == 0)
			return refuse(s, "a number without digits in its exponent");
	}
	return check_fits(s, from, integer);
}

static int
scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (s->n - s->at >= len && memcmp(s->text + s->at, words[i], len) == 0) {
			s->at += len;
			return 0;
		}
	}
	return refuse(s, "not a JSON value");
}

/* --- objects, arrays -------------------------------------------------------------------- */

static int
scan_member(struct scan *s, uint64_t object)
{
	uint64_t hash = hash_seed() ^ object * UINT64_C(0xD6E8FEB86659FD93);

	skip_space(s);
	if (s->at >= s->n || s->text[s->at] != '"')
		return refuse(s, "a member without a name");
	if (scan_string(s, &hash) != 0)
		return -1;
	if (!names_add(s, hash))
		return refuse(s, "a name occurs twice in one object");
	skip_space(s);
	if (s->at >= s->n || s->text[s->at] != ':')
		return refuse(s, "a name without a colon");
	s->at++;
	return scan_value(s);
}

/* At the opening bracket; `object` is 0 for an array. */
static int
scan_items(struct scan *s, char close, uint64_t object)
{
	if (s->depth-- == 0)
		return refuse(s, "too many levels");
	s->at++;
	skip_space(s);
	if (s->at < s->n && s->text[s->at] == close) {
		s->at++;
		s->depth++;
		return 0;
	}
	for (;;) {
		if ((object ? scan_member(s, object) : scan_value(s)) != 0)
			return -1;
		skip_space(s);
		if (s->at >= s->n || (s->text[s->at] != ',' && s->text[s->at] != close))
			return refuse(s, s->at >= s->n ? "the text ends too early" : "a comma is missing");
		if (s->text[s->at++] == close)
			break;
	}
	s->depth++;
	return 0;
}

static int
scan_value(struct scan *s)
{
	uint64_t ignored = 0;

	skip_space(s);
	if (s->values-- == 0)
		return refuse(s, "too many values");
	if (s->at >= s->n)
		return refuse(s, s->n == 0 ? "the text is empty" : "the text ends too early");
	switch (s->text[s->at]) {
	case '{':
		return scan_items(s, '}', ++s->objects);
	case '[':
		return scan_items(s, ']', 0);
	case '"':
		return scan_string(s, &ignored);
	case 't':
	case 'f':
	case 'n':
		return scan_word(s);
	default:
		return scan_number(s);
	}
}

int
json_check(struct arena *mem, const char *text, size_t n, const struct json_caps *caps, struct json_flaw *flaw)
{
	struct scan s = { .mem = mem, .text = text, .n = n, .depth = caps->depth, .values = caps->values, .flaw = flaw };

	if (scan_value(&s) != 0)
		return -1;
	skip_space(&s);
	if (s.at < n)
		return refuse(&s, "something follows the JSON text");
	return 0;
}

/* --- json-c ----------------------------------------------------------------------------- */

static void
put(void *o)
{
	json_object_put(o);
}

struct json_object *
json_keep(struct arena *mem, struct json_object *o)
{
	if (o)
		arena_defer(mem, put, o);
	return o;
}

struct json_object *
json_parse(struct arena *mem, const char *text, size_t n, int depth)
{
	struct json_tokener *tok = json_tokener_new_ex(depth + 1);
	struct json_object *o;

	if (!tok || n > INT_MAX)
		return NULL;
	o = json_tokener_parse_ex(tok, text, (int)n + 1);	/* with its NUL: ends a bare number */
	json_tokener_free(tok);
	return json_keep(mem, o);
}

char *
json_file_text(struct arena *mem, const char *path, size_t most, size_t *len, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* a pipe that nobody writes is not waited for */
	struct stat st;
	char *text = NULL;
	ssize_t got = -1;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = arena_fmt(mem, "%s: %s", path, fd < 0 ? strerror(errno) : "not a regular file");
	} else if ((uint64_t)st.st_size > most) {
		*why = arena_fmt(mem, "%s: larger than %zu bytes", path, most);
	} else {
		text = arena_take(mem, (size_t)st.st_size + 1);
		got = read(fd, text, (size_t)st.st_size);
		if (got != st.st_size)
			*why = arena_fmt(mem, "%s: could not be read whole", path);
		else
			text[*len = (size_t)got] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return got >= 0 && got == st.st_size ? text : NULL;
}

struct json_object *
json_file(struct arena *mem, const char *path, size_t most, const char **why)
{
	static const struct json_caps caps = { .depth = 64, .values = 1000000 };
	struct json_flaw flaw;
	struct json_object *o;
	size_t len;
	char *text = json_file_text(mem, path, most, &len, why);

	if (!text)
		return NULL;
	if (json_check(mem, text, len, &caps, &flaw) != 0) {
		*why = arena_fmt(mem, "%s: %s at byte %zu", path, flaw.what, flaw.at);
		return NULL;
	}
	o = json_parse(mem, text, len, caps.depth);
	if (!o)
		*why = arena_fmt(mem, "%s: null is no declaration", path);
	return o;
}

struct json_object *
json_get(struct json_object *o, const char *name)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_get_ex(o, name, &member);
	return member;
}

const char *
json_get_str(struct json_object *o, const char *name)
{
	struct json_object *member = json_get(o, name);

	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : NULL;
}

const char *
json_text(struct json_object *o, const char *name)
{
	const char *text = json_get_str(o, name);

	return text ? text : "";
}

int64_t
json_get_int(struct json_object *o, const char *name, int64_t usual)
{
	struct json_object *member = json_get(o, name);

	return json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : usual;
}

bool
json_is_strings(struct json_object *o)
{
	size_t i;

	if (!json_object_is_type(o, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(o); i++)
		if (!json_object_is_type(json_object_array_get_idx(o, i), json_type_string))
			return false;
	return true;
}

const char *
json_plain(struct json_object *o, size_t *len)
{
	return json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, len);
}
