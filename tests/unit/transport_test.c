/* transport: which HTTP method is for what, at which address. */
#include "transport.h"
#include "ask.h"
#include "fail.h"
#include "mcp.h"

#define BOTH "application/json, text/event-stream"

static struct request rq;

static const struct row {
	const char *says;
	const char *endpoint, *method, *version, *session, *accept;
	enum fail   want;
	const char *todo;	/* what it means; NULL: a message is to be read */
} rows[] = {
	{ "a message", "mcp", "POST", 0, 0, BOTH, FAIL_NONE, NULL },
	{ "nginx says nothing", 0, "POST", 0, 0, BOTH, FAIL_NONE, NULL },
	{ "a stream", "mcp", "GET", 0, "S", BOTH, FAIL_NONE, "GET" },
	{ "a stream that is not wanted", "mcp", "GET", 0, "S", "application/json", FAIL_ACCEPT, NULL },
	{ "a stream of the modern era", "mcp", "GET", "2026-07-28", 0, BOTH, FAIL_HTTP_METHOD, NULL },
	{ "a stream of nobody's revision", "mcp", "GET", "2024-01-01", "S", BOTH, FAIL_LEGACY_VERSION, NULL },
	{ "the end of a session", "mcp", "DELETE", "2025-11-25", "S", 0, FAIL_NONE, "DELETE" },
	{ "the end of nothing", "mcp", "DELETE", "2026-07-28", 0, 0, FAIL_HTTP_METHOD, NULL },
	{ "another method", "mcp", "PUT", 0, "S", BOTH, FAIL_HTTP_METHOD, NULL },
	{ "no method", "mcp", 0, 0, "S", BOTH, FAIL_HTTP_METHOD, NULL },
	{ "the older stream", "sse", "GET", 0, 0, BOTH, FAIL_NONE, "GET" },
	{ "one that begins no session, as it is not wanted", "sse", "GET", 0, 0, "application/json", FAIL_ACCEPT, NULL },
	{ "a message to it", "sse", "POST", 0, 0, BOTH, FAIL_HTTP_METHOD, NULL },
	{ "an older message", "messages", "POST", 0, 0, 0, FAIL_NONE, NULL },
	{ "a stream from there", "messages", "GET", 0, 0, BOTH, FAIL_HTTP_METHOD, NULL },
};

static void
ask_for(const struct row *r)
{
	ask_message(&rq, "{}");
	memset(rq.param, 0, sizeof(rq.param));
	rq.param[PARAM_ENDPOINT] = r->endpoint;
	rq.param[PARAM_METHOD] = r->method;
	rq.param[PARAM_VERSION] = r->version;
	rq.param[PARAM_SESSION] = r->session;
	rq.param[PARAM_ACCEPT] = r->accept;
}

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		ask_for(&rows[i]);
		is_int(transport_read(&rq), rows[i].want ? -1 : 0, "%s: taken or not", rows[i].says);
		is_int(rq.failed, rows[i].want, "%s: why", rows[i].says);
		is_str(rq.todo ? rq.todo->name : NULL, rows[i].todo, "%s: what it means", rows[i].says);
	}
}

static const char *
session_in(const char *query)
{
	ask_for(&(struct row){ .endpoint = "messages", .method = "POST", .session = "of the header" });
	rq.param[PARAM_QUERY] = query;
	is_int(transport_read(&rq), 0, "a query: %s", query ? query : "none");
	return rq.param[PARAM_SESSION];
}

static void
test_query(void)
{
	is_str(session_in("sessionId=abc"), "abc", "its session");
	is_str(session_in("x=1&sessionId=abc&y=2"), "abc", "among others");
	is_str(session_in("notsessionId=abc"), NULL, "another name");
	is_str(session_in("sessionId="), "", "an empty one");
	is_str(session_in(NULL), NULL, "the header is none there");
}

static void
test_offer(void)
{
	ask.catalog.sse_plans = (struct words){ (const char *const[]){ "gold" }, 1 };
	ask_for(&(struct row){ .endpoint = "messages", .method = "POST" });
	is_int(transport_read(&rq), -1, "the older transport is not of this plan");
	is_int(rq.failed, FAIL_ADDRESS, "nothing is there");
	ask_for(&(struct row){ .endpoint = "mcp", .method = "POST" });
	is_int(transport_read(&rq), 0, "the endpoint is");
}

static bool ended;

static void
end(void *io)
{
	ended = io == &ended;
}

static int
take(void *io, const void *bytes, size_t n)
{
	return io == &ended ? ask_write(NULL, bytes, n) : -1;
}

static void
test_accept(void)
{
	static const struct wire wire = { .write = take, .flush = ask_flush, .end = end };

	ask_for(&(struct row){ .endpoint = "messages", .method = "POST" });
	rq.wire = &wire;
	rq.io = &ended;
	buf_str(&rq.reply.body, "kept");
	transport_accept(&rq);
	ok(strncmp(ask.answer, "Status: 202 Accepted\r\n", 22) == 0, "taken");
	ok(ended && rq.client_fd == -1, "and nginx is let go");
	is_str(rq.reply.body.at, "kept", "what was written stays");
	ok(rq.streams && rq.wire != &wire, "and leaves another way");
	ended = false;
	transport_accept(&rq);
	ok(!ended, "only once");
}

int
main(void)
{
	ask_init(&rq);
	ask.catalog.sse = true;
	test_rows();
	test_query();
	test_accept();
	test_offer();
	return ask_done(&rq);
}
