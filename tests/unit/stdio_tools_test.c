/* stdio_tools: marks found in schemas, and the headers they make. */
#include "tap.h"
#include "stdio_tools.h"

static struct arena mem;
static struct stdio_tools tools;

static struct json_object *
json(const char *text)
{
	return json_keep(&mem, json_tokener_parse(text));
}

/* The headers for a call, in the order of their names, joined with "; ". */
static const char *
headers(const char *tool, const char *arguments)
{
	const char *out[STDIO_TOOLS_PARAMS], *all = "", *swap;
	size_t n = stdio_tools_headers(&tools, &mem, tool, json(arguments), out), i, k;

	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++)
			if (strcmp(out[i], out[k]) > 0) {
				swap = out[i];
				out[i] = out[k];
				out[k] = swap;
			}
	for (i = 0; i < n; i++)
		all = arena_fmt(&mem, "%s%s%s", all, i > 0 ? "; " : "", out[i]);
	return all;
}

static void
test_schemas(void)
{
	stdio_tools_learn(&tools, json("{\"tools\":[{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
	    "\"s\":{\"type\":\"string\",\"x-mcp-header\":\"S\"},\"i\":{\"type\":\"integer\",\"x-mcp-header\":\"I\"},"
	    "\"b\":{\"type\":\"boolean\",\"x-mcp-header\":\"B\"},\"n\":{\"type\":\"number\",\"x-mcp-header\":\"N\"},"
	    "\"bad\":{\"type\":\"string\",\"x-mcp-header\":\"a b\"},\"none\":{\"type\":\"string\",\"x-mcp-header\":\"\"},"
	    "\"o\":{\"type\":\"object\",\"properties\":{\"deep\":{\"type\":\"string\",\"x-mcp-header\":\"Deep\"}}},"
	    "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"L\"}}}}},"
	    "{\"name\":\"plain\",\"inputSchema\":{\"type\":\"object\"}},{\"title\":\"nameless\"},7]}"), true);
	is_str(headers("t", "{\"s\":\"a\",\"i\":-7,\"b\":true,\"n\":1,\"bad\":\"x\",\"none\":\"x\",\"o\":{\"deep\":\"d\"},\"l\":[\"l\"]}"),
	    "Mcp-Param-B: true; Mcp-Param-Deep: d; Mcp-Param-I: -7; Mcp-Param-S: a", "what is marked as it must be");
	is_str(headers("t", "{\"s\":null,\"o\":7,\"b\":false}"), "Mcp-Param-B: false", "null, absent, of another kind");
	is_str(headers("t", "{\"s\":\"\xc3\xbc\",\"i\":9007199254740993}"), "Mcp-Param-S: =?base64?w7w=?=",
	    "base64 where it is needed; no header for a number beyond 2^53");
	is_str(headers("plain", "{\"s\":\"a\"}"), "", "a tool without marks");
	is_str(headers("unknown", "{\"s\":\"a\"}"), "", "a tool nobody has heard of");
	is_str(headers("t", "null"), "", "no arguments");
}

#define MARKED(name, header) "{\"name\":\"" name "\",\"inputSchema\":{\"properties\":{\"s\":{\"type\":\"string\",\"x-mcp-header\":\"" header "\"}}}}"

static void
test_lists(void)
{
	stdio_tools_learn(&tools, json("{\"tools\":[" MARKED("a", "One") "]}"), true);
	is_str(headers("t", "{\"s\":\"x\"}"), "", "a first page replaces what was known");
	stdio_tools_learn(&tools, json("{\"tools\":[" MARKED("b", "Two") "," MARKED("a", "New") "]}"), false);
	is_str(headers("a", "{\"s\":\"x\"}"), "Mcp-Param-New: x", "a later page replaces its own tools");
	is_str(headers("b", "{\"s\":\"x\"}"), "Mcp-Param-Two: x", "and adds others");
	stdio_tools_learn(&tools, json("{\"tools\":7}"), true);
	is_str(headers("b", "{\"s\":\"x\"}"), "Mcp-Param-Two: x", "what is no list changes nothing");
}

static void
test_flood(void)
{
	struct json_object *list = json_object_new_array(), *result = json_keep(&mem, json_object_new_object());
	char name[32], text[256];
	int i;

	for (i = 0; i < 20100; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		snprintf(text, sizeof(text), "{\"name\":\"%s\",\"inputSchema\":{\"properties\":{\"s\":{\"type\":\"string\","
		    "\"x-mcp-header\":\"H\"}}}}", name);
		json_object_array_add(list, json_tokener_parse(text));
	}
	json_object_object_add(result, "tools", list);
	stdio_tools_learn(&tools, result, true);
	ok(tools.count <= 20000, "a server cannot have us remember without end");
	is_str(headers("t5", "{\"s\":\"x\"}"), "Mcp-Param-H: x", "what fits is remembered");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 24);
	stdio_tools_open(&tools);
	test_schemas();
	test_lists();
	test_flood();
	arena_close(&tools.mem);
	arena_close(&mem);
	return tap_done();
}
