/* schema_load: what compiles, the sentences about what does not, and bounds. */
#include "tap.h"
#include "schema.h"

static struct arena mem;

static struct json_object *
parsed(const char *text)
{
	struct json_flaw flaw;

	if (json_check(&mem, text, strlen(text), &(struct json_caps){ 128, 1000000 }, &flaw) != 0) {
		printf("Bail out! the test's own JSON: %s: %s\n", flaw.what, text);
		exit(1);
	}
	return json_parse(&mem, text, strlen(text), 128);
}

/* Schemas, and why they are refused. */
static const struct {
	const char *schema;
	const char *why;	/* NULL: it compiles */
} schemas[] = {
	{ "{}", NULL },
	{ "{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}", NULL },
	{ "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"t\",\"description\":\"d\",\"examples\":[1],\"deprecated\":true,\"readOnly\":true,"
	  "\"format\":\"uuid\",\"default\":1}", NULL },
	{ "{\"enum\":[1,\"a\",null],\"const\":1}", NULL },
	{ "{\"minimum\":1,\"maximum\":2.5,\"exclusiveMinimum\":0,\"exclusiveMaximum\":3,\"multipleOf\":0.5}", NULL },
	{ "{\"minLength\":0,\"maxLength\":5,\"pattern\":\"^a\"}", NULL },
	{ "{\"items\":{\"type\":\"string\"},\"minItems\":0,\"maxItems\":5,\"uniqueItems\":true}", NULL },
	{ "{\"type\":[\"string\",\"null\"]}", NULL },
	{ "1", "the root: a schema must be an object, true or false" },
	{ "[]", "the root: a schema must be an object, true or false" },
	{ "{\"properties\":{\"a\":{\"b\":1}}}", "a: unknown keyword \"b\"" },
	{ "{\"properties\":{\"a\":{\"items\":{\"x\":1}}}}", "a.items: unknown keyword \"x\"" },
	{ "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"int\"}}}}}", "a.b: unknown type \"int\"" },
	{ "{\"properties\":{\"a\":1}}", "a: a schema must be an object, true or false" },
	{ "{\"properties\":[]}", "the root: properties must be an object" },
	{ "{\"type\":1}", "the root: unknown type \"\"" },
	{ "{\"type\":[\"string\",\"text\"]}", "the root: unknown type \"text\"" },
	{ "{\"$schema\":5}", "the root: $schema must be a string" },
	{ "{\"required\":\"a\"}", "the root: required must be an array of strings" },
	{ "{\"required\":[1]}", "the root: required must be an array of strings" },
	{ "{\"required\":[\"a\",\"b\",\"a\"]}", "the root: required names a member twice" },
	{ "{\"additionalProperties\":1}", "additionalProperties: a schema must be an object, true or false" },
	{ "{\"uniqueItems\":1}", "the root: uniqueItems must be true or false" },
	{ "{\"enum\":1}", "the root: enum must be an array" },
	{ "{\"items\":[{}]}", "items: a schema must be an object, true or false" },
	{ "{\"pattern\":1}", "the root: pattern must be a string" },
	{ "{\"pattern\":\"(\"}", "the root: missing closing parenthesis at character 1 of the pattern" },
	{ "{\"minLength\":-1}", "the root: minLength must be an integer from 0" },
	{ "{\"minLength\":1.5}", "the root: minLength must be an integer from 0" },
	{ "{\"maxItems\":\"1\"}", "the root: maxItems must be an integer from 0" },
	{ "{\"minimum\":\"1\"}", "the root: minimum must be a number, multipleOf one above 0" },
	{ "{\"multipleOf\":0}", "the root: multipleOf must be a number, multipleOf one above 0" },
	/* the rest of 2020-12 */
	{ "true", NULL }, { "false", NULL }, { "{\"const\":null}", NULL }, { "{\"minLength\":2.0}", NULL },
	{ "{\"prefixItems\":[{},true],\"items\":false,\"contains\":{},\"minContains\":0,\"maxContains\":2}", NULL },
	{ "{\"patternProperties\":{\"^a\":{}},\"propertyNames\":{\"maxLength\":3},\"minProperties\":1,\"maxProperties\":2}", NULL },
	{ "{\"dependentRequired\":{\"a\":[\"b\"]},\"dependentSchemas\":{\"a\":{}}}", NULL },
	{ "{\"allOf\":[{}],\"anyOf\":[true],\"oneOf\":[{}],\"not\":{},\"if\":{},\"then\":{},\"else\":{}}", NULL },
	{ "{\"unevaluatedItems\":false,\"unevaluatedProperties\":false,\"$comment\":\"c\",\"writeOnly\":true}", NULL },
	{ "{\"contentEncoding\":\"base64\",\"contentMediaType\":\"a/b\",\"contentSchema\":{}}", NULL },
	{ "{\"x-mcp-header\":\"Region\",\"properties\":{\"a\":{\"x-any\":[1]}}}", NULL },
	{ "{\"allOf\":[]}", "the root: allOf must be an array of at least one schema" },
	{ "{\"oneOf\":{}}", "the root: oneOf must be an array of at least one schema" },
	{ "{\"anyOf\":[{},{\"type\":\"x\"}]}", "anyOf[1]: unknown type \"x\"" },
	{ "{\"not\":[]}", "not: a schema must be an object, true or false" },
	{ "{\"type\":[]}", "the root: type must name at least one type" },
	{ "{\"type\":[\"string\",\"null\",\"string\"]}", "the root: type names string twice" },
	{ "{\"title\":1}", "the root: title must be a string" },
	{ "{\"dependentRequired\":{\"a\":[1]}}", "the root: dependentRequired.a must be an array of strings" },
	{ "{\"dependentRequired\":{\"a\":[\"b\",\"b\"]}}", "the root: dependentRequired.a names a member twice" },
	{ "{\"dependentSchemas\":[]}", "the root: dependentSchemas must be an object" },
	{ "{\"patternProperties\":{\"(\":{}}}", "the root: patternProperties: missing closing parenthesis at character 1 of the pattern" },
	{ "{\"dependencies\":{}}", "the root: dependencies is of an older draft of JSON Schema and means nothing in 2020-12" },
	{ "{\"properties\":{\"a\":{\"itms\":{}}}}", "a: unknown keyword \"itms\"" },
	{ "{\"$defs\":{\"d\":{\"minimum\":\"1\"}}}", "$defs.d: minimum must be a number, multipleOf one above 0" },
	/* dialects */
	{ "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema#\"}", NULL },
	{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "the root: $schema \"http://json-schema.org/draft-07/schema#\" is a "
	  "dialect that is not known here; leave it out, or write https://json-schema.org/draft/2020-12/schema" },
	{ "{\"items\":{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}}", "items: $schema belongs at the root, or beside an $id" },
	{ "{\"$schema\":\"http://x/m\",\"$defs\":{\"m\":{\"$id\":\"http://x/m\",\"$vocabulary\":{\"http://x/v\":false}}}}", NULL },
	{ "{\"$schema\":\"http://x/m\",\"$defs\":{\"m\":{\"$id\":\"http://x/m\",\"$vocabulary\":{\"http://x/v\":true}}}}",
	  "the root: the vocabulary http://x/v is not known here" },
	{ "{\"$schema\":\"http://x/m\",\"$defs\":{\"m\":{\"$id\":\"http://x/m\",\"$vocabulary\":["
	  "\"https://json-schema.org/draft/2020-12/vocab/core\"]}}}", "the root: $vocabulary must be an object" },
	/* references */
	{ "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{}}}", NULL },
	{ "{\"$ref\":\"#a\",\"$defs\":{\"b\":{\"$anchor\":\"a\"}}}", NULL },
	{ "{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{}}}", NULL },
	{ "{\"properties\":{\"a\":{\"$ref\":\"#\"}}}", NULL },
	{ "{\"$ref\":\"https://json-schema.org/draft/2020-12/meta/core#/$defs/uriString\"}", NULL },
	{ "{\"$ref\":\"http://example.com/s\"}", "the root: $ref \"http://example.com/s\" is not in this schema, and nothing is fetched from elsewhere" },
	{ "{\"$ref\":\"file:///etc/passwd\"}", "the root: $ref \"file:///etc/passwd\" is not in this schema, and nothing is fetched from elsewhere" },
	{ "{\"$id\":\"http://x/\",\"items\":{\"$dynamicRef\":\"y\"}}", "items: $dynamicRef \"y\" is not in this schema, and nothing is fetched from elsewhere" },
	{ "{\"$ref\":\"other.json\"}", "the root: $ref \"other.json\" leads to no schema" },
	{ "{\"$ref\":\"#/$defs/a\"}", "the root: $ref \"#/$defs/a\" leads to no schema" },
	{ "{\"$ref\":\"#a\"}", "the root: $ref \"#a\" leads to no schema" },
	{ "{\"$ref\":\"#/examples/0\",\"examples\":[{}]}", "the root: $ref \"#/examples/0\" leads to no schema" },
	{ "{\"$ref\":\"#/allOf/1\",\"allOf\":[{}]}", "the root: $ref \"#/allOf/1\" leads to no schema" },
	{ "{\"$ref\":\"https://json-schema.org/draft/2020-12/meta/core#/nothing\"}",
	  "the root: $ref \"https://json-schema.org/draft/2020-12/meta/core#/nothing\" leads to no schema" },
	{ "{\"$ref\":1}", "the root: $ref must be a string" },
	{ "{\"$anchor\":\"1a\"}", "the root: $anchor must be a name of letters, digits, \"-\", \".\" and \"_\"" },
	{ "{\"$anchor\":\"a\",\"items\":{\"$dynamicAnchor\":\"a\"}}", "items: $dynamicAnchor \"a\" is there twice" },
	{ "{\"$id\":\"http://x/#a\"}", "the root: $id \"http://x/#a\" must not have a fragment; $anchor names a place" },
	{ "{\"$id\":1}", "the root: $id must be a string" },
	{ "{\"$id\":\"http://x/\",\"items\":{\"$id\":\"/\"}}", "items: $id \"http://x/\" is there twice" },
	/* circles */
	{ "{\"$ref\":\"#\"}", "the root: \"#\" leads back here for the same value, or over more than 100 schemas" },
	{ "{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/b\"}]},\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
	  "$defs.a.anyOf[0]: \"#/$defs/b\" leads back here for the same value, or over more than 100 schemas" },
	{ "{\"items\":{\"$dynamicAnchor\":\"x\",\"allOf\":[{\"$dynamicRef\":\"#x\"}]}}",
	  "items.allOf[0]: \"#x\" leads back here for the same value, or over more than 100 schemas" },
};

