/*
 * subscribe: filters, claims, and the facts of tickets.
 *
 * URIs are not in the facts, which travel in a header: a row of digits says which of those in the
 * body are honoured.
 */
#include "subscribe.h"
#include "cache.h"
#include "catalog.h"
#include "fail.h"
#include "limit.h"
#include "notice.h"
#include "resource.h"
#include "rpc.h"
#include "session.h"
#include "ticket.h"

#define FACTS_MAX	(TICKET_MAX / 2)

/* --- facts out -------------------------------------------------------------------------- */

static void
add_text(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, ",\"%s\":", name);
	buf_json(b, value, strlen(value));
}

static void
add_identity(struct request *rq, struct buf *b)
{
	const struct identity *who = rq->who;
	char hex[2 * CRYPT_HASH + 1];

	crypt_hex(hex, who->hash, CRYPT_HASH);
	add_text(b, "hash", hex);
	add_text(b, "tenant", who->tenant);
	add_text(b, "workspace", rq->workspace);
	add_text(b, "principal", who->principal);
	add_text(b, "credential", who->credential);
	add_text(b, "credential_name", who->credential_name);
	add_text(b, "client", rq->slot->event.client);
	add_text(b, "version", rq->version);
	buf_fmt(b, ",\"expires\":%" PRId64 ",\"streams\":%" PRId64, who->expires_us, who->streams);
}

/* Of each list: may it be told of, and what of it does the caller see now? */
static void
add_lists(struct request *rq, struct buf *b, const bool list[LISTS_COUNT])
{
	int i;

	for (i = 0; i < LISTS_COUNT; i++)
		if (list[i])
			buf_fmt(b, ",\"%s\":\"%016" PRIx64 "\"", lists_name((enum lists)i),
			    lists_digest(rq->catalog, rq->who, (enum lists)i));
}

static void
begin_facts(struct request *rq, struct buf *b, enum subscribe_kind kind, const bool list[LISTS_COUNT])
{
	buf_init(b, &rq->mem, FACTS_MAX);
	buf_fmt(b, "{\"kind\":%d", (int)kind);
	add_text(b, "catalog", rq->catalog->name);
	add_identity(rq, b);
	add_lists(rq, b, list);
}

static int
end_facts(struct request *rq, struct buf *b)
{
	buf_char(b, '}');
	if (b->full)
		return fail(rq, FAIL_INTERNAL, "the facts of a ticket are longer than %d bytes", FACTS_MAX);
	return ticket_make(rq, b->at, b->len);
}

/* --- subscriptions/listen --------------------------------------------------------------- */

static const char *const switches[LISTS_COUNT] = {
	[LISTS_TOOLS]     = "toolsListChanged",
	[LISTS_PROMPTS]   = "promptsListChanged",
	[LISTS_RESOURCES] = "resourcesListChanged",
};

/* The types of the members, whether we honour them or not. */
static int
check_filter(struct request *rq, struct json_object *filter)
{
	static const char *const lists[] = { "resourceSubscriptions", "taskIds" };
	struct json_object *v;
	size_t i;

	if (!json_object_is_type(filter, json_type_object))
		return fail(rq, FAIL_PARAMS, "Invalid params: notifications must be an object.");
	for (i = 0; i < LEN(switches); i++)
		if (json_object_object_get_ex(filter, switches[i], &v) && !json_object_is_type(v, json_type_boolean))
			return fail(rq, FAIL_PARAMS, "Invalid params: %s must be true or false.", switches[i]);
	for (i = 0; i < LEN(lists); i++)
		if (json_object_object_get_ex(filter, lists[i], &v) && !json_is_strings(v))
			return fail(rq, FAIL_PARAMS, "Invalid params: %s must be an array of strings.", lists[i]);
	if (json_object_object_get_ex(filter, "resourceSubscriptions", &v) && json_object_array_length(v) > SUBSCRIBE_URIS_MAX)
		return fail(rq, FAIL_PARAMS, "Invalid params: resourceSubscriptions may have %d URIs.", SUBSCRIBE_URIS_MAX);
	return 0;
}

/* Asked for by name, tasks need their capability on both sides (MCP 2026-07-28, "Tasks"). */
static int
check_tasks(struct request *rq, struct json_object *filter)
{
	struct json_object *meta = json_get(rq->params, "_meta");
	struct json_object *extensions = json_get(json_get(meta, RPC_NS "clientCapabilities"), "extensions");

	if (!json_get(filter, "taskIds") || json_get(extensions, RPC_NS "tasks"))
		return 0;
	rq->data = "{\"requiredCapabilities\":{\"extensions\":{\"" RPC_NS "tasks\":{}}}}";
	return fail(rq, FAIL_CAPABILITY, "Missing required client capability: taskIds needs the tasks extension.");
}

