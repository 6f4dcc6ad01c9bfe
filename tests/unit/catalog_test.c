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
	put("catalog.json", arena_fmt(&mem, CATALOG, ",\"limit\":30"));
	is_str(refusal(&all), "", "a whole catalog loads");
	is_int(all.n, 1, "one catalog");
	is_str(all.at[0].search_path, "\"shop\", pg_temp", "its search path");
	is_int(all.at[0].tool[0].per_minute, 30, "its limit is its tools'");
	ok(catalog_find(&all, "shop") && !catalog_find(&all, "sho"), "found by name");
	ok(catalog_tool(&all.at[0], "get") && !catalog_tool(&all.at[0], "catalog"), "catalog.json is no tool");
	ok(strstr(all.at[0].tool[0].face, "\"readOnlyHint\":true"), "readOnlyHint follows from writes");
	ok(!strstr(all.at[0].tool[0].face, "\"result\""), "back members do not go out");
}

static void
test_may(void)
{
	static const char *const words[] = { "a:read", "a:write" }, *const every[] = { "*" };
	struct identity who = { .scope = { words, 1 }, .plan = "pro" };
	struct tool reads = { .scope = "a:read" }, writes = { .scope = "a:write", .writes = true }, open = { 0 };
	static const char *const plans[] = { "pro" };
	struct catalog c = { .plans = { plans, 1 } };

	ok(!catalog_forbids(&reads, &who, &mem), "the scope is there");
	is_str(catalog_forbids(&writes, &who, &mem), "Insufficient permissions. This API key does not have the 'a:write' scope.", "it is not");
	who.scope.n = 2;
	ok(!catalog_forbids(&writes, &who, &mem), "now it is");
	who.scope = (struct words){ every, 1 };
	ok(!catalog_forbids(&writes, &who, &mem), "every scope");
	who.reads_only = true;
	is_str(catalog_forbids(&writes, &who, &mem), "Insufficient permissions. This API key may only read.", "a key that only reads");
	ok(!catalog_forbids(&open, &who, &mem), "a tool without scope is anybody's");
	ok(catalog_serves(&c, &who), "a plan on the list");
	who.plan = "free";
	ok(!catalog_serves(&c, &who), "a plan that is not");
	c.plans.n = 0;
	ok(catalog_serves(&c, &who), "no list: every plan");
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
	unput("catalog.json");
	unput("get.json");
	unput("get.sql");
	rmdir(arena_fmt(&mem, "%s/shop", folder));
	rmdir(folder);
	arena_close(&mem);
	return tap_done();
}
