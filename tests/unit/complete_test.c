/* complete: what needs no database: what is named, what is not there, and what has nothing to propose. */
#include "complete.h"
#include "ask.h"
#include "fail.h"
#include "folder.h"

static struct request rq;

static const char *
complete(const char *params)
{
	ask_message(&rq, params);
	rq.catalog = &folder.all.at[0];
	rq.method = "completion/complete";
	rq.params = rq.message;
	rq.era = ERA_LEGACY;
	return complete_run(&rq) == 0 ? rq.reply.body.at : rq.says;
}

#define PROMPT "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"}"
#define A ",\"argument\":{\"name\":\"a\",\"value\":\"\"}"
#define NOTHING "{\"jsonrpc\":\"2.0\",\"result\":{\"completion\":{\"values\":[],\"total\":0,\"hasMore\":false}}}"

static void
test_params(void)
{
	is_str(complete("{}"), "Invalid params: argument must have name and value, both strings.", "no params");
	is_str(complete("{" PROMPT ",\"argument\":{\"name\":\"a\",\"value\":7}}"),
	    "Invalid params: argument must have name and value, both strings.", "a value that is a number");
	is_str(complete("{\"ref\":{\"type\":\"ref/tool\",\"name\":\"p\"}" A "}"),
	    "Invalid params: ref must be a ref/prompt with a name or a ref/resource with a uri.", "another kind");
	is_str(complete("{\"ref\":{\"type\":\"ref/prompt\"}" A "}"),
	    "Invalid params: ref must be a ref/prompt with a name or a ref/resource with a uri.", "no name");
	is_str(complete("{" PROMPT A ",\"context\":{\"arguments\":7}}"), "Invalid params: context.arguments must be an object.", "a bad context");
	is_str(complete("{" PROMPT A ",\"context\":{\"arguments\":{\"b\":7}}}"), "Invalid params: context.arguments must hold strings.", "another");
}

static void
test_targets(void)
{
	is_str(complete("{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"x\"}" A "}"), "Unknown prompt: x", "no such prompt");
	is_int(rq.failed, FAIL_PARAMS, "a matter of the params");
	is_str(complete("{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"hidden\"}" A "}"), "Unknown prompt: hidden", "one that may not be had");
	is_int(rq.failed, FAIL_DENIED, "denied");
	is_str(complete("{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"x:y\"}" A "}"), "Unknown resource or template: x:y", "no such template");
	is_str(complete("{" PROMPT ",\"argument\":{\"name\":\"b\",\"value\":\"\"}}"), NOTHING, "an argument without proposals");
	is_str(rq.slot->event.tool, "p", "the prompt's name is in the event");
	is_str(complete("{" PROMPT ",\"argument\":{\"name\":\"x\",\"value\":\"\"}}"), NOTHING, "one that it does not have");
	is_str(complete("{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"a:b\"}" A "}"), NOTHING, "a resource has no arguments");
	ok(strstr(complete("{" PROMPT A "}"), "database is away"), "proposals come from PostgreSQL");
	ok(strstr(complete("{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"t:{a}\"}" A "}"), "database is away"), "a template's too");
}

int
main(void)
{
	ask_init(&rq);
	folder_init();
	folder_put("get.sql", "select 'x'");
	folder_put("resources.json", "{\"resources\":[{\"uri\":\"a:b\",\"name\":\"b\",\"text\":\"bb\"}],"
	    "\"templates\":[{\"uriTemplate\":\"t:{a}\",\"name\":\"t\",\"sql\":\"get\",\"complete\":{\"a\":\"get\"}}]}");
	folder_put("prompts.json", "{\"prompts\":["
	    "{\"name\":\"hidden\",\"description\":\"d\",\"scope\":\"other\",\"messages\":[{\"role\":\"user\",\"text\":\"x\"}]},"
	    "{\"name\":\"p\",\"description\":\"d\",\"arguments\":[{\"name\":\"a\",\"complete\":\"get\"},{\"name\":\"b\"}],"
	    "\"messages\":[{\"role\":\"user\",\"text\":\"x\"}]}]}");
	is_str(folder_refusal(), "", "a catalog");
	test_params();
	test_targets();
	folder_remove();
	return ask_done(&rq);
}
