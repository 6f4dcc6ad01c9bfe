/* pattern: Unicode, sentences about broken patterns, and an end to matches that would not end. */
#include "tap.h"
#include "pattern.h"

static struct arena mem;

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
	};
	const char *why;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct pattern *p = pattern_compile(&mem, rows[i].pattern, &why);

		ok(p && pattern_match(p, rows[i].text, strlen(rows[i].text)) == rows[i].want, "%s %s %s", rows[i].pattern,
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
	ok(!pattern_match(p, text, sizeof(text) - 1), "a match that would take for ever counts as none");
	ok(base_now_us() - from < 2000000, "and is given up soon");
	ok(pattern_match(p, "aaaa", 4), "the pattern is still good for others");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_match();
	test_broken();
	test_bounded();
	arena_close(&mem);
	return tap_done();
}
