/*
 * ask: a seat, the questions, the wait.
 *
 * What this server asks is known to Redis (mcp:asked:SESSION:QUESTION) for as long as somebody waits,
 * so a response to nothing is dropped where it comes in.  Ids are random: a client can neither guess
 * one of another request nor of another session.
 */
#include "ask.h"
#include "cache.h"
#include "fail.h"
#include "log.h"
#include "sse.h"
#include "tool.h"

#define ID_BYTES	16
#define ID_MAX		64	/* characters of an id that is looked at */
#define KEPT_MS		60000	/* behind the end of the wait, for what comes late */

static struct cache_script leave_script = { .text =
	"if redis.call('DEL', KEYS[1]) == 0 then return {0} end "
	"redis.call('RPUSH', KEYS[2], ARGV[1]) "
	"redis.call('PEXPIRE', KEYS[2], ARGV[2]) "
	"return {1}"
};

/* Questions that are out. */
struct wait {
	struct request        *rq;
	const struct question *question;
	int                    n;
	const char            *id[QUESTIONS_MAX], *list[QUESTIONS_MAX];
	struct json_object   **answer;
	bool                   answered[QUESTIONS_MAX];
	int                    missing;
	bool                   over;	/* the session has ended: no answer can come */
	int64_t                until_us;	/* monotonic */
};

/* --- seats ------------------------------------------------------------------------------ */

/* First taken, then counted: two of us cannot both see the last one free. */
static int
take_seat(struct request *rq)
{
	int64_t most = rq->cfg->slow_workers / 2;

	atomic_store(&rq->slot->asking, 1);
	if (slot_asking(rq->board) <= (most > 0 ? most : 1))
		return 0;
	atomic_store(&rq->slot->asking, 0);
	return question_refuse(rq, "Too many questions to users are open now, so nobody was asked and nothing was changed. Try again in a minute.");
}

/* --- questions -------------------------------------------------------------------------- */

static const char *
key_of(struct request *rq, const char *kind, const char *id)
{
	return arena_fmt(&rq->mem, "mcp:%s:%s:%s", kind, rq->session, id);
}

static int
announce(struct wait *w, int i)
{
	struct request *rq = w->rq;
	unsigned char random[ID_BYTES];
	const char *why, *ms = arena_fmt(&rq->mem, "%" PRId64, rq->cfg->ask_timeout_ms + KEPT_MS);
	char *done;

	crypt_random(random, sizeof(random));
	w->id[i] = arena_fmt(&rq->mem, "ask-%s", crypt_base64url(&rq->mem, random, sizeof(random)));
	w->list[i] = key_of(rq, "reply", w->id[i]);
	if (cache_text(rq->cache, &rq->mem, 5, (const char *const[]){ "SET", key_of(rq, "asked", w->id[i]), "1", "PX", ms }, &done, &why) == 0)
		return 0;
	question_refuse(rq, "The user cannot be asked now, so nothing was changed. Try again in a few seconds.");
	rq->why = arena_str(&rq->mem, why);
	return -1;
}

/* A URL has an id of its own in the one older revision that knows URLs. */
static struct json_object *
params_of(struct request *rq, const struct question *q)
{
	struct json_object *params;
	char id[CRYPT_UUID];

	if (q->kind != QUESTION_URL)
		return q->params;
	params = json_keep(&rq->mem, json_object_new_object());
	json_object_object_foreach(q->params, name, value)
		json_object_object_add(params, name, json_object_get(value));
	crypt_uuid(id);
	json_object_object_add(params, "elicitationId", json_object_new_string(id));
	return params;
}

static int
send_question(struct wait *w, int i)
{
	struct json_object *params = params_of(w->rq, &w->question[i]);
	const char *json = arena_fmt(&w->rq->mem, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"%s\"%s%s}", w->id[i], w->question[i].method,
	    params ? ",\"params\":" : "", params ? json_plain(params, NULL) : "");

	return sse_send(w->rq, json, strlen(json));
}

/* Nobody is waiting any more: the client may take the question from the screen. */
static void
call_off(struct wait *w)
{
	struct request *rq = w->rq;
	const char *json, *why;
	char *done;
	int i;

	for (i = 0; i < w->n; i++) {
		if (w->answered[i] || !w->id[i])
			continue;
		json = arena_fmt(&rq->mem, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"%s\","
		    "\"reason\":\"Nobody waits for an answer any more.\"}}", w->id[i]);
		/* Neither matters to the call, which has ended: the key dies by itself. */
		if (sse_send(rq, json, strlen(json)) != 0 ||
		    cache_text(rq->cache, &rq->mem, 2, (const char *const[]){ "GETDEL", key_of(rq, "asked", w->id[i]) }, &done, &why) != 0)
			return;
	}
}

/* --- answers ---------------------------------------------------------------------------- */

static int
take_answer(struct wait *w, int i, const char *text)
{
	struct request *rq = w->rq;
	struct json_object *o = json_parse(&rq->mem, text, strlen(text), (int)rq->cfg->body_depth_max), *error = json_get(o, "error");
	const char *says = json_get_str(error, "message");

	w->answered[i] = true;
	w->missing--;
	if (error)
		return question_refuse(rq, "The client could not ask (%s: error %" PRId64 "%s%.200s). Nothing was changed.", w->question[i].method,
		    json_get_int(error, "code", 0), says ? ", " : "", says ? says : "");
	w->answer[i] = json_get(o, "result");
	return 0;
}

