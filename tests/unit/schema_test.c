/* schema: what compiles, what fits, and the sentences about what does not. */
#include "tap.h"
#include "schema.h"

static struct arena mem;

static struct json_object *
parsed(const char *text)
{
	struct json_flaw flaw;

	if (json_check(&mem, text, strlen(text), &(struct json_caps){ 64, 1000000 }, &flaw) != 0) {
		printf("Bail out! the test's own JSON: %s: %s\n", flaw.what, text);
		exit(1);
	}
	return json_parse(&mem, text, strlen(text), 64);
}

static void
test_compile(void)
{
	static const struct {
		const char *schema;
		const char *why;	/* NULL: it compiles */
	} rows[] = {
		{ "{}", NULL },
		{ "{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}", NULL },
		{ "{\"$schema\":\"x\",\"title\":\"t\",\"description\":\"d\",\"examples\":[1],\"deprecated\":true,\"readOnly\":true,"
		  "\"format\":\"uuid\",\"default\":1}", NULL },
		{ "{\"enum\":[1,\"a\",null],\"const\":1}", NULL },
		{ "{\"minimum\":1,\"maximum\":2.5,\"exclusiveMinimum\":0,\"exclusiveMaximum\":3,\"multipleOf\":0.5}", NULL },
		{ "{\"minLength\":0,\"maxLength\":5,\"pattern\":\"^a\"}", NULL },
		{ "{\"items\":{\"type\":\"string\"},\"minItems\":0,\"maxItems\":5,\"uniqueItems\":true}", NULL },
		{ "{\"type\":[\"string\",\"null\"]}", NULL },
		{ "1", "the root: a schema must be an object" },
		{ "[]", "the root: a schema must be an object" },
		{ "{\"allOf\":[]}", "the root: unknown keyword \"allOf\"" },
		{ "{\"oneOf\":[]}", "the root: unknown keyword \"oneOf\"" },
		{ "{\"$ref\":\"#\"}", "the root: unknown keyword \"$ref\"" },
		{ "{\"properties\":{\"a\":{\"b\":1}}}", "a: unknown keyword \"b\"" },
		{ "{\"properties\":{\"a\":{\"items\":{\"x\":1}}}}", "a.items: unknown keyword \"x\"" },
		{ "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"int\"}}}}}", "a.b: unknown type \"int\"" },
		{ "{\"properties\":{\"a\":1}}", "a: a schema must be an object" },
		{ "{\"properties\":[]}", "the root: properties must be an object" },
		{ "{\"type\":1}", "the root: unknown type \"\"" },
		{ "{\"type\":[\"string\",\"text\"]}", "the root: unknown type \"text\"" },
		{ "{\"required\":\"a\"}", "the root: required must be an array of strings" },
		{ "{\"required\":[1]}", "the root: required must be an array of strings" },
		{ "{\"additionalProperties\":{}}", "the root: additionalProperties must be true or false" },
		{ "{\"uniqueItems\":1}", "the root: uniqueItems must be true or false" },
		{ "{\"enum\":1}", "the root: enum must be an array" },
		{ "{\"const\":null}", "the root: const must not be null here: use type" },
		{ "{\"items\":[{}]}", "items: a schema must be an object" },
		{ "{\"pattern\":1}", "the root: pattern must be a string" },
		{ "{\"pattern\":\"(\"}", "the root: missing closing parenthesis at character 1 of the pattern" },
		{ "{\"minLength\":-1}", "the root: minLength must be an integer from 0" },
		{ "{\"minLength\":1.5}", "the root: minLength must be an integer from 0" },
		{ "{\"maxItems\":\"1\"}", "the root: maxItems must be an integer from 0" },
		{ "{\"minimum\":\"1\"}", "the root: minimum must be a number, multipleOf one above 0" },
		{ "{\"multipleOf\":0}", "the root: multipleOf must be a number, multipleOf one above 0" },
	};
	const char *why;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		why = NULL;
		ok((schema_compile(&mem, parsed(rows[i].schema), &why) == NULL) == (rows[i].why != NULL), "compiles? %s", rows[i].schema);
		is_str(why, rows[i].why, "and why not");
	}
}

