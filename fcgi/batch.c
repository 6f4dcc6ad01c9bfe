/* batch: the messages share identity, header and admission; all else is each one's own. */
#include "batch.h"
#include "audit.h"
#include "call.h"
#include "catalog.h"
#include "era.h"
#include "fail.h"
#include "headers.h"
#include "legacy.h"
#include "mcp.h"
#include "rpc.h"
#include "session.h"

static size_t
length(struct request *rq)
{
	return json_object_array_length(rq->message);
}

static struct json_object *
item(struct request *rq, size_t i)
{
	return json_object_array_get_idx(rq->message, i);
}

static int
check_items(struct request *rq)
{
	size_t i, n = length(rq);

	for (i = 0; i < n; i++) {
		const char *method = json_get_str(item(rq, i), "method");

		if (!json_object_is_type(item(rq, i), json_type_object))
			return fail(rq, FAIL_SHAPE, "Invalid request: every message of a batch must be an object.");
		if (era_claims(item(rq, i)))
			return fail(rq, FAIL_SHAPE, "Invalid request: this revision has no batches.");
		if (method && strcmp(method, "initialize") == 0)
			return fail(rq, FAIL_SHAPE, "Invalid request: initialize must not be part of a batch.");
	}
	return 0;
}

int
batch_check(struct request *rq)
{
	const char *version = headers_trimmed(rq, PARAM_VERSION);
	size_t n = length(rq);

	rq->era = ERA_LEGACY;
	rq->version = ERA_BATCH_VERSION;
	if (n == 0)
		return fail(rq, FAIL_SHAPE, "Invalid request: the batch is empty.");
	if (version && strcmp(version, ERA_BATCH_VERSION) != 0)
		return fail(rq, FAIL_SHAPE, "Invalid request: only revision " ERA_BATCH_VERSION " has batches.");
	if (era_check_accept(rq) != 0)
		return -1;
	if (!rq->catalog->batches)
		return fail(rq, FAIL_SHAPE, "Invalid request: one message per request, please.");
	if ((int64_t)n > rq->cfg->batch_max)
		return fail(rq, FAIL_SHAPE, "Invalid request: a batch has at most %" PRId64 " messages.", rq->cfg->batch_max);
	return check_items(rq);
}

/* --- place and admission -------------------------------------------------------------------------- */

/* The tool that a message calls; NULL: it is no call, or of no tool we have. */
static const struct tool *
called(struct request *rq, size_t i)
{
	const char *method = json_get_str(item(rq, i), "method");
	const char *name = json_get_str(json_get(item(rq, i), "params"), "name");

	if (!method || strcmp(method, "tools/call") != 0 || !name)
		return NULL;
	return catalog_tool(rq->catalog, name);
}

/* Does it count, and is no tool's call? */
static bool
is_other_call(struct request *rq, size_t i)
{
	const char *method = json_get_str(item(rq, i), "method");

	return method && strcmp(method, "tools/call") != 0 && mcp_counts(method);
}

void
batch_place(struct request *rq)
{
	const struct tool *tool;
	size_t i;

	for (i = 0; i < length(rq); i++)
		if ((tool = called(rq, i)) && call_is_slow(tool))
			rq->place = POOL_SLOW;
}

/* Adds the call to its tool's bucket, which may be there already. */
static int
add_tool(struct request *rq, struct limit *limit, int n, const struct tool *tool)
{
	struct limit one;
	int i;

	if (tool->per_minute == 0)
		return n;
	limit_of_tool(rq, &one, tool->name, tool->per_minute, 1);
	for (i = 0; i < n; i++)
		if (limit[i].number == one.number) {
			limit[i].tokens++;
			return n;
		}
	if (n < LIMIT_BUCKETS_MAX)
		limit[n++] = one;
	return n;
}

int
batch_admit(struct request *rq)
{
	struct limit limit[LIMIT_BUCKETS_MAX], node;
	int64_t calls = 0;
	int n = 2;
	size_t i;

	rq->slot->event.count = (uint32_t)length(rq);	/* of the one event if all are refused */
	limit_of_node(rq, &node, (int64_t)length(rq));
	if (limit_take_here(rq, &node, 1) != 0 || session_check(rq) != 0)
		return -1;
	if (strcmp(rq->version, ERA_BATCH_VERSION) != 0)
		return fail(rq, FAIL_SHAPE, "Invalid request: only revision " ERA_BATCH_VERSION " has batches.");
	for (i = 0; i < length(rq); i++) {
		const struct tool *tool = called(rq, i);

		calls += tool || is_other_call(rq, i);
		if (tool)
			n = add_tool(rq, limit, n, tool);
	}
	limit_of_plan(rq, &limit[1], calls);
	limit_of_credential(rq, &limit[0], calls);
	if (calls > 0 && limit_take(rq, rq->who->own_per_minute ? limit : limit + 1, rq->who->own_per_minute ? n : n - 1, NULL) != 0)
		return -1;
	rq->slot->event.count = 1;
	return calls > 0 ? limit_fly(rq) : 0;
}

/* --- running ---------------------------------------------------------------------------- */

/* Makes the i-th message the one in hand, with an event of its own. */
static void
take_up(struct request *rq, struct json_object *batch, size_t i)
{
	fail_clear(rq);
	rq->message = json_object_array_get_idx(batch, i);
	rq->id = rq->params = NULL;
	rq->method = NULL;
	rq->tool = NULL;
	rq->resource = NULL;
	rq->prompt = NULL;
	rq->round = NULL;
	rq->todo = NULL;
	if (i > 0)			/* the first one's event was begun with the request */
		audit_begin(rq);
}

/* A message before this one may have found the credential changed and nobody behind it any more. */
static bool
is_known(struct request *rq)
{
	return rq->who || tenant_identify(rq) == 0;
}

/* Runs the message in hand and adds its answer, if it has one, to the array. */
static void
run_one(struct request *rq)
{
	struct buf *b = &rq->reply.body;
	size_t before = b->len, from;
	enum era_kind kind;

	if (before > 1)
		buf_char(b, ',');
	from = b->len;
	if (era_classify(rq, &kind) == 0 && kind == ERA_REQUEST && is_known(rq) && (rq->todo = mcp_find(rq)) &&
	    mcp_place(rq, rq->todo) == 0)
		mcp_run(rq, rq->todo);
	else if (rq->failed)
		rpc_failure(rq, from);
	else {
		legacy_take(rq);
		buf_cut(b, before);	/* a notification or response: no answer */
	}
}

void
batch_run(struct request *rq)
{
	struct json_object *batch = rq->message;
	struct buf *b = &rq->reply.body;
	size_t i, n = json_object_array_length(batch);

	rq->batch = true;
	buf_char(b, '[');
	for (i = 0; i < n && rq->failed != FAIL_GONE; i++) {
		take_up(rq, batch, i);
		run_one(rq);
		audit_record(rq);
		audit_log(rq);
	}
	buf_char(b, ']');
	rq->reply.type = b->len > 2 ? "application/json" : NULL;
	rq->reply.status = b->len > 2 ? 200 : 202;
	if (b->len == 2)
		buf_cut(b, 0);
}
