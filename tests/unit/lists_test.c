/* lists: who sees what, page by page, and that nobody is shown what was made for another. */
#include "lists.h"
#include "ask.h"

static struct request rq;

static const char *
items(const char *after)
{
	struct lists_page page = lists_tools(&rq, after);

	return arena_copy(&rq.mem, page.items, page.len);
}

static void
test_digests(void)
{
	static const char *const other = "{\"name\":\"second\",\"title\":\"Two\"}";
	uint64_t all = lists_digest(&ask.catalog, &ask.who, LISTS_TOOLS), whole = lists_whole(&ask.catalog, LISTS_TOOLS);
	struct identity who = ask.who;

	is_int(lists_named("prompts"), LISTS_PROMPTS, "a list by its name");
	is_str(lists_name(LISTS_RESOURCES), "resources", "the name of a list");
	is_int(lists_named("Tools"), LISTS_COUNT, "there is no other");
	who.scopes = "b a";
	is_int(lists_digest(&ask.catalog, &who, LISTS_TOOLS) == all, true, "who may see the same has the same digest");
	who.scope.n = 1;
	ok(lists_digest(&ask.catalog, &who, LISTS_TOOLS) != all, "who may see less another");
	ask.tool[1].face[0] = other;
	is_int(lists_digest(&ask.catalog, &ask.who, LISTS_TOOLS) == all, true, "how a tool looks is not whether it is seen");
	ok(lists_whole(&ask.catalog, LISTS_TOOLS) != whole, "but a list is what its tools look like");
	ask.tool[1].face[0] = "{\"name\":\"second\"}";
	is_int(lists_whole(&ask.catalog, LISTS_TOOLS) == whole, true, "and nothing else");
}

int
main(void)
{
	struct lists_page page;

	ask_init(&rq);
	ask_message(&rq, "{}");
	test_digests();
	page = lists_tools(&rq, NULL);
	is_str(items(NULL), "{\"name\":\"first\"},{\"name\":\"second\"}", "a first page of two");
	ok(page.more && strcmp(page.last, "second") == 0, "and where it ends");
	is_str(items("second"), "{\"name\":\"third\"}", "the next page");
	ok(lists_tools(&rq, NULL).items == page.items, "the first page is made once");
	ask.who.scope.n = 1;
	ask.who.scopes = "a";
	ask.catalog.page_size = 10;
	is_str(items(NULL), "{\"name\":\"first\"},{\"name\":\"second\"}", "other scopes, another list");
	ok(!lists_tools(&rq, NULL).more, "which ends there");
	ask.tool[0].writes = TOOL_WRITES;
	ask.who.reads_only = true;
	is_str(items(NULL), "{\"name\":\"second\"}", "another mode, another list");
	ask.who.scope.n = 0;
	ask.who.scopes = "";
	is_str(items(NULL), "", "no scope, no tool");
	ok(!lists_tools(&rq, NULL).last, "and no last one");
	return ask_done(&rq);
}
