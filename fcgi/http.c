/* http: the steps, and what comes after them whatever they did. */
#include "http.h"
#include "audit.h"
#include "batch.h"
#include "era.h"
#include "fail.h"
#include "headers.h"
#include "legacy.h"
#include "log.h"
#include "mcp.h"
#include "reply.h"
#include "rpc.h"
#include "session.h"
#include "sse.h"
#include "transport.h"

#define BODY_ROOM	(4 << 20)	/* of an answer: the largest result twice (text and structure), and its envelope */
#define RETRY_AFTER	"5"		/* seconds, with 503 */

/* --- gate ------------------------------------------------------------------------------- */

/* Is the header of MCP's own making? */
static bool
is_of_mcp(int p)
{
	return strstr(request_param_name(p), "_MCP_") != NULL;
}

/* nginx before 1.23 hands over each instance of a repeated header; later ones join them with a comma. */
static int
check_twice(struct request *rq, bool of_mcp)
{
	int p;

	for (p = 0; p < PARAM_COUNT; p++) {
		if (!(rq->twice & 1U << p) || is_of_mcp(p) != of_mcp)
			continue;
		if (rq->era == ERA_LEGACY && (p == PARAM_MCP_METHOD || p == PARAM_MCP_NAME))
			continue;	/* which mean nothing there */
		fail(rq, rq->era == ERA_MODERN ? FAIL_HEADERS : FAIL_TWICE, "A header was sent twice.");
		rq->why = arena_fmt(&rq->mem, "%s was sent twice", request_param_name(p));
		return -1;
	}
	return 0;
}

static int
step_gate(struct request *rq, const struct catalogs *catalogs)
{
	const char *host = rq->param[PARAM_HOST], *origin = rq->param[PARAM_ORIGIN], *name = rq->param[PARAM_CATALOG];

	if (check_twice(rq, false) != 0)
		return -1;
	if (!host || !headers_host_known(rq->cfg, host))
		return fail(rq, FAIL_HOST, "Forbidden: this Host is not served here.");
	if (origin && !headers_origin_known(rq->cfg, origin))
		return fail(rq, FAIL_HOST, "Forbidden: this Origin may not call.");
	rq->catalog = name ? catalog_find(catalogs, name) : NULL;
	if (!rq->catalog)
		return fail(rq, FAIL_UNAVAILABLE, "MCP_CATALOG names no catalog that is loaded here: %.64s", name ? name : "(not set)");
	rq->key_prefix = rq->catalog->prefix;
	return 0;
}

/* --- identify, read --------------------------------------------------------------------- */

static int
step_identify(struct request *rq, const struct catalogs *catalogs)
{
	(void)catalogs;
	if (tenant_identify(rq) != 0)
		return -1;
	if (!catalog_serves(rq->catalog, rq->who))
		return fail(rq, FAIL_REFUSED, "%s", rq->catalog->refused);
	return 0;
}

static int
read_body(struct request *rq)
{
	size_t got = 0;
	ssize_t n;

	rq->body = arena_take(&rq->mem, rq->body_len + 1);
	while (got < rq->body_len) {
		n = rq->wire->read(rq->io, rq->body + got, rq->body_len - got);
		if (n <= 0)
			return fail(rq, FAIL_BODY, "The body ended after %zu of %zu bytes.", got, rq->body_len);
		got += (size_t)n;
	}
	rq->body[got] = '\0';
	return 0;
}

static int
step_read(struct request *rq, const struct catalogs *catalogs)
{
	const char *length = rq->param[PARAM_CONTENT_LENGTH];
	int64_t n;

	(void)catalogs;
	if (transport_read(rq) != 0)
		return -1;
	if (rq->todo)		/* GET or DELETE */
		return 0;
	if (!headers_is_json(rq->param[PARAM_CONTENT_TYPE]))
		return fail(rq, transport_is_apart(rq) ? FAIL_SHAPE : FAIL_MEDIA, "Content-Type must be application/json.");
	if (!length || !*length)
		return fail(rq, FAIL_LENGTH_MISSING, "Content-Length is required.");
	if (base_number(length, 0, INT64_MAX, &n) != 0)
		return fail(rq, FAIL_LENGTH_MISSING, "Content-Length must be a number.");
	if (n > rq->cfg->body_bytes_max)
		return fail(rq, FAIL_TOO_LARGE, "The request is larger than %" PRId64 " bytes.", rq->cfg->body_bytes_max);
	rq->body_len = (size_t)n;
	rq->slot->event.bytes_in = rq->body_len;	/* now, for the draft that the master may have to write */
	return read_body(rq);
}

