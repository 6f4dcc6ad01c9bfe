/*
 * schema: the official acceptance tests of JSON Schema 2020-12, and what tools want of it beyond.
 *
 * Debian's libtest-json-schema-acceptance-perl brings the suite (github.com/json-schema-org/
 * JSON-Schema-Test-Suite).  Every required test runs, but those of the groups below: they need a
 * document from the network, and here nothing is fetched.  What must hold of those is that their
 * schemas are refused.
 */
#include "tap.h"
#include "schema.h"

#define SUITE "/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests/draft2020-12"
#define TESTS 1176	/* so many there are at least */

static const struct {
	const char *file, *group;
} need_documents[] = {
	{ "dynamicRef.json", "strict-tree schema, guards against misspelled properties" },
	{ "dynamicRef.json", "tests for implementation dynamic anchor and reference link" },
	{ "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $defs first" },
	{ "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $ref first" },
	{ "refRemote.json", "remote ref" },
	{ "refRemote.json", "fragment within remote ref" },
	{ "refRemote.json", "anchor within remote ref" },
	{ "refRemote.json", "ref within remote ref" },
	{ "refRemote.json", "base URI change" },
	{ "refRemote.json", "base URI change - change folder" },
	{ "refRemote.json", "base URI change - change folder in subschema" },
	{ "refRemote.json", "root ref in remote ref" },
	{ "refRemote.json", "remote ref with ref to defs" },
	{ "refRemote.json", "Location-independent identifier in remote ref" },
	{ "refRemote.json", "retrieved nested refs resolve relative to their URI not $id" },
	{ "refRemote.json", "remote HTTP ref with different $id" },
	{ "refRemote.json", "remote HTTP ref with different URN $id" },
	{ "refRemote.json", "remote HTTP ref with nested absolute ref" },
	{ "vocabulary.json", "schema that uses custom metaschema with with no validation vocabulary" },
	{ "vocabulary.json", "ignore unrecognized optional vocabulary" },
};

static struct arena mem;

static struct json_object *
parsed(const char *text)
{
	struct json_object *o = json_parse(&mem, text, strlen(text), 64);

	if (!o) {
		printf("Bail out! no JSON: %.200s\n", text);
		exit(1);
	}
	return o;
}

/* --- the suite -------------------------------------------------------------------------- */

struct tally {
	int  tests;
	bool met[LEN(need_documents)];
};

/* Where the group is in the list above, or -1. */
static int
excepted(const char *file, const char *group)
{
	size_t i;

	for (i = 0; i < LEN(need_documents); i++)
		if (strcmp(need_documents[i].file, file) == 0 && strcmp(need_documents[i].group, group) == 0)
			return (int)i;
	return -1;
}

static void
run_group(const char *file, struct json_object *group, struct tally *tally)
{
	struct json_object *tests = json_get(group, "tests"), *schema = NULL, *data;
	const char *name = json_get_str(group, "description"), *why = "";
	int exception = excepted(file, name);
	struct schema *s;
	struct buf says;
	size_t i;

	json_object_object_get_ex(group, "schema", &schema);
	s = schema_compile_foreign(&mem, schema, &why);
	tally->tests += (int)json_object_array_length(tests);
	if (exception >= 0) {
		tally->met[exception] = true;
		ok(!s && (strstr(why, "nothing is fetched") || strstr(why, "is a dialect that is not known")), "%s: %s: refused: %s", file, name, why);
		return;
	}
	for (i = 0; i < json_object_array_length(tests); i++) {
		struct json_object *test = json_object_array_get_idx(tests, i);

		json_object_object_get_ex(test, "data", &data);
		buf_init(&says, &mem, 4096);
		ok(s && schema_check(s, data, &mem, &says) == json_object_get_boolean(json_get(test, "valid")), "%s: %s: %s%s%s", file, name,
		    json_get_str(test, "description"), s ? "" : " does not compile: ", s ? "" : why);
		if (json_object_get_boolean(json_get(test, "valid")) != (says.len == 0))
			ok(false, "complaints go with what does not fit: %s", says.at);
	}
}

