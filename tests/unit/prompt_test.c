/* prompt: what needs no database: lists, arguments, and messages filled in. */
#include "prompt.h"
#include "ask.h"
#include "fail.h"
#include "folder.h"

static struct request rq;

static const char *
get(const char *params)
{
	ask_message(&rq, params);
	rq.catalog = &folder.all.at[0];
	rq.method = "prompts/get";
	rq.params = rq.message;
	rq.era = ERA_MODERN;
	rq.prompt = NULL;
	if (prompt_find(&rq) != 0 || prompt_run_get(&rq) != 0)
		return rq.says;
	return rq.reply.body.at;
}

static void
test_list(void)
{
	const char *body;

	ask_message(&rq, "{}");
	rq.catalog = &folder.all.at[0];
	rq.method = "prompts/list";
	rq.era = ERA_MODERN;
	is_int(prompt_run_list(&rq), 0, "prompts/list");
	body = rq.reply.body.at;
	ok(strstr(body, "\"prompts\":[{\"name\":\"p\",\"description\":\"d\",\"arguments\":[{\"name\":\"a\",\"required\":true},{\"name\":\"b\"}]},"
	    "{\"name\":\"q\",\"description\":\"d\"}],\"ttlMs\":0,\"cacheScope\":\"private\""), "those that may be had: %s", body);
}

static void
test_refusals(void)
{
	is_str(get("{}"), "Invalid params: name must be a string.", "no name");
	is_str(get("{\"name\":\"x\"}"), "Unknown prompt: x", "another name");
	is_int(rq.failed, FAIL_PARAMS, "is a matter of the params");
	is_str(get("{\"name\":\"hidden\"}"), "Unknown prompt: hidden", "one that may not be had");
	is_int(rq.failed, FAIL_DENIED, "is denied, and says the same");
	is_int(fail_code(&rq), -32602, "under the same code");
	is_str(get("{\"name\":\"p\"}"), "Invalid params: a is required.", "no argument");
	is_str(get("{\"name\":\"p\",\"arguments\":[]}"), "Invalid params: arguments must be an object.", "arguments of another form");
	is_str(get("{\"name\":\"p\",\"arguments\":{\"a\":7}}"), "Invalid params: a must be a string.", "a number");
	is_str(get("{\"name\":\"p\",\"arguments\":{\"a\":null}}"), "Invalid params: a must be a string.", "null");
	is_str(get("{\"name\":\"p\",\"arguments\":{\"a\":\"1\",\"c\":\"2\"}}"), "Invalid params: c is not an argument of this prompt.", "one it does not have");
	ok(strstr(get("{\"name\":\"p\",\"arguments\":{\"a\":\"1\"},\"inputResponses\":7}"), "inputResponses"), "answers of another form");
	is_int(rq.failed, FAIL_PARAMS, "too");
}

static void
test_messages(void)
{
	const char *body = get("{\"name\":\"p\",\"arguments\":{\"a\":\"1\\u202E\\\"\",\"b\":\"x:y\"}}");

	ok(strstr(body, "\"description\":\"d\",\"messages\":["
	    "{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"a=1\\\" {b}\"}},"
	    "{\"role\":\"assistant\",\"content\":{\"type\":\"resource\",\"resource\":{\"uri\":\"x:y\",\"mimeType\":\"text/plain\",\"text\":\"b\"}}},"
	    "{\"role\":\"user\",\"content\":{\"type\":\"image\",\"data\":\"AQ==\",\"mimeType\":\"image/png\"}}]"),
	    "filled in, without hidden characters: %s", body);
	is_str(rq.slot->event.tool, "p", "its name is in the event");
	ok(*rq.slot->event.args_digest, "and what it was given, as a digest");
	body = get("{\"name\":\"p\",\"arguments\":{\"a\":\"1\"}}");
	ok(strstr(body, "\"uri\":\"\""), "an argument that is not needed is empty");
	get(arena_fmt(&rq.mem, "{\"name\":\"p\",\"arguments\":{\"a\":\"%0300d\"}}", 1));
	ok(strstr(rq.says, "larger"), "a prompt has an end: %s", rq.says);
	ok(strstr(get("{\"name\":\"q\"}"), "database is away"), "one with a statement asks PostgreSQL");
}

int
main(void)
{
	ask_init(&rq);
	folder_init();
	folder_put("get.sql", "select 1");
	folder_put("x.bin", "\x01");
	folder_put("prompts.json", "{\"prompts\":["
	    "{\"name\":\"q\",\"description\":\"d\",\"sql\":\"get\",\"messages\":[{\"role\":\"user\",\"text\":\"{row.x}\"}]},"
	    "{\"name\":\"hidden\",\"description\":\"d\",\"scope\":\"other\",\"messages\":[{\"role\":\"user\",\"text\":\"x\"}]},"
	    "{\"name\":\"p\",\"description\":\"d\",\"result_max\":256,\"arguments\":[{\"name\":\"a\",\"required\":true},{\"name\":\"b\"}],\"messages\":["
	    "{\"role\":\"user\",\"text\":\"a={a} {{b}\"},"
	    "{\"role\":\"assistant\",\"text\":\"b\",\"resource\":\"{b}\",\"mimeType\":\"text/plain\"},"
	    "{\"role\":\"user\",\"image\":\"x.bin\",\"mimeType\":\"image/png\"}]}]}");
	is_str(folder_refusal(), "", "a catalog");
	test_list();
	test_refusals();
	test_messages();
	folder_remove();
	return ask_done(&rq);
}
