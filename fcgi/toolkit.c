/* toolkit: thin over what SQL tools are made of; the same transaction, the same encoder, the same stream. */
#include "base.h"	/* first: it says which C library it wants, toolkit.h takes any */
#include "toolkit.h"
#include "adapt.h"
#include "bind_sql.h"
#include "fail.h"
#include "notice.h"
#include "sse.h"

#define SENTENCE_MAX	1024
#define TEXT_MAX	(1 << 20)	/* of one text block, as of a result */
#define BYTES_MAX	(8 << 20)	/* of an image or a sound; the tool's result_max is the limit that counts */
#define LOG_MAX		(64 << 10)	/* bytes of a message for the client's log */
#define NAP_MS		1000		/* between two looks whether anybody still waits */

/* --- the end ---------------------------------------------------------------------------- */

int
toolkit_done(struct request *rq, struct json_object *result)
{
	rq->made.result = result ? json_keep(&rq->mem, result) : NULL;
	return rq->failed ? -1 : 0;
}

int
toolkit_says(struct request *rq, const char *fmt, ...)
{
	struct json_object *result = json_object_new_object();
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(result, "message", json_object_new_string(text));
	return toolkit_done(rq, result);
}

int
toolkit_refuse(struct request *rq, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail(rq, FAIL_TOOL, "%s", text);
}

/* --- content blocks --------------------------------------------------------------------- */

static void
put(struct json_object *o, const char *name, const char *value)
{
	if (value)
		json_object_object_add(o, name, json_object_new_string(value));
}

/* A new block of the type, the last one of what was made so far. */
static struct json_object *
add_block(struct request *rq, const char *type)
{
	struct json_object *message = json_object_new_object(), *block = json_object_new_object();

	if (!rq->made.blocks)
		rq->made.blocks = json_keep(&rq->mem, json_object_new_array());
	put(message, "role", rq->made.role ? rq->made.role : "user");
	json_object_object_add(message, "content", block);
	json_object_array_add(rq->made.blocks, message);
	put(block, "type", type);
	return block;
}

void
toolkit_text(struct request *rq, const char *fmt, ...)
{
	struct json_object *block = add_block(rq, "text");
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || n > TEXT_MAX) {
		fail(rq, FAIL_TOOL, "The result is too large.");
		n = 0;
	}
	text = arena_take(&rq->mem, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	put(block, "text", text);
}

static void
add_bytes(struct request *rq, const char *type, const char *mime, const void *bytes, size_t n)
{
	struct json_object *block;

	if (n > BYTES_MAX) {
		fail(rq, FAIL_TOOL, "The result is too large.");
		return;
	}
	block = add_block(rq, type);
	put(block, "data", crypt_base64(&rq->mem, bytes, n));
	put(block, "mimeType", mime);
}

void
toolkit_image(struct request *rq, const char *mime, const void *bytes, size_t n)
{
	add_bytes(rq, "image", mime, bytes, n);
}

void
toolkit_audio(struct request *rq, const char *mime, const void *bytes, size_t n)
{
	add_bytes(rq, "audio", mime, bytes, n);
}

void
toolkit_link(struct request *rq, const char *uri, const char *name, const char *mime)
{
	struct json_object *block = add_block(rq, "resource_link");

	put(block, "uri", uri);
	put(block, "name", name);
	put(block, "mimeType", mime);
}

void
toolkit_embed(struct request *rq, const char *uri, const char *mime, const char *text)
{
	struct json_object *block = add_block(rq, "resource"), *resource = json_object_new_object();

	put(resource, "uri", uri);
	put(resource, "mimeType", mime);
	put(resource, "text", text);
	json_object_object_add(block, "resource", resource);
}

void
toolkit_role(struct request *rq, const char *role)
{
	if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0)
		fail(rq, FAIL_INTERNAL, "toolkit_role: \"%s\" is neither user nor assistant", role);
	rq->made.role = arena_str(&rq->mem, role);
}

/* --- on the way ------------------------------------------------------------------------- */

/* A number as JSON, as short as it can be said exactly. */
static void
add_number(struct buf *b, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	buf_fmt(b, ",\"%s\":%s", name, text);
}

/* In memory of its own: nobody has counted how often a function tells something. */
static void
notification_init(struct arena *mem, struct buf *b)
{
	arena_init(mem, 4096, 8 * LOG_MAX);
	buf_init(b, mem, LOG_MAX);
}

/* Sends it.  What is too long is dropped, as it may be; what went wrong is in rq, and the next wait says so. */
static void
send_notification(struct request *rq, struct arena *mem, const struct buf *b)
{
	int gone = b->full ? 0 : sse_send(rq, b->at, b->len);

	(void)gone;
	arena_close(mem);
}

