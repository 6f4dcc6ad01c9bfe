/* schema_forms: an end to checks that would not end, and laws that hold for any schema and value. */
#include "tap.h"
#include "schema.h"
#include "utf8.h"

static struct arena mem;

static struct json_object *
parsed(const char *text)
{
	struct json_object *o = json_parse(&mem, text, strlen(text), 20000);

	if (!o && strcmp(text, "null") != 0) {
		printf("Bail out! the test's own JSON: %.200s\n", text);
		exit(1);
	}
	return o;
}

static struct schema *
compiled(const char *text)
{
	const char *why = "";
	struct schema *s = schema_compile(&mem, parsed(text), &why);

	if (!s) {
		printf("Bail out! the test's own schema: %s: %.300s\n", why, text);
		exit(1);
	}
	return s;
}

/* --- hostile schemas, hostile values ---------------------------------------------------- */

/* The check ends soon, takes little memory, and its complaint has this part ("": the value fits). */
static void
ends(const char *name, const char *schema, const char *value, const char *part)
{
	struct schema *s = compiled(schema);
	struct json_object *v = parsed(value);
	struct buf says;
	int64_t from;
	size_t used;
	bool fits;

	buf_init(&says, &mem, 8192);
	used = mem.used;
	from = base_now_us();
	fits = schema_check(s, v, &mem, &says);
	from = base_now_us() - from;
	ok(from < 5000000, "%s: ends soon (%" PRId64 " ms)", name, from / 1000);
	ok(mem.used - used < 16 << 20, "%s: takes little memory (%zu KiB)", name, (mem.used - used) >> 10);
	ok(part[0] ? !fits && strstr(says.at, part) : fits && !says.len, "%s: %.200s", name, says.at);
	ok(utf8_valid(says.at, says.len), "%s: what is said is UTF-8", name);
}

/* n times part between head and tail. */
static const char *
repeated(const char *head, const char *part, int n, const char *tail)
{
	struct buf b;
	int i;

	buf_init(&b, &mem, 8 << 20);
	buf_str(&b, head);
	for (i = 0; i < n; i++)
		buf_str(&b, part);
	buf_str(&b, tail);
	return b.at;
}

/* The same with a number behind each part, and then its own end. */
static const char *
numbered(const char *head, const char *part, const char *end, int n, const char *tail)
{
	struct buf b;
	int i;

	buf_init(&b, &mem, 8 << 20);
	buf_str(&b, head);
	for (i = 0; i < n; i++)
		buf_fmt(&b, "%s%s%d%s", i ? "," : "", part, i, end);
	buf_str(&b, tail);
	return b.at;
}

/* d0 tries d1 twice, d1 tries d2 twice: 2^30 ways to the end.  word: what has the branches. */
static const char *
doubling(const char *root, const char *word, const char *last)
{
	struct buf b;
	int i;

	buf_init(&b, &mem, 64 << 10);
	buf_fmt(&b, "{%s,\"$defs\":{", root);
	for (i = 0; i < 30; i++)
		buf_fmt(&b, "\"d%d\":{\"%s\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},", i, word, i + 1, i + 1);
	buf_fmt(&b, "\"d30\":%s}}", last);
	return b.at;
}

#define TOO_MUCH "to check this takes more work than is allowed"

static void
test_branches(void)
{
	static const char plain[] = "\"$ref\":\"#/$defs/d0\"", not[] = "\"not\":{\"$ref\":\"#/$defs/d0\"}",
	    tracked[] = "\"$ref\":\"#/$defs/d0\",\"unevaluatedProperties\":false";

	ends("anyOf 2^30 times", doubling(plain, "anyOf", "false"), "1", TOO_MUCH);
	ends("oneOf 2^30 times", doubling(plain, "oneOf", "false"), "1", TOO_MUCH);
	ends("allOf 2^30 times", doubling(plain, "allOf", "true"), "1", TOO_MUCH);
	ends("what is given up does not pass a not", doubling(not, "anyOf", "false"), "1", TOO_MUCH);
	ends("unevaluated over 2^30", doubling(tracked, "anyOf", "{\"properties\":{\"a\":true}}"), "{\"a\":1}", TOO_MUCH);
	ends("the first branch of 2^30 fits", doubling(plain, "anyOf", "true"), "1", "");
}

