/* era: the ladder, from the top. */
#include "era.h"
#include "fail.h"
#include "headers.h"
#include "rpc.h"

static const char *const legacy_versions[] = { ERA_NEWEST_LEGACY, "2025-06-18", ERA_BATCH_VERSION, "2024-11-05" };

bool
era_is_legacy(const char *version)
{
	size_t i;

	for (i = 0; i < LEN(legacy_versions); i++)
		if (strcmp(legacy_versions[i], version) == 0)
			return true;
	return false;
}

bool
era_modern_header(struct request *rq)
{
	const char *v = headers_trimmed(rq, PARAM_VERSION);

	return v && strcmp(v, ERA_MODERN_VERSION) >= 0;
}

static struct json_object *
meta_of(struct json_object *message)
{
	return json_get(json_get(message, "params"), "_meta");
}

bool
era_claims(struct json_object *message)
{
	struct json_object *meta = meta_of(message);

	return json_object_is_type(meta, json_type_object) &&
	    json_object_object_get_ex(meta, RPC_NS "protocolVersion", NULL);
}

/* --- shape ------------------------------------------------------------------------------ */

static int
read_id(struct request *rq)
{
	struct json_object *id;

	if (!json_object_object_get_ex(rq->message, "id", &id))
		return 0;
	if (!json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string))
		return fail(rq, FAIL_SHAPE, "Invalid request: id must be a string or an integer.");
	rq->id = id;
	return 0;
}

static int
check_shape(struct request *rq)
{
	struct json_object *method, *params;
	const char *version = json_get_str(rq->message, "jsonrpc");

	if (!json_object_is_type(rq->message, json_type_object))
		return fail(rq, FAIL_SHAPE, "Invalid request: expected an object.");
	if (read_id(rq) != 0)
		return -1;
	if (!version || strcmp(version, "2.0") != 0)
		return fail(rq, FAIL_SHAPE, "Invalid request: jsonrpc must be \"2.0\".");
	if (json_object_object_get_ex(rq->message, "method", &method)) {
		if (!json_object_is_type(method, json_type_string))
			return fail(rq, FAIL_SHAPE, "Invalid request: method must be a string.");
		rq->method = json_object_get_string(method);
		slot_put(rq->slot->event.method, sizeof(rq->slot->event.method), rq->method);
	}
	if (json_object_object_get_ex(rq->message, "params", &params)) {
		if (!json_object_is_type(params, json_type_object))
			return fail(rq, FAIL_SHAPE, "Invalid request: params must be an object.");
		rq->params = params;
	}
	return 0;
}

/* A message without method is an answer of the client to a question of ours, or nothing. */
static int
check_response(struct request *rq)
{
	bool answer = json_object_object_get_ex(rq->message, "result", NULL) || json_object_object_get_ex(rq->message, "error", NULL);

	if (!answer)
		return fail(rq, FAIL_SHAPE, "Invalid request: method is missing.");
	rq->id = NULL;		/* it is an id of ours, and nobody waits for an answer to an answer */
	if (era_modern_header(rq))
		return fail(rq, FAIL_SHAPE, "Invalid request: clients post no responses in this revision.");
	rq->era = ERA_LEGACY;
	return 0;
}

/* --- modern ----------------------------------------------------------------------------- */

static bool
is_info(struct json_object *o)
{
	return json_get_str(o, "name") && json_get_str(o, "version");
}

static bool
is_level(struct json_object *o)
{
	return json_object_is_type(o, json_type_string) && client_level(json_object_get_string(o)) != LEVEL_NONE;
}