void
toolkit_progress(struct request *rq, double progress, double total, const char *message)
{
	struct made *made = &rq->made;
	struct arena mem;
	struct buf b;

	/* It has to grow with each notification (MCP 2025-11-25, progress). */
	if (!rq->client.token || !isfinite(progress) || (made->progressed && progress <= made->progress))
		return;
	made->progress = progress;
	made->progressed = true;
	notification_init(&mem, &b);
	buf_fmt(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":%s",
	    json_plain(rq->client.token, NULL));
	add_number(&b, "progress", progress);
	if (isfinite(total) && total > 0)
		add_number(&b, "total", total);
	if (message && adapt_progress_says(rq->version)) {
		buf_str(&b, ",\"message\":");
		buf_json(&b, message, strlen(message));
	}
	buf_str(&b, "}}");
	send_notification(rq, &mem, &b);
}

static void
send_log(struct request *rq, const char *level, const char *logger, struct json_object *data)
{
	struct arena mem;
	struct buf b;

	notification_init(&mem, &b);
	buf_fmt(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"%s\"", level);
	if (logger) {
		buf_str(&b, ",\"logger\":");
		buf_json(&b, logger, strlen(logger));
	}
	buf_str(&b, ",\"data\":");
	buf_str(&b, data ? json_plain(data, NULL) : "null");
	buf_str(&b, "}}");
	send_notification(rq, &mem, &b);
}

void
toolkit_log(struct request *rq, const char *level, const char *logger, struct json_object *data)
{
	enum level at = client_level(level);

	if (at == LEVEL_NONE)
		fail(rq, FAIL_INTERNAL, "toolkit_log: there is no level \"%s\"", level);
	else if (at >= rq->client.level)
		send_log(rq, level, logger, data);
	json_object_put(data);
}

/* Milliseconds that the function in hand still has. */
static int64_t
time_left(const struct request *rq)
{
	int64_t left = (rq->made.until_us - base_now_us()) / 1000;

	if (rq->made.until_us == 0)
		return INT64_MAX / 1000;
	return left > 0 ? left : 0;
}

static int
fail_late(struct request *rq)
{
	return fail(rq, FAIL_TOOL, "The call took longer than %" PRId64 " ms and was given up.", rq->tool ? rq->tool->timeout_ms : 0);
}

int
toolkit_sleep(struct request *rq, int64_t ms)
{
	int64_t now = base_now_us(), until_us = now + (ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : ms) * 1000;
	struct pollfd p = { .fd = rq->era == ERA_MODERN ? rq->client_fd : -1, .events = POLLRDHUP };

	while (!rq->failed && sse_keep_alive(rq) == 0 && (now = base_now_us()) < until_us) {
		int64_t left = (until_us - now + 999) / 1000;

		if (time_left(rq) == 0)
			return fail_late(rq);
		left = left < NAP_MS ? left : NAP_MS;
		base_poll(&p, 1, (int)(left < time_left(rq) ? left : time_left(rq)));
	}
	return rq->failed ? -1 : 0;
}

void
toolkit_changed(struct request *rq, const char *what)
{
	if (!rq->who)
		return;		/* the call failed: the credential is gone, and with it who would be told */
	if (strcmp(what, "tools") == 0 || strcmp(what, "prompts") == 0 || strcmp(what, "resources") == 0)
		notice_list(rq, what);
	else
		notice_resource(rq, what);
}

/* --- the rest --------------------------------------------------------------------------- */

int
toolkit_rows(struct request *rq, const char *sql, struct json_object *args, bool writes, struct json_object **rows, bool *cut)
{
	/* The tool in hand, with this statement in place of its own, and the time that is left. */
	struct tool tool = *rq->tool;
	struct bind_args given = { .given = args, .object = args, .limit = tool.rows_max };
	struct json_object *found;
	struct bind_result result;

	if (rq->failed)
		return -1;
	if (time_left(rq) == 0)
		return fail_late(rq);
	tool.writes = writes ? tool.writes : TOOL_READS;
	if (writes && tool.writes == TOOL_READS)
		return fail(rq, FAIL_INTERNAL, "%s: a statement writes, but the tool's file says it does not", tool.name);
	tool.timeout_ms = time_left(rq) < tool.timeout_ms ? time_left(rq) : tool.timeout_ms;
	tool.result = (struct tool_result){ .kind = RESULT_ROWS, .rows = "rows" };
	tool.statement = (struct db_statement){ .sql = sql, .n = 1, .json = true };
	if (!args)
		given.given = given.object = json_keep(&rq->mem, json_object_new_object());
	if (bind_sql(rq, &tool, &given, &result) != 0)
		return -1;
	found = json_parse(&rq->mem, result.structured, result.structured_len, 64);
	*rows = json_get(found, "rows");
	if (cut)
		*cut = json_object_get_boolean(json_get(found, "truncated"));
	return 0;
}

void *
toolkit_take(struct request *rq, size_t n)
{
	return arena_zero(&rq->mem, n);
}

bool
toolkit_may(struct request *rq, const char *scope)
{
	struct words one = { &scope, 1 };
	struct tool asks = { .scope = one };

	return rq->who && !catalog_forbids(&asks, rq->who, NULL, &rq->mem);
}
