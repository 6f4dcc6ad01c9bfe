/* tool_check: members that do not agree stop a start, with file, member and reason. */
#include "folder.h"

static void
test_names(void)
{
	folder_refuses("get.json", FOLDER_TOOL(",\"args\":{\"other\":\"seal\"}"), "args.other: inputSchema has no such property");
	folder_refuses("get.json", FOLDER_TOOL(",\"rename\":{\"other\":\"id\"}"), "rename.other: inputSchema has no such property");
	folder_refuses("get.json", FOLDER_TOOL(",\"confirm\":\"Delete {what}?\""), "confirm: inputSchema has no property what");
	folder_refuses("get.json", FOLDER_TOOL(",\"asks\":[\"roots\"]"), "asks: goes with a tool written in C");
	folder_refuses("get.json", FOLDER_TOOL(",\"idempotency\":\"id\""), "idempotency: goes with writes");
	folder_refuses("get.json", FOLDER_TOOL(",\"writes\":true,\"idempotency\":\"key\""), "idempotency: inputSchema has no property key");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"id\":{}}},\"c\":\"get\",\"writes\":true,\"idempotency\":\"id\"}",
	    "idempotency: a tool written in C");
	folder_refuses("get.json", FOLDER_TOOL(",\"writes\":true,\"idempotency\":\"n\""), "idempotency: n must be of type string");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"c\":\"get\",\"none\":\"x\"}", "none: a tool written in C");
	folder_refuses("get.json", FOLDER_TOOL(",\"scope\":\"{what}:read\""), "scope: inputSchema has no property what");
	folder_refuses("get.json", FOLDER_TOOL(",\"confirm\":\"Delete {id?\""), "confirm: a brace is not closed");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"done\":\"{id} done\"}}", "result.done: inputSchema has no property id");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"rows\":\"r\",\"lift\":{\"id\":\"{id}\"}}}", "result.lift: inputSchema has no property id");
}

static void
test_schemas(void)
{
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"string\"},\"result\":{\"row\":true}}", "type must be \"object\"");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"limit\":{\"type\":\"string\"},\"cursor\":{\"type\":\"string\"}}},"
	    "\"result\":{\"rows\":\"r\",\"page\":[\"id\"]}}", "limit is an integer and cursor a string");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"maximum\":9,\"default\":10}}},\"result\":{\"row\":true}}",
	    "inputSchema: default: n must be at most 9");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"onlyOf\":[]}}},\"result\":{\"row\":true}}", "a: unknown keyword \"onlyOf\"");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"http://x/\"}}},\"result\":{\"row\":true}}", "nothing is fetched from elsewhere");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"anyOf\":[{}]},\"result\":{\"row\":true}}", "inputSchema: anyOf at the root makes some clients drop the tool");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"allOf\":[{}]},\"composed\":false,\"result\":{\"row\":true}}", "inputSchema: allOf at the root");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"result\":{\"rows\":\"r\",\"page\":[\"id\"]}}", "takes limit and cursor");
	folder_refuses("get.json", "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\"},\"outputSchema\":{\"type\":\"object\",\"properties\":{\"r\":{}}},\"result\":{\"rows\":\"r\"}}", "has no property count");
}

int
main(void)
{
	folder_init();
	folder_put("get.sql", "select 1 as id");
	test_names();
	test_schemas();
	return folder_done();
}
