/* fail: the table, and the one function that fills a request's trouble. */
#include "fail.h"
#include "utf8.h"

static const struct fail_row rows[FAIL_COUNT] = {
	[FAIL_NONE]           = {      0, 200, 200, OUTCOME_OK,           "" },
	[FAIL_HOST]           = {    403, 403, 403, OUTCOME_BAD_REQUEST,  "Forbidden" },
	[FAIL_TWICE]          = { -32600, 400, 400, OUTCOME_BAD_REQUEST,  "A header was sent twice" },
	[FAIL_AMBIGUOUS]      = { -32600, 400, 400, OUTCOME_BAD_REQUEST,  "Two different credentials" },
	[FAIL_CREDENTIAL]     = {    401, 401, 401, OUTCOME_DENIED,       "Unauthorized" },
	[FAIL_REFUSED]        = {    403, 403, 403, OUTCOME_DENIED,       "Forbidden" },
	[FAIL_ADDRESS]        = {    404, 404, 404, OUTCOME_BAD_REQUEST,  "There is nothing at this address" },
	[FAIL_HTTP_METHOD]    = { -32600, 405, 405, OUTCOME_BAD_REQUEST,  "Method not allowed" },
	[FAIL_MEDIA]          = { -32600, 415, 415, OUTCOME_BAD_REQUEST,  "Content-Type must be application/json" },
	[FAIL_ACCEPT]         = { -32000, 406, 406, OUTCOME_BAD_REQUEST,  "Not acceptable" },
	[FAIL_LENGTH_MISSING] = { -32600, 411, 411, OUTCOME_BAD_REQUEST,  "Content-Length is required" },
	[FAIL_TOO_LARGE]      = { -32600, 413, 413, OUTCOME_BAD_REQUEST,  "The request is too large" },
	[FAIL_BODY]           = { -32600, 400, 400, OUTCOME_BAD_REQUEST,  "The body is incomplete" },
	[FAIL_PARSE]          = { -32700, 400, 400, OUTCOME_BAD_REQUEST,  "Parse error" },
	[FAIL_SHAPE]          = { -32600, 400, 400, OUTCOME_BAD_REQUEST,  "Invalid request" },
	[FAIL_ENVELOPE]       = { -32602, 400, 400, OUTCOME_BAD_REQUEST,  "Invalid params" },
	[FAIL_HEADERS]        = { -32020, 400, 400, OUTCOME_BAD_REQUEST,  "Header mismatch" },
	[FAIL_VERSION]        = { -32022, 400, 400, OUTCOME_BAD_REQUEST,  "Unsupported protocol version" },
	[FAIL_LEGACY_VERSION] = { -32000, 400, 400, OUTCOME_BAD_REQUEST,  "Unsupported protocol version" },
	[FAIL_SESSION_MISSING] = { -32000, 400, 400, OUTCOME_BAD_REQUEST, "Mcp-Session-Id header is required" },
	[FAIL_SESSION]        = { -32001, 404, 404, OUTCOME_BAD_REQUEST,  "Session not found" },
	[FAIL_METHOD]         = { -32601, 404, 200, OUTCOME_BAD_REQUEST,  "Method not found" },
	[FAIL_PARAMS]         = { -32602, 200, 200, OUTCOME_BAD_REQUEST,  "Invalid params" },
	[FAIL_DENIED]         = { -32602, 200, 200, OUTCOME_DENIED,       "Invalid params" },
	[FAIL_RESOURCE]       = { -32602, 200, 200, OUTCOME_BAD_REQUEST,  "Resource not found" },
	[FAIL_RESOURCE_DENIED] = { -32602, 200, 200, OUTCOME_DENIED,      "Resource not found" },
	[FAIL_SCOPE]          = {      0, 200, 200, OUTCOME_DENIED,       "Insufficient permissions." },
	[FAIL_TOOL]           = {      0, 200, 200, OUTCOME_TOOL_ERROR,   "" },
	[FAIL_INPUT]          = {      0, 200, 200, OUTCOME_OK,           "" },
	[FAIL_CAPABILITY]     = { -32021, 400, 400, OUTCOME_BAD_REQUEST,  "Missing required client capability" },
	[FAIL_REPLAY]         = { -32000, 400, 400, OUTCOME_BAD_REQUEST,  "Unknown event" },
	[FAIL_STREAM_OPEN]    = { -32000, 409, 409, OUTCOME_BAD_REQUEST,  "Conflict" },
	[FAIL_STREAMS]        = { -32603, 200, 429, OUTCOME_RATE_LIMITED, "Subscription limit reached" },
	[FAIL_RATE]           = {    429, 429, 429, OUTCOME_RATE_LIMITED, "Rate limit exceeded" },
	[FAIL_UNAVAILABLE]    = {    503, 503, 503, OUTCOME_UNAVAILABLE,  "Service unavailable" },
	[FAIL_GONE]           = {    499, 499, 499, OUTCOME_CANCELLED,    "Client closed the request" },
	[FAIL_INTERNAL]       = { -32603, 200, 200, OUTCOME_INTERNAL,     "Internal error" },
};

/* What others have written may have been cut in the middle of a character: then without the rest of it. */
static const char *
whole(struct arena *mem, const char *text)
{
	size_t n = strlen(text), at = 0, step;
	char *out = arena_take(mem, n + 1), *to = out;
	uint32_t code;

	for (; at < n; at += step > 0 ? step : 1)
		if ((step = utf8_step(text + at, n - at, &code)) > 0)
			to = mempcpy(to, text + at, step);
	*to = '\0';
	return out;
}

int
fail(struct request *rq, enum fail what, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (rq->failed)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rq->failed = what;
	rq->why = whole(&rq->mem, text);
	rq->says = what == FAIL_INTERNAL ? rows[what].text : rq->why;
	return -1;
}

int
fail_away(struct request *rq, const char *why)
{
	if (rq->failed)
		return -1;
	fail(rq, FAIL_UNAVAILABLE, "The database is away. Try again in a few seconds.");
	rq->why = arena_fmt(&rq->mem, "PostgreSQL: %s", why ? why : "away");
	return -1;
}

const struct fail_row *
fail_row(enum fail what)
{
	return &rows[what];
}

int
fail_code(const struct request *rq)
{
	bool resource = rq->failed == FAIL_RESOURCE || rq->failed == FAIL_RESOURCE_DENIED;

	if (resource && rq->era == ERA_LEGACY)
		return -32002;	/* older revisions have a code for it (MCP 2025-11-25, "Resources", "Error Handling") */
	return rows[rq->failed].code;
}

int
fail_as_params(struct request *rq)
{
	const char *says = rq->says;

	if (rq->failed != FAIL_TOOL)
		return -1;
	fail_clear(rq);
	return fail(rq, FAIL_PARAMS, "%s", says);
}

void
fail_clear(struct request *rq)
{
	rq->failed = FAIL_NONE;
	rq->says = rq->why = rq->data = NULL;
	rq->tool_error = (struct tool_error){ 0 };
}
