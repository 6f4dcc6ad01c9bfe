/*
 * stdio_modern: three ways of a call: plain, listen, and the tools/list that a refused call needs.
 */
#include "stdio_modern.h"
#include "stdio_fail.h"
#include "stdio_head.h"
#include "stdio_tools.h"
#include "log.h"

#define HEADER_MISMATCH	(-32020)
#define PAGES_MAX	100	/* of a tools/list that we ask for ourselves */
#define CURSOR_MAX	4096
#define STANDARD	3	/* headers besides those of parameters */

struct stdio_modern {
	struct stdio_tools tools;
	char               version[32];	/* of the last request: for notifications without an envelope */
};

struct stdio_modern *
stdio_modern_open(void)
{
	struct stdio_modern *s = calloc(1, sizeof(*s));

	if (!s)
		bug("out of memory");
	stdio_tools_open(&s->tools);
	snprintf(s->version, sizeof(s->version), STDIO_MODERN_VERSION);
	return s;
}

void
stdio_modern_close(struct stdio_modern *s)
{
	arena_close(&s->tools.mem);
	free(s);
}

static bool
is(const struct stdio_call *c, const char *method)
{
	return strcmp(c->ask.method, method) == 0;
}

/* --- sending ---------------------------------------------------------------------------- */

/* What the body says, once more (MCP 2026-07-28, streamable HTTP, "Request Headers"). */
static size_t
make_headers(struct stdio_call *c, struct arena *mem, const char *header[STANDARD + STDIO_TOOLS_PARAMS])
{
	const struct stdio_modern *s = c->b->modern;
	const char *version = c->ask.version ? c->ask.version : s->version, *name;
	size_t n = 0, len;

	header[n++] = arena_fmt(mem, "MCP-Protocol-Version: %s", version);
	header[n++] = arena_fmt(mem, "Mcp-Method: %s", c->ask.method);
	name = stdio_head_name(&c->ask, &len);
	if (name)
		header[n++] = arena_fmt(mem, "Mcp-Name: %s", stdio_head_value(mem, name, len));
	if (name && is(c, "tools/call"))
		n += stdio_tools_headers(&s->tools, mem, name, json_get(c->ask.params, "arguments"), header + n);
	return n;
}

static void
send_call(struct stdio_call *c, int64_t silence_us)
{
	const char *header[STANDARD + STDIO_TOOLS_PARAMS];
	size_t n = make_headers(c, stdio_call_anew(c), header);

	stdio_call_send(c, c->b->url, header, n, silence_us);
}

/* --- plain requests and notifications --------------------------------------------------- */

static void ask_for_tools(struct stdio_call *c);

static bool
plain_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (mine && is(c, "tools/list"))
		stdio_tools_learn(&c->b->modern->tools, json_get(m->o, "result"), !json_get(c->ask.params, "cursor"));
	return true;
}

/* Refused before anything was run, for headers that the tool's schema would have told us to send. */
static bool
lacked_headers(struct stdio_call *c)
{
	struct stdio_message m;

	if (c->answer.status != 400 || !is(c, "tools/call") || c->tries > 0 || !c->body.at)
		return false;
	return stdio_message_take(&c->attempt, c->body.at, c->body.len, &m) == 0 &&
	    json_get_int(json_get(m.o, "error"), "code", 0) == HEADER_MISMATCH;
}

static void
plain_over(struct stdio_call *c)
{
	if (c->answered || !c->ask.id) {
		stdio_call_end(c);	/* of a notification nothing is expected, whatever came */
	} else if (lacked_headers(c)) {
		c->tries++;
		ask_for_tools(c);
	} else {
		stdio_fail(c);
	}
}

static void
plain_due(struct stdio_call *c)
{
	send_call(c, 0);
}

static const struct stdio_way plain = { .message = plain_message, .over = plain_over, .due = plain_due };

/* --- our own tools/list ----------------------------------------------------------------- */

/* Everybody who waits for it may go on: with the headers it told us of, or into the same error. */
static void
release(struct stdio_bridge *b)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next) {
		if (c->done || !c->waits)
			continue;
		c->waits = false;
		c->due_us = base_now_us();
	}
}

static void
tools_read(struct stdio_call *c, const char *envelope, const char *cursor, int page)
{
	struct stdio_flaw flaw;
	struct buf b;

	buf_init(&b, &c->mem, STDIO_ANSWER_MAX);
	buf_fmt(&b, "{\"jsonrpc\":\"2.0\",\"id\":\"mcp-stdio-tools-%d\",\"method\":\"tools/list\",\"params\":{\"_meta\":", page);
	buf_str(&b, envelope);
	if (cursor) {
		buf_str(&b, ",\"cursor\":");
		buf_json(&b, cursor, strlen(cursor));
	}
	buf_str(&b, "}}");
	if (stdio_message_read(&c->mem, b.at, b.len, &c->ask, &flaw) != 0)
		bug("our own tools/list: %s", flaw.why);
}