/* --- parse, place, admit, run ----------------------------------------------------------- */

static bool
is_batch(const struct request *rq)
{
	return json_object_is_type(rq->message, json_type_array);
}

/* Whose answer goes to a stream must have that stream before anything else is said. */
static int
take_apart(struct request *rq)
{
	struct limit node;

	if (rq->era == ERA_MODERN)
		return fail(rq, FAIL_SHAPE, "Invalid request: this address is for revisions before " ERA_MODERN_VERSION ".");
	limit_of_node(rq, &node, 1);
	return limit_take_here(rq, &node, 1) != 0 ? -1 : session_check(rq);
}

static int
step_parse(struct request *rq, const struct catalogs *catalogs)
{
	struct json_caps caps = { .depth = (int)rq->cfg->body_depth_max, .values = rq->cfg->body_values_max };
	struct json_flaw flaw;
	enum era_kind kind;

	(void)catalogs;
	if (rq->todo)
		return check_twice(rq, true);
	rq->era = era_modern_header(rq) ? ERA_MODERN : ERA_LEGACY;
	if (json_check(&rq->mem, rq->body, rq->body_len, &caps, &flaw) != 0)
		return fail(rq, FAIL_PARSE, "Parse error: %s at byte %zu.", flaw.what, flaw.at);
	rq->message = json_parse(&rq->mem, rq->body, rq->body_len, caps.depth);
	if (is_batch(rq) && transport_is_apart(rq))
		return fail(rq, FAIL_SHAPE, "Invalid request: one message per request, please.");
	if (is_batch(rq))
		return batch_check(rq) != 0 ? -1 : check_twice(rq, true);
	if (era_classify(rq, &kind) != 0 || check_twice(rq, true) != 0)	/* now that the refusal has an id */
		return -1;
	if (transport_is_apart(rq) && take_apart(rq) != 0)
		return -1;
	if (kind != ERA_REQUEST)
		return 0;
	rq->todo = mcp_find(rq);
	return rq->todo ? 0 : session_first(rq);
}

/* A slow worker takes what is handed to it; nobody hands anything on. */
static bool
is_elsewhere(const struct request *rq)
{
	return rq->slot->pool == POOL_FAST && rq->place != POOL_FAST;
}

static int
step_place(struct request *rq, const struct catalogs *catalogs)
{
	(void)catalogs;
	if (atomic_load(&rq->board->proof[rq->slot->row][rq->catalog->number]) != PROOF_PASSED)
		return fail(rq, FAIL_UNAVAILABLE, "This service is not ready: the isolation of its tenants is not proven yet.");
	if (is_batch(rq))
		batch_place(rq);
	else if (rq->todo && mcp_place(rq, rq->todo) != 0)
		return session_first(rq);
	return is_elsewhere(rq) ? -1 : 0;
}

static int
admit_call(struct request *rq)
{
	struct limit_session *session;
	struct limit limit[3];
	int n = 0;

	if (session_wanted(rq, &session) != 0)
		return -1;
	limit_of_node(rq, &limit[0], 1);
	if (session && limit_take_here(rq, limit, 1) != 0)	/* an unknown session takes nothing else */
		return -1;
	limit_of_plan(rq, &limit[n++], 1);
	if (rq->who->own_per_minute > 0)
		limit_of_credential(rq, &limit[n++], 1);
	if (rq->tool->per_minute > 0)
		limit_of_tool(rq, &limit[n++], rq->tool->name, rq->tool->per_minute, 1);
	if (limit_take(rq, limit, n, session) != 0 || session_found(rq, session) != 0)
		return -1;
	return limit_fly(rq);
}

static int
step_admit(struct request *rq, const struct catalogs *catalogs)
{
	struct limit node;

	(void)catalogs;
	transport_accept(rq);
	if (is_batch(rq))
		return batch_admit(rq);
	if (rq->todo && rq->todo->calls)
		return admit_call(rq);
	limit_of_node(rq, &node, 1);
	return limit_take_here(rq, &node, 1) != 0 ? -1 : session_check(rq);
}

static int
step_run(struct request *rq, const struct catalogs *catalogs)
{
	(void)catalogs;
	if (is_batch(rq))
		batch_run(rq);
	else if (rq->todo)
		mcp_run(rq, rq->todo);
	else
		legacy_take(rq);
	return rq->failed ? -1 : 0;
}

