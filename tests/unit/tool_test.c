/* tool: what in a tool's file stops a start, with file, member and reason. */
#include "catalog.h"
#include "tap.h"

static struct arena mem;
static char folder[] = "/tmp/tool_test.XXXXXX";

static void
put_bytes(const char *name, const char *bytes, size_t n)
{
	char *path = arena_fmt(&mem, "%s/shop/%s", folder, name);
	FILE *f = fopen(path, "w");

	fwrite(bytes, 1, n, f);
	fclose(f);
}

static void
put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void
unput(const char *name)
{
	unlink(arena_fmt(&mem, "%s/shop/%s", folder, name));
}

#define CATALOG "{\"title\":\"Shop\",\"version\":\"1\",\"schema\":\"shop\",\"role\":\"shop_tenant\",\"prefix\":\"shp\"}"
#define TOOL(more) "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}}}," \
	"\"result\":{\"row\":true}" more "}"

/* The sentence with which loading is refused; "" : it loads. */
static const char *
refusal(struct catalogs *all)
{
	const char *why = "";

	return catalogs_load(&mem, folder, all, &why) == 0 ? "" : why;
}

static void
refuses_tool(const char *text, const char *part)
{
	struct catalogs all;
	const char *why;

	put("get.json", text);
	why = refusal(&all);
	ok(strstr(why, part) && strstr(why, "get.json"), "%s: %s", part, why);
}

static void
test_members(void)
{
	refuses_tool("{", "a member without a name");
	refuses_tool("[]", "expected an object");
	refuses_tool("{\"a\":1,\"a\":2}", "twice");
	refuses_tool(TOOL(",\"colour\":1"), "unknown member \"colour\"");
	refuses_tool(TOOL(",\"writes\":\"yes\""), "writes: expected true, false or");
	refuses_tool(TOOL(",\"timeout_ms\":300001"), "timeout_ms: expected 1 to 300000");
	refuses_tool(TOOL(",\"limit\":0"), "limit: expected 1");
	refuses_tool(TOOL(",\"writes\":true,\"annotations\":{\"readOnlyHint\":true}"), "readOnlyHint contradicts writes");
	refuses_tool(TOOL(",\"scope\":[]"), "scope: expected a word");
	refuses_tool(TOOL(",\"args\":{\"id\":\"hide\"}"), "args.id: expected \"seal\"");
	refuses_tool(TOOL(",\"args\":{\"other\":\"seal\"}"), "args.other: inputSchema has no such property");
	refuses_tool(TOOL(",\"rename\":{\"id\":7}"), "rename.id: expected the name");
	refuses_tool(TOOL(",\"rename\":{\"other\":\"id\"}"), "rename.other: inputSchema has no such property");
	refuses_tool(TOOL(",\"confirm\":\"Delete {what}?\""), "confirm: inputSchema has no property what");
	refuses_tool(TOOL(",\"asks\":\"elicitation\""), "asks: expected an array");
	refuses_tool(TOOL(",\"asks\":[]"), "asks: expected an array");
	refuses_tool(TOOL(",\"asks\":[\"mail\"]"), "asks: expected");
	refuses_tool(TOOL(",\"asks\":[\"roots\"]"), "asks: goes with a tool written in C");
	refuses_tool(TOOL(",\"idempotency\":\"id\""), "idempotency: goes with writes");
	refuses_tool(TOOL(",\"writes\":true,\"idempotency\":\"key\""), "idempotency: inputSchema has no property key");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"id\":{}}},\"c\":\"get\",\"writes\":true,\"idempotency\":\"id\"}",
	    "idempotency: a tool written in C");
	refuses_tool(TOOL(",\"writes\":true,\"idempotency\":\"n\""), "idempotency: n must be of type string");
	refuses_tool(TOOL(",\"none\":\"\""), "none: is empty");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"c\":\"get\",\"none\":\"x\"}", "none: a tool written in C");
	refuses_tool(TOOL(",\"scope\":\"two words\""), "scope: expected a word");
	refuses_tool(TOOL(",\"scope\":\"\""), "scope: expected a word");
	refuses_tool(TOOL(",\"scope\":\"{what}:read\""), "scope: inputSchema has no property what");
	refuses_tool(TOOL(",\"confirm\":\"Delete {id?\""), "confirm: a brace is not closed");
	refuses_tool(TOOL(",\"icons\":[{\"src\":\"http://x/\"}]"), "icons: [0].src must match");
	refuses_tool(TOOL(",\"annotations\":{\"destructiveHint\":\"no\"}"), "annotations: destructiveHint must be true or false");
	refuses_tool("{\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true}}", "description: must be there");
	refuses_tool("{\"description\":\"d\",\"result\":{\"row\":true}}", "inputSchema: must be there");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"}}", "result: must be there");
}