static void
test_depth(void)
{
	struct schema *s;
	struct buf b;
	const char *why = "";
	int i;

	buf_init(&b, &mem, 4096);
	for (i = 0; i < 40; i++)
		buf_str(&b, "{\"items\":");
	buf_str(&b, "{}");
	for (i = 0; i < 40; i++)
		buf_char(&b, '}');
	s = schema_compile(&mem, parsed(b.at), &why);
	ok(!s && base_ends(why, "more levels than a schema may have"), "a schema of 40 levels is refused");
}

/* Schemas of one argument "a", a value for it, and the complaint. */
static const struct {
	const char *schema, *value;
	const char *says;	/* "": it fits */
} values[] = {
	/* type */
	{ "{}", "1", "" }, { "{}", "null", "" },
	{ "{\"type\":\"string\"}", "\"x\"", "" }, { "{\"type\":\"string\"}", "1", "a must be a string" },
	{ "{\"type\":\"string\"}", "null", "a must be a string" }, { "{\"type\":\"boolean\"}", "true", "" },
	{ "{\"type\":\"boolean\"}", "0", "a must be true or false" }, { "{\"type\":\"boolean\"}", "\"true\"", "a must be true or false" },
	{ "{\"type\":\"null\"}", "null", "" }, { "{\"type\":\"null\"}", "0", "a must be null" },
	{ "{\"type\":\"array\"}", "[]", "" }, { "{\"type\":\"array\"}", "{}", "a must be an array" },
	{ "{\"type\":\"object\"}", "{}", "" }, { "{\"type\":\"object\"}", "[]", "a must be an object" },
	{ "{\"type\":\"number\"}", "1", "" }, { "{\"type\":\"number\"}", "1.5", "" }, { "{\"type\":\"number\"}", "\"1\"", "a must be a number" },
	{ "{\"type\":\"integer\"}", "1", "" }, { "{\"type\":\"integer\"}", "1.0", "" }, { "{\"type\":\"integer\"}", "1e3", "" },
	{ "{\"type\":\"integer\"}", "-0.0", "" }, { "{\"type\":\"integer\"}", "1.5", "a must be an integer" },
	{ "{\"type\":\"integer\"}", "1e300", "a must be an integer" }, { "{\"type\":\"integer\"}", "-1e300", "a must be an integer" },
	{ "{\"type\":\"integer\"}", "9223372036854775807", "" }, { "{\"type\":\"integer\"}", "9223372036854775808.0", "a must be an integer" },
	{ "{\"type\":\"integer\"}", "true", "a must be an integer" },
	{ "{\"type\":[\"string\",\"null\"]}", "null", "" }, { "{\"type\":[\"string\",\"null\"]}", "1", "a must be null or a string" },
	{ "{\"type\":[\"integer\",\"array\"]}", "{}", "a must be an integer or an array" },
	/* enum, const */
	{ "{\"enum\":[\"x\",\"y\"]}", "\"y\"", "" }, { "{\"enum\":[\"x\",\"y\"]}", "\"z\"", "a must be one of [\"x\",\"y\"]" },
	{ "{\"enum\":[1,null]}", "null", "" }, { "{\"enum\":[1]}", "\"1\"", "a must be one of [1]" },
	{ "{\"enum\":[[1,2],{\"b\":1}]}", "{\"b\":1}", "" }, { "{\"const\":\"x\"}", "\"x\"", "" },
	{ "{\"const\":\"x\"}", "\"X\"", "a must be \"x\"" },
	/* numbers */
	{ "{\"minimum\":1,\"maximum\":3}", "1", "" }, { "{\"minimum\":1,\"maximum\":3}", "3", "" },
	{ "{\"minimum\":1}", "0", "a must be at least 1" }, { "{\"maximum\":3}", "3.5", "a must be at most 3" },
	{ "{\"minimum\":-1.5}", "-2", "a must be at least -1.5" }, { "{\"maximum\":1000000}", "1000001", "a must be at most 1000000" },
	{ "{\"exclusiveMinimum\":1}", "1", "a must be more than 1" }, { "{\"exclusiveMinimum\":1}", "1.1", "" },
	{ "{\"exclusiveMaximum\":3}", "3", "a must be less than 3" }, { "{\"exclusiveMaximum\":3}", "2", "" },
	{ "{\"multipleOf\":5}", "10", "" }, { "{\"multipleOf\":5}", "12", "a must be a multiple of 5" },
	{ "{\"multipleOf\":0.1}", "0.3", "" }, { "{\"multipleOf\":0.1}", "0.35", "a must be a multiple of 0.1" },
	{ "{\"multipleOf\":5}", "-10", "" }, { "{\"multipleOf\":5}", "0", "" }, { "{\"minimum\":1}", "\"0\"", "" },
	{ "{\"minimum\":1,\"maximum\":0}", "0.5", "a must be at least 1; a must be at most 0" },
	/* strings: characters, not bytes */
	{ "{\"minLength\":1}", "\"\"", "a must not be empty" }, { "{\"minLength\":3}", "\"ab\"", "a must have at least 3 characters" },
	{ "{\"minLength\":2}", "\"\xc3\xa9\"", "a must have at least 2 characters" }, { "{\"minLength\":0}", "\"\"", "" },
	{ "{\"maxLength\":2}", "\"\xc3\xa9\xe2\x82\xac\"", "" }, { "{\"maxLength\":2}", "\"abc\"", "a must have at most 2 characters" },
	{ "{\"maxLength\":1}", "\"\xf0\x9f\x98\x80\"", "" },
	{ "{\"pattern\":\"^[a-z]+$\"}", "\"abc\"", "" }, { "{\"pattern\":\"^[a-z]+$\"}", "\"ABC\"", "a must match the pattern ^[a-z]+$" },
	{ "{\"pattern\":\"^[a-z]+$\"}", "1", "" },
	{ "{\"maxLength\":2,\"pattern\":\"^a\"}", "\"bcd\"", "a must have at most 2 characters" },
	{ "{\"format\":\"uuid\"}", "\"x\"", "" },
	/* arrays */
	{ "{\"minItems\":1}", "[]", "a must have at least 1 items" }, { "{\"maxItems\":1}", "[1,2]", "a must have at most 1 items" },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",\"b\"]", "" },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",1,2]", "a[1] must be a string; a[2] must be a string" },
	{ "{\"items\":{\"items\":{\"type\":\"integer\"}}}", "[[1],[1,\"x\"]]", "a[1][1] must be an integer" },
	{ "{\"uniqueItems\":true}", "[1,2,3]", "" }, { "{\"uniqueItems\":true}", "[1,2,1]", "a must not have the same item twice" },
	{ "{\"uniqueItems\":true}", "[null,null]", "a must not have the same item twice" },
	{ "{\"uniqueItems\":true}", "[1,\"1\"]", "" }, { "{\"uniqueItems\":true}", "[]", "" },
	{ "{\"uniqueItems\":true}", "[{\"b\":1},{\"b\":1}]", "a must not have the same item twice" },
	{ "{\"uniqueItems\":false}", "[1,1]", "" },
	/* objects below */
	{ "{\"properties\":{\"b\":{\"type\":\"string\"}},\"required\":[\"b\"]}", "{}", "a.b is required" },
	{ "{\"properties\":{\"b\":{\"type\":\"string\"}},\"required\":[\"b\"]}", "{\"b\":1,\"c\":2}", "a.b must be a string" },
	{ "{\"properties\":{\"b\":{}},\"additionalProperties\":false}", "{\"c\":1}", "a.c is not known here (known: b)" },
	{ "{\"additionalProperties\":false}", "{\"c\":1}", "a.c is not known here (known: nothing)" },
	{ "{\"items\":{\"required\":[\"b\"]}}", "[{\"b\":1},{}]", "a[1].b is required" },
	{ "{\"required\":[\"b\"]}", "{\"b\":null}", "" },
};

