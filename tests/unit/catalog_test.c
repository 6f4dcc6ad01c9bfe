/* catalog: who may see and call what. */
#include "catalog.h"
#include "tap.h"

static struct arena mem;

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
	arena_init(&mem, 65536, 1 << 20);
	test_may();
	test_features();
	test_patterns();
	arena_close(&mem);
	return tap_done();
}