static void
test_schemas(void)
{
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"string\"},\"result\":{\"row\":true}}", "type must be \"object\"");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"onlyOf\":[]}}},\"result\":{\"row\":true}}", "a: unknown keyword \"onlyOf\"");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"http://x/\"}}},\"result\":{\"row\":true}}", "nothing is fetched from elsewhere");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"anyOf\":[{}]},\"result\":{\"row\":true}}", "inputSchema: anyOf at the root makes some clients drop the tool");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"allOf\":[{}]},\"composed\":false,\"result\":{\"row\":true}}", "inputSchema: allOf at the root");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"composed\":1,\"result\":{\"row\":true}}", "composed: expected true or false");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{}}", "exactly one of");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true,\"done\":\"x\"}}", "exactly one of");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"rows\":\"r\",\"page\":[\"id\"]}}", "takes limit and cursor");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true,\"page\":[\"id\"]}}", "page and lift go with rows");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"limit\":{\"type\":\"string\"},\"cursor\":{\"type\":\"string\"}}},"
	    "\"result\":{\"rows\":\"r\",\"page\":[\"id\"]}}", "limit is an integer and cursor a string");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"maximum\":9,\"default\":10}}},\"result\":{\"row\":true}}",
	    "inputSchema: default: n must be at most 9");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"done\":\"{id} done\"}}", "result.done: inputSchema has no property id");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"rows\":\"r\",\"lift\":{\"id\":\"{id}\"}}}", "result.lift: inputSchema has no property id");
	refuses_tool("{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"outputSchema\":{\"type\":\"object\",\"properties\":{\"r\":{}}},\"result\":{\"rows\":\"r\"}}", "has no property count");
	refuses_tool(TOOL(",\"sql\":\"../get\""), "stem of a file");
	put("get.json", TOOL(",\"sql\":\"other\""));
	ok(strstr(refusal(&(struct catalogs){ 0 }), "other.sql"), "a missing SQL file is named");
	put_bytes("other.sql", "select 1\0 where false", 21);
	ok(strstr(refusal(&(struct catalogs){ 0 }), "other.sql: has a NUL byte"), "one whose end would be lost is refused");
	unput("other.sql");
}

/* What tools/list shows is what the file says, value for value, whatever keywords it has. */
static void
test_face(void)
{
	static const char input[] = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"$defs\":{\"address\":{"
	    "\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{\"street\":{\"type\":\"string\"}}}},\"properties\":{\"id\":{"
	    "\"$ref\":\"#/$defs/address\"},\"n\":{\"const\":null,\"multipleOf\":1.50,\"x-note\":\"N\"}},\"allOf\":[{\"anyOf\":[{\"required\":[\"n\"]},true]}],"
	    "\"if\":{\"required\":[\"n\"]},\"then\":{\"not\":{\"required\":[\"id\"]}},\"else\":false,\"additionalProperties\":false}";
	static const char output[] = "{\"$ref\":\"#/$defs/o\",\"$defs\":{\"o\":{\"type\":\"object\",\"unevaluatedProperties\":false}}}";
	struct catalogs all = { 0 };
	const char *why = "";
	const struct tool *t;
	const char *face;

	put("get.json", arena_fmt(&mem, "{\"description\":\"d\",\"composed\":true,\"inputSchema\":%s,\"outputSchema\":%s,\"result\":{\"row\":true}}",
	    input, output));
	ok(catalogs_load(&mem, folder, &all, &why) == 0, "it loads");
	is_str(why, "", "without a word");
	t = all.n ? catalog_tool(&all.at[0], "get") : NULL;
	face = t ? t->face[adapt_face_number("2026-07-28")] : "";
	ok(strstr(face, arena_fmt(&mem, "\"inputSchema\":%s", input)), "inputSchema is shown as it stands: %s", face);
	ok(strstr(face, arena_fmt(&mem, "\"outputSchema\":%s", output)), "and outputSchema");
	ok(face[0] && !strstr(face, "composed"), "composed is nobody's business");
	ok(t && t->output && schema_has(t->input, "id"), "both are compiled");
}

static void
test_gives(void)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{},\"key\":{}}}";
	struct tool t = { .idempotency = "key", .rename = { { "a", "x" } }, .renames = 1 };
	const char *why;

	t.input = schema_compile(&mem, json_parse(&mem, schema, strlen(schema), 8), &why);
	ok(tool_gives(&t, "b"), "an argument as it is");
	ok(tool_gives(&t, "x") && !tool_gives(&t, "a"), "a renamed one under its other name only");
	ok(!tool_gives(&t, "key"), "not the idempotency key");
	t.asks = 1 | 4;
	ok(tool_asks(&t, "elicitation/create") && tool_asks(&t, "roots/list"), "what it may ask with");
	ok(!tool_asks(&t, "sampling/createMessage") && !tool_asks(&t, "ping") && !tool_asks(&t, "elicit/create"), "and with nothing else");
	ok(!tool_gives(&t, "c"), "nothing else");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 28);
	if (!mkdtemp(folder))
		return 1;
	mkdir(arena_fmt(&mem, "%s/shop", folder), 0700);
	put("catalog.json", CATALOG);
	put("get.sql", "select 1 as id");
	test_members();
	test_schemas();
	test_face();
	test_gives();
	unput("catalog.json");
	unput("get.json");
	unput("get.sql");
	rmdir(arena_fmt(&mem, "%s/shop", folder));
	rmdir(folder);
	arena_close(&mem);
	return tap_done();
}