static void
run_file(const char *file, struct tally *tally)
{
	const char *why = "";
	size_t len, i;
	char *text = json_file_text(&mem, arena_fmt(&mem, SUITE "/%s", file), 4 << 20, &len, &why);
	struct json_object *groups = text ? json_parse(&mem, text, len, 64) : NULL;

	ok(groups, "%s %s", file, why);
	for (i = 0; groups && i < json_object_array_length(groups); i++)
		run_group(file, json_object_array_get_idx(groups, i), tally);
}

static int
is_test(const struct dirent *entry)
{
	return base_ends(entry->d_name, ".json");
}

static void
test_suite(void)
{
	struct tally tally = { 0 };
	struct dirent **entry;
	int i, n = scandir(SUITE, &entry, is_test, alphasort);

	ok(n > 0, "the suite is there (if not: tests/stack/packages test)");
	for (i = 0; i < n; i++) {
		run_file(entry[i]->d_name, &tally);
		free(entry[i]);
	}
	if (n > 0)
		free(entry);
	ok(tally.tests >= TESTS, "%d tests, at least %d", tally.tests, TESTS);
	for (i = 0; i < (int)LEN(need_documents); i++)
		ok(tally.met[i], "%s still has the group \"%s\"", need_documents[i].file, need_documents[i].group);
}

/* --- beyond the suite ------------------------------------------------------------------- */

static struct schema *
compiled(const char *text)
{
	const char *why = "";
	struct schema *s = schema_compile(&mem, parsed(text), &why);

	if (!s)
		printf("# %s\n", why);
	return s;
}

static void
completes(const char *schema, const char *value, const char *want)
{
	struct schema *s = compiled(schema);
	struct json_object *o = parsed(value);

	if (s)
		schema_defaults(s, o);
	is_str(s ? json_plain(o, NULL) : NULL, want, "%s completed by %s", value, schema);
}

static void
test_defaults(void)
{
	static const char plain[] = "{\"properties\":{\"limit\":{\"type\":\"integer\",\"default\":50},\"name\":{\"type\":\"string\"},"
	    "\"tags\":{\"default\":[\"a\"]},\"off\":{\"type\":\"boolean\",\"default\":false},\"n\":{\"type\":\"number\"}}}";
	static const char composed[] = "{\"$defs\":{\"page\":{\"properties\":{\"limit\":{\"$ref\":\"#/$defs/limit\"}}},"
	    "\"limit\":{\"type\":\"integer\",\"default\":50}},\"allOf\":[{\"$ref\":\"#/$defs/page\"}],"
	    "\"anyOf\":[{\"properties\":{\"a\":{\"default\":1}}}]}";

	completes(plain, "{}", "{\"limit\":50,\"tags\":[\"a\"],\"off\":false}");
	completes(plain, "{\"limit\":7,\"tags\":null,\"x\":1}", "{\"limit\":7,\"tags\":null,\"x\":1,\"off\":false}");
	completes(plain, "{\"limit\":1e1,\"n\":2.0}", "{\"limit\":10,\"n\":2.0,\"tags\":[\"a\"],\"off\":false}");
	completes(composed, "{}", "{\"limit\":50}");
	completes(composed, "{\"limit\":2.0}", "{\"limit\":2}");
}

static void
test_defaults_fit(void)
{
	struct schema *s = compiled("{\"required\":[\"c\"],\"properties\":{\"a\":{\"maximum\":9,\"default\":10},\"c\":{\"type\":\"string\",\"default\":\"\"},\"d\":true}}");
	struct buf says;

	buf_init(&says, &mem, 1000);
	ok(s && !schema_defaults_fit(s, &mem, &says), "defaults that do not fit");
	is_str(says.at, "a must be at most 9", "are named");
	buf_cut(&says, 0);
	s = compiled("{\"$defs\":{\"n\":{\"type\":\"integer\",\"default\":\"x\"}},\"properties\":{\"b\":{\"$ref\":\"#/$defs/n\"}}}");
	ok(s && !schema_defaults_fit(s, &mem, &says), "also one by reference");
	s = compiled("{\"properties\":{\"a\":{\"maximum\":9,\"default\":9}}}");
	ok(s && schema_defaults_fit(s, &mem, &says), "one that does");
}

