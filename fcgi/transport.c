/*
 * transport: who may come how, and the way back of an answer that travels apart.
 *
 * An event of that way is what sse writes, one write each; the message in it goes to the stream
 * worker that holds the session's stream.
 */
#include "transport.h"
#include "catalog.h"
#include "era.h"
#include "fail.h"
#include "headers.h"
#include "log.h"
#include "mcp.h"
#include "notice.h"
#include "reply.h"
#include "session.h"
#include "sse.h"
#include "subscribe.h"

#define QUERY_NAME "sessionId="

const char *
transport_allows(const struct request *rq)
{
	static const char *const methods[ENDPOINT_COUNT] = {
		[ENDPOINT_MCP] = "GET, POST, DELETE", [ENDPOINT_SSE] = "GET", [ENDPOINT_MESSAGES] = "POST",
	};

	return methods[request_endpoint(rq)];
}

bool
transport_is_apart(const struct request *rq)
{
	return request_endpoint(rq) == ENDPOINT_MESSAGES;
}

/* --- what GET and DELETE mean ----------------------------------------------------------- */

static int
run_delete(struct request *rq)
{
	session_end(rq);
	return 0;
}

static const struct mcp_method of_delete = { .name = "DELETE", .legacy = true, .run = run_delete };

/* The stream of a session, in another pool. */
static const struct mcp_method of_get = { .name = "GET", .legacy = true, .run = subscribe_get };

static int
run_sse(struct request *rq)
{
	const char *id = session_begin_sse(rq);

	return id ? subscribe_sse(rq, id, session_list(rq)) : -1;
}

static const struct mcp_method of_sse = { .name = "GET", .legacy = true, .run = run_sse };

static int
refuse_method(struct request *rq)
{
	return fail(rq, FAIL_HTTP_METHOD, "Method not allowed: use %s.", transport_allows(rq));
}

/* Both need a session; the modern era has neither. */
static int
check_older(struct request *rq)
{
	const char *version = headers_trimmed(rq, PARAM_VERSION);

	if (era_modern_header(rq) && !rq->param[PARAM_SESSION])
		return refuse_method(rq);
	if (version && !era_is_legacy(version))
		return fail(rq, FAIL_LEGACY_VERSION, "Unsupported protocol version in MCP-Protocol-Version.");
	rq->era = ERA_LEGACY;
	rq->version = version ? version : ERA_BATCH_VERSION;
	return 0;
}

static int
read_delete(struct request *rq)
{
	if (check_older(rq) != 0)
		return -1;
	rq->todo = &of_delete;
	return 0;
}

/* A stream, for a client that takes one. */
static int
read_stream(struct request *rq, const struct mcp_method *m)
{
	if (!headers_accepts(rq->param[PARAM_ACCEPT], "text/event-stream"))
		return fail(rq, FAIL_ACCEPT, "Not acceptable: Accept must list text/event-stream.");
	rq->todo = m;
	return 0;
}

static int
read_get(struct request *rq)
{
	return check_older(rq) != 0 ? -1 : read_stream(rq, &of_get);
}

/* --- the addresses ---------------------------------------------------------------------- */

/* The session that the query names takes the place of the header. */
static void
read_query(struct request *rq)
{
	const char *at = rq->param[PARAM_QUERY] ? rq->param[PARAM_QUERY] : "";

	rq->param[PARAM_SESSION] = NULL;
	for (; *at; at += strcspn(at, "&"), at += *at == '&')
		if (strncmp(at, QUERY_NAME, strlen(QUERY_NAME)) == 0) {
			at += strlen(QUERY_NAME);
			rq->param[PARAM_SESSION] = arena_copy(&rq->mem, at, strcspn(at, "&"));
			return;
		}
}

static int
read_older(struct request *rq, const char *method)
{
	if (!catalog_offers_sse(rq->catalog, rq->who))
		return fail(rq, FAIL_ADDRESS, "There is nothing at this address.");
	rq->era = ERA_LEGACY;
	if (strcmp(method, transport_allows(rq)) != 0)
		return refuse_method(rq);
	if (!transport_is_apart(rq))
		return read_stream(rq, &of_sse);
	read_query(rq);
	return 0;
}

int
transport_read(struct request *rq)
{
	const char *method = rq->param[PARAM_METHOD] ? rq->param[PARAM_METHOD] : "";
	bool posts = strcmp(method, "POST") == 0;

	if (!posts)
		slot_put(rq->slot->event.method, sizeof(rq->slot->event.method), method);
	if (request_endpoint(rq) != ENDPOINT_MCP)
		return read_older(rq, method);
	if (strcmp(method, "GET") == 0)
		return read_get(rq);
	if (strcmp(method, "DELETE") == 0)
		return read_delete(rq);
	return posts ? 0 : refuse_method(rq);
}

/* --- the way of an answer that is apart ------------------------------------------------- */

/* A frame of sse: "event: message", "data: " and the message.  The stream keeps itself alive. */
static int
publish(void *io, const void *bytes, size_t n)
{
	static const char starts[] = SSE_STARTS, ends[] = SSE_ENDS;
	size_t before = strlen(starts), around = before + strlen(ends);
	struct request *rq = io;

	if (n < around || memcmp(bytes, starts, before) != 0)
		return 0;
	return notice_session(rq, rq->session, (const char *)bytes + before, n - around);
}

static int
publish_at_once(void *io)
{
	(void)io;
	return 0;
}

static void
stay(void *io)
{
	(void)io;
}

static const struct wire apart = { .write = publish, .flush = publish_at_once, .end = stay };

void
transport_accept(struct request *rq)
{
	struct reply kept = rq->reply;

	if (!transport_is_apart(rq) || rq->wire == &apart)
		return;
	reply_init(rq, 0);
	rq->reply.status = 202;
	if (reply_send(rq) != 0)
		log_say("nobody waits for a 202");	/* the stream may be open all the same */
	rq->wire->end(rq->io);
	rq->reply = kept;
	rq->wire = &apart;
	rq->io = rq;
	rq->client_fd = -1;
	rq->streams = true;
}
