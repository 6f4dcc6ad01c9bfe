/* mrtr: rounds of a modern client, message by message, as the handler and the client see them. */
#include "mrtr.h"
#include "ask.h"
#include "fail.h"
#include "question.h"
#include "rpc.h"
#include "state.h"

#define ACCEPT(text)	"{\"action\":\"accept\",\"content\":{\"a\":\"" text "\"}}"
#define NAME		"elicitation/create"

static struct request rq;

static struct json_object *
form(void)
{
	static const char json[] = "{\"message\":\"m\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}}";

	return json_object_get(json_parse(&rq.mem, json, strlen(json), 16));
}

/* A call of the tool with these further members of params. */
static int
call_with(const char *more)
{
	ask_message(&rq, arena_fmt(&rq.mem, "{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{}%s}}", more));
	rq.era = ERA_MODERN;
	rq.version = "2026-07-28";
	rq.params = json_get(rq.message, "params");
	rq.method = "tools/call";
	rq.id = json_get(rq.message, "id");
	rq.tool = &ask.tool[0];
	return mrtr_begin(&rq);
}

/* The answer of the message in hand; its requestState is in *state. */
static struct json_object *
answer(const char **state)
{
	struct json_object *result;

	rq.reply.body.len = 0;
	rpc_failure(&rq, 0);
	result = json_get(json_parse(&rq.mem, rq.reply.body.at, rq.reply.body.len, 16), "result");
	*state = json_get_str(result, "requestState");
	return result;
}

static const char *
with(const char *responses, const char *state)
{
	return arena_fmt(&rq.mem, ",\"inputResponses\":%s%s%s%s", responses, state ? ",\"requestState\":\"" : "", state ? state : "", state ? "\"" : "");
}

/* A handler that needs one thing, and then another. */
static int
two_steps(void)
{
	if (!mrtr_ask(&rq, "one", NAME, form()) || !mrtr_ask(&rq, "two", NAME, form()))
		return mrtr_wait(&rq);
	return 0;
}

static void
test_rounds(void)
{
	struct json_object *result;
	const char *one, *two;

	is_int(call_with(""), 0, "a first call");
	is_int(two_steps(), -1, "is not done");
	is_int(rq.failed, FAIL_INPUT, "but asks");
	is_str(rq.slot->event.code, "input_required", "which the audit knows");
	result = answer(&one);
	is_str(json_get_str(result, "resultType"), "input_required", "the result says so");
	is_str(json_plain(json_get(json_get(result, "inputRequests"), "one"), NULL), "{\"method\":\"elicitation/create\",\"params\":{\"message\":\"m\","
	    "\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}}}", "with the question");
	ok(one && json_get(result, "_meta"), "a state, and who the server is");
	call_with(with("{\"one\":" ACCEPT("x") ",\"other\":{}}", one));
	is_int(two_steps(), -1, "the second round");
	result = answer(&two);
	ok(!json_get(json_get(result, "inputRequests"), "one") && json_get(json_get(result, "inputRequests"), "two"), "asks for what is missing alone");
	ok(two && strcmp(one, two) != 0, "with another state");
	call_with(with("{\"two\":" ACCEPT("y") "}", two));
	is_int(two_steps(), 0, "the third has all: the first answer came in the state");
	is_str(json_get_str(json_get(mrtr_ask(&rq, "one", NAME, form()), "content"), "a"), "x", "as it was");
	call_with(with("{\"two\":" ACCEPT("y") ",\"one\":{\"action\":\"decline\"}}", two));
	is_int(two_steps(), 0, "what was answered stays so");
	is_str(json_get_str(mrtr_ask(&rq, "one", NAME, form()), "action"), "accept", "whatever is sent beside the state");
	call_with(with("{\"one\":" ACCEPT("x") ",\"two\":" ACCEPT("y") "}", NULL));
	is_int(two_steps(), 0, "a tool that only reads takes answers without a state");
}

static void
test_wrong_answers(void)
{
	static const char *const bad[] = { "{}", "{\"one\":{}}", "{\"one\":{\"action\":\"accept\",\"content\":{}}}", "{\"wrong\":" ACCEPT("x") "}" };
	static const char *const refused[] = { "null", "[]", "\"x\"", "{\"one\":12345}", "{\"one\":null}", "{\"one\":[]}" };
	const char *state;
	size_t i;

	for (i = 0; i < LEN(bad); i++) {
		call_with(with(bad[i], NULL));
		ok(two_steps() == -1 && rq.failed == FAIL_INPUT && json_get(json_get(answer(&state), "inputRequests"), "one"), "%s: asked again", bad[i]);
	}
	for (i = 0; i < LEN(refused); i++) {
		is_int(call_with(with(refused[i], NULL)), -1, "inputResponses %s", refused[i]);
		ok(rq.failed == FAIL_PARAMS && strstr(rq.says, "inputResponses"), "are refused: %s", rq.says);
	}
	is_int(call_with(",\"requestState\":null"), -1, "a state that is no text");
	is_int(call_with(",\"requestState\":\"s1.AAAA\""), -1, "a state that was not given");
	ok(rq.failed == FAIL_PARAMS && strstr(rq.says, "requestState"), "which is said: %s", rq.says);
}

