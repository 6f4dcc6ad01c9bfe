/* catalog: what stops a start, and who may see and call what. */
#include "catalog.h"
#include "tap.h"

static struct arena mem;
static char folder[] = "/tmp/catalog_test.XXXXXX";

static void
put(const char *name, const char *text)
{
	char *path = arena_fmt(&mem, "%s/shop/%s", folder, name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void
unput(const char *name)
{
	unlink(arena_fmt(&mem, "%s/shop/%s", folder, name));
}

#define CATALOG "{\"title\":\"Shop\",\"version\":\"1\",\"schema\":\"shop\",\"role\":\"shop_tenant\",\"prefix\":\"shp\"%s}"
#define TOOL(more) "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"}}}," \
	"\"result\":{\"row\":true}" more "}"

/* The sentence with which loading is refused; "" : it loads. */
static const char *
refusal(struct catalogs *all)
{
	const char *why = "";

	return catalogs_load(&mem, folder, all, &why) == 0 ? "" : why;
}

static void
test_catalog(void)
{
	struct catalogs all;

	put("get.json", TOOL(""));
	put("catalog.json", "{\"title\":\"Shop\"}");
	ok(strstr(refusal(&all), "version: must be there"), "a needed member is missing: %s", refusal(&all));
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"colour\":1"));
	ok(strstr(refusal(&all), "colour: unknown member"), "an unknown member");
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"plans_required\":\"x\""));
	ok(strstr(refusal(&all), "plans_required"), "a member of another type");
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"plans_required\":[]"));
	ok(strstr(refusal(&all), "plans_required: is empty"), "nobody's plan is not everybody's");
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"sse_plans\":[\"big\"]"));
	ok(strstr(refusal(&all), "sse_plans: goes with sse"), "plans for a transport that is not offered");
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"limit\":1000001"));
	ok(strstr(refusal(&all), "limit: expected an integer from 1 to 1000000"), "a limit is bounded");
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"limit\":30"));
	is_str(refusal(&all), "", "a whole catalog loads");
	is_int(all.n, 1, "one catalog");
	is_str(all.at[0].search_path, "\"shop\", pg_temp", "its search path");
	is_int(all.at[0].tool[0].per_minute, 30, "its limit is its tools'");
	ok(catalog_find(&all, "shop") && !catalog_find(&all, "sho"), "found by name");
	ok(catalog_tool(&all.at[0], "get") && !catalog_tool(&all.at[0], "catalog"), "catalog.json is no tool");
	ok(strstr(all.at[0].tool[0].face[0], "\"readOnlyHint\":true"), "readOnlyHint follows from writes");
	ok(!strstr(all.at[0].tool[0].face[0], "\"result\""), "back members do not go out");
}

static void
test_may(void)
{
	static const char *const words[] = { "a:read", "a:write" }, *const every[] = { "*" }, *const plans[] = { "pro" };
	struct identity who = { .scope = { words, 1 }, .plan = "pro" };
	struct tool reads = { .scope = { words, 1 } }, writes = { .scope = { words + 1, 1 }, .writes = TOOL_WRITES };
	struct tool either = { .scope = { words, 2 } }, open = { 0 };
	struct catalog c = { .plans = { plans, 1 } };

	ok(!catalog_forbids(&reads, &who, NULL, &mem), "the scope is there");
	is_str(catalog_forbids(&writes, &who, NULL, &mem), "Insufficient permissions. This API key does not have the 'a:write' scope.", "it is not");
	ok(!catalog_forbids(&either, &who, NULL, &mem), "one of several is enough");
	who.scope.n = 0;
	is_str(catalog_forbids(&either, &who, NULL, &mem), "Insufficient permissions. This API key does not have the 'a:read' or 'a:write' scope.", "none of several");
	who.scope.n = 2;
	ok(!catalog_forbids(&writes, &who, NULL, &mem), "now it is there");
	who.scope = (struct words){ every, 1 };
	ok(!catalog_forbids(&writes, &who, NULL, &mem), "every scope");
	who.reads_only = true;
	is_str(catalog_forbids(&writes, &who, NULL, &mem), "Insufficient permissions. This API key may only read.", "a key that only reads");
	writes.writes = TOOL_MAYBE;
	ok(!catalog_forbids(&writes, &who, NULL, &mem), "a tool that may also read: PostgreSQL will refuse what it must");
	ok(!catalog_forbids(&open, &who, NULL, &mem), "a tool without scope is anybody's");
	ok(catalog_serves(&c, &who), "a plan on the list");
	who.plan = "free";
	ok(!catalog_serves(&c, &who), "a plan that is not");
	c.plans.n = 0;
	ok(catalog_serves(&c, &who), "no list: every plan");
}

static void
test_features(void)
{
	static const char *const on[] = { "beta" };
	struct identity who = { .plan = "pro" };
	struct tool t = { .feature = "beta" };
	struct catalog c = { .feature = "beta" };

	is_str(catalog_forbids(&t, &who, NULL, &mem), "Insufficient permissions. This account does not have the 'beta' feature.", "a feature is missing");
	ok(!catalog_serves(&c, &who), "for the whole catalog too");
	who.features = (struct words){ on, 1 };
	ok(!catalog_forbids(&t, &who, NULL, &mem), "it is there");
	ok(catalog_serves(&c, &who), "for the whole catalog too");
}

static void
test_patterns(void)
{
	static const char *const pattern[] = { "{MODEL}:{OP}" }, *const held[] = { "company:view", "task:edit" };
	struct identity who = { .scope = { held, 2 }, .plan = "pro" };
	struct tool t = { .scope = { pattern, 1 } };
	struct json_object *args = json_keep(&mem, json_object_new_object());

	ok(!catalog_forbids(&t, &who, NULL, &mem), "listed when some scope has its form");
	json_object_object_add(args, "MODEL", json_object_new_string("company"));
	json_object_object_add(args, "OP", json_object_new_string("view"));
	ok(!catalog_forbids(&t, &who, args, &mem), "called with the values of a scope");
	json_object_object_add(args, "OP", json_object_new_string("edit"));
	is_str(catalog_forbids(&t, &who, args, &mem), "Insufficient permissions. This API key does not have the 'company:edit' scope.", "and not with others");
	json_object_object_del(args, "OP");
	ok(catalog_forbids(&t, &who, args, &mem) != NULL, "nor without");
	who.scope.n = 0;
	ok(catalog_forbids(&t, &who, NULL, &mem) != NULL, "not listed when no scope has its form");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 28);
	if (!mkdtemp(folder))
		return 1;
	mkdir(arena_fmt(&mem, "%s/shop", folder), 0700);
	put("catalog.json", arena_fmt(&mem, CATALOG, ""));
	put("get.sql", "select 1 as id");
	test_catalog();
	test_may();
	test_features();
	test_patterns();
	unput("catalog.json");
	unput("get.json");
	unput("get.sql");
	rmdir(arena_fmt(&mem, "%s/shop", folder));
	rmdir(folder);
	arena_close(&mem);
	return tap_done();
}