static int
check_envelope(struct request *rq)
{
	struct json_object *meta = meta_of(rq->message), *v;

	if (!json_get_str(meta, RPC_NS "protocolVersion"))
		return fail(rq, FAIL_ENVELOPE, "Invalid params: _meta[\"" RPC_NS "protocolVersion\"] must be a string.");
	if (!json_object_is_type(json_get(meta, RPC_NS "clientCapabilities"), json_type_object))
		return fail(rq, FAIL_ENVELOPE, "Invalid params: _meta[\"" RPC_NS "clientCapabilities\"] must be an object.");
	if (json_object_object_get_ex(meta, RPC_NS "clientInfo", &v) && !is_info(v))
		return fail(rq, FAIL_ENVELOPE, "Invalid params: _meta[\"" RPC_NS "clientInfo\"] must have name and version.");
	if (json_object_object_get_ex(meta, RPC_NS "logLevel", &v) && !is_level(v))
		return fail(rq, FAIL_ENVELOPE, "Invalid params: _meta[\"" RPC_NS "logLevel\"] is not a level.");
	return 0;
}

static int
fail_version(struct request *rq, const char *claimed)
{
	struct buf b;

	fail(rq, FAIL_VERSION, "Unsupported protocol version.");
	buf_init(&b, &rq->mem, 8192);
	buf_str(&b, "{\"supported\":[\"" ERA_MODERN_VERSION "\"],\"requested\":");
	buf_json(&b, claimed, strlen(claimed) < 1000 ? strlen(claimed) : 0);
	buf_char(&b, '}');
	rq->data = b.at;
	return -1;
}

/* A difference first, then what is not spoken here, then what is missing: clients act on the code. */
static int
check_version(struct request *rq, enum era_kind kind)
{
	const char *claimed = json_get_str(meta_of(rq->message), RPC_NS "protocolVersion");
	const char *header = headers_trimmed(rq, PARAM_VERSION);

	if (header && strcmp(header, claimed) != 0)
		return fail(rq, FAIL_HEADERS, "Header mismatch: MCP-Protocol-Version differs from _meta.");
	if (strcmp(claimed, ERA_MODERN_VERSION) != 0)
		return fail_version(rq, claimed);
	if (!header && kind == ERA_REQUEST)
		return fail(rq, FAIL_HEADERS, "Header mismatch: MCP-Protocol-Version is missing.");
	return 0;
}

/* A notification may leave the header out. */
static int
check_method_header(struct request *rq, enum era_kind kind)
{
	if (!rq->param[PARAM_MCP_METHOD] && kind == ERA_NOTIFICATION)
		return 0;
	if (!headers_equal(rq, PARAM_MCP_METHOD, rq->method, strlen(rq->method)))
		return fail(rq, FAIL_HEADERS, "Header mismatch: Mcp-Method must be the method of the body.");
	return 0;
}

/* What Mcp-Name repeats, by method. */
static const struct {
	const char *method, *member;
} named[] = {
	{ "tools/call", "name" }, { "prompts/get", "name" }, { "resources/read", "uri" },
	{ "tasks/get", "taskId" }, { "tasks/update", "taskId" }, { "tasks/cancel", "taskId" },
};

static int
check_name_header(struct request *rq)
{
	struct json_object *v = NULL;
	size_t i;

	for (i = 0; i < LEN(named); i++)
		if (strcmp(named[i].method, rq->method) == 0)
			v = json_get(rq->params, named[i].member);
	if (!json_object_is_type(v, json_type_string))
		return 0;	/* not such a method, or its params are refused later */
	if (!headers_equal(rq, PARAM_MCP_NAME, json_object_get_string(v), (size_t)json_object_get_string_len(v)))
		return fail(rq, FAIL_HEADERS, "Header mismatch: Mcp-Name must be the name in the body.");
	return 0;
}

static int
check_modern(struct request *rq, enum era_kind kind)
{
	rq->era = ERA_MODERN;
	if (check_envelope(rq) != 0 || check_version(rq, kind) != 0 || check_method_header(rq, kind) != 0)
		return -1;
	rq->version = ERA_MODERN_VERSION;
	return kind == ERA_REQUEST ? check_name_header(rq) : 0;
}

