/* resource: what needs no database: lists, texts, what is not there and what may not be seen. */
#include "resource.h"
#include "ask.h"
#include "folder.h"

static struct request rq;

/* The answer to the params, as its body; or the sentence it is refused with. */
static const char *
answer(const char *method, int (*find)(struct request *), int (*run)(struct request *), const char *params)
{
	ask_message(&rq, params);
	rq.catalog = &folder.all.at[0];
	rq.method = method;
	rq.params = rq.message;
	rq.era = ERA_MODERN;
	rq.resource = NULL;
	if ((find && find(&rq) != 0) || run(&rq) != 0)
		return rq.says;
	return rq.reply.body.at;
}

static const char *
read_uri(const char *uri)
{
	return answer("resources/read", resource_find, resource_run_read, arena_fmt(&rq.mem, "{\"uri\":\"%s\"}", uri));
}

static const char *
list(const char *cursor)
{
	return answer("resources/list", NULL, resource_run_list, cursor ? arena_fmt(&rq.mem, "{\"cursor\":\"%s\"}", cursor) : "{}");
}

static void
test_read(void)
{
	is_str(read_uri("a:b"), "{\"jsonrpc\":\"2.0\",\"result\":{\"resultType\":\"complete\",\"contents\":[{\"uri\":\"a:b\",\"text\":\"bb\"}],"
	    "\"ttlMs\":7,\"cacheScope\":\"private\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":"
	    "{\"name\":\"shop\",\"title\":\"Shop\",\"version\":\"1\"}}}}", "a text");
	is_str(rq.slot->event.tool, "b", "its name is in the event");
	is_str(read_uri("a:x"), "Resource not found", "none");
	is_int(rq.failed, FAIL_RESOURCE, "is not there");
	is_int(fail_code(&rq), -32602, "in the modern era");
	rq.era = ERA_LEGACY;
	is_int(fail_code(&rq), -32002, "and before");
	is_str(rq.data, "{\"uri\":\"a:x\"}", "with its URI");
	is_str(read_uri("a:hidden"), "Resource not found", "one that may not be seen");
	is_int(rq.failed, FAIL_RESOURCE_DENIED, "is denied, and says the same");
	is_str(rq.data, "{\"uri\":\"a:hidden\"}", "with the same data");
	is_str(answer("resources/read", resource_find, resource_run_read, "{}"), "Invalid params: uri must be a string.", "no URI");
	is_str(answer("resources/read", resource_find, resource_run_read, "{\"uri\":7}"), "Invalid params: uri must be a string.", "a number");
	ok(strstr(read_uri("t:1"), "database is away"), "a template's is asked for in PostgreSQL");
	is_int(rq.failed, FAIL_UNAVAILABLE, "which is away here");
	is_str(rq.tool->name, "t", "its statement is what is called");
}

static void
test_list(void)
{
	const char *body = list(NULL), *at;

	ok(strstr(body, "\"resources\":[{\"uri\":\"a:b\"") && strstr(body, "\"a:c\""), "the first two");
	ok(!strstr(body, "a:hidden") && !strstr(body, "a:z"), "and no more");
	at = strstr(body, "\"nextCursor\":\"");
	ok(at, "there is a next page");
	at = arena_copy(&rq.mem, at + 14, strcspn(at + 14, "\""));
	body = list(at);
	ok(strstr(body, "\"resources\":[{\"uri\":\"a:z\"") && !strstr(body, "nextCursor"), "the last one: %s", body);
	is_str(list("x"), "Invalid params: cursor is not one that this list gave out.", "another's cursor");
	is_str(list(""), "Invalid params: cursor is not one that this list gave out.", "an empty one");
	is_str(answer("resources/list", NULL, resource_run_list, "{\"cursor\":7}"),
	    "Invalid params: cursor is not one that this list gave out.", "none at all");
	body = answer("resources/templates/list", NULL, resource_run_templates, "{}");
	ok(strstr(body, "\"resourceTemplates\":[{\"uriTemplate\":\"t:{id}\",\"name\":\"t\"}]"), "templates");
	is_str(answer("resources/templates/list", NULL, resource_run_templates, arena_fmt(&rq.mem, "{\"cursor\":\"%s\"}", at)),
	    "Invalid params: cursor is not one that this list gave out.", "a cursor of the other list");
}

static void
test_exists(void)
{
	read_uri("a:b");
	ok(resource_exists(&rq, "a:b"), "one that is there");
	ok(!resource_exists(&rq, "a:x") && !resource_exists(&rq, "a:hidden"), "two that are not");
	is_int(rq.failed, FAIL_NONE, "nothing has failed");
	ok(!resource_exists(&rq, "t:1"), "one that nobody can tell of");
	is_int(rq.failed, FAIL_UNAVAILABLE, "has");
}

int
main(void)
{
	ask_init(&rq);
	folder_init();
	folder_put("get.sql", "select 1");
	folder_put("resources.json", "{\"resources\":["
	    "{\"uri\":\"a:b\",\"name\":\"b\",\"text\":\"bb\",\"ttl_ms\":7},{\"uri\":\"a:c\",\"name\":\"c\",\"text\":\"cc\"},"
	    "{\"uri\":\"a:hidden\",\"name\":\"h\",\"text\":\"hh\",\"scope\":\"other\"},{\"uri\":\"a:z\",\"name\":\"z\",\"text\":\"zz\"}],"
	    "\"templates\":[{\"uriTemplate\":\"t:{id}\",\"name\":\"t\",\"sql\":\"get\",\"scope\":\"a\"}]}");
	is_str(folder_refusal(), "", "a catalog");
	folder.all.at[0].page_size = 2;
	test_read();
	test_list();
	test_exists();
	folder_remove();
	return ask_done(&rq);
}
