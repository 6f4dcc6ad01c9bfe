/* mrtr: what was asked, what was answered, and how a round ends. */
#include "mrtr.h"
#include "arguments.h"
#include "ask.h"
#include "catalog.h"
#include "fail.h"
#include "state.h"
#include "tool.h"

/* The questions and answers of the message in hand. */
struct round {
	struct state        state;	/* as the client brought it; nonce "": it brought none */
	struct json_object *responses;	/* what it answered to the last round, by key; an object */
	struct json_object *used;	/* answers that the handler has seen, by key: they go into the next state */
	struct question     open[QUESTIONS_MAX];	/* to be asked */
	int                 opens;
	const char         *sealed;	/* requestState of the result */
	bool                again;	/* the handler is to be run again */
	bool                claimed;
};

/* --- what the client sent --------------------------------------------------------------- */

static int
read_responses(struct request *rq, struct round *r)
{
	struct json_object *all;

	if (!json_object_object_get_ex(rq->params, "inputResponses", &all))
		return 0;
	if (!json_object_is_type(all, json_type_object))
		return fail(rq, FAIL_PARAMS, "Invalid params: inputResponses must be an object.");
	json_object_object_foreach(all, key, answer)
		if (!json_object_is_type(answer, json_type_object))
			return fail(rq, FAIL_PARAMS, "Invalid params: inputResponses.%.64s must be an object.", key);
	r->responses = all;
	return 0;
}

static int
read_state(struct request *rq, struct round *r)
{
	struct json_object *text;

	if (!json_object_object_get_ex(rq->params, "requestState", &text))
		return 0;
	if (!json_object_is_type(text, json_type_string))
		return fail(rq, FAIL_PARAMS, "Invalid params: requestState must be a text.");
	return state_open(rq, json_object_get_string(text), &r->state);
}

/* May answers serve a single call only?  Then one without a state is none. */
static bool
serves_once(const struct tool *tool)
{
	return tool && (tool->confirm || (tool->writes != TOOL_READS && !tool->idempotent));
}

int
mrtr_begin(struct request *rq)
{
	struct round *r = arena_zero(&rq->mem, sizeof(*r));

	rq->round = r;
	r->used = json_keep(&rq->mem, json_object_new_object());
	if (rq->era != ERA_MODERN || !rq->params)
		return 0;
	if (read_responses(rq, r) != 0 || read_state(rq, r) != 0)
		return -1;
	if (!r->state.nonce[0] && serves_once(rq->tool))
		r->responses = NULL;
	return 0;
}

/* --- asking ----------------------------------------------------------------------------- */

/* An answer of an earlier round was looked at then, but for another run of the handler. */
static struct json_object *
found(const struct round *r, const struct question *q)
{
	struct json_object *at[] = { json_get(r->used, q->key), json_get(r->state.answers, q->key), json_get(r->responses, q->key) };
	size_t i;

	for (i = 0; i < LEN(at); i++)
		if (at[i] && question_answered(q, at[i]))
			return at[i];
	return NULL;
}

static bool
is_open(const struct round *r, const char *key)
{
	int i;

	for (i = 0; i < r->opens; i++)
		if (strcmp(r->open[i].key, key) == 0)
			return true;
	return false;
}

struct json_object *
mrtr_ask(struct request *rq, const char *key, const char *method, struct json_object *params)
{
	struct round *r = rq->round;
	struct json_object *answer;
	struct question q;

	if (question_make(rq, &q, key, method, params) != 0)
		return NULL;
	answer = found(r, &q);
	if (answer) {
		json_object_object_add(r->used, q.key, json_object_get(answer));
		return answer;
	}
	if (is_open(r, key))
		return NULL;
	if (r->opens == QUESTIONS_MAX)
		fail(rq, FAIL_INTERNAL, "more than %d questions in one round", QUESTIONS_MAX);
	else
		r->open[r->opens++] = q;
	return NULL;
}

bool
mrtr_can(const struct request *rq, const char *method)
{
	return question_possible(rq, method);
}

/* --- the end of a round ----------------------------------------------------------------- */