/* The header is modern, the body is not. */
static int
check_half_modern(struct request *rq, enum era_kind kind)
{
	rq->era = ERA_MODERN;
	if (kind == ERA_NOTIFICATION)
		return check_method_header(rq, kind);
	if (strcmp(rq->method, "initialize") == 0)
		return fail(rq, FAIL_HEADERS, "Header mismatch: initialize belongs to revisions before " ERA_MODERN_VERSION ".");
	return fail(rq, FAIL_ENVELOPE, "Invalid params: _meta lacks " RPC_NS "protocolVersion and " RPC_NS "clientCapabilities.");
}

/* --- legacy ----------------------------------------------------------------------------- */

/* Answers to what is posted to the address of 2024-11-05 go to a stream that is open already. */
static bool
takes(const struct request *rq, const char *type)
{
	return request_endpoint(rq) == ENDPOINT_MESSAGES || headers_accepts(rq->param[PARAM_ACCEPT], type);
}

int
era_check_accept(struct request *rq)
{
	if (takes(rq, "application/json") && takes(rq, "text/event-stream"))
		return 0;
	return fail(rq, FAIL_ACCEPT, "Not acceptable: Accept must list application/json and text/event-stream.");
}

static int
check_legacy(struct request *rq)
{
	const char *header = headers_trimmed(rq, PARAM_VERSION);

	rq->era = ERA_LEGACY;
	rq->version = header ? header : ERA_BATCH_VERSION;	/* until the session is seen: the revision that had no header */
	if (header && !era_is_legacy(header))
		return fail(rq, FAIL_LEGACY_VERSION, "Unsupported protocol version in MCP-Protocol-Version.");
	return era_check_accept(rq);
}

static void
note_client(struct request *rq, struct json_object *info)
{
	char both[256];

	if (!is_info(info))
		return;
	snprintf(both, sizeof(both), "%.100s/%.60s", json_get_str(info, "name"), json_get_str(info, "version"));
	slot_put(rq->slot->event.client, sizeof(rq->slot->event.client), both);
}

/*
 * What the client can do and wants to hear.  One that takes no event stream is sent nothing ahead of
 * its result.  Of a legacy client the session knows more.
 */
static void
read_client(struct request *rq)
{
	struct json_object *meta = meta_of(rq->message), *token = json_get(meta, "progressToken");
	const char *level = json_get_str(meta, RPC_NS "logLevel");
	bool hears = takes(rq, "text/event-stream");

	rq->client = (struct client){ .level = rq->era == ERA_MODERN || !hears ? LEVEL_NONE : LEVEL_INFO };
	if (hears && (json_object_is_type(token, json_type_string) || json_object_is_type(token, json_type_int)))
		rq->client.token = token;
	if (rq->era != ERA_MODERN)
		return;
	client_capabilities(&rq->client, json_get(meta, RPC_NS "clientCapabilities"));
	if (hears && level)
		rq->client.level = client_level(level);
}

/* What the message says beside its method: who sent it, what it can do, and to which trace it belongs. */
static void
read_meta(struct request *rq)
{
	struct json_object *meta = meta_of(rq->message);

	rq->trace = trace_within(meta, &rq->trace);
	slot_put(rq->slot->event.trace, sizeof(rq->slot->event.trace), rq->trace.parent);
	note_client(rq, json_get(meta, RPC_NS "clientInfo"));
	note_client(rq, json_get(rq->params, "clientInfo"));
	read_client(rq);
}

int
era_classify(struct request *rq, enum era_kind *kind)
{
	bool modern = era_modern_header(rq);

	rq->era = modern || era_claims(rq->message) ? ERA_MODERN : ERA_LEGACY;	/* for the status of what is refused first */
	*kind = ERA_REQUEST;
	if (check_shape(rq) != 0)
		return -1;
	if (!rq->method) {
		*kind = ERA_RESPONSE;
		return check_response(rq) != 0 || check_legacy(rq) != 0 ? -1 : 0;
	}
	if (!rq->id)
		*kind = ERA_NOTIFICATION;
	read_meta(rq);
	if (era_claims(rq->message))
		return check_modern(rq, *kind);
	return modern ? check_half_modern(rq, *kind) : check_legacy(rq);
}
