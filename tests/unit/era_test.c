/* era: the ladder, step by step. */
#include "era.h"
#include "fail.h"
#include "tap.h"

#define NS "io.modelcontextprotocol/"
#define ENVELOPE(version) "\"_meta\":{\"" NS "protocolVersion\":\"" version "\",\"" NS "clientCapabilities\":{}}"
#define BOTH "application/json, text/event-stream"

static const struct row {
	const char   *says;
	const char   *version, *mcp_method, *mcp_name, *accept;	/* headers; NULL: not sent */
	const char   *body;
	enum fail     want;
	enum era      era;
	enum era_kind kind;
	const char   *id;	/* as it would be echoed; NULL: left out */
} rows[] = {
	/* 8: shape */
	{ "a scalar", 0, 0, 0, BOTH, "3", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, NULL },
	{ "no jsonrpc", 0, 0, 0, BOTH, "{\"id\":1,\"method\":\"ping\"}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "jsonrpc 1.0", 0, 0, 0, BOTH, "{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"ping\"}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, "\"a\"" },
	{ "method is a number", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":5}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, "0" },
	{ "params is an array", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "params is null", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "id is null", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, NULL },
	{ "id is 1.5", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, NULL },
	{ "id is an object", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", FAIL_SHAPE, ERA_LEGACY, ERA_REQUEST, NULL },
	{ "neither method nor result", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1}", FAIL_SHAPE, ERA_LEGACY, ERA_RESPONSE, "1" },
	{ "a response", 0, 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", FAIL_NONE, ERA_LEGACY, ERA_RESPONSE, NULL },
	{ "a response under a modern header", "2026-07-28", 0, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", FAIL_SHAPE, ERA_MODERN, ERA_RESPONSE, NULL },
	/* 8e: modern header, no claim */
	{ "no envelope", "2026-07-28", "tools/list", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", FAIL_ENVELOPE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "initialize under a modern header", "2099-01-01", 0, 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "a notification under a modern header", "2026-07-28", 0, 0, NULL, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", FAIL_NONE, ERA_MODERN, ERA_NOTIFICATION, NULL },
	/* 9 to 15 */
	{ "no capabilities", "2026-07-28", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"" NS "protocolVersion\":\"2026-07-28\"}}}", FAIL_ENVELOPE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "version is a number", "2026-07-28", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"" NS "protocolVersion\":1,\"" NS "clientCapabilities\":{}}}}", FAIL_ENVELOPE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "header differs from the claim", "2025-11-25", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "unknown version in both", "v999.0.0", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("v999.0.0") "}}", FAIL_VERSION, ERA_MODERN, ERA_REQUEST, "1" },
	{ "legacy version in both", "2025-11-25", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2025-11-25") "}}", FAIL_VERSION, ERA_MODERN, ERA_REQUEST, "1" },
	{ "known header, unknown claim", "2026-07-28", "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("v999.0.0") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "no header, unknown claim", NULL, NULL, 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("v999.0.0") "}}", FAIL_VERSION, ERA_MODERN, ERA_REQUEST, "1" },
	{ "no header", NULL, "ping", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "Mcp-Method missing", "2026-07-28", NULL, 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "Mcp-Method in another case", "2026-07-28", "PING", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "padded headers", " 2026-07-28 ", "\tping ", 0, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_NONE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "Mcp-Name missing", "2026-07-28", "tools/call", NULL, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"t\"," ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "Mcp-Name different", "2026-07-28", "tools/call", "u", NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"t\"," ENVELOPE("2026-07-28") "}}", FAIL_HEADERS, ERA_MODERN, ERA_REQUEST, "1" },
	{ "Mcp-Name in base64", "2026-07-28", "tools/call", "=?base64?dA==?=", NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"t\"," ENVELOPE("2026-07-28") "}}", FAIL_NONE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "no name to compare with", "2026-07-28", "tools/call", NULL, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_NONE, ERA_MODERN, ERA_REQUEST, "1" },
	{ "a notification with an envelope and no headers", NULL, NULL, 0, NULL, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{" ENVELOPE("2026-07-28") "}}", FAIL_NONE, ERA_MODERN, ERA_NOTIFICATION, NULL },
	{ "a notification with a different Mcp-Method", "2026-07-28", "notifications/y", 0, NULL, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", FAIL_HEADERS, ERA_MODERN, ERA_NOTIFICATION, NULL },
	/* 8f: legacy */
	{ "no header at all", NULL, NULL, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,\"method\":\"ping\"}", FAIL_NONE, ERA_LEGACY, ERA_REQUEST, "9007199254740991" },
	{ "Mcp-Method says nothing of the era", NULL, "x", 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", FAIL_NONE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "initialize may name a modern version", NULL, NULL, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2026-07-28\"}}", FAIL_NONE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "an unknown old version", "2024-10-07", NULL, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", FAIL_LEGACY_VERSION, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "Accept without streams", NULL, NULL, 0, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", FAIL_ACCEPT, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "Accept of anything", NULL, NULL, 0, "*/*", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", FAIL_NONE, ERA_LEGACY, ERA_REQUEST, "1" },
	{ "a notification", NULL, NULL, 0, BOTH, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", FAIL_NONE, ERA_LEGACY, ERA_NOTIFICATION, NULL },
};

static void
test_row(struct request *rq, const struct row *r)
{
	enum era_kind kind = ERA_REQUEST;
	bool good;

	rq->param[PARAM_VERSION] = r->version;
	rq->param[PARAM_MCP_METHOD] = r->mcp_method;
	rq->param[PARAM_MCP_NAME] = r->mcp_name;
	rq->param[PARAM_ACCEPT] = r->accept;
	rq->message = json_parse(&rq->mem, r->body, strlen(r->body), 20);
	rq->id = rq->params = NULL;
	rq->method = NULL;
	fail_clear(rq);
	good = era_classify(rq, &kind) == 0;
	is_int(rq->failed, r->want, "%s: %s", r->says, rq->why ? rq->why : "fine");
	ok(good == (r->want == FAIL_NONE), "%s: the result agrees", r->says);
	is_int(rq->era, r->era, "%s: era", r->says);
	if (good)
		is_int(kind, r->kind, "%s: kind", r->says);
	is_str(rq->id ? json_plain(rq->id, NULL) : NULL, r->id, "%s: id", r->says);
}

#define LISTED(meta) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{" meta "}}}"
#define CLAIMED(more) LISTED("\"" NS "protocolVersion\":\"2026-07-28\",\"" NS "clientCapabilities\":{\"roots\":{}}" more)
#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void
read_as(struct request *rq, const char *version, const char *accept, const char *body)
{
	struct row row = { "", version, version ? "tools/list" : NULL, NULL, accept, body, FAIL_NONE, version ? ERA_MODERN : ERA_LEGACY, ERA_REQUEST, "1" };

	test_row(rq, &row);
}

static void
test_client(struct request *rq)
{
	read_as(rq, "2026-07-28", BOTH, CLAIMED(",\"" NS "logLevel\":\"error\",\"progressToken\":0,\"traceparent\":\"" PARENT "\""));
	ok(rq->client.roots && !rq->client.samples, "what a modern client can do stands in its message");
	ok(rq->client.level == LEVEL_ERROR && json_object_get_int(rq->client.token) == 0, "and what it wants to hear");
	is_str(rq->slot->event.trace, PARENT, "and its trace");
	read_as(rq, "2026-07-28", BOTH, CLAIMED(",\"progressToken\":[]"));
	ok(rq->client.level == LEVEL_NONE && !rq->client.token, "what it did not ask for it does not get");
	read_as(rq, "2026-07-28", "application/json", CLAIMED(",\"" NS "logLevel\":\"error\",\"progressToken\":\"a\""));
	ok(rq->client.level == LEVEL_NONE && !rq->client.token, "nor what it cannot take");
	read_as(rq, NULL, BOTH, LISTED("\"progressToken\":\"a\""));
	is_str(json_object_get_string(rq->client.token), "a", "an older one has a token too");
	ok(rq->client.level == LEVEL_INFO && !rq->client.roots, "and hears from info on; what it can do its session knows");
	rq->param[PARAM_ENDPOINT] = "messages";
	read_as(rq, NULL, "application/json", LISTED("\"progressToken\":\"a\""));
	is_str(json_object_get_string(rq->client.token), "a", "one of 2024-11-05 has its stream open, whatever else it accepts");
	rq->param[PARAM_ENDPOINT] = NULL;
}

int
main(void)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	struct request rq = { .slot = slot };
	size_t i;

	arena_init(&rq.mem, 65536, 1 << 24);
	for (i = 0; i < LEN(rows); i++)
		test_row(&rq, &rows[i]);
	test_client(&rq);
	arena_close(&rq.mem);
	free(slot);
	return tap_done();
}
