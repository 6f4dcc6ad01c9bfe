/* offer: members by a table, and statements that know their arguments. */
#include "offer.h"
#include "folder.h"

struct entry {
	const char  *text;
	int64_t      count;
	bool         flag;
	struct words scope;
};

static const struct offer_member table[] = {
	{ "text",  OFFER_TEXT,   offsetof(struct entry, text), 0, 0, true },
	{ "count", OFFER_COUNT,  offsetof(struct entry, count), 1, 9, false },
	{ "flag",  OFFER_FLAG,   offsetof(struct entry, flag), 0, 0, false },
	{ "scope", OFFER_SCOPE,  offsetof(struct entry, scope), 0, 0, false },
	{ "shown", OFFER_OBJECT, OFFER_SHOWN, 0, 0, false },
	{ "list",  OFFER_ARRAY,  OFFER_SHOWN, 0, 0, false },
};

static const char *why;
static struct offer_load load = { .mem = &folder.mem, .file = "f.json", .why = &why };

static struct json_object *
json(const char *text)
{
	return json_parse(&folder.mem, text, strlen(text), 8);
}

static void
refuses(const char *text, const char *part)
{
	struct json_object *face;
	struct entry e = { 0 };

	load.entry = "e";
	ok(offer_members(&load, table, LEN(table), json(text), &e, &face) != 0 && strstr(why, part), "%s: %s", part, why);
	ok(strncmp(why, "f.json: e: ", 11) == 0, "with file and entry");
}

static void
test_members(void)
{
	struct json_object *face;
	struct entry e = { 0 };

	refuses("{}", "text: must be there");
	refuses("{\"text\":7}", "text: expected a text");
	refuses("{\"text\":\"\"}", "text: is empty");
	refuses("{\"text\":\"x\",\"count\":\"1\"}", "count: expected an integer");
	refuses("{\"text\":\"x\",\"count\":0}", "count: expected 1 to 9");
	refuses("{\"text\":\"x\",\"flag\":0}", "flag: expected true or false");
	refuses("{\"text\":\"x\",\"scope\":{}}", "scope: expected a word");
	refuses("{\"text\":\"x\",\"shown\":[]}", "shown: expected an object");
	refuses("{\"text\":\"x\",\"list\":null}", "list: expected an array");
	refuses("{\"text\":\"x\",\"more\":1}", "unknown member \"more\"");
	ok(offer_members(&load, table, LEN(table), json("{\"list\":[1],\"scope\":\"s\",\"flag\":true,\"count\":9,\"shown\":{},\"text\":\"x\"}"),
	    &e, &face) == 0, "all members");
	is_str(e.text, "x", "a text");
	is_int(e.count, 9, "a count");
	ok(e.flag && e.scope.n == 1, "a flag and a scope");
	is_str(json_plain(face, NULL), "{\"shown\":{},\"list\":[1]}", "what goes out, in the table's order");
}

static void
test_list(void)
{
	struct json_object *list;
	size_t n;

	load.entry = NULL;
	ok(offer_list(&load, json("{}"), "a", &list, &n) == 0 && n == 0, "a list that is not there is empty");
	ok(offer_list(&load, json("{\"a\":[{},{}]}"), "a", &list, &n) == 0 && n == 2, "one that is");
	ok(offer_list(&load, json("{\"a\":[{},1]}"), "a", &list, &n) != 0, "of other things");
	is_str(why, "f.json: a[1]: expected an object", "is refused");
}

static void
test_statements(void)
{
	struct completion c;
	struct tool t = { 0 };
	size_t size;

	load.folder = arena_fmt(&folder.mem, "%s/shop", folder.path);
	folder_put("one.sql", "select $1->>'a'");
	offer_tool(&load, &t, "entry");
	ok(offer_statement(&load, &t, "one", json("{\"a\":1,\"b\":1}"), RESULT_CONTENTS) == 0, "a statement");
	ok(tool_gives(&t, "a") && tool_gives(&t, "b") && !tool_gives(&t, "c"), "knows its arguments");
	ok(t.statement.id >= 16 && t.statement.n == 1 && t.statement.json, "takes one jsonb");
	t.result.none = "not found";
	ok(offer_completion(&load, &c, &t, "a", "one", json("{\"a\":1,\"b\":1}")) == 0, "a completion");
	is_int(c.ask.result.kind, RESULT_TEXTS, "gives texts");
	ok(!c.ask.result.none, "or none");
	ok(tool_gives(&c.ask, "value") && tool_gives(&c.ask, "b"), "and gets what was typed");
	ok(offer_statement(&load, &t, "two", json("{}"), RESULT_ROW) != 0 && strstr(why, "two.sql"), "one that is not there");
	ok(offer_statement(&load, &t, "../one", json("{}"), RESULT_ROW) != 0 && strstr(why, "the stem"), "one that is elsewhere");
	is_str(offer_file(&load, "one.sql", false, &size), "select $1->>'a'", "a file as text");
	is_str(offer_file(&load, "one.sql", true, &size), "c2VsZWN0ICQxLT4+J2En", "and as bytes");
	is_int(size, 15, "and its size");
	ok(!offer_file(&load, ".hidden", true, &size) && !offer_file(&load, "a/b", true, &size), "none that is elsewhere");
}

int
main(void)
{
	folder_init();
	test_members();
	test_list();
	test_statements();
	return folder_done();
}
