/* schema_check: what fits, and the sentences about what does not. */
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
	{ "{\"minProperties\":1}", "{}", "a must have at least 1 members" },
	{ "{\"maxProperties\":1}", "{\"b\":1,\"c\":1}", "a must have at most 1 members" },
	{ "{\"additionalProperties\":{\"type\":\"string\"}}", "{\"c\":1}", "a.c must be a string" },
	{ "{\"patternProperties\":{\"^n_\":{\"type\":\"number\"}},\"additionalProperties\":false}", "{\"n_a\":1,\"n_b\":\"x\"}", "a.n_b must be a number" },
	{ "{\"patternProperties\":{\"^n_\":{}},\"additionalProperties\":false}", "{\"c\":1}", "a.c is not known here (known: nothing)" },
	{ "{\"propertyNames\":{\"pattern\":\"^x\"}}", "{\"x1\":1,\"y\":1}", "a.y is not a name for it: names must match the pattern ^x" },
	{ "{\"propertyNames\":{\"enum\":[\"x\",\"y\"]}}", "{\"z\":1}", "a.z is not a name for it: names must be one of [\"x\",\"y\"]" },
	{ "{\"propertyNames\":{\"maxLength\":1}}", "{\"zz\":1}", "a.zz is not a name for it: names must have at most 1 characters" },
	{ "{\"propertyNames\":{\"enum\":[\"x\"]}}", "{\"z\":1}", "a.z is not a name for it: names must be \"x\"" },
	{ "{\"propertyNames\":{\"not\":{\"const\":\"x\"}}}", "{\"x\":1}", "a.x is not a name for it: names must not be \"x\"" },
	{ "{\"propertyNames\":false}", "{\"x\":1}", "a.x is not a name for it" },
	{ "{\"propertyNames\":{\"allOf\":[false]}}", "{\"x\":1}", "a.x is not a name for it" },
	{ "{\"properties\":{\"b\":false}}", "{\"b\":1}", "a.b is not allowed here" },
	{ "{\"dependentRequired\":{\"b\":[\"c\"]}}", "{\"b\":1}", "a.c is required when b is given" },
	{ "{\"dependentRequired\":{\"b\":[\"c\"]}}", "{\"d\":1}", "" },
	{ "{\"dependentSchemas\":{\"b\":{\"required\":[\"c\"]}}}", "{\"b\":1}", "a.c is required" },
	/* arrays, further */
	{ "{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"number\"}}", "[1,\"x\"]", "a[0] must be a string; a[1] must be a number" },
	{ "{\"prefixItems\":[{}],\"items\":false}", "[1,2,3]", "a must have at most 1 items" },
	{ "{\"contains\":{\"type\":\"string\"}}", "[1]", "a must have at least 1 item like this: a string" },
	{ "{\"contains\":{\"minimum\":5},\"minContains\":2}", "[1,6]", "a must have at least 2 items of the kind that the schema asks for" },
	{ "{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", "a must have at most 1 item like this: 1" },
	{ "{\"contains\":{\"const\":1},\"minContains\":0}", "[]", "" },
	{ "{\"uniqueItems\":true}", "[1,1.0]", "a must not have the same item twice" },
	{ "{\"uniqueItems\":true}", "[{\"b\":1,\"c\":2},{\"c\":2,\"b\":1}]", "a must not have the same item twice" },
	{ "{\"uniqueItems\":true}", "[0,false,null,\"\",[],{}]", "" },
	/* values as they are worth */
	{ "{\"const\":null}", "null", "" }, { "{\"const\":null}", "0", "a must be null" }, { "{\"const\":1}", "1.0", "" },
	{ "{\"enum\":[1]}", "true", "a must be one of [1]" }, { "{\"enum\":[[1.0]]}", "[1]", "" },
	{ "{\"maximum\":9007199254740992}", "9007199254740993", "a must be at most 9007199254740992" },
	{ "{\"maximum\":1e308}", "1e308", "" }, { "{\"multipleOf\":0.0001}", "0.0075", "" },
	{ "{\"multipleOf\":0.0001}", "0.00751", "a must be a multiple of 0.0001" }, { "{\"multipleOf\":0.5}", "1e308", "" },
	{ "{\"multipleOf\":1e-300}", "1e308", "" }, { "{\"multipleOf\":7}", "1e308", "a must be a multiple of 7" },
	{ "{\"multipleOf\":0.01}", "4.35", "" }, { "{\"multipleOf\":1e308}", "1", "a must be a multiple of 1e+308" },
	/* branches */
	{ "{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "5", "a must be at most 3" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "[]", "a must be an integer or a string" },
	{ "{\"anyOf\":[{\"type\":\"string\",\"minLength\":2},{\"type\":\"null\"}]}", "\"x\"", "a must have at least 2 characters" },
	{ "{\"anyOf\":[{\"required\":[\"b\"]},{\"required\":[\"c\",\"d\"]}]}", "{}", "a must come with b, or with c and d" },
	{ "{\"oneOf\":[{\"const\":\"x\"},{\"const\":\"y\",\"title\":\"Y\"}]}", "\"z\"", "a must be \"x\", or \"y\"" },
	{ "{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3", "a must fit only one of 2 forms, and fits (1) and (2)" },
	{ "{\"oneOf\":[{\"properties\":{\"kind\":{\"const\":\"x\"},\"n\":{\"type\":\"integer\"}},\"required\":[\"kind\",\"n\"]},"
	  "{\"properties\":{\"kind\":{\"const\":\"y\"}},\"required\":[\"kind\"]}]}", "{\"kind\":\"x\"}", "a.n is required" },
	{ "{\"oneOf\":[{\"properties\":{\"kind\":{\"const\":\"x\"}}},{\"properties\":{\"kind\":{\"const\":\"y\"}}}]}", "{\"kind\":1}",
	  "a must fit one of 2 forms, and fits none: (1) a.kind must be \"x\"; (2) a.kind must be \"y\"" },
	{ "{\"anyOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "3",
	  "a must fit one of 2 forms, and fits none: (1) a must be at least 5; (2) a must be a multiple of 2" },
	{ "{\"not\":{\"type\":\"string\"}}", "\"x\"", "a must not be a string" },
	{ "{\"not\":{\"required\":[\"b\",\"c\"]}}", "{\"b\":1,\"c\":1}", "a must not come with b and c" },
	{ "{\"not\":{\"enum\":[1,2]}}", "2", "a must not be one of [1,2]" },
	{ "{\"not\":{\"minimum\":1}}", "2", "a must not be of the form that is excluded here" },
	{ "{\"if\":{\"minimum\":10},\"then\":{\"multipleOf\":10},\"else\":{\"multipleOf\":2}}", "15", "a must be a multiple of 10" },
	{ "{\"if\":{\"minimum\":10},\"then\":{\"multipleOf\":10},\"else\":{\"multipleOf\":2}}", "5", "a must be a multiple of 2" },
	{ "{\"if\":{\"minimum\":10},\"then\":{\"multipleOf\":10}}", "5", "" },
	/* references */
	{ "{\"$id\":\"http://x/\",\"$ref\":\"#s\",\"$defs\":{\"s\":{\"$anchor\":\"s\",\"type\":\"string\"}}}", "1", "a must be a string" },
	{ "{\"$id\":\"http://x/\",\"properties\":{\"b\":{\"$ref\":\"#\"}},\"additionalProperties\":false}", "{\"b\":{\"b\":{\"c\":1}}}",
	  "a.b.b.c is not known here (known: b)" },
	/* what nobody has looked at */
	{ "{\"allOf\":[{\"properties\":{\"b\":{}}}],\"properties\":{\"c\":{}},\"unevaluatedProperties\":false}", "{\"b\":1,\"c\":1}", "" },
	{ "{\"allOf\":[{\"properties\":{\"b\":{}}}],\"properties\":{\"c\":{}},\"unevaluatedProperties\":false}", "{\"d\":1}",
	  "a.d is not known here" },
	{ "{\"properties\":{\"c\":{\"type\":\"string\"}},\"unevaluatedProperties\":false}", "{\"c\":1}", "a.c must be a string" },
	{ "{\"prefixItems\":[{}],\"unevaluatedItems\":false}", "[1,2]", "a[1] is not allowed here" },
	{ "{\"prefixItems\":[{}],\"unevaluatedItems\":{\"type\":\"string\"}}", "[1,2]", "a[1] must be a string" },
	{ "{\"contains\":{\"const\":1},\"unevaluatedItems\":false}", "[1,2,1]", "a[1] is not allowed here" },
	{ "{\"anyOf\":[{\"properties\":{\"b\":{\"const\":1}}},true],\"unevaluatedProperties\":false}", "{\"b\":2}", "a.b is not known here" },
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
says(const char *what, const char *schema, const char *value, const char *complaint)
{
	const char *why;
	struct schema *s = schema_compile(&mem, parsed(schema), &why);
	struct buf b;

	buf_init(&b, &mem, 4096);
	ok(!schema_check(s, parsed(value), &mem, &b), "%s: it does not fit", what);
	is_str(b.at, complaint, "%s", what);
}

static void
test_unevaluated_lists_only_what_is_complete(void)
{
	says("a $ref knows more than properties", "{\"$defs\":{\"p\":{\"properties\":{\"a\":{}}}},\"properties\":{\"v\":"
	    "{\"$ref\":\"#/$defs/p\",\"properties\":{\"b\":{}},\"unevaluatedProperties\":false}}}", "{\"v\":{\"a\":1,\"c\":2}}",
	    "v.c is not known here");
	says("what `then` knows is not nothing", "{\"if\":{\"properties\":{\"a\":{\"const\":1}}},\"then\":{\"properties\":{\"b\":{}}},"
	    "\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1,\"c\":2}", "c is not known here");
	says("patterns know names that are not listed", "{\"patternProperties\":{\"^n_\":{}},\"unevaluatedProperties\":false}",
	    "{\"n_a\":1,\"c\":2}", "c is not known here");
	says("properties alone are a list", "{\"properties\":{\"a\":{},\"b\":{}},\"unevaluatedProperties\":false}", "{\"c\":2}",
	    "c is not known here (known: a, b)");
}

static void
test_a_name_is_told_what_it_lacks(void)
{
	static const char schema[] = "{\"propertyNames\":{\"pattern\":\"^[a-z]+$\",\"maxLength\":4}}";

	says("the name matches and is too long", schema, "{\"abcde\":1}", "abcde is not a name for it: names must have at most 4 characters");
	says("the name does not match", schema, "{\"A\":1}", "A is not a name for it: names must match the pattern ^[a-z]+$");
	says("both, each by its own", schema, "{\"abcde\":1,\"ok\":1,\"B\":1}", "abcde is not a name for it: names must have at most 4 "
	    "characters; B is not a name for it: names must match the pattern ^[a-z]+$");
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
		{ "{\"id\":\"x\",\"n\":1,\"\xc3\xa9\":2}", "\xc3\xa9 is not known here (known: id, n)" },
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
}

/* What is no arguments is called by its own name. */
static void
test_as(void)
{
	const char *why;
	struct schema *s = schema_compile(&mem, parsed("{\"anyOf\":[{\"minProperties\":1},{\"const\":[]}]}"), &why);
	struct buf says;

	buf_init(&says, &mem, 4096);
	ok(!schema_check_as(s, parsed("{}"), "the result", &mem, &says), "it does not fit");
	is_str(says.at, "the result must have at least 1 members", "and is called the result");
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

int
main(void)
{
	arena_init(&mem, 64 << 10, 64 << 20);
	test_values();
	test_unevaluated_lists_only_what_is_complete();
	test_a_name_is_told_what_it_lacks();
	test_root();
	test_as();
	test_caps();
	arena_close(&mem);
	return tap_done();
}
