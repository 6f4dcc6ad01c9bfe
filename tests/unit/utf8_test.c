/* utf8: RFC 3629, character by character, and what must not reach a model. */
#include "tap.h"
#include "utf8.h"

/* What a decoder written as the RFC's table says of a sequence. */
static size_t
by_the_book(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char first[2], second[2];
		size_t        len;
	} rows[] = {	/* RFC 3629, section 4 */
		{ { 0x00, 0x7F }, { 0, 0 }, 1 },
		{ { 0xC2, 0xDF }, { 0x80, 0xBF }, 2 },
		{ { 0xE0, 0xE0 }, { 0xA0, 0xBF }, 3 }, { { 0xE1, 0xEC }, { 0x80, 0xBF }, 3 },
		{ { 0xED, 0xED }, { 0x80, 0x9F }, 3 }, { { 0xEE, 0xEF }, { 0x80, 0xBF }, 3 },
		{ { 0xF0, 0xF0 }, { 0x90, 0xBF }, 4 }, { { 0xF1, 0xF3 }, { 0x80, 0xBF }, 4 },
		{ { 0xF4, 0xF4 }, { 0x80, 0x8F }, 4 },
	};
	size_t i, j;

	for (i = 0; i < LEN(rows); i++) {
		if (s[0] < rows[i].first[0] || s[0] > rows[i].first[1])
			continue;
		if (rows[i].len > n || (rows[i].len > 1 && (s[1] < rows[i].second[0] || s[1] > rows[i].second[1])))
			return 0;
		for (j = 2; j < rows[i].len; j++)
			if (s[j] < 0x80 || s[j] > 0xBF)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static void
test_against_the_book(void)
{
	static const unsigned char tails[] = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF };
	unsigned char s[4];
	size_t j, k, n;
	int i, bad = 0;
	uint32_t code;

	for (i = 0; i < 256; i++)
		for (j = 0; j < LEN(tails) * LEN(tails); j++)
			for (k = 0; k < LEN(tails); k++)
				for (n = 1; n <= 4; n++) {
					memcpy(s, (unsigned char[]){ (unsigned char)i, tails[j % LEN(tails)], tails[j / LEN(tails)], tails[k] }, 4);
					bad += utf8_step((const char *)s, n, &code) != by_the_book(s, n);
				}
	is_int(bad, 0, "utf8_step agrees with the table of RFC 3629");
	is_int(utf8_step("", 0, &code), 0, "nothing is no character");
}

static void
test_round(void)
{
	char out[4];
	uint32_t code, again;
	int bad = 0;

	for (code = 0; code <= 0x10FFFF; code++) {
		size_t n;

		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		n = utf8_put(out, code);
		bad += utf8_step(out, n, &again) != n || again != code;
	}
	is_int(bad, 0, "every character is written and read back");
}

static void
test_valid(void)
{
	static const struct {
		const char *text;
		size_t      n;
		bool        want;
		const char *name;
	} rows[] = {
		{ "", 0, true, "empty" },
		{ "a\0b", 3, true, "NUL is a character" },
		{ "Gr\xc3\xb6\xc3\x9f" "e", 7, true, "two bytes" },
		{ "\xe2\x82\xac", 3, true, "three bytes" },
		{ "\xf0\x9f\x98\x80", 4, true, "four bytes" },
		{ "\xf4\x8f\xbf\xbf", 4, true, "U+10FFFF" },
		{ "\xf4\x90\x80\x80", 4, false, "U+110000" },
		{ "\xc0\x80", 2, false, "overlong NUL" },
		{ "\xc1\xbf", 2, false, "overlong DEL" },
		{ "\xe0\x9f\xbf", 3, false, "overlong U+07FF" },
		{ "\xf0\x8f\xbf\xbf", 4, false, "overlong U+FFFF" },
		{ "\xed\xa0\x80", 3, false, "a high surrogate" },
		{ "\xed\xbf\xbf", 3, false, "a low surrogate" },
		{ "\x80", 1, false, "a tail alone" },
		{ "\xff", 1, false, "0xFF" },
		{ "\xc3", 1, false, "cut after one of two" },
		{ "\xe2\x82", 2, false, "cut after two of three" },
		{ "\xf0\x9f\x98", 3, false, "cut after three of four" },
		{ "ok\xe2\x82xx", 6, false, "a broken one in the middle" },
		{ "\xc3\xa9\xa9", 3, false, "a tail too many" },
		{ "\xf8\x88\x80\x80\x80", 5, false, "five bytes" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ok(utf8_valid(rows[i].text, rows[i].n) == rows[i].want, "%s", rows[i].name);
}

static void
test_characters(void)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";	/* of 1, 2, 3, 4 and 1 bytes */
	static const size_t ends[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };
	size_t most;

	is_int(utf8_count(text, strlen(text)), 5, "characters, not bytes");
	is_int(utf8_count("", 0), 0, "of nothing, none");
	for (most = 0; most < LEN(ends); most++)
		is_int(utf8_cut(text, most), ends[most], "a text cut to %zu bytes ends with a character", most);
}

static void
test_hidden(void)
{
	static const struct {
		uint32_t from, to;
		bool     hidden;
	} rows[] = {
		{ 0x00, 0x08, true }, { '\t', '\n', false }, { 0x0B, 0x1F, true }, { ' ', '~', false }, { 0x7F, 0x9F, true },
		{ 0xA0, 0x2029, false }, { 0x202A, 0x202E, true }, { 0x202F, 0x2065, false }, { 0x2066, 0x2069, true },
		{ 0x206A, 0xDFFFF, false }, { 0xE0000, 0xE007F, true }, { 0xE0080, 0x10FFFF, false },
	};
	uint32_t code;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		int bad = 0;

		for (code = rows[i].from; code <= rows[i].to; code++)
			bad += utf8_hidden(code) != rows[i].hidden;
		is_int(bad, 0, "U+%04X to U+%04X %s", rows[i].from, rows[i].to, rows[i].hidden ? "are dropped" : "stay");
	}
}

int
main(void)
{
	test_against_the_book();
	test_round();
	test_valid();
	test_characters();
	test_hidden();
	return tap_done();
}