static int
lack(struct request *rq, struct json_object *capabilities)
{
	if (rq->era != ERA_MODERN)
		return question_refuse(rq, "This needs a client that can be asked, and this one has not declared %s.", json_plain(capabilities, NULL));
	fail(rq, FAIL_CAPABILITY, "This needs a client that declares the capabilities %s.", json_plain(capabilities, NULL));
	rq->data = arena_fmt(&rq->mem, "{\"requiredCapabilities\":%s}", json_plain(capabilities, NULL));
	return -1;
}

static int
check_capabilities(struct request *rq, const struct round *r)
{
	struct json_object *capabilities = json_keep(&rq->mem, json_object_new_object());
	int i;

	for (i = 0; i < r->opens; i++)
		if (!question_allowed(rq, &r->open[i]))
			question_needs(&r->open[i], capabilities);
	return json_object_object_length(capabilities) > 0 ? lack(rq, capabilities) : 0;
}

/* The result asks, and the client comes back. */
static int
wait_modern(struct request *rq, struct round *r)
{
	struct state next = { .round = r->state.round + 1, .answers = r->used };

	memcpy(next.nonce, r->state.nonce, sizeof(next.nonce));
	r->sealed = state_seal(rq, &next);
	if (!r->sealed)
		return question_refuse(rq, "The answers are larger than %d bytes together, which is more than can be kept between two rounds.", STATE_MAX);
	slot_put(rq->slot->event.code, sizeof(rq->slot->event.code), "input_required");
	return fail(rq, FAIL_INPUT, "%d to answer", r->opens);
}

/* People take their time: what the caller was allowed when they were asked may have been taken from him meanwhile. */
static int
look_again(struct request *rq)
{
	rq->who = NULL;
	return tenant_identify(rq) != 0 ? -1 : catalog_admits(rq, rq->tool, arguments_given(rq));
}

/* What the client answers now is checked when the handler asks for it again. */
static int
wait_legacy(struct request *rq, struct round *r)
{
	struct json_object *answer[QUESTIONS_MAX];
	int i;

	if (ask_client(rq, r->open, r->opens, answer) != 0 || look_again(rq) != 0)
		return -1;
	r->responses = json_keep(&rq->mem, json_object_new_object());
	for (i = 0; i < r->opens; i++)
		json_object_object_add(r->responses, r->open[i].key, json_object_get(answer[i]));
	r->state.round++;
	r->opens = 0;
	r->again = true;
	return 0;
}

int
mrtr_wait(struct request *rq)
{
	struct round *r = rq->round;

	if (rq->failed)
		return -1;
	if (r->opens == 0)
		return fail(rq, FAIL_INTERNAL, "a handler waits for answers, but has asked nothing that is missing");
	if (check_capabilities(rq, r) != 0)
		return -1;
	if (r->state.round >= STATE_ROUNDS_MAX)
		return question_refuse(rq, "The client was asked %d times and the answers are still not what is needed. Nothing more is asked.",
		    STATE_ROUNDS_MAX);
	return rq->era == ERA_MODERN ? wait_modern(rq, r) : wait_legacy(rq, r);
}

bool
mrtr_again(struct request *rq)
{
	bool again = rq->round && rq->round->again && !rq->failed;

	if (rq->round)
		rq->round->again = false;
	return again;
}

int
mrtr_claim(struct request *rq)
{
	struct round *r = rq->round;

	if (!r || r->claimed || !r->state.nonce[0] || !serves_once(rq->tool))
		return 0;
	r->claimed = true;
	return state_claim(rq, &r->state);
}

void
mrtr_unclaim(struct request *rq)
{
	struct round *r = rq->round;

	if (!r || !r->claimed)
		return;
	state_return(rq, &r->state);
	r->claimed = false;
}

void
mrtr_write(struct request *rq, struct buf *b)
{
	const struct round *r = rq->round;
	const struct question *q;

	buf_str(b, "\"inputRequests\":{");
	for (q = r->open; q < r->open + r->opens; q++) {
		buf_fmt(b, "%s\"%s\":{\"method\":\"%s\"", q > r->open ? "," : "", q->key, q->method);
		if (q->params) {
			buf_str(b, ",\"params\":");
			buf_str(b, json_plain(q->params, NULL));
		}
		buf_char(b, '}');
	}
	buf_fmt(b, "},\"requestState\":\"%s\"", r->sealed);
}