static void
test_limits(void)
{
	const char *state = NULL;
	int i;

	for (i = 0; i < STATE_ROUNDS_MAX; i++) {
		call_with(state ? with("{}", state) : "");
		two_steps();
		answer(&state);
	}
	ok(state != NULL, "so many rounds");
	call_with(with("{}", state));
	two_steps();
	is_int(rq.failed, FAIL_TOOL, "and no more: %s", rq.says);

	call_with("");
	for (i = 0; i < QUESTIONS_MAX; i++)
		ok(!mrtr_ask(&rq, arena_fmt(&rq.mem, "q%d", i), NAME, form()), "question %d", i);
	ok(!mrtr_ask(&rq, "q0", NAME, form()) && !rq.failed, "one that is asked already counts once");
	ok(!mrtr_ask(&rq, "more", NAME, form()) && rq.failed == FAIL_INTERNAL, "one more is a mistake");
	is_int(mrtr_wait(&rq), -1, "and the handler is done with");
	call_with("");
	ok(mrtr_wait(&rq) == -1 && rq.failed == FAIL_INTERNAL, "to wait for nothing is one too");

	call_with(with(arena_fmt(&rq.mem, "{\"one\":{\"action\":\"accept\",\"content\":{\"a\":\"%040000d\"}}}", 1), NULL));
	two_steps();
	is_int(rq.failed, FAIL_TOOL, "an answer that no state can hold: %s", rq.says);
}

static void
test_capabilities(void)
{
	ok(mrtr_can(&rq, NAME) && !mrtr_can(&rq, "roots/list"), "what the client can");
	call_with("");
	mrtr_ask(&rq, "one", NAME, form());
	mrtr_ask(&rq, "two", "roots/list", NULL);
	is_int(mrtr_wait(&rq), -1, "a question that it did not declare");
	is_int(rq.failed, FAIL_CAPABILITY, "is an error of its own");
	is_str(rq.data, "{\"requiredCapabilities\":{\"roots\":{}}}", "that names what is needed");
	call_with("");
	rq.era = ERA_LEGACY;
	rq.version = "2025-11-25";
	mrtr_ask(&rq, "two", "roots/list", NULL);
	ok(mrtr_wait(&rq) == -1 && rq.failed == FAIL_TOOL, "to an older client a tool's: %s", rq.says);
	call_with("");
	rq.era = ERA_LEGACY;
	rq.method = "prompts/get";
	mrtr_ask(&rq, "two", "roots/list", NULL);
	ok(mrtr_wait(&rq) == -1 && rq.failed == FAIL_INTERNAL, "and for what is no tool an internal one: %s", rq.says);
	ok(!mrtr_again(&rq), "nothing is run again");
}

/* Answers of a tool that writes serve one call. */
static void
test_once(void)
{
	const char *state;

	ask.tool[0].writes = TOOL_WRITES;
	call_with(with("{\"one\":" ACCEPT("x") ",\"two\":" ACCEPT("y") "}", NULL));
	ok(two_steps() == -1 && rq.failed == FAIL_INPUT, "a tool that writes wants a state with its answers");
	is_int(mrtr_claim(&rq), 0, "without one nothing is used up");
	answer(&state);
	call_with(with("{\"one\":" ACCEPT("x") ",\"two\":" ACCEPT("y") "}", state));
	is_int(two_steps(), 0, "with one it goes on");
	ok(mrtr_claim(&rq) == -1 && rq.failed == FAIL_UNAVAILABLE, "but not without Redis: %s", rq.says);
	ask.tool[0].idempotent = true;
	call_with(with("{\"one\":" ACCEPT("x") ",\"two\":" ACCEPT("y") "}", state));
	is_int(mrtr_claim(&rq), 0, "one that is idempotent needs none");
	ask.tool[0].confirm = "Sure?";
	call_with(with("{\"one\":" ACCEPT("x") ",\"two\":" ACCEPT("y") "}", state));
	is_int(mrtr_claim(&rq), -1, "unless it is confirmed");
}

int
main(void)
{
	ask_silence();
	ask_init(&rq);
	ask.cfg.state_ms = 60000;
	rq.client.elicits = true;
	test_rounds();
	test_wrong_answers();
	test_limits();
	test_capabilities();
	test_once();
	return ask_done(&rq);
}
