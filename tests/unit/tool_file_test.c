/* tool_file: what in a tool's file stops a start, with file, member and reason; and what goes out. */
#include "folder.h"

static void
test_members(void)
{
	folder_refuses("get.json", "{", "a member without a name");
	folder_refuses("get.json", "[]", "expected an object");
	folder_refuses("get.json", "{\"a\":1,\"a\":2}", "twice");
	folder_refuses("get.json", FOLDER_TOOL(",\"colour\":1"), "unknown member \"colour\"");
	folder_refuses("get.json", FOLDER_TOOL(",\"writes\":\"yes\""), "writes: expected true, false or");
	folder_refuses("get.json", FOLDER_TOOL(",\"timeout_ms\":300001"), "timeout_ms: expected 1 to 300000");
	folder_refuses("get.json", FOLDER_TOOL(",\"limit\":0"), "limit: expected 1");
	folder_refuses("get.json", FOLDER_TOOL(",\"writes\":true,\"annotations\":{\"readOnlyHint\":true}"), "readOnlyHint contradicts writes");
	folder_refuses("get.json", FOLDER_TOOL(",\"scope\":[]"), "scope: expected a word");
	folder_refuses("get.json", FOLDER_TOOL(",\"args\":{\"id\":\"hide\"}"), "args.id: expected \"seal\"");
	folder_refuses("get.json", FOLDER_TOOL(",\"rename\":{\"id\":7}"), "rename.id: expected the name");
	folder_refuses("get.json", FOLDER_TOOL(",\"asks\":\"elicitation\""), "asks: expected an array");
	folder_refuses("get.json", FOLDER_TOOL(",\"asks\":[]"), "asks: expected an array");
	folder_refuses("get.json", FOLDER_TOOL(",\"asks\":[\"mail\"]"), "asks: expected");
	folder_refuses("get.json", FOLDER_TOOL(",\"none\":\"\""), "none: is empty");
	folder_refuses("get.json", FOLDER_TOOL(",\"scope\":\"two words\""), "scope: expected a word");
	folder_refuses("get.json", FOLDER_TOOL(",\"scope\":\"\""), "scope: expected a word");
	folder_refuses("get.json", FOLDER_TOOL(",\"icons\":[{\"src\":\"http://x/\"}]"), "icons: [0].src must match");
	folder_refuses("get.json", FOLDER_TOOL(",\"annotations\":{\"destructiveHint\":\"no\"}"), "annotations: destructiveHint must be true or false");
	folder_refuses("get.json", "{\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true}}", "description: must be there");
	folder_refuses("get.json", "{\"description\":\"d\",\"result\":{\"row\":true}}", "inputSchema: must be there");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"}}", "result: must be there");
}

static void
test_result_and_sql(void)
{
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"composed\":1,\"result\":{\"row\":true}}", "composed: expected true or false");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{}}", "exactly one of");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true,\"done\":\"x\"}}", "exactly one of");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"row\":true,\"page\":[\"id\"]}}", "page and lift go with rows");
	folder_refuses("get.json", FOLDER_TOOL(",\"sql\":\"../get\""), "stem of a file");
	folder_put("get.json", FOLDER_TOOL(",\"sql\":\"other\""));
	ok(strstr(folder_refusal(), "other.sql"), "a missing SQL file is named");
	folder_put_bytes("other.sql", "select 1\0 where false", 21);
	ok(strstr(folder_refusal(), "other.sql: has a NUL byte"), "one whose end would be lost is refused");
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
	const struct tool *t;
	const char *face;

	folder_put("get.json", arena_fmt(&folder.mem, "{\"description\":\"d\",\"composed\":true,\"inputSchema\":%s,\"outputSchema\":%s,\"result\":{\"row\":true}}",
	    input, output));
	is_str(folder_refusal(), "", "it loads, without a word");
	t = folder.all.n ? catalog_tool(&folder.all.at[0], "get") : NULL;
	face = t ? t->face[adapt_face_number("2026-07-28")] : "";
	ok(strstr(face, arena_fmt(&folder.mem, "\"inputSchema\":%s", input)), "inputSchema is shown as it stands: %s", face);
	ok(strstr(face, arena_fmt(&folder.mem, "\"outputSchema\":%s", output)), "and outputSchema");
	ok(face[0] && !strstr(face, "composed"), "composed is nobody's business");
	ok(t && t->output && schema_has(t->input, "id"), "both are compiled");
}

int
main(void)
{
	folder_init();
	folder_put("get.sql", "select 1 as id");
	test_members();
	test_result_and_sql();
	test_face();
	return folder_done();
}
