/* catalog_file: what in catalog.json stops a start. */
#include "folder.h"

#define CATALOG "{\"title\":\"Shop\",\"version\":\"1\",\"schema\":\"shop\",\"role\":\"shop_tenant\",\"prefix\":\"shp\"%s}"

static void
test_catalog(void)
{
	folder_put("get.json", FOLDER_TOOL(""));
	folder_put("catalog.json", "{\"title\":\"Shop\"}");
	ok(strstr(folder_refusal(), "version: must be there"), "a needed member is missing: %s", folder_refusal());
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"colour\":1"));
	ok(strstr(folder_refusal(), "colour: unknown member"), "an unknown member");
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"plans_required\":\"x\""));
	ok(strstr(folder_refusal(), "plans_required"), "a member of another type");
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"plans_required\":[]"));
	ok(strstr(folder_refusal(), "plans_required: is empty"), "nobody's plan is not everybody's");
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"sse_plans\":[\"big\"]"));
	ok(strstr(folder_refusal(), "sse_plans: goes with sse"), "plans for a transport that is not offered");
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"limit\":1000001"));
	ok(strstr(folder_refusal(), "limit: expected an integer from 1 to 1000000"), "a limit is bounded");
	folder_put("catalog.json", arena_fmt(&folder.mem, CATALOG, ",\"limit\":30"));
	is_str(folder_refusal(), "", "a whole catalog loads");
	is_int(folder.all.n, 1, "one catalog");
	is_str(folder.all.at[0].search_path, "\"shop\", pg_temp", "its search path");
	is_int(folder.all.at[0].tool[0].per_minute, 30, "its limit is its tools'");
	ok(catalog_find(&folder.all, "shop") && !catalog_find(&folder.all, "sho"), "found by name");
	ok(catalog_tool(&folder.all.at[0], "get") && !catalog_tool(&folder.all.at[0], "catalog"), "catalog.json is no tool");
	ok(strstr(folder.all.at[0].tool[0].face[0], "\"readOnlyHint\":true"), "readOnlyHint follows from writes");
	ok(!strstr(folder.all.at[0].tool[0].face[0], "\"result\""), "back members do not go out");
}

int
main(void)
{
	folder_init();
	folder_put("get.sql", "select 1 as id");
	test_catalog();
	return folder_done();
}
