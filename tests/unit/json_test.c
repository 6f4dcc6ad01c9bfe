/*
 * json: what the strict check takes, what it refuses and in which words, and that json-c agrees.
 *
 * Text with NUL bytes or a length of its own is in tests below the two tables.
 */
#include "tap.h"
#include "json.h"

#define DEPTH	8
#define VALUES	1000000

static const struct json_caps usual = { DEPTH, VALUES };
static struct arena mem;

static const char *const accepted[] = {
	/* the seven kinds */
	"{}", "[]", "\"\"", "0", "true", "false", "null",
	/* space */
	" {}", "{} ", "\t\n\r [ \t\n\r 1 \t\n\r , \t\n\r 2 \t\n\r ] \t\n\r ", "{ \"a\" : 1 , \"b\" : 2 }", "\n1\n", " null ",
	/* numbers */
	"-0", "1", "-1", "10", "100", "1234567890", "9223372036854775807", "-9223372036854775808", "0.0", "-0.0", "0.1", "1.5",
	"1.50", "123.456", "1e1", "1E1", "1e+1", "1e-1", "1.0e10", "0e0", "0E+00", "-1.5e-10", "1e308", "1.7976931348623157e308",
	"1e-400", "0.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
	"3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651",
	"9223372036854775808.0", "1e20", "123456789012345678901234567890.5",
	/* strings */
	"\"a\"", "\" \"", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"/\"", "\"\\b\\f\\n\\r\\t\"", "\"\\u0001\"", "\"\\u001f\"",
	"\"\\u0041\"", "\"\\u00e9\"", "\"\\u00E9\"", "\"\\uFFFF\"", "\"\\uffff\"", "\"\\uFEFF\"", "\"\\u2028\"", "\"\\u2029\"",
	"\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"", "\"\\uD800\\uDC00\"", "\"\\uDBFF\\uDFFF\"", "\"\\ue000\"", "\"\\ud7ff\"",
	"\"\\u0041\\u0042\"", "\"\x7f\"", "\"\xc2\x80\"", "\"\xc3\xa9\"", "\"\xe2\x82\xac\"", "\"\xef\xbf\xbf\"", "\"\xef\xbb\xbf\"",
	"\"\xf0\x9f\x98\x80\"", "\"\xf4\x8f\xbf\xbf\"", "\"\xed\x9f\xbf\"", "\"\xee\x80\x80\"", "\"\xe2\x80\xa8\"", "\"null\"",
	"\"\\u005c\"", "\"\\u0022\"", "\"\\\\u0000\"", "\"u0000\"", "\"\\\\ud800\"",
	/* arrays */
	"[1]", "[1,2,3]", "[null]", "[[]]", "[[],[]]", "[{}]", "[\"a\",1,true,false,null,{},[]]", "[1, 2]", "[[[[[[[[]]]]]]]]",
	"[0,0,0]", "[-1]", "[1e5]", "[\"]\"]",
	/* objects */
	"{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"\":1}", "{\"a\":{}}", "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":[],\"b\":[]}",
	"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", "[{\"a\":1},{\"a\":1}]", "{\"a\":1,\"A\":1}", "{\"a\":1,\"a \":1}", "{\"a\":1,\"\":1}",
	"{\"\\u0061\":1,\"b\":1}", "{\"a\":\"a\"}", "{\"\\\"\":1,\"'\":1}", "{\"}\":1}", "{\"a\":[{\"a\":1}]}",
	"{\"\xc3\xa9\":1,\"e\":2}", "{\"a\\u0001\":1,\"a\":2}", "{\"constructor\":1,\"__proto__\":2}",
};