static void
test_has(void)
{
	struct schema *s = compiled("{\"properties\":{\"a\":{\"properties\":{\"below\":{}}}},\"$ref\":\"#/$defs/more\","
	    "\"$defs\":{\"more\":{\"properties\":{\"b\":{}}}},\"anyOf\":[{\"properties\":{\"c\":{}}},{\"oneOf\":[{\"properties\":{\"d\":{}}}]}],"
	    "\"if\":{\"properties\":{\"e\":{}}},\"then\":{\"properties\":{\"f\":{}}},\"dependentSchemas\":{\"a\":{\"properties\":{\"g\":{}}}},"
	    "\"not\":{\"properties\":{\"h\":{}}}}");
	static const char *const there[] = { "a", "b", "c", "d", "f", "g" }, *const not[] = { "below", "e", "h", "", "more" };
	size_t i;

	for (i = 0; i < LEN(there); i++)
		ok(s && schema_has(s, there[i]), "it has %s", there[i]);
	for (i = 0; i < LEN(not); i++)
		ok(s && !schema_has(s, not[i]), "it has no %s", not[i]);
}

/* References double the visits 40 times over; asking for a property must not take for ever. */
static void
test_doubling(void)
{
	struct schema *s;
	struct buf b;
	int i;

	buf_init(&b, &mem, 8192);
	buf_str(&b, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
	for (i = 0; i < 40; i++)
		buf_fmt(&b, "\"d%d\":{\"allOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},", i, i + 1, i + 1);
	buf_str(&b, "\"d40\":{}}}");
	s = compiled(b.at);
	ok(s && !schema_has(s, "x"), "schema_has ends");
	completes(b.at, "{}", "{}");
}

/* A dialect of the document's own, without the validation vocabulary: its keywords mean nothing. */
static void
test_vocabularies(void)
{
	static const char some[] = "{\"$schema\":\"http://x/m\",\"properties\":{\"a\":{\"minimum\":10},\"b\":false},\"$defs\":{\"m\":{\"$id\":\"http://x/m\","
	    "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/core\":true,"
	    "\"https://json-schema.org/draft/2020-12/vocab/applicator\":true,\"http://x/unknown\":false}}}}";
	struct schema *s = compiled(some);
	struct buf says;

	buf_init(&says, &mem, 4096);
	ok(s && schema_check(s, parsed("{\"a\":1}"), &mem, &says), "minimum is not of this dialect %s", says.at);
	ok(s && !schema_check(s, parsed("{\"b\":1}"), &mem, &says), "properties is");
	is_str(says.at, "b is not allowed here", "and it is said");
}

static void
test_meant(void)
{
	struct json_object *root = parsed("{\"$defs\":{\"a/b\":{\"type\":\"string\"},\"c\":{\"$ref\":\"#/$defs/a~1b\"}},"
	    "\"p\":{\"$ref\":\"#/$defs/c\"},\"q\":{\"$ref\":\"#/none\"},\"r\":{\"$ref\":\"#\"},\"s\":{\"$ref\":\"http://x/\"},"
	    "\"t\":{\"$ref\":\"#/t\"}}");

	is_str(json_plain(schema_meant(&mem, root, json_get(root, "p")), NULL), "{\"type\":\"string\"}", "reference after reference");
	ok(schema_meant(&mem, root, json_get(root, "q")) == json_get(root, "q"), "one that leads nowhere stays");
	ok(schema_meant(&mem, root, json_get(root, "r")) == root, "the root");
	ok(schema_meant(&mem, root, json_get(root, "s")) == json_get(root, "s"), "one to elsewhere stays");
	ok(schema_meant(&mem, root, json_get(root, "t")) == json_get(root, "t"), "one to itself ends");
	ok(!schema_meant(&mem, root, NULL), "nothing is nothing");
}

int
main(void)
{
	arena_init(&mem, 1 << 20, 256 << 20);
	test_suite();
	test_defaults();
	test_defaults_fit();
	test_has();
	test_doubling();
	test_vocabularies();
	test_meant();
	arena_close(&mem);
	return tap_done();
}
