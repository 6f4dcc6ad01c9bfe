/* request: the names of what we read from a FastCGI request. */
#include "request.h"

static const char *const param_names[PARAM_COUNT] = {
	[PARAM_METHOD]         = "REQUEST_METHOD",
	[PARAM_CONTENT_TYPE]   = "CONTENT_TYPE",
	[PARAM_TYPE_HEADER]    = "HTTP_CONTENT_TYPE",	/* nginx passes both; only this one shows that it came twice */
	[PARAM_CONTENT_LENGTH] = "CONTENT_LENGTH",
	[PARAM_ADDR]           = "REMOTE_ADDR",
	[PARAM_CATALOG]        = "MCP_CATALOG",
	[PARAM_HOST]           = "HTTP_HOST",
	[PARAM_ORIGIN]         = "HTTP_ORIGIN",
	[PARAM_ACCEPT]         = "HTTP_ACCEPT",
	[PARAM_AUTHORIZATION]  = "HTTP_AUTHORIZATION",
	[PARAM_X_API_KEY]      = "HTTP_X_API_KEY",
	[PARAM_API_KEY]        = "HTTP_API_KEY",
	[PARAM_VERSION]        = "HTTP_MCP_PROTOCOL_VERSION",
	[PARAM_MCP_METHOD]     = "HTTP_MCP_METHOD",
	[PARAM_MCP_NAME]       = "HTTP_MCP_NAME",
	[PARAM_SESSION]        = "HTTP_MCP_SESSION_ID",
	[PARAM_WORKSPACE]      = "HTTP_X_WORKSPACE_ID",
	[PARAM_TRACEPARENT]    = "HTTP_TRACEPARENT",
	[PARAM_TRACESTATE]     = "HTTP_TRACESTATE",
	[PARAM_BAGGAGE]        = "HTTP_BAGGAGE",
	[PARAM_LAST_EVENT]     = "HTTP_LAST_EVENT_ID",
	[PARAM_TICKET]         = "MCP_TICKET",
	[PARAM_URI]            = "REQUEST_URI",
	[PARAM_ENDPOINT]       = "MCP_ENDPOINT",
	[PARAM_QUERY]          = "QUERY_STRING",
};

const char *
request_param_name(enum param p)
{
	return param_names[p];
}

/*
 * A context for traces is never a reason to refuse: its lists may come in parts (W3C Trace Context
 * 3.3.1), and of two parents neither is known to be the right one.
 */
static bool
is_trace(int p)
{
	return p == PARAM_TRACEPARENT || p == PARAM_TRACESTATE || p == PARAM_BAGGAGE;
}

static const char *
both_traces(struct request *rq, int p, const char *value)
{
	return p == PARAM_TRACEPARENT ? "" : arena_fmt(&rq->mem, "%s,%s", rq->param[p], value);
}

void
request_param(struct request *rq, const char *name, const char *value)
{
	int p;

	if (mirror_note(&rq->mem, &rq->mirrored, name, value))
		return;
	for (p = 0; p < PARAM_COUNT; p++) {
		if (strcmp(param_names[p], name) != 0)
			continue;
		if (rq->param[p] && is_trace(p))
			value = both_traces(rq, p, value);
		else if (rq->param[p])
			rq->twice |= 1U << p;
		rq->param[p] = value;
		return;
	}
}

enum endpoint
request_endpoint(const struct request *rq)
{
	static const char *const names[ENDPOINT_COUNT] = { "mcp", "sse", "messages" };
	int i;

	for (i = 0; rq->param[PARAM_ENDPOINT] && i < ENDPOINT_COUNT; i++)
		if (strcmp(names[i], rq->param[PARAM_ENDPOINT]) == 0)
			return (enum endpoint)i;
	return ENDPOINT_MCP;
}

const char *
request_step_name(enum step step)
{
	static const char *const name[STEP_COUNT] = {
		"gate", "identify", "read", "parse", "place", "admit", "run",
	};

	return name[step];
}