/* What is wrong in each branch is said of the first few, and not of each of theirs without end. */
static void
test_explained(void)
{
	const char *tree = "{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#\"}},\"required\":[\"n\"]},"
	    "{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#\"}},\"required\":[\"n\",\"x\"]}]}";
	const char *deep = repeated(repeated("", "{\"n\":", 60, "1"), "}", 60, "");

	ends("60 levels of branches that do not fit", tree, deep, "the arguments must fit one of 2 forms, and fits none: (1) n must");
	ends("the same in many items", arena_fmt(&mem, "{\"items\":{\"$ref\":\"#/$defs/t\"},\"$defs\":{\"t\":{\"$id\":\"urn:t\",%s}}", tree + 1),
	    repeated(arena_fmt(&mem, "[%s", deep), arena_fmt(&mem, ",%s", deep), 100, "]"), "[0] must fit one of 2 forms, and fits none: (1) [0].n must");
}

static void
test_large(void)
{
	const char *deep = repeated(repeated("", "[", 5000, ""), "]", 5000, "");
	const char *tall = repeated(repeated("", "[", 150, ""), "]", 150, "");
	const char *wide = numbered("{", "\"n", "\":1", 50000, "}");
	const char *same = repeated("[1", ",1", 50000, "]");

	ends("5,000 levels", "{\"items\":{\"$ref\":\"#\"}}", deep, "takes more levels than are allowed");
	ends("50,000 members that nobody knows", numbered("{\"properties\":{", "\"p", "\":{}", 2000, "},\"additionalProperties\":false}"), wide,
	    "n0 is not known here");
	ends("50,000 members nobody looked at", "{\"anyOf\":[{\"properties\":{\"n7\":{}}},true],\"unevaluatedProperties\":{\"type\":\"integer\"}}", wide, "");
	ends("an enum of 20,000, 50,000 times", numbered("{\"items\":{\"enum\":[", "\"v", "\"", 20000, "]}}"), numbered("[", "\"v", "\"", 20000, "]"), "");
	ends("an enum of 20,000 that has none of 50,000", numbered("{\"items\":{\"enum\":[", "\"v", "\"", 20000, "]}}"), same, "[0] must be one of");
	ends("50,000 items that differ", "{\"uniqueItems\":true}", numbered("[", "[", ",{\"a\":[]}]", 50000, "]"), "");
	ends("50,000 items that do not", "{\"uniqueItems\":true}", same, "must not have the same item twice");
	ends("contains nothing of it", "{\"contains\":{\"anyOf\":[{\"const\":2},{\"type\":\"string\"}]}}", same, "must have at least 1 item");
	ends("an enum against a large value at every level", "{\"enum\":[1],\"items\":{\"$ref\":\"#\"}}", tall, "must be one of [1]");
	ends("dependencies on everything", numbered("{\"dependentRequired\":{", "\"n", "\":[\"n1\"]", 5000, "}}"), wide, "");
}

/* Patterns with more ways than time. */
static void
test_patterns(void)
{
	static const char effort[] = "could not be found out with reasonable effort";
	const char *evil = "{\"items\":{\"pattern\":\"^(a+)+$\"}}", *square = "{\"items\":{\"pattern\":\"[a-z]*[0-9]\"}}";
	const char *as = repeated("\"", "a", 60, "b\""), *long_as = repeated("\"", "a", 500000, "\"");

	ends("backtracking", evil, arena_fmt(&mem, "[%s]", as), effort);
	ends("backtracking under a not", "{\"not\":{\"pattern\":\"^(a+)+$\"}}", as, effort);
	ends("backtracking in many items", evil, repeated("[\"aa\"", arena_fmt(&mem, ",%s", as), 1000, "]"), effort);
	ends("backtracking in the name of a member", "{\"patternProperties\":{\"^(a+)+$\":false}}", arena_fmt(&mem, "{%s:1}", as), effort);
	ends("from every start to the end", square, arena_fmt(&mem, "[%s]", long_as), effort);
	ends("a long text that matches", "{\"items\":{\"pattern\":\"^[a-z]+$\"}}", arena_fmt(&mem, "[%s]", long_as), "");
	ends("a long text that does not", "{\"items\":{\"pattern\":\"^[b-z]+$\"}}", arena_fmt(&mem, "[%s]", long_as), "[0] must match the pattern");
}

/* --- laws ------------------------------------------------------------------------------- */

/* The same numbers every time. */
static unsigned
dice(unsigned sides)
{
	static uint64_t state = 20;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % sides;
}

static void
put_value(struct buf *b, int depth)
{
	static const char *const plain[] = { "null", "true", "false", "0", "1", "1.0", "-3", "2.5", "\"\"", "\"a\"", "\"bc\"" };
	unsigned n = dice(4), i, kind = depth > 0 ? dice(3) : 2;

	if (kind == 2) {
		buf_str(b, plain[dice(LEN(plain))]);
		return;
	}
	buf_char(b, kind ? '[' : '{');
	for (i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		if (!kind)
			buf_fmt(b, "\"%c\":", "abcd"[i]);
		put_value(b, depth - 1);
	}
	buf_char(b, kind ? ']' : '}');
}

