/* confirm: who is asked what, and which answers let a tool run.  The rehearsal is tested end to end. */
#include "confirm.h"
#include "ask.h"
#include "fail.h"
#include "mrtr.h"
#include "rpc.h"

static struct request rq;
static const char *state;	/* of the last question */
static bool older;		/* the client is of 2025-11-25 */

/* The call with these arguments and this answer; NULL: none yet. */
static int
call_with(const char *arguments, const char *answer)
{
	struct bind_args args = { 0 };

	ask_message(&rq, arena_fmt(&rq.mem, "{\"params\":{\"name\":\"first\",\"arguments\":%s%s%s%s%s%s}}", arguments,
	    answer ? ",\"inputResponses\":{\"confirm\":" : "", answer ? answer : "", answer ? "},\"requestState\":\"" : "",
	    answer ? state : "", answer ? "\"" : ""));
	rq.era = older ? ERA_LEGACY : ERA_MODERN;
	rq.version = older ? "2025-11-25" : "2026-07-28";
	rq.params = json_get(rq.message, "params");
	rq.method = "tools/call";
	rq.tool = &ask.tool[0];
	args.given = args.object = json_get(rq.params, "arguments");
	args.key = json_get_str(args.given, "key");
	return mrtr_begin(&rq) != 0 ? -1 : confirm_ask(&rq, rq.tool, &args);
}

/* The message of the question; NULL: none was asked. */
static const char *
asked(const char *arguments)
{
	struct json_object *result;

	if (call_with(arguments, NULL) == 0 || rq.failed != FAIL_INPUT)
		return NULL;
	rpc_failure(&rq, 0);
	result = json_get(json_parse(&rq.mem, rq.reply.body.at, rq.reply.body.len, 16), "result");
	state = json_get_str(result, "requestState");
	return json_get_str(json_get(json_get(json_get(result, "inputRequests"), "confirm"), "params"), "message");
}

static void
test_sentence(void)
{
	ask.tool[0].confirm = "Delete {what}, {n} times {not there}?";
	is_str(asked("{\"what\":\"it\",\"n\":3}"), "Delete it, 3 times ?", "arguments are filled in");
	is_str(asked("{\"what\":\"a\\nb\\u202ec\\u0007d {n}\",\"n\":1}"), "Delete a bc d {n}, 1 times ?", "on one line, without what hides");
	ok(strlen(asked(arena_fmt(&rq.mem, "{\"what\":\"%05000d\"}", 1))) < 300, "and not without end");
	is_str(asked("{\"what\":[\"x\"],\"n\":null}"), "Delete [ \"x\" ],  times ?", "whatever they are");
	ask.tool[0].confirm = "Delete {what";
	is_str(asked("{\"what\":\"it\"}"), "Delete {what", "a brace alone is text");
	ask.tool[0].confirm = "Delete {what}?";
}

static void
test_answers(void)
{
	static const struct {
		const char *answer;
		bool        goes_on;
		const char *says;
	} row[] = {
		{ "{\"action\":\"accept\",\"content\":{\"confirm\":true}}", true, NULL },
		{ "{\"action\":\"accept\",\"content\":{}}", true, NULL },
		{ "{\"action\":\"accept\"}", true, NULL },
		{ "{\"action\":\"accept\",\"content\":{\"confirm\":false}}", false, "The user declined. Nothing was changed." },
		{ "{\"action\":\"decline\"}", false, "The user declined. Nothing was changed." },
		{ "{\"action\":\"decline\",\"content\":{\"confirm\":true}}", false, "The user declined. Nothing was changed." },
		{ "{\"action\":\"cancel\"}", false, "The user closed the question without an answer. Nothing was changed." },
	};
	static const char *const again[] = { "{}", "{\"action\":\"yes\"}", "{\"action\":\"accept\",\"content\":{\"confirm\":\"yes\"}}",
		"{\"action\":\"accept\",\"content\":true}" };
	size_t i;

	for (i = 0; i < LEN(row); i++) {
		asked("{\"what\":\"it\"}");
		is_int(call_with("{\"what\":\"it\"}", row[i].answer), row[i].goes_on ? 0 : -1, "%s", row[i].answer);
		is_str(rq.says, row[i].says, "what the model reads");
	}
	for (i = 0; i < LEN(again); i++) {
		asked("{\"what\":\"it\"}");
		ok(call_with("{\"what\":\"it\"}", again[i]) == -1 && rq.failed == FAIL_INPUT, "%s: asked again", again[i]);
	}
	asked("{\"what\":\"it\"}");
	ok(call_with("{\"what\":\"all\"}", row[0].answer) == -1 && rq.failed == FAIL_PARAMS, "a yes to something else: %s", rq.says);
}

static void
test_policy(void)
{
	rq.client.elicits = false;
	is_int(call_with("{\"what\":\"it\"}", NULL), 0, "who cannot be asked is served");
	ask.who.confirm_required = true;
	is_int(call_with("{\"what\":\"it\"}", NULL), -1, "unless the tenant wants it otherwise");
	is_int(rq.failed, FAIL_CAPABILITY, "the client lacks a capability");
	is_str(rq.data, "{\"requiredCapabilities\":{\"elicitation\":{\"form\":{}}}}", "this one");
	ask.who.confirm_required = false;
	older = true;
	rq.session = "S";
	rq.believed = true;
	ok(call_with("{\"what\":\"it\"}", NULL) == -1 && rq.failed == FAIL_TOOL, "an outage, though others see its end, does not open what a session may want asked: %s", rq.says);
	rq.believed = false;
	is_int(call_with("{\"what\":\"it\"}", NULL), 0, "one that has declared nothing is served");
	older = false;
	ask.who.confirm_required = true;
	ask.tool[0].confirm = NULL;
	is_int(call_with("{\"what\":\"it\"}", NULL), 0, "a tool without confirm asks nobody");
	ask.tool[0].confirm = "Delete {what}?";
	rq.client.elicits = true;
	ask.tool[0].result.kind = RESULT_DONE;
	ask.tool[0].statement.sql = "select 1";
	ok(call_with("{\"what\":\"it\"}", NULL) == -1 && rq.failed == FAIL_UNAVAILABLE, "what cannot be done now is not asked for");
	ok(call_with("{\"what\":\"it\",\"key\":\"k\"}", NULL) == -1 && rq.failed == FAIL_INPUT,
	    "with an idempotency key what was done before may be refused now, and yet has its answer");
}

int
main(void)
{
	ask_silence();
	ask_init(&rq);
	ask.cfg.state_ms = 60000;
	rq.client.elicits = true;
	ask.tool[0].writes = TOOL_WRITES;
	test_sentence();
	test_answers();
	test_policy();
	return ask_done(&rq);
}
