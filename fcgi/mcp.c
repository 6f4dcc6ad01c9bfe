/* mcp: the method table and the methods of this server. */
#include "mcp.h"
#include "call.h"
#include "catalog.h"
#include "cursor.h"
#include "era.h"
#include "fail.h"
#include "legacy.h"
#include "lists.h"
#include "rpc.h"
#include "session.h"
#include "subscribe.h"

/* --- initialize, server/discover, ping -------------------------------------------------- */

static void
add_capabilities(struct request *rq)
{
	rpc_member(rq, "capabilities");
	buf_str(&rq->reply.body, "{\"tools\":{\"listChanged\":true}");
	if (rq->catalog->speaks)
		buf_str(&rq->reply.body, ",\"logging\":{}");
	buf_char(&rq->reply.body, '}');
}

static void
add_instructions(struct request *rq)
{
	const char *text = rq->catalog->instructions;

	if (!*text)
		return;
	rpc_member(rq, "instructions");
	buf_json(&rq->reply.body, text, strlen(text));
}

/* Lists and discovery depend on the credential, so nobody may share them. */
static void
add_caching(struct request *rq, int64_t ttl_ms)
{
	if (rq->era != ERA_MODERN)
		return;
	rpc_member(rq, "ttlMs");
	buf_int(&rq->reply.body, ttl_ms);
	rpc_member(rq, "cacheScope");
	buf_str(&rq->reply.body, "\"private\"");
}

static int
run_initialize(struct request *rq)
{
	const char *asked = json_get_str(rq->params, "protocolVersion");

	if (!asked)
		return fail(rq, FAIL_PARAMS, "Invalid params: protocolVersion must be a string.");
	rq->version = era_is_legacy(asked) ? asked : ERA_NEWEST_LEGACY;
	client_capabilities(&rq->client, json_get(rq->params, "capabilities"));
	session_begin(rq);
	rpc_result_begin(rq);
	rpc_member(rq, "protocolVersion");
	buf_json(&rq->reply.body, rq->version, strlen(rq->version));
	add_capabilities(rq);
	rpc_member(rq, "serverInfo");
	buf_str(&rq->reply.body, rq->catalog->server_info);
	add_instructions(rq);
	rpc_result_end(rq);
	return 0;
}

static int
run_discover(struct request *rq)
{
	rpc_result_begin(rq);
	rpc_member(rq, "supportedVersions");
	buf_str(&rq->reply.body, "[\"" ERA_MODERN_VERSION "\"]");
	add_capabilities(rq);
	add_instructions(rq);
	add_caching(rq, rq->catalog->list_ttl_ms);
	rpc_result_end(rq);
	return 0;
}

static int
run_ping(struct request *rq)
{
	rpc_result_begin(rq);
	rpc_result_end(rq);
	return 0;
}

/* --- tools/list ------------------------------------------------------------------------- */

/* Where the page begins: behind the tool whose name the cursor holds.  -1: not a cursor of ours. */
static int
first_tool(struct request *rq, size_t *first)
{
	const struct catalog *c = rq->catalog;
	struct json_object *cursor, *place;
	const char *after;

	*first = 0;
	if (!rq->params || !json_object_object_get_ex(rq->params, "cursor", &cursor))
		return 0;
	place = json_object_is_type(cursor, json_type_string) ? cursor_read(rq, rq->method, json_object_get_string(cursor)) : NULL;
	if (!json_object_is_type(place, json_type_string))
		return fail(rq, FAIL_PARAMS, "Invalid params: cursor is not one that this list gave out.");
	for (after = json_object_get_string(place); *first < c->tools && strcmp(c->tool[*first].name, after) <= 0;)
		++*first;
	return 0;
}

static void
add_next_page(struct request *rq, const struct tool *last)
{
	char *json = arena_fmt(&rq->mem, "\"%s\"", last->name);	/* a tool's name needs no escapes */

	rpc_member(rq, "nextCursor");
	buf_fmt(&rq->reply.body, "\"%s\"", cursor_make(rq, rq->method, json, strlen(json)));
}

static int
run_tools_list(struct request *rq)
{
	struct lists_page page;
	size_t first;

	if (first_tool(rq, &first) != 0)
		return -1;
	page = lists_tools(rq, first);
	rpc_result_begin(rq);
	rpc_member(rq, "tools");
	buf_char(&rq->reply.body, '[');
	buf_add(&rq->reply.body, page.items, page.len);
	buf_char(&rq->reply.body, ']');
	if (page.more)
		add_next_page(rq, page.last);
	add_caching(rq, rq->catalog->list_ttl_ms);
	rpc_result_end(rq);
	return 0;
}

/* --- the table -------------------------------------------------------------------------- */

static const struct mcp_method methods[] = {
	/* name             legacy modern calls */
	{ "initialize",      true,  false, false, run_initialize },
	{ "logging/setLevel", true, false, false, legacy_run_level },
	{ "ping",            true,  false, false, run_ping },
	{ "resources/subscribe", true, false, false, legacy_run_subscribe },
	{ "resources/unsubscribe", true, false, false, legacy_run_unsubscribe },
	{ "server/discover", false, true,  false, run_discover },
	{ "subscriptions/listen", false, true, false, subscribe_listen },
	{ "tools/call",      true,  true,  true,  call_run },
	{ "tools/list",      true,  true,  false, run_tools_list },
};

const struct mcp_method *
mcp_find(struct request *rq)
{
	size_t i;

	for (i = 0; i < LEN(methods); i++)
		if (strcmp(methods[i].name, rq->method) == 0 && (rq->era == ERA_MODERN ? methods[i].modern : methods[i].legacy))
			return &methods[i];
	fail(rq, FAIL_METHOD, "Method not found: %.64s", rq->method);
	return NULL;
}

int
mcp_place(struct request *rq, const struct mcp_method *m)
{
	return m->calls ? call_place(rq) : 0;
}

void
mcp_run(struct request *rq, const struct mcp_method *m)
{
	size_t from = rq->reply.body.len;

	legacy_in_hand(rq);
	if (!rq->failed && m->run(rq) == 0 && rq->reply.body.full)
		fail(rq, FAIL_INTERNAL, "%s: the answer is larger than %zu bytes", rq->method, rq->reply.body.most);
	if (rq->failed)
		rpc_failure(rq, from);
}
