/* rpc: the envelope around results and errors. */
#include "rpc.h"
#include "catalog.h"
#include "fail.h"
#include "mrtr.h"

static void
begin(struct request *rq)
{
	struct buf *b = &rq->reply.body;

	buf_str(b, "{\"jsonrpc\":\"2.0\"");
	if (rq->id)	/* what could not be read is left out: null is not allowed there */
		buf_fmt(b, ",\"id\":%s", json_plain(rq->id, NULL));
}

void
rpc_result_begin(struct request *rq)
{
	begin(rq);
	buf_str(&rq->reply.body, ",\"result\":{");
	if (rq->era == ERA_MODERN)
		buf_str(&rq->reply.body, "\"resultType\":\"complete\"");
}

void
rpc_member(struct request *rq, const char *name)
{
	struct buf *b = &rq->reply.body;

	if (b->at[b->len - 1] != '{')
		buf_char(b, ',');
	buf_fmt(b, "\"%s\":", name);
}

void
rpc_caching(struct request *rq, int64_t ttl_ms)
{
	if (rq->era != ERA_MODERN)
		return;
	rpc_member(rq, "ttlMs");
	buf_int(&rq->reply.body, ttl_ms);
	rpc_member(rq, "cacheScope");
	buf_str(&rq->reply.body, "\"private\"");
}

void
rpc_result_end(struct request *rq)
{
	struct buf *b = &rq->reply.body;

	if (rq->era == ERA_MODERN && rq->catalog) {
		rpc_member(rq, "_meta");
		buf_fmt(b, "{\"" RPC_NS "serverInfo\":%s}", rq->catalog->server_info);
	}
	buf_str(b, "}}");
}

/* The error as an object, for catalogs whose clients read one. */
static const char *
error_object(struct request *rq)
{
	const struct tool_error *e = &rq->tool_error;
	bool denied = rq->failed == FAIL_SCOPE;
	struct buf b;

	buf_init(&b, &rq->mem, 65536);
	buf_fmt(&b, "{\"error\":{\"code\":\"%s\"", e->word ? e->word : denied ? "FORBIDDEN" : "BAD_REQUEST");
	if (rq->catalog->errors == ERRORS_STATUS)
		buf_fmt(&b, ",\"status\":%d", e->status ? e->status : denied ? 403 : 400);
	buf_str(&b, ",\"message\":");
	buf_json(&b, rq->says, strlen(rq->says));
	if (e->details)
		buf_fmt(&b, ",\"details\":%s", e->details);
	if (e->hint && rq->catalog->errors == ERRORS_STATUS) {
		buf_str(&b, ",\"hint\":");
		buf_json(&b, e->hint, strlen(e->hint));
	}
	buf_fmt(&b, ",\"request_id\":\"%s\"}}", rq->request_id);
	return b.at;
}

static const char *
error_text(struct request *rq)
{
	if (rq->catalog && rq->catalog->errors != ERRORS_TEXT)
		return error_object(rq);
	return rq->tool_error.hint ? arena_fmt(&rq->mem, "%s %s", rq->says, rq->tool_error.hint) : rq->says;
}

static void
tool_error(struct request *rq)
{
	const char *text = error_text(rq);

	rpc_result_begin(rq);
	rpc_member(rq, "content");
	buf_str(&rq->reply.body, "[{\"type\":\"text\",\"text\":");
	buf_json(&rq->reply.body, text, strlen(text));
	buf_str(&rq->reply.body, "}]");
	rpc_member(rq, "isError");
	buf_str(&rq->reply.body, "true");
	rpc_result_end(rq);
}

/* No failure at all, but the handler is done with: the client is asked, and comes back. */
static void
input_required(struct request *rq)
{
	begin(rq);
	buf_str(&rq->reply.body, ",\"result\":{\"resultType\":\"input_required\",");
	mrtr_write(rq, &rq->reply.body);
	rpc_result_end(rq);
}

void
rpc_failure(struct request *rq, size_t from)
{
	const struct fail_row *row = fail_row(rq->failed);
	struct buf *b = &rq->reply.body;

	buf_cut(b, from);
	if (rq->failed == FAIL_INPUT) {
		input_required(rq);
		return;
	}
	if (row->code == 0) {
		tool_error(rq);
		return;
	}
	begin(rq);
	buf_fmt(b, ",\"error\":{\"code\":%d,\"message\":", fail_code(rq));
	buf_json(b, rq->says, strlen(rq->says));
	if (rq->data)
		buf_fmt(b, ",\"data\":%s", rq->data);
	buf_str(b, "}}");
}
