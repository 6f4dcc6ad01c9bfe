/* mcp: the method table and the methods of this server. */
#include "mcp.h"
#include "call.h"
#include "catalog.h"
#include "complete.h"
#include "era.h"
#include "fail.h"
#include "legacy.h"
#include "lists.h"
#include "prompt.h"
#include "resource.h"
#include "rpc.h"
#include "session.h"
#include "subscribe.h"

/* --- initialize, server/discover, ping -------------------------------------------------- */

static void
add_capabilities(struct request *rq)
{
	const struct catalog *c = rq->catalog;

	rpc_member(rq, "capabilities");
	buf_fmt(&rq->reply.body, "{\"tools\":{\"listChanged\":true}%s%s%s%s}",
	    c->resources.n > 0 ? ",\"resources\":{\"subscribe\":true,\"listChanged\":true}" : "",
	    c->prompts.n > 0 ? ",\"prompts\":{\"listChanged\":true}" : "", c->completes ? ",\"completions\":{}" : "",
	    c->speaks ? ",\"logging\":{}" : "");
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
	rpc_caching(rq, rq->catalog->list_ttl_ms);
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

/* --- the table -------------------------------------------------------------------------- */

static bool
has_resources(const struct catalog *c)
{
	return c->resources.n > 0;
}

static bool
has_prompts(const struct catalog *c)
{
	return c->prompts.n > 0;
}

static bool
has_completions(const struct catalog *c)
{
	return c->completes;
}

static bool
has_logging(const struct catalog *c)
{
	return c->speaks;
}

static const struct mcp_method methods[] = {
	/* name                      legacy modern calls  find           offered          run */
	{ "completion/complete",     true,  true,  false, NULL,          has_completions, complete_run },
	{ "initialize",              true,  false, false, NULL,          NULL,            run_initialize },
	{ "logging/setLevel",        true,  false, false, NULL,          has_logging,     legacy_run_level },
	{ "ping",                    true,  false, false, NULL,          NULL,            run_ping },
	{ "prompts/get",             true,  true,  true,  prompt_find,   has_prompts,     prompt_run_get },
	{ "prompts/list",            true,  true,  false, NULL,          has_prompts,     prompt_run_list },
	{ "resources/list",          true,  true,  false, NULL,          has_resources,   resource_run_list },
	{ "resources/read",          true,  true,  true,  resource_find, has_resources,   resource_run_read },
	{ "resources/subscribe",     true,  false, false, NULL,          has_resources,   legacy_run_subscribe },
	{ "resources/templates/list", true, true,  false, NULL,          has_resources,   resource_run_templates },
	{ "resources/unsubscribe",   true,  false, false, NULL,          has_resources,   legacy_run_unsubscribe },
	{ "server/discover",         false, true,  false, NULL,          NULL,            run_discover },
	{ "subscriptions/listen",    false, true,  false, NULL,          NULL,            subscribe_listen },
	{ "tools/call",              true,  true,  true,  call_place,    NULL,            call_run },
	{ "tools/list",              true,  true,  false, NULL,          NULL,            lists_run_tools },
};

static bool
is_offered(const struct mcp_method *m, const struct request *rq)
{
	return (rq->era == ERA_MODERN ? m->modern : m->legacy) && (!m->offered || m->offered(rq->catalog));
}

const struct mcp_method *
mcp_find(struct request *rq)
{
	size_t i;

	for (i = 0; i < LEN(methods); i++)
		if (strcmp(methods[i].name, rq->method) == 0 && is_offered(&methods[i], rq))
			return &methods[i];
	fail(rq, FAIL_METHOD, "Method not found: %.64s", rq->method);
	return NULL;
}

bool
mcp_counts(const char *method)
{
	size_t i;

	for (i = 0; i < LEN(methods); i++)
		if (strcmp(methods[i].name, method) == 0)
			return methods[i].calls;
	return false;
}

int
mcp_place(struct request *rq, const struct mcp_method *m)
{
	return m->find ? m->find(rq) : 0;
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