static int (*const steps[STEP_COUNT])(struct request *rq, const struct catalogs *catalogs) = {
	[STEP_GATE]     = step_gate,
	[STEP_IDENTIFY] = step_identify,
	[STEP_READ]     = step_read,
	[STEP_PARSE]    = step_parse,
	[STEP_PLACE]    = step_place,
	[STEP_ADMIT]    = step_admit,
	[STEP_RUN]      = step_run,
};

/* --- afterwards ------------------------------------------------------------------------- */

/* The same for a missing and for a bad credential: whoever tries keys learns nothing from it. */
static void
challenge(struct request *rq)
{
	reply_header(rq, "WWW-Authenticate", arena_fmt(&rq->mem, "Bearer realm=\"%s\"", rq->catalog->name));
}

static void
add_failure_headers(struct request *rq)
{
	switch (rq->failed) {
	case FAIL_CREDENTIAL:
		challenge(rq);
		return;
	case FAIL_HTTP_METHOD:
		reply_header(rq, "Allow", transport_allows(rq));
		return;
	case FAIL_UNAVAILABLE:
		reply_header(rq, "Retry-After", RETRY_AFTER);
		return;
	default:
		return;
	}
}

/* Status, type and body of a single message's answer, as they stand after the walk. */
static void
settle_reply(struct request *rq)
{
	const struct fail_row *row = fail_row(rq->failed);

	if (!rq->failed && !rq->todo) {		/* a notification or response was taken */
		rq->reply.status = 202;
		return;
	}
	rq->reply.type = "application/json";
	if (!rq->failed) {
		if (rq->reply.body.len == 0)	/* DELETE has nothing to say */
			rq->reply.type = NULL;
		return;
	}
	if (rq->failed == FAIL_GONE) {		/* who has cancelled gets no answer */
		buf_cut(&rq->reply.body, 0);
		return;
	}
	rq->reply.status = rq->era == ERA_MODERN ? row->modern : row->legacy;
	if (rq->reply.body.len == 0)
		rpc_failure(rq, 0);
	add_failure_headers(rq);
}

static void
walk(struct request *rq, const struct catalogs *catalogs)
{
	int i;

	for (i = 0; i < STEP_COUNT; i++) {
		rq->step = (enum step)i;
		if (steps[i](rq, catalogs) != 0)
			break;
	}
	if (rq->failed && rq->failed != FAIL_RATE && rq->who && rq->step < STEP_ADMIT)
		limit_refused(rq);
}

/*
 * nginx repeats the request at the pool that is to have it.  Nothing was recorded before that point.
 * Nothing else is said: nginx keeps some headers of this answer and puts them into that of the pool.
 */
static void
hand_over(struct request *rq)
{
	const char *place = rq->place == POOL_SLOW ? "@mcp_slow" : "@mcp_stream";
	const char *head = arena_fmt(&rq->mem, "Status: 200 OK\r\nX-Accel-Redirect: %s\r\n%s\r\n", place, rq->reply.head.at);

	audit_forget(rq);
	if (rq->wire->write(rq->io, head, strlen(head)) != 0)
		log_say("nobody takes back a request for the %s pool", slot_pool_name(rq->place));
}

/*
 * To where it is waited for.  A modern client that cancelled has left.  A legacy one may still be there
 * and is owed the end of its HTTP request, though no response (MCP 2025-11-25, cancellation): it gets a
 * stream without one.
 */
static int
send_answer(struct request *rq)
{
	if (transport_is_apart(rq) && rq->session) {
		transport_accept(rq);
		return rq->reply.body.len > 0 ? sse_end(rq) : 0;
	}
	if (rq->failed == FAIL_GONE && rq->era == ERA_MODERN)
		return 0;
	return rq->streams || rq->failed == FAIL_GONE ? sse_end(rq) : reply_send(rq);
}

void
http_serve(struct request *rq, const struct catalogs *catalogs)
{
	rq->version = "";
	reply_init(rq, BODY_ROOM);
	audit_begin(rq);
	memcpy(rq->request_id, rq->slot->event.id, sizeof(rq->request_id));
	walk(rq, catalogs);
	if (!rq->failed && is_elsewhere(rq)) {
		hand_over(rq);
		return;
	}
	if (!rq->batch) {
		settle_reply(rq);
		audit_record(rq);
	}
	if (send_answer(rq) != 0 && !rq->why)
		rq->why = "the client left before the answer";
	if (!rq->batch)
		audit_log(rq);
}
