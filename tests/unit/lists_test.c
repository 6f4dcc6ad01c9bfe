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

int
main(void)
{
	struct lists_page page;

	ask_init(&rq);
	ask_message(&rq, "{}");
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