static const struct {
	const char *text;
	const char *what;
} refused[] = {
	/* nothing, or not all of it */
	{ "", "the text is empty" }, { " ", "the text ends too early" }, { "\n\t", "the text ends too early" },
	{ "[", "the text ends too early" }, { "[1", "the text ends too early" }, { "[1,", "the text ends too early" },
	{ "[1 ", "the text ends too early" }, { "{\"a\":", "the text ends too early" }, { "{\"a\":1", "the text ends too early" },
	{ "{\"a\": ", "the text ends too early" }, { "[[]", "the text ends too early" }, { "{\"a\":{}", "the text ends too early" },
	{ "{\"a\":[1]", "the text ends too early" }, { "[\"a\"", "the text ends too early" },
	/* something behind it */
	{ "1 2", "something follows the JSON text" }, { "{}{}", "something follows the JSON text" },
	{ "{} x", "something follows the JSON text" }, { "[]]", "something follows the JSON text" },
	{ "{}}", "something follows the JSON text" }, { "null,", "something follows the JSON text" },
	{ "\"a\"\"b\"", "something follows the JSON text" }, { "truefalse", "something follows the JSON text" },
	{ "nulll", "something follows the JSON text" }, { "1,2", "something follows the JSON text" },
	{ "{}\v", "something follows the JSON text" }, { "{} // c", "something follows the JSON text" },
	{ "{}\xef\xbb\xbf", "something follows the JSON text" }, { "1 1", "something follows the JSON text" },
	{ "0x1", "something follows the JSON text" }, { "1a", "something follows the JSON text" },
	{ "1.5.5", "something follows the JSON text" }, { "1e5e5", "something follows the JSON text" },
	{ "1-1", "something follows the JSON text" }, { "1_000", "something follows the JSON text" },
	{ "--1", "not a JSON value" }, { "-0-", "something follows the JSON text" },
	/* not a value */
	{ "nul", "not a JSON value" }, { "tru", "not a JSON value" }, { "fals", "not a JSON value" }, { "n", "not a JSON value" },
	{ "True", "not a JSON value" }, { "TRUE", "not a JSON value" }, { "None", "not a JSON value" }, { "NULL", "not a JSON value" },
	{ "NaN", "not a JSON value" }, { "nan", "not a JSON value" }, { "Infinity", "not a JSON value" },
	{ "-Infinity", "not a JSON value" }, { "inf", "not a JSON value" }, { "undefined", "not a JSON value" },
	{ "+1", "not a JSON value" }, { ".5", "not a JSON value" }, { "-", "not a JSON value" }, { "-.5", "not a JSON value" },
	{ "-a", "not a JSON value" }, { "'a'", "not a JSON value" }, { "a", "not a JSON value" }, { "]", "not a JSON value" },
	{ "}", "not a JSON value" }, { ",", "not a JSON value" }, { ":", "not a JSON value" }, { "/**/1", "not a JSON value" },
	{ "//\n1", "not a JSON value" }, { "#\n1", "not a JSON value" }, { "[,]", "not a JSON value" }, { "[,1]", "not a JSON value" },
	{ "[1,]", "not a JSON value" }, { "[1,,2]", "not a JSON value" }, { "[}", "not a JSON value" }, { "{\"a\":}", "not a JSON value" },
	{ "{\"a\":,}", "not a JSON value" }, { "[1,2,]", "not a JSON value" }, { "\x01", "not a JSON value" },
	{ "\xef\xbb\xbf{}", "not a JSON value" }, { "\xff\xfe{\0}", "not a JSON value" }, { "\v1", "not a JSON value" },
	{ "\f1", "not a JSON value" }, { "\xc2\xa0" "1", "not a JSON value" }, { "\xe2\x80\x83" "1", "not a JSON value" },
	{ "`a`", "not a JSON value" }, { "(1)", "not a JSON value" }, { "[NaN]", "not a JSON value" },
	{ "{\"a\":Infinity}", "not a JSON value" }, { "{\"a\":nul}", "not a JSON value" }, { "\\u0022a\\u0022", "not a JSON value" },
	/* numbers */
	{ "01", "a number with a leading zero" }, { "-01", "a number with a leading zero" }, { "00", "a number with a leading zero" },
	{ "-00", "a number with a leading zero" }, { "01.5", "a number with a leading zero" }, { "0123", "a number with a leading zero" },
	{ "1.", "a number without digits behind its point" }, { "1.e5", "a number without digits behind its point" },
	{ "-1.", "a number without digits behind its point" }, { "1.a", "a number without digits behind its point" },
	{ "1e", "a number without digits in its exponent" }, { "1e+", "a number without digits in its exponent" },
	{ "1E-", "a number without digits in its exponent" }, { "1e+-1", "a number without digits in its exponent" },
	{ "1ea", "a number without digits in its exponent" }, { "1.5e", "a number without digits in its exponent" },
	{ "9223372036854775808", "an integer beyond 64 bits" }, { "-9223372036854775809", "an integer beyond 64 bits" },
	{ "18446744073709551615", "an integer beyond 64 bits" }, { "18446744073709551616", "an integer beyond 64 bits" },
	{ "100000000000000000000", "an integer beyond 64 bits" }, { "[99999999999999999999]", "an integer beyond 64 bits" },
	{ "123456789012345678901234567890", "an integer beyond 64 bits" },
	{ "1e309", "a number beyond the range of a double" }, { "-1e309", "a number beyond the range of a double" },
	{ "1.8e308", "a number beyond the range of a double" }, { "1e999999999", "a number beyond the range of a double" },
	{ "[0.1,1e400]", "a number beyond the range of a double" },
	/* strings */
	{ "\"", "a string without end" }, { "\"a", "a string without end" }, { "\"\\\"", "a string without end" },
	{ "[\"a]", "a string without end" }, { "{\"a", "a string without end" }, { "\"a\\\\\\\"", "a string without end" },
	{ "\"\n\"", "a raw control character in a string" }, { "\"\t\"", "a raw control character in a string" },
	{ "\"\r\"", "a raw control character in a string" }, { "\"\x01\"", "a raw control character in a string" },
	{ "\"\x1f\"", "a raw control character in a string" }, { "\"a\x0b\"", "a raw control character in a string" },
	{ "{\"a\nb\":1}", "a raw control character in a string" }, { "\"\x1b[0m\"", "a raw control character in a string" },
	{ "\"\\", "an unknown escape" }, { "\"\\a\"", "an unknown escape" }, { "\"\\x41\"", "an unknown escape" },
	{ "\"\\0\"", "an unknown escape" }, { "\"\\v\"", "an unknown escape" }, { "\"\\'\"", "an unknown escape" },
	{ "\"\\ \"", "an unknown escape" }, { "\"\\\n\"", "an unknown escape" }, { "\"\\U0041\"", "an unknown escape" },
	{ "\"\\N\"", "an unknown escape" }, { "\"\\\xc3\xa9\"", "an unknown escape" }, { "\"\\1\"", "an unknown escape" },
	{ "\"\\u\"", "\\u needs four hexadecimal digits" }, { "\"\\u0\"", "\\u needs four hexadecimal digits" },
	{ "\"\\u004\"", "\\u needs four hexadecimal digits" }, { "\"\\u00g1\"", "\\u needs four hexadecimal digits" },
	{ "\"\\u+041\"", "\\u needs four hexadecimal digits" }, { "\"\\u 041\"", "\\u needs four hexadecimal digits" },
	{ "\"\\u00", "\\u needs four hexadecimal digits" }, { "\"\\u0x41\"", "\\u needs four hexadecimal digits" },
	{ "\"\\u{41}\"", "\\u needs four hexadecimal digits" }, { "\"\\ud83d\\u12\"", "a lone surrogate" },
	{ "\"\\u0000\"", "\\u0000 is not accepted" }, { "\"a\\u0000b\"", "\\u0000 is not accepted" },
	{ "{\"\\u0000\":1}", "\\u0000 is not accepted" }, { "[\"\\u0000\"]", "\\u0000 is not accepted" },
	{ "\"\\ud800\"", "a lone surrogate" }, { "\"\\udc00\"", "a lone surrogate" }, { "\"\\udfff\"", "a lone surrogate" },
	{ "\"\\uDBFF\"", "a lone surrogate" }, { "\"\\ud83d\\ud83d\"", "a lone surrogate" }, { "\"\\ud83dx\"", "a lone surrogate" },
	{ "\"\\ud83d\\n\"", "a lone surrogate" }, { "\"\\ud83d\\u0041\"", "a lone surrogate" }, { "\"\\ude00\\ud83d\"", "a lone surrogate" },
	{ "\"\\ud83d \\ude00\"", "a lone surrogate" }, { "\"\\ud83d\\\\ude00\"", "a lone surrogate" }, { "\"\\ud83d\\ude0\"", "\\u needs four hexadecimal digits" },
	{ "\"\\ud83d\\uDBFF\"", "a lone surrogate" }, { "\"\\ud83d\\ue000\"", "a lone surrogate" },
	{ "{\"\\ud800\":1}", "a lone surrogate" }, { "\"\\ud83d\xf0\x9f\x98\x80\"", "a lone surrogate" },
	/* UTF-8 */
	{ "\"\x80\"", "not UTF-8" }, { "\"\xff\"", "not UTF-8" }, { "\"\xfe\"", "not UTF-8" }, { "\"\xc3\"", "not UTF-8" },
	{ "\"\xe2\x82\"", "not UTF-8" }, { "\"\xf0\x9f\x98\"", "not UTF-8" }, { "\"\xc0\x80\"", "not UTF-8" },
	{ "\"\xc1\x81\"", "not UTF-8" }, { "\"\xe0\x80\x80\"", "not UTF-8" }, { "\"\xed\xa0\x80\"", "not UTF-8" },
	{ "\"\xed\xa0\xbd\xed\xb8\x80\"", "not UTF-8" }, { "\"\xf4\x90\x80\x80\"", "not UTF-8" }, { "\"\xf8\x88\x80\x80\x80\"", "not UTF-8" },
	{ "\"a\xe9z\"", "not UTF-8" }, { "{\"\xe9\":1}", "not UTF-8" }, { "\"\xc3", "not UTF-8" }, { "\"\xc3\xa9\xa9\"", "not UTF-8" },
	/* objects */
	{ "{", "a member without a name" }, { "{1:2}", "a member without a name" }, { "{a:1}", "a member without a name" },
	{ "{'a':1}", "a member without a name" }, { "{,}", "a member without a name" }, { "{\"a\":1,}", "a member without a name" },
	{ "{\"a\":1,,\"b\":2}", "a member without a name" }, { "{null:1}", "a member without a name" }, { "{\"a\":1, ", "a member without a name" },
	{ "{[]:1}", "a member without a name" }, { "{{}:1}", "a member without a name" }, { "{]", "a member without a name" },
	{ "{\"a\"}", "a name without a colon" }, { "{\"a\" 1}", "a name without a colon" }, { "{\"a\"", "a name without a colon" },
	{ "{\"a\",1}", "a name without a colon" }, { "{\"a\"=1}", "a name without a colon" }, { "{\"a\":1,\"b\"}", "a name without a colon" },
	{ "{\"a\":1 \"b\":2}", "a comma is missing" }, { "[1 2]", "a comma is missing" }, { "[1}", "a comma is missing" },
	{ "{\"a\":1]", "a comma is missing" }, { "[1;2]", "a comma is missing" }, { "[\"a\" \"b\"]", "a comma is missing" },
	{ "{\"a\":1:2}", "a comma is missing" }, { "[1 /**/, 2]", "a comma is missing" }, { "[tru\xc3\xa9]", "not a JSON value" },
	{ "[1\v]", "a comma is missing" }, { "{\"a\":1;}", "a comma is missing" },
	/* names that occur twice */
	{ "{\"a\":1,\"a\":2}", "a name occurs twice in one object" }, { "{\"a\":1,\"a\":1}", "a name occurs twice in one object" },
	{ "{\"\":1,\"\":2}", "a name occurs twice in one object" }, { "{\"a\":1,\"b\":2,\"a\":3}", "a name occurs twice in one object" },
	{ "{\"a\":1,\"\\u0061\":2}", "a name occurs twice in one object" }, { "{\"\\u0061\":1,\"a\":2}", "a name occurs twice in one object" },
	{ "{\"\\u00e9\":1,\"\xc3\xa9\":2}", "a name occurs twice in one object" },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "a name occurs twice in one object" },
	{ "{\"\\/\":1,\"/\":2}", "a name occurs twice in one object" }, { "{\"\\n\":1,\"\\u000a\":2}", "a name occurs twice in one object" },
	{ "{\"\\\\\":1,\"\\u005C\":2}", "a name occurs twice in one object" }, { "{\"\\\"\":1,\"\\u0022\":2}", "a name occurs twice in one object" },
	{ "{\"x\":{\"a\":1,\"a\":2}}", "a name occurs twice in one object" }, { "[{\"a\":1},{\"a\":1,\"a\":2}]", "a name occurs twice in one object" },
	{ "{\"a\":{\"b\":1},\"c\":[],\"a\":1}", "a name occurs twice in one object" },
	{ "{\"method\":\"tools/list\",\"method\":\"tools/call\"}", "a name occurs twice in one object" },
	{ "{\"meth\\u006fd\":\"tools/list\",\"method\":\"tools/call\"}", "a name occurs twice in one object" },
	{ "{\"id\":1,\"x\":[{\"id\":2}],\"i\\u0064\":3}", "a name occurs twice in one object" },
	/* levels */
	{ "[[[[[[[[[]]]]]]]]]", "too many levels" }, { "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}", "too many levels" },
	{ "[{\"a\":[{\"a\":[{\"a\":[{\"a\":[1]}]}]}]}]", "too many levels" }, { "[[[[[[[[[", "too many levels" },
};