/* What the catalog has none of never changes. */
static bool
has_list(const struct catalog *c, enum lists what)
{
	return what == LISTS_TOOLS || (what == LISTS_PROMPTS ? c->prompts.n : c->resources.n) > 0;
}

/* One that is unknown, or not open to the caller, is dropped without a word (MCP 2026-07-28, "Subscriptions"). */
static bool
is_honoured(struct request *rq, const char *uri)
{
	return strlen(uri) <= URI_MAX && resource_exists(rq, uri);
}

static size_t
count(struct json_object *uris)
{
	return uris ? json_object_array_length(uris) : 0;
}

/* Each URI may be a statement, as much work as a message of its own: so it is counted as one.  The first was, with the listen. */
static int
pay_for(struct request *rq, size_t n)
{
	struct limit node;

	if (n < 2)
		return 0;
	limit_of_node(rq, &node, (int64_t)n - 1);
	if (node.tokens > node.rate.burst)
		node.tokens = node.rate.burst;
	return limit_take_here(rq, &node, 1);
}

/* Has half of the time gone that a request has?  A worker that takes longer ends itself, and its caller would not learn why. */
static bool
is_late(const struct request *rq)
{
	return base_now_us() - rq->start_us > rq->cfg->request_timeout_ms * 1000 / 2;
}

static const char *
honoured_uris(struct request *rq, struct json_object *uris)
{
	size_t i, n = count(uris);
	char *row = arena_zero(&rq->mem, n + 1);

	for (i = 0; i < n && !rq->failed; i++)
		if (is_late(rq))
			fail(rq, FAIL_PARAMS, "Invalid params: to look for so many resources takes too long. Subscribe to fewer at a time.");
		else
			row[i] = is_honoured(rq, json_object_get_string(json_object_array_get_idx(uris, i))) ? '1' : '0';
	return row;
}

int
subscribe_listen(struct request *rq)
{
	struct json_object *filter = json_get(rq->params, "notifications");
	const char *id = json_plain(rq->id, NULL), *uris;
	bool list[LISTS_COUNT];
	struct buf facts;
	int i;

	if (check_filter(rq, filter) != 0 || check_tasks(rq, filter) != 0)
		return -1;
	if (rq->body_len > SUBSCRIBE_BODY_MAX || strlen(id) > SUBSCRIBE_ID_MAX)
		return fail(rq, FAIL_PARAMS, "Invalid params: a subscription may have %d bytes, and an id of %d.", SUBSCRIBE_BODY_MAX,
		    SUBSCRIBE_ID_MAX);
	for (i = 0; i < LISTS_COUNT; i++)
		list[i] = has_list(rq->catalog, (enum lists)i) && json_object_get_boolean(json_get(filter, switches[i]));
	if (pay_for(rq, count(json_get(filter, "resourceSubscriptions"))) != 0)
		return -1;
	uris = honoured_uris(rq, json_get(filter, "resourceSubscriptions"));
	if (rq->failed)
		return -1;
	begin_facts(rq, &facts, SUBSCRIBE_LISTEN, list);
	add_text(&facts, "id", id);
	add_text(&facts, "uris", uris);
	return end_facts(rq, &facts);
}

/* --- streams of older revisions --------------------------------------------------------- */

static int
check_get(struct request *rq)
{
	if (rq->param[PARAM_LAST_EVENT])
		return fail(rq, FAIL_REPLAY, "Last-Event-ID: the events of this server have no ids.");
	return 0;
}

void
subscribe_holder(char out[SUBSCRIBE_HOLDER_MAX], const char *claim, const char *node, int pid)
{
	snprintf(out, SUBSCRIBE_HOLDER_MAX, "%s %d %s", claim, pid, node);
}

