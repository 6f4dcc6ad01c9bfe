/* pattern: Unicode, sentences about broken patterns, and an end to matches that would not end. */
#include "tap.h"
#include "pattern.h"

static struct arena mem;

static bool
matches(const struct pattern *p, const char *s, size_t n)
{
	return pattern_try(p, s, n, base_now_us() + 1000000) == PATTERN_MATCHES;
}

static void
test_match(void)
{
	static const struct {
		const char *pattern, *text;
		bool        want;
	} rows[] = {
		{ "^a+$", "aaa", true }, { "^a+$", "aab", false }, { "b", "abc", true }, { "^$", "", true }, { "", "x", true },
		{ "^.$", "\xc3\xa9", true }, { "^.$", "\xf0\x9f\x98\x80", true }, { "^\\w+$", "na\xc3\xafve", false },
		{ "^\\d{4}$", "2026", true }, { "^\\d{4}$", "20266", false }, { "(?i)^A$", "a", true }, { "^[^/]+$", "a/b", false },
		{ "^\\p{Lu}$", "\xc3\x84", true },
		/* ECMA-262 */
		{ "^abc$", "abc\n", false }, { "^\\d$", "\xdf\x80", false }, { "^\\D$", "\xdf\x80", true }, { "^\\W$", "\xc3\xa9", true },
		{ "^\\s$", "\xc2\xa0", true }, { "^\\s$", "\xef\xbb\xbf", true }, { "^\\s$", "\xe2\x80\x93", false }, { "^\\s$", "\v", true },
		{ "^\\S$", "\xe2\x80\x83", false }, { "^\\S$", "\xe2\x80\x93", true }, { "^[\\s\\S]$", "\xc3\xa9", true },
		{ "^[a\\s]+$", "a\xe2\x80\x83", true }, { "^[^\\s]$", "\xe2\x80\x83", false }, { "^\\\\s$", "\\s", true },
		{ "^\\u00e9\\xe9$", "\xc3\xa9\xc3\xa9", true }, { "^\\u{1F600}$", "\xf0\x9f\x98\x80", true }, { "^\\cC$", "\003", true },
		{ "^[]$", "", false }, { "^[^]$", "\n", true }, { "^(?<year>\\d+)-\\k<year>$", "1-1", true }, { "^\\/$", "/", true },
	};
	const char *why;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct pattern *p = pattern_compile(&mem, rows[i].pattern, &why);

		ok(p && matches(p, rows[i].text, strlen(rows[i].text)) == rows[i].want, "%s %s %s", rows[i].pattern,
		    rows[i].want ? "matches" : "does not match", rows[i].text);
	}
}

static void
test_broken(void)
{
	static const char *const broken[] = { "(", "[", "a{2,1}", "*", "\\", "(?<n>a)(?<n>b)", "[z-a]" };
	const char *why;
	size_t i;

	for (i = 0; i < LEN(broken); i++) {
		why = "";
		ok(!pattern_compile(&mem, broken[i], &why) && strstr(why, "at character"), "%s: %s", broken[i], why);
	}
}

static void
test_bounded(void)
{
	static char text[10001];
	const char *why;
	struct pattern *p = pattern_compile(&mem, "^(a+)+$", &why);
	int64_t from;

	memset(text, 'a', sizeof(text) - 2);
	text[sizeof(text) - 2] = 'b';
	from = base_now_us();
	ok(!matches(p, text, sizeof(text) - 1), "a match that would take for ever counts as none");
	is_int(pattern_try(p, text, sizeof(text) - 1, INT64_MAX), PATTERN_UNKNOWN, "and is known as such");
	ok(base_now_us() - from < 2000000, "and is given up soon");
	ok(matches(p, "aaaa", 4), "the pattern is still good for others");
}

/* Starting points are taken in slices: matches across their borders are found, at characters. */
static void
test_slices(void)
{
	static char text[1001];
	const char *why;
	struct pattern *p = pattern_compile(&mem, "\xc3\xa9x+$", &why), *none = pattern_compile(&mem, "[a-z]*[0-9]", &why);
	size_t at;
	int wrong = 0;

	for (at = 0; at + 3 <= 400; at++) {
		memset(text, '.', sizeof(text));
		memcpy(text + at, "\xc3\xa9x", 3);
		wrong += !matches(p, text, at + 3);
		text[at + 3] = '.';
		wrong += matches(p, text, at + 4);
	}
	is_int(wrong, 0, "a match is found wherever it begins");
	for (at = 0; at + 2 <= sizeof(text); at += 2)
		memcpy(text + at, "\xc3\xa9", 2);
	is_int(pattern_try(none, text, 1000, INT64_MAX), PATTERN_DIFFERS, "no slice begins within a character");
	is_int(pattern_try(none, text, 1000, 0), PATTERN_UNKNOWN, "what has no time left gives up between slices");
	is_int(pattern_try(none, text, 10, 0), PATTERN_DIFFERS, "a short text has but one");
}

static void
test_long(void)
{
	const char *why = "";
	char *text = arena_take(&mem, 6001);

	memset(text, 'a', 6000);
	text[6000] = '\0';
	ok(!pattern_compile(&mem, text, &why) && strstr(why, "at most 4096 bytes"), "a long pattern is refused: %s", why);
	ok(!pattern_compile(&mem, "((a{1000}){1000}){1000}", &why) && strstr(why, "too large"), "one that would grow too: %s", why);
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_match();
	test_broken();
	test_bounded();
	test_slices();
	test_long();
	arena_close(&mem);
	return tap_done();
}