static void
test_values(void)
{
	const char *why;
	size_t i;

	for (i = 0; i < LEN(values); i++) {
		struct schema *s = schema_compile(&mem, parsed(arena_fmt(&mem, "{\"properties\":{\"a\":%s}}", values[i].schema)), &why);
		struct buf says;
		bool fits;

		buf_init(&says, &mem, 4096);
		fits = schema_check(s, parsed(arena_fmt(&mem, "{\"a\":%s}", values[i].value)), &mem, &says);
		is_str(says.at, values[i].says, "%s of %s", values[i].value, values[i].schema);
		ok(fits == !values[i].says[0], "and the verdict");
	}
}

static void
test_root(void)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\",\"minimum\":1}},"
	    "\"required\":[\"id\",\"n\"],\"additionalProperties\":false}";
	static const struct {
		const char *value, *says;
	} rows[] = {
		{ "{\"id\":\"x\",\"n\":1}", "" },
		{ "{}", "id is required; n is required" },
		{ "{\"n\":0}", "id is required; n must be at least 1" },
		{ "{\"id\":\"x\",\"n\":1,\"m\":2}", "m is not known here (known: id, n)" },
		{ "[]", "the arguments must be an object" },
		{ "null", "the arguments must be an object" },
	};
	const char *why;
	struct schema *s = schema_compile(&mem, parsed(schema), &why);
	struct buf says;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_init(&says, &mem, 4096);
		schema_check(s, parsed(rows[i].value), &mem, &says);
		is_str(says.at, rows[i].says, "arguments %s", rows[i].value);
	}
	ok(schema_has(s, "id") && schema_has(s, "n") && !schema_has(s, "m") && !schema_has(s, ""), "schema_has");
}

