/* mcp: which era has which method, and the results that need no database. */
#include "mcp.h"
#include "ask.h"
#include "era.h"
#include "fail.h"

static struct request rq;

/* The answer to the method, as its body. */
static const char *
answer(enum era era, const char *json)
{
	ask_message(&rq, json);
	rq.era = era;
	rq.id = json_get(rq.message, "id");
	rq.method = json_get_str(rq.message, "method");
	rq.params = json_get(rq.message, "params");
	rq.todo = mcp_find(&rq);
	if (!rq.todo || mcp_place(&rq, rq.todo) != 0)
		return rq.says;
	mcp_run(&rq, rq.todo);
	return rq.reply.body.at;
}

static void
test_methods(void)
{
	static const struct {
		const char *name;
		bool        legacy, modern;
	} rows[] = {
		{ "initialize", true, false }, { "ping", true, false }, { "server/discover", false, true }, { "tools/list", true, true },
		{ "tools/call", true, true }, { "resources/list", false, false }, { "Ping", false, false }, { "", false, false },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		ask_message(&rq, "{}");
		rq.method = rows[i].name;
		rq.era = ERA_LEGACY;
		ok(!!mcp_find(&rq) == rows[i].legacy, "legacy has %s: %d", rows[i].name, rows[i].legacy);
		fail_clear(&rq);
		rq.era = ERA_MODERN;
		ok(!!mcp_find(&rq) == rows[i].modern, "modern has %s: %d", rows[i].name, rows[i].modern);
		is_int(rq.failed, rows[i].modern ? FAIL_NONE : FAIL_METHOD, "and says so");
	}
}

static void
test_initialize(void)
{
	is_str(answer(ERA_LEGACY, "{\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"}}"),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{\"listChanged\":true}},"
	    "\"serverInfo\":{\"name\":\"shop\",\"version\":\"1\"},\"instructions\":\"Ask.\"}}", "a version we speak comes back");
	ok(strstr(answer(ERA_LEGACY, "{\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2026-07-28\"}}"),
	    "\"protocolVersion\":\"2025-11-25\""), "a modern one is not offered here");
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"initialize\",\"params\":{}}");
	is_int(rq.failed, FAIL_PARAMS, "without a version: refused");
}

static void
test_list(void)
{
	const char *body = answer(ERA_MODERN, "{\"id\":1,\"method\":\"tools/list\"}"), *at;
	char cursor[400], *json;

	ok(strstr(body, "\"first\"") && strstr(body, "\"second\"") && !strstr(body, "\"third\""), "a page of two");
	ok(strstr(body, "\"ttlMs\":5000,\"cacheScope\":\"private\""), "how long it may be kept, and by whom");
	at = strstr(body, "\"nextCursor\":\"");
	if (!ok(at != NULL, "and where it goes on"))
		return;
	snprintf(cursor, sizeof(cursor), "%.*s", (int)strcspn(at + 14, "\""), at + 14);
	json = arena_fmt(&rq.mem, "{\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"%s\"}}", cursor);
	body = answer(ERA_LEGACY, json);
	ok(strstr(body, "\"third\"") && !strstr(body, "\"second\"") && !strstr(body, "nextCursor"), "the rest, and its end");
	ok(!strstr(body, "ttlMs"), "an older client is told nothing of caching");
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"x\"}}");
	is_int(rq.failed, FAIL_PARAMS, "a cursor of somebody else");
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":7}}");
	is_int(rq.failed, FAIL_PARAMS, "a cursor that is none");
	ask.who.scope.n = 1;
	ask.who.scopes = "a";
	body = answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/list\"}");
	ok(!strstr(body, "\"third\"") && !strstr(body, "nextCursor"), "a tool one may not call is not listed");
}

static void
test_call(void)
{
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"nothing\"}}");
	is_int(rq.failed, FAIL_PARAMS, "an unknown tool");
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/call\"}");
	is_int(rq.failed, FAIL_PARAMS, "no name");
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"third\"}}");
	is_int(rq.failed, FAIL_SCOPE, "a scope is missing");
	is_str(rq.slot->event.tool, "third", "the event names the tool");
	ask.who.scope.n = 2;
	ask.who.scopes = "a b";
	ask.tool[2].writes = TOOL_WRITES;
	atomic_store(&ask.board->audit_full, 1);
	answer(ERA_LEGACY, "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"third\"}}");
	is_int(rq.failed, FAIL_UNAVAILABLE, "nothing is changed while the audit log is full");
	atomic_store(&ask.board->audit_full, 0);
}

int
main(void)
{
	ask_init(&rq);
	test_methods();
	test_initialize();
	test_list();
	test_call();
	return ask_done(&rq);
}
