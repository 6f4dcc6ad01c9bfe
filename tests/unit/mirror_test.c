/* mirror: which annotations stand, and what a header must say. */
#include "mirror.h"
#include "tap.h"

static struct arena mem;

static struct json_object *
parse(const char *text)
{
	return json_parse(&mem, text, strlen(text), 40);
}

/* Of an inputSchema with these properties: the complaint, or "". */
static const char *
refusal(const char *properties)
{
	struct mirrors all;
	const char *why = "";

	return mirror_read(&mem, parse(arena_fmt(&mem, "{\"type\":\"object\",\"properties\":{%s}}", properties)), &all, &why) == 0 ? "" : why;
}

static void
test_refusals(void)
{
	static const struct {
		const char *properties, *says;
	} rows[] = {
		{ "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}", "of a: expected a name" },
		{ "\"a\":{\"type\":\"string\",\"x-mcp-header\":7}", "of a: expected a name" },
		{ "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a_b\"}", "of a: expected a name" },
		{ "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a b\"}", "of a: expected a name" },
		{ "\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}", "type string, integer or boolean" },
		{ "\"a\":{\"x-mcp-header\":\"A\"}", "type string, integer or boolean" },
		{ "\"a\":{\"type\":[\"string\"],\"x-mcp-header\":\"A\"}", "type string, integer or boolean" },
		{ "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A-b\"},\"c\":{\"type\":\"string\",\"x-mcp-header\":\"a-B\"}", "of c: another property" },
		{ "\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}", "reached by properties alone" },
		{ "\"a\":{\"anyOf\":[{\"type\":\"string\",\"x-mcp-header\":\"A\"}]}", "reached by properties alone" },
		{ "\"a\":{\"allOf\":[{\"properties\":{\"b\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}]}", "reached by properties alone" },
	};
	struct mirrors all;
	const char *why;
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ok(strstr(refusal(rows[i].properties), rows[i].says), "%s: %s", rows[i].properties, refusal(rows[i].properties));
	is_int(mirror_read(&mem, parse("{\"type\":\"object\",\"x-mcp-header\":\"A\"}"), &all, &why), -1, "the arguments as a whole have no header");
	is_int(mirror_read(&mem, parse("{\"$defs\":{\"d\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}"), &all, &why), -1, "nor has what a $ref may mean");
	is_str(refusal("\"a\":{\"const\":{\"x-mcp-header\":\"A\"}}"), "", "a value that looks like a schema is none");
}

static void
test_headers(void)
{
	struct mirror_headers all = { 0 };
	struct mirror m = { .param = "HTTP_MCP_PARAM_A" };
	int i;

	ok(!mirror_note(&mem, &all, "HTTP_MCP_NAME", "x"), "not every header is one");
	ok(!mirror_header(&m, &all), "none was sent");
	ok(mirror_note(&mem, &all, "HTTP_MCP_PARAM_A", "x"), "one was");
	is_str(mirror_header(&m, &all)->value, "x", "its value");
	ok(!mirror_header(&m, &all)->twice, "came once");
	ok(mirror_note(&mem, &all, "HTTP_MCP_PARAM_A", "x") && mirror_header(&m, &all)->twice, "and again");
	for (i = 0; i < 1000; i++)
		mirror_note(&mem, &all, arena_fmt(&mem, "HTTP_MCP_PARAM_N%d", i), "x");
	is_int(all.n, MIRROR_HEADERS, "nobody can make us keep more than some");
}

static void
test_values(void)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{\"at\":{\"type\":\"object\",\"properties\":{\"region\":"
	    "{\"type\":\"string\",\"x-mcp-header\":\"Re-gion\"}}},\"n\":{\"type\":\"integer\",\"x-mcp-header\":\"N\"},"
	    "\"b\":{\"type\":\"boolean\",\"x-mcp-header\":\"B\"}}}";
	static const char args[] = "{\"at\":{\"region\":\"Paris\"},\"n\":42,\"b\":true}";
	static const struct {
		int         which;
		const char *text;
		bool        shows;
	} rows[] = {
		{ 0, "Paris", true }, { 0, "paris", false }, { 0, "", false },
		{ 1, "42", true }, { 1, "42.0", true }, { 1, "4.2e1", true }, { 1, "43", false }, { 1, "", false }, { 1, "0x2a", false },
		{ 1, "42x", false }, { 1, "nan", false },
		{ 2, "true", true }, { 2, "True", false }, { 2, "1", false },
	};
	struct mirrors all;
	const char *why;
	size_t i;

	is_int(mirror_read(&mem, parse(schema), &all, &why), 0, "three properties");
	is_int(all.n, 3, "are three");
	is_str(all.at[0].param, "HTTP_MCP_PARAM_RE_GION", "as FastCGI names it");
	for (i = 0; i < LEN(rows); i++)
		ok(mirror_shows(&all.at[rows[i].which], mirror_value(&all.at[rows[i].which], parse(args)), rows[i].text, strlen(rows[i].text)) ==
		    rows[i].shows, "%s shows \"%s\": %d", all.at[rows[i].which].name, rows[i].text, rows[i].shows);
	ok(!mirror_value(&all.at[0], parse("{\"at\":{\"region\":null}}")) && !mirror_value(&all.at[0], parse("{}")), "null and absent are alike");
	ok(mirror_shows(&all.at[1], parse("\"x\""), "anything", 8), "what the schema is going to refuse is not compared");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 24);
	test_refusals();
	test_headers();
	test_values();
	arena_close(&mem);
	return tap_done();
}
