/* schema_value: equality, order and multiples as mathematics has them, not as doubles do. */
#include "tap.h"
#include "schema_value.h"

static struct arena mem;

static struct json_object *
parsed(const char *text)
{
	return json_parse(&mem, text, strlen(text), 64);
}

static void
test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool        want;
	} rows[] = {
		{ "1", "1.0", true }, { "0", "-0.0", true }, { "1", "true", false }, { "0", "false", false }, { "null", "0", false },
		{ "null", "null", true }, { "\"\"", "null", false }, { "9007199254740992", "9007199254740993", false },
		{ "9007199254740993", "9007199254740992.0", false }, { "9223372036854775807", "9223372036854775808.0", false },
		{ "-9223372036854775808", "-9223372036854775808.0", true }, { "1e300", "1e300", true }, { "0.1", "0.1", true },
		{ "\"a\\u0000b\"", "\"a\\u0000c\"", false }, { "\"1\"", "1", false }, { "[1,2]", "[1.0,2]", true }, { "[1,2]", "[2,1]", false },
		{ "[1]", "[1,1]", false }, { "{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true }, { "{\"a\":null}", "{}", false },
		{ "{\"a\":null}", "{\"b\":null}", false }, { "[]", "{}", false }, { "[[]]", "[{}]", false },
	};
	int64_t work = 100000;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct json_object *a = parsed(rows[i].a), *b = parsed(rows[i].b);

		ok(schema_value_equal(a, b) == rows[i].want && schema_value_equal(b, a) == rows[i].want, "%s %s %s", rows[i].a,
		    rows[i].want ? "is" : "is not", rows[i].b);
		ok((schema_value_hash(a, &work) == schema_value_hash(b, &work)) == rows[i].want, "and so say their hashes");
	}
}

static void
test_compare(void)
{
	static const char *const rising[] = {
		"-1e308", "-9223372036854775808", "-9223372036854775807", "-1.5", "-1", "0", "1e-300", "0.5", "1", "9007199254740992",
		"9007199254740993", "9223372036854775806", "9223372036854775807", "9223372036854775808.0", "1e308",
	};
	size_t i, j;
	int wrong = 0;

	for (i = 0; i < LEN(rising); i++)
		for (j = 0; j < LEN(rising); j++) {
			int got = schema_value_compare(schema_value_number(parsed(rising[i])), schema_value_number(parsed(rising[j])));

			wrong += got != (i > j) - (i < j);
		}
	is_int(wrong, 0, "every two of %zu numbers compare as they are written", LEN(rising));
	ok(!schema_value_number(parsed("\"1\"")).there && !schema_value_number(NULL).there, "a text is no number, nor is null");
}

static void
test_multiple(void)
{
	static const struct {
		const char *n, *step;
		bool        want;
	} rows[] = {
		{ "10", "5", true }, { "12", "5", false }, { "0", "5", true }, { "-10", "5", true }, { "0.3", "0.1", true }, { "0.35", "0.1", false },
		{ "4.35", "0.01", true }, { "4.355", "0.01", false }, { "0.0075", "0.0001", true }, { "0.00751", "0.0001", false },
		{ "1.1", "1", false }, { "1.0", "1", true }, { "5", "0.5", true }, { "5", "2.5", true }, { "4", "2.5", false }, { "1", "1e308", false },
		{ "1e308", "0.123456789", false }, { "1e308", "0.5", true }, { "1e308", "1e-308", true }, { "1e308", "3", false },
		{ "12391239123", "1e-8", true }, { "9007199254740993", "9007199254740993", true }, { "9007199254740993", "2", false },
		{ "9223372036854775807", "7", true }, { "-9223372036854775808", "2", true }, { "0.0", "7", true }, { "5e-324", "5e-324", true },
		{ "1e22", "1e21", true }, { "123456789012345680000.0", "10", true }, { "0.1", "0.3", false },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ok(schema_value_multiple(schema_value_number(parsed(rows[i].n)), schema_value_number(parsed(rows[i].step))) == rows[i].want,
		    "%s %s a multiple of %s", rows[i].n, rows[i].want ? "is" : "is not", rows[i].step);
}

static void
test_sets(void)
{
	int64_t work = 1000;
	struct schema_set set = schema_value_set(&mem, parsed("[3,\"x\",null,[1],{\"a\":1}]"), &work);
	struct schema_set none = schema_value_set(&mem, parsed("[]"), &work), twice = schema_value_set(&mem, parsed("[1,\"1\",[1],1.0]"), &work);

	ok(schema_value_listed(&set, parsed("3.0"), &work) && schema_value_listed(&set, NULL, &work), "listed");
	ok(schema_value_listed(&set, parsed("{\"a\":1.0}"), &work), "by value");
	ok(!schema_value_listed(&set, parsed("4"), &work) && !schema_value_listed(&none, parsed("4"), &work), "not listed");
	ok(schema_value_twice(&twice, &work) && !schema_value_twice(&set, &work) && !schema_value_twice(&none, &work), "the same twice");
	work = 2;
	schema_value_hash(parsed("[1,2,3,4]"), &work);
	ok(work < 0, "work is counted, and ends it");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_equal();
	test_compare();
	test_multiple();
	test_sets();
	arena_close(&mem);
	return tap_done();
}
