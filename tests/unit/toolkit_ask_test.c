/* toolkit_ask: what a tool written in C asks with, and what its file must say. */
#include "toolkit.h"
#include "ask.h"
#include "fail.h"
#include "mrtr.h"

static struct request rq;

static void
begin(const char *params)
{
	ask_message(&rq, arena_fmt(&rq.mem, "{\"params\":%s}", params));
	rq.era = ERA_MODERN;
	rq.version = "2026-07-28";
	rq.params = json_get(rq.message, "params");
	rq.method = "tools/call";
	rq.tool = &ask.tool[0];
	is_int(mrtr_begin(&rq), 0, "a call with %s", params);
}

static struct json_object *
schema(void)
{
	static const char json[] = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}";

	return json_object_get(json_parse(&rq.mem, json, strlen(json), 8));
}

int
main(void)
{
	struct json_object *answer;

	ask_init(&rq);
	ask.cfg.state_ms = 60000;
	rq.client.elicits = rq.client.roots = true;
	ask.tool[0].asks = 1;		/* elicitation */
	begin("{\"name\":\"first\"}");
	ok(toolkit_can(&rq, "elicitation/create") && toolkit_can(&rq, "roots/list") && !toolkit_can(&rq, "sampling/createMessage"), "what the client can");
	ok(!toolkit_form(&rq, "size", "How large?", schema()), "a form has no answer yet");
	ok(toolkit_wait(&rq) == -1 && rq.failed == FAIL_INPUT, "and is asked");
	begin("{\"name\":\"first\",\"inputResponses\":{\"size\":{\"action\":\"accept\",\"content\":{\"n\":3}}}}");
	answer = toolkit_form(&rq, "size", "How large?", schema());
	is_int(json_get_int(json_get(answer, "content"), "n", 0), 3, "the answer");
	ok(!toolkit_ask(&rq, "where", "roots/list", NULL) && rq.failed == FAIL_INTERNAL, "what the file does not say: %s", rq.why);
	is_int(toolkit_wait(&rq), -1, "is the end");
	begin("{\"name\":\"first\"}");
	rq.tool = NULL;
	ok(!toolkit_ask(&rq, "where", "roots/list", NULL) && !rq.failed, "a prompt may ask whatever the client can be asked");
	begin("{\"name\":\"first\"}");
	ok(!toolkit_form(&rq, "size", "How large?", NULL) && rq.failed == FAIL_INTERNAL, "a form without fields: %s", rq.why);
	return ask_done(&rq);
}