/* The check's phrase; NULL: accepted. */
static const char *
verdict(const char *text, size_t n, int depth)
{
	struct json_flaw flaw = { NULL, 0 };

	if (json_check(&mem, text, n, &(struct json_caps){ depth, VALUES }, &flaw) == 0)
		return NULL;
	return flaw.at <= n ? flaw.what : "a place outside of the text";
}

/* A heap copy of exactly n bytes and a NUL, so that the sanitizers see a step too far. */
static const char *
verdict_of_copy(const char *text, size_t n, int depth)
{
	char *copy = malloc(n + 1);
	const char *what;

	memcpy(copy, text, n);
	copy[n] = '\0';
	what = verdict(copy, n, depth);
	free(copy);
	return what;
}

static void
test_accepted(void)
{
	size_t i;

	for (i = 0; i < LEN(accepted); i++) {
		const char *text = accepted[i];

		is_str(verdict_of_copy(text, strlen(text), DEPTH), NULL, "accepts row %zu", i);
		ok(json_parse(&mem, text, strlen(text), DEPTH) || strstr(text, "null"), "and json-c takes it");
	}
}

static void
test_refused(void)
{
	size_t i;

	for (i = 0; i < LEN(refused); i++)
		is_str(verdict_of_copy(refused[i].text, strlen(refused[i].text), DEPTH), refused[i].what, "refuses row %zu", i);
}