/* Is it held by a process of this node that died without a word? */
static bool
is_orphan(const struct request *rq, const char *held)
{
	char node[SUBSCRIBE_HOLDER_MAX], claim[64];
	int pid;

	return strlen(held) < sizeof(node) && sscanf(held, "%63s %d %511[^\n]", claim, &pid, node) == 3 &&
	    strcmp(node, rq->cfg->node) == 0 && pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

static bool
inherit(struct request *rq, const char *key, const char *name)
{
	static const char script[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return nil end "
		"return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])";
	const char *ms = arena_fmt(&rq->mem, "%d", SUBSCRIBE_CLAIM_MS), *why;
	char *held, *said;

	if (cache_text(rq->cache, &rq->mem, 2, (const char *[]){ "GET", key }, &held, &why) != 0 || !held || !is_orphan(rq, held))
		return false;
	return cache_text(rq->cache, &rq->mem, 7, (const char *[]){ "EVAL", script, "1", key, held, name, ms }, &said, &why) == 0 && said;
}

/* Only one stream per session (MCP 2025-11-25, "Listening for Messages from the Server").  Redis away: nobody can tell, so it opens. */
static int
claim(struct request *rq, const char **value)
{
	const char *key = arena_fmt(&rq->mem, "mcp:stream:%s", rq->session);
	const char *argv[] = { "SET", key, NULL, "NX", "PX", arena_fmt(&rq->mem, "%d", SUBSCRIBE_CLAIM_MS) }, *why;
	char name[CRYPT_UUID], *said;

	crypt_uuid(name);
	*value = argv[2] = arena_str(&rq->mem, name);
	if (cache_text(rq->cache, &rq->mem, LEN(argv), argv, &said, &why) == 0 && !said && !inherit(rq, key, *value))
		return fail(rq, FAIL_STREAM_OPEN, "Conflict: this session has its stream open already.");
	return 0;
}

static int
open_legacy(struct request *rq, enum subscribe_kind kind, const char *session, const char *value, const char *owned)
{
	bool list[LISTS_COUNT];
	struct buf facts;
	int i;

	for (i = 0; i < LISTS_COUNT; i++)
		list[i] = has_list(rq->catalog, (enum lists)i);
	begin_facts(rq, &facts, kind, list);
	add_text(&facts, "session", session);
	add_text(&facts, "claim", value);
	add_text(&facts, "owned", owned);
	return end_facts(rq, &facts);
}

int
subscribe_get(struct request *rq)
{
	const char *value = "";

	if (check_get(rq) != 0 || (rq->session && claim(rq, &value) != 0))
		return -1;
	return open_legacy(rq, SUBSCRIBE_GET, rq->session ? rq->session : "", value, session_list(rq));
}

int
subscribe_sse(struct request *rq, const char *session, const char *owned)
{
	return open_legacy(rq, SUBSCRIBE_SSE, session, "", owned);
}

/* --- facts in --------------------------------------------------------------------------- */

static int
read_hash(struct json_object *facts, unsigned char out[CRYPT_HASH])
{
	const char *hex = json_text(facts, "hash");
	size_t i;

	if (strlen(hex) != 2 * CRYPT_HASH || strspn(hex, "0123456789abcdef") != 2 * CRYPT_HASH)
		return -1;
	for (i = 0; i < CRYPT_HASH; i++)
		out[i] = (unsigned char)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], '\0' }, NULL, 16);
	return 0;
}

static void
read_texts(struct json_object *facts, struct subscription *out)
{
	int i;

	out->id = json_text(facts, "id");
	out->session = json_text(facts, "session");
	out->claim = json_text(facts, "claim");
	out->owned = json_text(facts, "owned");
	out->tenant = json_text(facts, "tenant");
	out->workspace = json_text(facts, "workspace");
	out->principal = json_text(facts, "principal");
	out->credential = json_text(facts, "credential");
	out->credential_name = json_text(facts, "credential_name");
	out->client = json_text(facts, "client");
	out->version = json_text(facts, "version");
	out->expires_us = json_get_int(facts, "expires", 0);
	out->streams = json_get_int(facts, "streams", 0);
	for (i = 0; i < LISTS_COUNT; i++) {
		out->list[i] = json_get_str(facts, lists_name((enum lists)i));
		out->seen[i] = strtoull(json_text(facts, lists_name((enum lists)i)), NULL, 16);
	}
}

/* The URIs of the body that the row of digits honours.  The ticket is bound to that very body. */
static int
read_uris(struct request *rq, const char *row, struct subscription *out)
{
	struct json_object *message = json_parse(&rq->mem, rq->body, rq->body_len, (int)rq->cfg->body_depth_max);
	struct json_object *uris = json_get(json_get(json_get(message, "params"), "notifications"), "resourceSubscriptions");
	size_t i, n = strlen(row);
	const char **uri = arena_take(&rq->mem, (n + 1) * sizeof(*uri));

	if (n != (uris ? json_object_array_length(uris) : 0))
		return -1;
	for (i = 0; i < n; i++)
		if (row[i] == '1')
			uri[out->uris++] = json_object_get_string(json_object_array_get_idx(uris, i));
	out->uri = uri;
	return 0;
}

int
subscribe_read(struct request *rq, const struct catalogs *catalogs, struct subscription *out, const char **why)
{
	struct json_object *facts = ticket_read(rq, why);

	*out = (struct subscription){ 0 };
	if (!facts)
		return -1;
	out->kind = (enum subscribe_kind)json_get_int(facts, "kind", -1);
	rq->catalog = catalog_find(catalogs, json_text(facts, "catalog"));
	*why = "the catalog of the ticket is not loaded here";
	if (!rq->catalog)
		return -1;
	*why = "the facts of the ticket are incomplete";
	if (out->kind > SUBSCRIBE_SSE || read_hash(facts, out->hash) != 0)
		return -1;
	read_texts(facts, out);
	return out->kind == SUBSCRIBE_LISTEN ? read_uris(rq, json_text(facts, "uris"), out) : 0;
}