/* However much is wrong, the answer stays short and the memory small. */
static void
test_caps(void)
{
	const char *why, *more;
	struct schema *s = schema_compile(&mem, parsed("{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}},\"additionalProperties\":false}"), &why);
	struct buf text, says;
	size_t used;
	int i;

	buf_init(&text, &mem, 8 << 20);
	buf_str(&text, "{\"a\":[1");
	for (i = 0; i < 100000; i++)
		buf_str(&text, ",\"x\"");
	for (i = 0; i < 1000; i++)
		buf_fmt(&text, ",%d", i);
	buf_fmt(&text, "],\"%0300d\":1}", 7);
	buf_init(&says, &mem, 8192);
	used = mem.used;
	ok(!schema_check(s, parsed(text.at), &mem, &says), "a long array with a thousand wrong items");
	ok(mem.used - used < 256 << 10, "takes little memory to complain about");
	for (i = 0, more = says.at; (more = strstr(more, " must be a string")); more++)
		i++;
	is_int(i, 20, "twenty complaints");
	ok(base_ends(says.at, "; and more"), "and the hint that there is more");
}

static void
test_defaults(void)
{
	static const char schema[] = "{\"properties\":{\"limit\":{\"type\":\"integer\",\"default\":50},\"name\":{\"type\":\"string\"},"
	    "\"tags\":{\"default\":[\"a\"]},\"off\":{\"type\":\"boolean\",\"default\":false},\"n\":{\"type\":\"number\"}}}";
	const char *why;
	struct schema *s = schema_compile(&mem, parsed(schema), &why);
	struct json_object *o = parsed("{}");

	schema_defaults(s, o);
	is_str(json_plain(o, NULL), "{\"limit\":50,\"tags\":[\"a\"],\"off\":false}", "what lacks gets its default");
	o = parsed("{\"limit\":7,\"tags\":null,\"x\":1}");
	schema_defaults(s, o);
	is_str(json_plain(o, NULL), "{\"limit\":7,\"tags\":null,\"x\":1,\"off\":false}", "what is there stays, null too");
	o = parsed("{\"limit\":1e1,\"n\":2.0}");
	schema_defaults(s, o);
	is_int(json_get_int(o, "limit", -1), 10, "an integer written as a double becomes one");
	ok(json_object_is_type(json_get(o, "n"), json_type_double), "a number stays as it is");
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 64 << 20);
	test_compile();
	test_depth();
	test_values();
	test_root();
	test_caps();
	test_defaults();
	arena_close(&mem);
	return tap_done();
}
