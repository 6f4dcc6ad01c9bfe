/* lists: who sees what, page by page, and that nobody is shown what was made for another. */
#include "lists.h"
#include "ask.h"

static struct request rq;

static const char *
items(size_t first)
{
	struct lists_page page = lists_tools(&rq, first);

	return arena_copy(&rq.mem, page.items, page.len);
}

int
main(void)
{
	struct lists_page page;

	ask_init(&rq);
	ask_message(&rq, "{}");
	page = lists_tools(&rq, 0);
	is_str(items(0), "{\"name\":\"first\"},{\"name\":\"second\"}", "a first page of two");
	ok(page.more && page.last == &ask.tool[1], "and where it ends");
	is_str(items(2), "{\"name\":\"third\"}", "the next page");
	ok(lists_tools(&rq, 0).items == page.items, "the first page is made once");
	ask.who.scope.n = 1;
	ask.who.scopes = "a";
	ask.catalog.page_size = 10;
	is_str(items(0), "{\"name\":\"first\"},{\"name\":\"second\"}", "other scopes, another list");
	ok(!lists_tools(&rq, 0).more, "which ends there");
	ask.tool[0].writes = TOOL_WRITES;
	ask.who.reads_only = true;
	is_str(items(0), "{\"name\":\"second\"}", "another mode, another list");
	ask.who.scope.n = 0;
	ask.who.scopes = "";
	is_str(items(0), "", "no scope, no tool");
	ok(!lists_tools(&rq, 0).last, "and no last one");
	return ask_done(&rq);
}