static void
test_compile(void)
{
	const char *why;
	size_t i;

	for (i = 0; i < LEN(schemas); i++) {
		why = NULL;
		ok((schema_compile(&mem, parsed(schemas[i].schema), &why) == NULL) == (schemas[i].why != NULL), "compiles? %s", schemas[i].schema);
		is_str(why, schemas[i].why, "and why not");
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

/* What others wrote is taken as JSON Schema takes it. */
static void
test_foreign(void)
{
	static const struct {
		const char *schema, *why;
	} rows[] = {
		{ "{\"b\":1,\"dependencies\":7}", NULL },
		{ "{\"properties\":{\"a\":{\"b\":{\"type\":\"int\"}}}}", NULL },
		{ "{\"properties\":{\"a\":{\"type\":\"int\"}}}", "a: unknown type \"int\"" },
		{ "{\"$ref\":\"http://example.com/s\"}", "the root: $ref \"http://example.com/s\" is not in this schema, and nothing is fetched from elsewhere" },
	};
	const char *why;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		why = NULL;
		ok((schema_compile_foreign(&mem, parsed(rows[i].schema), &why) == NULL) == (rows[i].why != NULL), "compiles? %s", rows[i].schema);
		is_str(why, rows[i].why, "and why not");
	}
}

/* n times part, with the count for its %d, between head and tail. */
static const char *
repeated(const char *head, const char *part, int n, const char *tail)
{
	const char *number = strstr(part, "%d");
	struct buf b;
	int i;

	buf_init(&b, &mem, 8 << 20);
	buf_str(&b, head);
	for (i = 0; i < n; i++) {
		buf_fmt(&b, "%.*s", number ? (int)(number - part) : (int)strlen(part), part);
		if (number)
			buf_fmt(&b, "%d%s", i, number + 2);
	}
	buf_str(&b, tail);
	return b.at;
}

static void
test_bounds(void)
{
	const char *why = "";
	struct schema *s = schema_compile(&mem, parsed(repeated("{\"$defs\":{", "\"d%d\":true,", 9000, "\"e\":{}}}")), &why);

	ok(s, "9,000 subschemas compile");
	s = schema_compile(&mem, parsed(repeated("{\"$defs\":{", "\"d%d\":true,", 11000, "\"e\":{}}}")), &why);
	ok(!s && strstr(why, "more than the 10000 subschemas"), "11,000 do not: %s", why);
	s = schema_compile(&mem, parsed(repeated("{\"$defs\":{\"e\":{}", ",\"d%d\":{\"$ref\":\"#/$defs/e\"}", 4000, "}}")), &why);
	ok(s, "4,000 references compile");
	s = schema_compile(&mem, parsed(repeated("{\"$id\":\"http://x/", "aaaaaaaaaa", 300, "\"}")), &why);
	ok(!s && strstr(why, "is longer than 2000 bytes"), "a long $id does not: %.60s", why);
	s = schema_compile(&mem, parsed(repeated(repeated("{\"properties\":{\"", "long", 50000, "\":{\"$defs\":{\"e\":{}"), ",\"d%d\":true", 9000, "}}}}")), &why);
	ok(s, "a property with a name of 200,000 bytes and 9,000 subschemas does");
}

/* A chain of references, each to the next. */
static void
test_chain(void)
{
	struct schema *s;
	struct buf b;
	const char *why = "";
	int i;

	buf_init(&b, &mem, 1 << 20);
	buf_str(&b, "{\"$defs\":{");
	for (i = 5000; i > 0; i--)
		buf_fmt(&b, "\"d%d\":{\"$ref\":\"#/$defs/d%d\"},", i, i - 1);
	buf_str(&b, "\"d0\":{}},\"$ref\":\"#/$defs/d5000\"}");
	s = schema_compile(&mem, parsed(b.at), &why);
	ok(!s && strstr(why, "over more than 100 schemas"), "a long chain is refused: %s", why);
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 256 << 20);
	test_compile();
	test_depth();
	test_foreign();
	test_bounds();
	test_chain();
	arena_close(&mem);
	return tap_done();
}