static bool
tools_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	struct json_object *result = json_get(m->o, "result");
	const char *cursor = json_get_str(result, "nextCursor");
	struct stdio_call *next;
	size_t n;

	if (!mine)
		return false;
	stdio_tools_learn(&c->b->modern->tools, result, !json_get(c->ask.params, "cursor"));
	c->answered = true;
	if (!cursor || strlen(cursor) > CURSOR_MAX || c->generation >= PAGES_MAX)
		return false;
	next = stdio_call_new(c->b, c->way);
	next->own = true;
	next->generation = c->generation + 1;
	tools_read(next, json_plain(json_get(c->ask.params, "_meta"), &n), cursor, next->generation);
	send_call(next, STDIO_SILENCE_US);
	return false;
}

static void
tools_over(struct stdio_call *c)
{
	struct stdio_call *other;

	stdio_call_end(c);
	for (other = c->b->first; other; other = other->next)
		if (!other->done && other->way == c->way)
			return;		/* the next page, or somebody else's: they will be released by it */
	release(c->b);
}

static const struct stdio_way tools = { .message = tools_message, .over = tools_over };

static void
ask_for_tools(struct stdio_call *c)
{
	struct stdio_call *list;
	size_t n;

	c->waits = true;
	list = stdio_call_new(c->b, &tools);
	list->own = true;
	tools_read(list, json_plain(json_get(c->ask.params, "_meta"), &n), NULL, 0);
	send_call(list, STDIO_SILENCE_US);
}

/* --- listening -------------------------------------------------------------------------- */

/* A notification about the listen c, as the server would have sent it. */
static void
notify(struct stdio_call *c, const char *method, const char *uri)
{
	struct buf b;
	size_t n;

	buf_init(&b, &c->attempt, STDIO_ANSWER_MAX);
	buf_fmt(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{", method);
	if (uri) {
		buf_str(&b, "\"uri\":");
		buf_json(&b, uri, strlen(uri));
		buf_char(&b, ',');
	}
	buf_fmt(&b, "\"_meta\":{\"" STDIO_NS "subscriptionId\":%s}}}", json_plain(c->ask.id, &n));
	if (!b.full)
		stdio_call_write(c->b, b.at, b.len);
}

/* Nothing is replayed after a gap, so whatever may have changed in it is said to have changed. */
static void
make_up_for_gap(struct stdio_call *c, const struct stdio_message *m)
{
	static const char *const lists[][2] = {
		{ "toolsListChanged", "notifications/tools/list_changed" },
		{ "promptsListChanged", "notifications/prompts/list_changed" },
		{ "resourcesListChanged", "notifications/resources/list_changed" },
	};
	struct json_object *filter = json_get(m->params, "notifications");
	struct json_object *uris = json_get(filter, "resourceSubscriptions");
	size_t i;

	for (i = 0; i < LEN(lists); i++)
		if (json_object_get_boolean(json_get(filter, lists[i][0])))
			notify(c, lists[i][1], NULL);
	if (!json_is_strings(uris))
		return;
	for (i = 0; i < json_object_array_length(uris); i++)
		notify(c, "notifications/resources/updated", json_object_get_string(json_object_array_get_idx(uris, i)));
}

static bool
listen_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	bool again = c->opened;

	if (mine || !m->method || strcmp(m->method, "notifications/subscriptions/acknowledged") != 0)
		return true;
	c->opened = true;
	if (again)
		make_up_for_gap(c, m);
	return !again;
}

/* Dropped without its graceful result: it is opened again and the client need not know. */
static void
listen_over(struct stdio_call *c)
{
	if (c->answered)
		stdio_call_end(c);
	else if (!c->opened || c->too_large || stdio_fail_final(c))
		stdio_fail(c);
	else
		stdio_call_wait(c, c->answer.retry_after_s > 0 ? c->answer.retry_after_s * 1000 : 0);
}

static void
listen_due(struct stdio_call *c)
{
	send_call(c, STDIO_SILENCE_US);
}

static const struct stdio_way listening = { .message = listen_message, .over = listen_over, .due = listen_due };

/* --- what the client writes ------------------------------------------------------------- */

/* Over HTTP a closed connection is the cancellation: nothing more is heard of that request. */
static void
cancel(struct stdio_call *c)
{
	struct stdio_call *other = stdio_call_find(c->b, json_get(c->ask.params, "requestId"));

	if (other)
		stdio_call_end(other);
	stdio_call_end(c);
}

void
stdio_modern_take(struct stdio_call *c)
{
	struct stdio_modern *s = c->b->modern;

	if (!stdio_head_plain(c->ask.method, strlen(c->ask.method))) {
		stdio_fail_with(c, -32601, "There is no method of such a name.", NULL);
		return;
	}
	if (c->ask.version && !stdio_head_plain(c->ask.version, strlen(c->ask.version))) {
		stdio_fail_with(c, -32602, STDIO_NS "protocolVersion cannot be the name of a version.", NULL);
		return;
	}
	if (c->ask.version)
		snprintf(s->version, sizeof(s->version), "%s", c->ask.version);
	if (!c->ask.id && is(c, "notifications/cancelled")) {
		cancel(c);
		return;
	}
	c->way = c->ask.id && is(c, "subscriptions/listen") ? &listening : &plain;
	send_call(c, c->way == &listening ? STDIO_SILENCE_US : 0);
}