static void
test_with_nul(void)
{
	static const struct {
		const char *text;
		size_t      n;
		const char *what;
	} rows[] = {
		{ "\0", 1, "not a JSON value" },
		{ "{}\0", 3, "something follows the JSON text" },
		{ "\"a\0b\"", 5, "a raw control character in a string" },
		{ "{\"a\0\":1}", 8, "a raw control character in a string" },
		{ "[1\0]", 4, "a comma is missing" },
		{ "[1,\0]", 5, "not a JSON value" },
		{ "{\0}", 3, "a member without a name" },
		{ "{\"a\"\0:1}", 8, "a name without a colon" },
		{ "1e\0", 3, "a number without digits in its exponent" },
		{ "1\0", 2, "something follows the JSON text" },
		{ "tru\0", 4, "not a JSON value" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		is_str(verdict_of_copy(rows[i].text, rows[i].n, DEPTH), rows[i].what, "a NUL byte, row %zu", i);
}

/* Each text that is cut somewhere is refused, and never read behind its end. */
static void
test_cut(void)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":{\"a\":[1,-2.5e-3,true,null],\"\\ud83d\\ude00\":\"\xe2\x82\xac\"}}";
	size_t n;
	int bad = 0;

	for (n = 0; n < sizeof(text) - 1; n++)
		bad += verdict_of_copy(text, n, DEPTH) == NULL;
	is_int(bad, 0, "every text that was cut is refused");
	is_str(verdict_of_copy(text, sizeof(text) - 1, DEPTH), NULL, "the whole one is not");
}

static void
test_place(void)
{
	struct json_flaw flaw;

	is_int(json_check(&mem, "{\"a\": tru }", 11, &usual, &flaw), -1, "a flaw");
	is_int(flaw.at, 6, "is where its value begins");
	is_int(json_check(&mem, "[1] x", 5, &usual, &flaw), -1, "something behind");
	is_int(flaw.at, 4, "is where it begins");
	is_int(json_check(&mem, "{\"a\":1,\"a\":2}", 13, &usual, &flaw), -1, "a name twice");
	is_int(flaw.at, 10, "is behind the second");
}

/* Many names in one object: all different, and then the last one like the first. */
static void
test_many_names(void)
{
	static char text[2000000];
	size_t at, i;

	for (at = 0, i = 0; i < 100000; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%c\"k%zu\":0", i ? ',' : '{', i);
	snprintf(text + at, sizeof(text) - at, "}");
	is_str(verdict(text, at + 1, DEPTH), NULL, "100,000 names that differ");
	snprintf(text + at, sizeof(text) - at, ",\"\\u006b0\":0}");
	is_str(verdict(text, strlen(text), DEPTH), "a name occurs twice in one object", "the last one like the first");
	arena_reset(&mem);
}

static void
test_depth(void)
{
	static char text[200001];
	int64_t from = base_now_us();

	memset(text, '[', 100000);
	is_str(verdict(text, 100000, 64), "too many levels", "a hundred thousand brackets");
	memset(text + 100000, ']', 100000);
	is_str(verdict(text, 200000, 1000), "too many levels", "closed ones too");
	ok(base_now_us() - from < 1000000, "and at once");
	is_str(verdict("[[[]]]", 6, 3), NULL, "as many levels as allowed");
	is_str(verdict("[[[]]]", 6, 2), "too many levels", "one more");
	is_str(verdict("1", 1, 0), NULL, "no level is needed for a number");
	is_str(verdict("[[],[],[[]]]", 12, 3), NULL, "levels are given back");
}

static void
test_values(void)
{
	static const struct {
		const char *text;
		int64_t     values;
	} rows[] = {
		{ "1", 1 }, { "[]", 1 }, { "{}", 1 }, { "[1,2,3]", 4 }, { "{\"a\":1}", 2 }, { "[[],[[]],{\"a\":null}]", 6 }, { "\"x\"", 1 },
	};
	struct json_flaw flaw;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		size_t n = strlen(rows[i].text);

		is_int(json_check(&mem, rows[i].text, n, &(struct json_caps){ DEPTH, rows[i].values }, &flaw), 0, "%s within %" PRId64
		    " values", rows[i].text, rows[i].values);
		is_int(json_check(&mem, rows[i].text, n, &(struct json_caps){ DEPTH, rows[i].values - 1 }, &flaw), -1, "and no fewer");
		is_str(flaw.what, "too many values", "which is what it says");
	}
}

