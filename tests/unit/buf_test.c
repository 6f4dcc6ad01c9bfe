/* buf: growth, the cap, JSON strings. */
#include "tap.h"
#include "buf.h"
#include "json.h"
#include "utf8.h"

static struct arena mem;

static void
test_growth(void)
{
	char big[3000];
	struct buf b;
	int i;

	memset(big, 'x', sizeof(big));
	buf_init(&b, &mem, 1 << 20);
	is_str(b.at, "", "empty, not NULL");
	buf_add(&b, "", 0);
	buf_str(&b, "ab");
	buf_char(&b, 'c');
	buf_int(&b, INT64_MIN);
	buf_fmt(&b, "%s%d", "-", 7);
	is_str(b.at, "abc-9223372036854775808-7", "pieces one after the other");
	is_int(b.len, strlen(b.at), "len does not count the NUL");
	buf_cut(&b, 3);
	is_str(b.at, "abc", "cut");
	buf_cut(&b, 100);
	is_str(b.at, "abc", "cut makes nothing longer");
	buf_add(&b, big, sizeof(big));
	is_int(b.len, 3 + sizeof(big), "longer than its first room");
	ok(b.at[b.len] == '\0', "and still ends in NUL");
	buf_cut(&b, 0);
	buf_fmt(&b, "%.*s", (int)sizeof(big), big);
	is_int(b.len, sizeof(big), "a long format too");
	buf_cut(&b, 0);
	for (i = 0; i < 5000; i++)
		buf_char(&b, 'y');
	is_int(strspn(b.at, "y"), 5000, "a character at a time");
}

static void
test_cap(void)
{
	struct buf b;

	buf_init(&b, &mem, 10);
	buf_str(&b, "0123456789");
	ok(!b.full && b.len == 10, "exactly the cap fits");
	buf_char(&b, 'x');
	ok(b.full, "one more does not");
	is_str(b.at, "0123456789", "and is not added");
	buf_cut(&b, 5);
	ok(!b.full, "cut clears full");
	buf_str(&b, "abcdefgh");
	ok(b.full, "too long a piece");
	is_str(b.at, "01234", "is not added in part");
	buf_str(&b, "ab");
	is_str(b.at, "01234", "nothing comes behind a gap");
	buf_cut(&b, 5);
	buf_fmt(&b, "%s", "abcde");
	is_str(b.at, "01234abcde", "a format up to the cap");
	buf_init(&b, &mem, 600);
	buf_fmt(&b, "%700s", "x");
	ok(b.full && b.len == 0, "a long format beyond the cap");
}

static void
test_json(void)
{
	static const struct {
		const char *text;
		size_t      n;
		const char *want;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "a", 1, "\"a\"" },
		{ "\"", 1, "\"\\\"\"" },
		{ "\\", 1, "\"\\\\\"" },
		{ "/", 1, "\"/\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x1f", 3, "\"\\u0000\\u0001\\u001f\"" },
		{ "\x7f", 1, "\"\x7f\"" },
		{ "a\nb\nc", 5, "\"a\\nb\\nc\"" },
		{ "\xc3\xa9", 2, "\"\xc3\xa9\"" },
		{ "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"" },
		{ "</script>", 9, "\"</script>\"" },
	};
	struct buf b;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_init(&b, &mem, 1000);
		buf_json(&b, rows[i].text, rows[i].n);
		is_str(b.at, rows[i].want, "JSON string %zu", i);
	}
}

/* Every character but NUL comes back through json-c as it went in. */
static void
test_json_round(void)
{
	struct json_flaw flaw;
	uint32_t code;
	int bad = 0;

	for (code = 1; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 257) {
		char bytes[4];
		size_t n = utf8_put(bytes, code);
		struct json_object *o;
		struct buf b;

		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		buf_init(&b, &mem, 100);
		buf_json(&b, bytes, n);
		o = json_check(&mem, b.at, b.len, &(struct json_caps){ 4, 100 }, &flaw) == 0 ? json_parse(&mem, b.at, b.len, 4) : NULL;
		bad += !o || (size_t)json_object_get_string_len(o) != n || memcmp(json_object_get_string(o), bytes, n) != 0;
		if (mem.used > 1 << 20)
			arena_reset(&mem);
	}
	is_int(bad, 0, "characters come back from a JSON parser as they went in");
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 16 << 20);
	test_growth();
	test_cap();
	test_json();
	test_json_round();
	arena_close(&mem);
	return tap_done();
}