/* A session may end while its client is asked: by DELETE, or with the stream of an older transport. */
static bool
is_over(struct request *rq)
{
	const char *key = arena_fmt(&rq->mem, "mcp:session:%s", rq->session), *why;
	char *kind;

	return cache_text(rq->cache, &rq->mem, 3, (const char *const[]){ "HGET", key, "kind" }, &kind, &why) == 0 && !kind;
}

static int
still_there(void *ctx)
{
	struct wait *w = ctx;

	w->over = is_over(w->rq);
	return sse_keep_alive(w->rq) != 0 || w->rq->reply.unheard || w->over;
}

static int
end_unanswered(struct wait *w, int got, const char *why)
{
	struct request *rq = w->rq;

	if (rq->reply.unheard)
		return question_refuse(rq, "The client left while it was asked. Nothing was changed.");
	if (w->over)
		return question_refuse(rq, "The session ended while its client was asked. Nothing was changed.");
	if (got == 0)
		return question_refuse(rq, "Nobody answered the question within %" PRId64 " seconds. Nothing was changed.",
		    rq->cfg->ask_timeout_ms / 1000);
	question_refuse(rq, "The answer to the question got lost. Nothing was changed. Try again in a few seconds.");
	rq->why = arena_str(&rq->mem, why);
	return -1;
}

/* The lists whose answers are missing, and which question each belongs to. */
static int
lists_of(const struct wait *w, const char **list, int *at)
{
	int i, n = 0;

	for (i = 0; i < w->n; i++)
		if (!w->answered[i]) {
			list[n] = w->list[i];
			at[n++] = i;
		}
	return n;
}

static int
await(struct wait *w)
{
	struct request *rq = w->rq;
	const char *list[QUESTIONS_MAX], *why = NULL;
	int at[QUESTIONS_MAX], n, which, got;
	char *text;

	while (w->missing > 0) {
		n = lists_of(w, list, at);
		got = cache_pop(rq->cache, &rq->mem, n, list, (w->until_us - base_now_us()) / 1000, still_there, w, &which, &text, &why);
		if (rq->failed)
			return -1;
		if (got <= 0)
			return end_unanswered(w, got, why);
		if (take_answer(w, at[which], text) != 0)
			return -1;
	}
	return 0;
}

static int
ask_and_wait(struct wait *w)
{
	int i;

	for (i = 0; i < w->n; i++)
		if (announce(w, i) != 0)
			return -1;
	for (i = 0; i < w->n; i++)
		if (send_question(w, i) != 0)
			return -1;
	if (await(w) == 0)
		return 0;
	call_off(w);
	return -1;
}

int
ask_client(struct request *rq, const struct question *question, int n, struct json_object **answer)
{
	struct wait w = { .rq = rq, .question = question, .n = n, .missing = n, .answer = answer,
	    .until_us = base_now_us() + rq->cfg->ask_timeout_ms * 1000 };
	int got;

	if (n > QUESTIONS_MAX)
		bug("%d questions at a time", n);
	if (take_seat(rq) != 0)
		return -1;
	if (rq->grant)
		rq->grant(rq->cfg->ask_timeout_ms);
	got = ask_and_wait(&w);
	atomic_store(&rq->slot->asking, 0);
	if (rq->grant)
		rq->grant(rq->tool ? rq->tool->timeout_ms : 0);
	return got;
}

/* --- where answers come in -------------------------------------------------------------- */

/* Only what is answered, without what else a client may have put beside it. */
static const char *
answer_of(struct request *rq)
{
	struct json_object *result = json_get(rq->message, "result"), *error = json_get(rq->message, "error");
	const char *text = json_plain(result ? result : error, NULL);

	if (strlen(text) > ASK_ANSWER_MAX)
		return arena_fmt(&rq->mem, "{\"error\":{\"code\":-32600,\"message\":\"an answer has at most %d bytes\"}}", ASK_ANSWER_MAX);
	return arena_fmt(&rq->mem, "{\"%s\":%s}", result ? "result" : "error", text);
}

void
ask_take_response(struct request *rq)
{
	const char *id = json_get_str(rq->message, "id"), *argv[4], *why;
	size_t len[4];
	int64_t from = base_now_us(), known = 0;
	int i;

	if (!rq->session || !id || strlen(id) > ID_MAX)
		return;
	argv[0] = key_of(rq, "asked", id);
	argv[1] = key_of(rq, "reply", id);
	argv[2] = answer_of(rq);
	argv[3] = arena_fmt(&rq->mem, "%" PRId64, (int64_t)KEPT_MS);
	for (i = 0; i < (int)LEN(argv); i++)
		len[i] = strlen(argv[i]);
	if (cache_run(rq->cache, &leave_script, 2, LEN(argv), argv, len, &known, 1, &why) < 0)
		rq->why = arena_str(&rq->mem, why);
	else if (!known)
		rq->why = "a response to nothing that was asked";
	rq->slot->event.redis_us += base_now_us() - from;
}