static void
test_parse(void)
{
	static const char text[] = "{\"n\":null,\"s\":\"a\\u0001\xc3\xa9\",\"i\":-5,\"l\":[\"x\",\"y\"],\"m\":[1],\"e\":[],\"d\":1.5,\"b\":true}";
	struct json_object *o = json_parse(&mem, text, sizeof(text) - 1, DEPTH);
	size_t len;

	is_str(json_get_str(o, "s"), "a\x01\xc3\xa9", "a string member");
	is_str(json_get_str(o, "i"), NULL, "which is a number");
	is_str(json_get_str(o, "none"), NULL, "which is not there");
	is_str(json_text(o, "s"), "a\x01\xc3\xa9", "its text");
	is_str(json_text(o, "i"), "", "none of a number");
	is_str(json_get_str(o, "n"), NULL, "which is null");
	is_int(json_get_int(o, "i", 7), -5, "an integer member");
	is_int(json_get_int(o, "s", 7), 7, "which is a string");
	is_int(json_get_int(o, "d", 7), 7, "which is not an integer");
	is_int(json_get_int(o, "none", 7), 7, "which is not there");
	ok(json_get(o, "b") && !json_get(o, "n") && !json_get(o, "none"), "json_get takes null for nothing");
	ok(!json_get(NULL, "b") && !json_get(json_get(o, "l"), "b"), "and asks only objects");
	ok(json_is_strings(json_get(o, "l")) && json_is_strings(json_get(o, "e")), "a list of strings, an empty list");
	ok(!json_is_strings(json_get(o, "m")) && !json_is_strings(json_get(o, "s")) && !json_is_strings(NULL), "and what is none");
	is_str(json_plain(o, &len), "{\"n\":null,\"s\":\"a\\u0001\xc3\xa9\",\"i\":-5,\"l\":[\"x\",\"y\"],\"m\":[1],\"e\":[],\"d\":1.5,\"b\":true}",
	    "json_plain writes without spaces, in the same order");
	is_int(len, strlen(json_plain(o, NULL)), "and tells the length");
	ok(!json_parse(&mem, "null", 4, DEPTH), "null is NULL");
	is_int(json_object_get_int64(json_parse(&mem, "9223372036854775807", 19, DEPTH)), INT64_MAX, "a bare number at its end");
}