/* One keyword: %s in it is a subschema, %v a value. */
static void
put_schema(struct buf *b, int depth)
{
	static const char *const words[] = {
		"\"type\":\"object\"", "\"type\":[\"array\",\"object\"]", "\"type\":\"integer\"", "\"type\":[\"string\",\"null\"]", "\"minimum\":1",
		"\"multipleOf\":0.5", "\"maxLength\":1", "\"pattern\":\"^a\"", "\"required\":[\"a\"]", "\"maxProperties\":2", "\"uniqueItems\":true",
		"\"minItems\":1", "\"const\":%v", "\"enum\":[%v,%v]", "\"dependentRequired\":{\"a\":[\"b\"]}",
		"\"properties\":{\"a\":%s,\"b\":%s}", "\"patternProperties\":{\"^[bc]\":%s}", "\"additionalProperties\":%s", "\"propertyNames\":%s",
		"\"items\":%s", "\"prefixItems\":[%s]", "\"contains\":%s", "\"allOf\":[%s,%s]", "\"anyOf\":[%s,%s]", "\"oneOf\":[%s,%s]", "\"not\":%s",
		"\"if\":%s,\"then\":%s", "\"if\":%s,\"else\":%s", "\"dependentSchemas\":{\"b\":%s}", "\"unevaluatedProperties\":%s",
		"\"unevaluatedItems\":%s", "\"unevaluatedProperties\":false", "\"unevaluatedItems\":false",
	};
	size_t first = dice(LEN(words)), i, n = depth > 0 ? 1 + dice(3) : 0;
	const char *s;

	buf_char(b, '{');
	for (i = 0; i < n; i++) {
		/* Strides, so that no keyword comes twice: 33 has no factor in common with 7. */
		for (s = words[(first + 7 * i) % LEN(words)], buf_str(b, i ? "," : ""); *s; s++) {
			if (*s != '%')
				buf_char(b, *s);
			else if (*++s == 's')
				put_schema(b, depth - 1);
			else
				put_value(b, 1);
		}
	}
	buf_char(b, '}');
}

static bool
fits(const char *schema, struct json_object *v, const char **said)
{
	struct buf says;
	bool yes;

	buf_init(&says, &mem, 8192);
	yes = schema_check(compiled(schema), v, &mem, &says);
	*said = says.at;
	return yes;
}

/*
 * Whatever the schema: complaints go with what does not fit; to check quietly (under a not) comes to
 * the same as aloud, and so does a way round through allOf, a reference, or a set of what was seen.
 */
static bool
keeps_laws(const char *schema, struct json_object *v, int *fitting)
{
	static const char *const ways[] = {
		"{\"not\":{\"not\":%s}}", "{\"allOf\":[%s,true]}", "{\"anyOf\":[%s,false]}", "{\"oneOf\":[false,%s]}", "{\"if\":%s,\"else\":false}",
		"{\"$ref\":\"#/$defs/s\",\"$defs\":{\"s\":%s}}", "{\"allOf\":[%s],\"unevaluatedProperties\":true,\"unevaluatedItems\":true}",
	};
	const char *said, *other;
	bool yes = fits(schema, v, &said);
	size_t i;

	*fitting += yes;
	if (yes != !said[0] || !utf8_valid(said, strlen(said)))
		return false;
	for (i = 0; i < LEN(ways); i++) {
		const char *at = strstr(ways[i], "%s");

		if (fits(arena_fmt(&mem, "%.*s%s%s", (int)(at - ways[i]), ways[i], schema, at + 2), v, &other) != yes)
			return false;
	}
	return true;
}

static void
test_laws(void)
{
	int i, kept = 0, shown = 0, fitting = 0;

	for (i = 0; i < 3000; i++) {
		struct buf schema, value;

		arena_reset(&mem);
		buf_init(&schema, &mem, 64 << 10);
		buf_init(&value, &mem, 64 << 10);
		put_schema(&schema, 4);
		put_value(&value, 3);
		if (keeps_laws(schema.at, parsed(value.at), &fitting))
			kept++;
		else if (shown++ < 5)
			printf("# breaks a law: %s of %s\n", value.at, schema.at);
	}
	is_int(kept, 3000, "of 3,000 schemas and values keep the laws");
	ok(fitting > 500 && fitting < 2500, "%d fit: both verdicts are common", fitting);
}

int
main(void)
{
	arena_init(&mem, 1 << 20, 512 << 20);
	test_branches();
	test_explained();
	test_large();
	test_patterns();
	test_laws();
	arena_close(&mem);
	return tap_done();
}