static void
test_files(void)
{
	char path[] = "/tmp/json_test.XXXXXX";
	int fd = mkstemp(path);
	const char *why = NULL;
	size_t len = 0;

	is_int(write(fd, "{\"a\":1}\n", 8), 8, "a file");
	is_int(json_get_int(json_file(&mem, path, 100, &why), "a", 0), 1, "is read and parsed");
	is_str(json_file_text(&mem, path, 100, &len, &why), "{\"a\":1}\n", "and as text");
	is_int(len, 8, "with its length");
	ok(!json_file(&mem, path, 7, &why) && strstr(why, "larger than 7 bytes"), "not beyond the cap: %s", why);
	is_int(ftruncate(fd, 6), 0, "cut");
	ok(!json_file(&mem, path, 100, &why) && strstr(why, "too early at byte 6"), "a broken one: %s", why);
	is_int(ftruncate(fd, 0), 0, "emptied");
	ok(!json_file(&mem, path, 100, &why) && strstr(why, "empty"), "an empty one: %s", why);
	is_int(pwrite(fd, "null", 4, 0), 4, "null");
	ok(!json_file(&mem, path, 100, &why) && strstr(why, "null"), "declares nothing: %s", why);
	close(fd);
	unlink(path);
	ok(!json_file(&mem, path, 100, &why) && strstr(why, path) && strstr(why, "No such file"), "none at all: %s", why);
	ok(!json_file(&mem, "/tmp", 100, &why) && strstr(why, "not a regular file"), "a folder: %s", why);
	unlink(path);
	if (mkfifo(path, 0600) != 0)
		_exit(2);
	ok(!json_file(&mem, path, 100, &why) && strstr(why, "not a regular file"), "a pipe that nobody writes: %s", why);
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 64 << 20);
	test_accepted();
	test_refused();
	test_with_nul();
	test_cut();
	test_place();
	test_many_names();
	test_depth();
	test_values();
	test_parse();
	test_files();
	arena_close(&mem);
	return tap_done();
}
