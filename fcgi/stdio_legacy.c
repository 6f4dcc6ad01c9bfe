/*
 * stdio_legacy: the session as a handful of facts, and a way for each kind of call in it.
 *
 * initialize and initialized hold the client's next line, so that nothing overtakes the handshake.
 * Whatever has to wait for a session (or, under 2024-11-05, for the address to post to) is marked
 * with waits and sent by release().
 */
#include "stdio_legacy.h"
#include "stdio_kept.h"
#include "log.h"

#define RESUMES_MAX	5	/* in a row, of one answer */
#define CLOSED_MS	1000	/* pause before a stream that was in order is opened again */
#define GOODBYE_US	1000000
#define HEADERS_MAX	3

struct stdio_legacy {
	bool               sse;			/* the transport of 2024-11-05 */
	bool               begun;		/* the handshake was completed once */
	bool               renewing;		/* a new session is being begun in place of a lost one */
	bool               lost;		/* and that failed */
	int                generation;		/* counts sessions */
	char               session[256];	/* "": the server gave none */
	char               version[32];		/* that was agreed on; "": not yet */
	char              *endpoint;		/* sse: where to post; NULL: not known */
	char              *initialize;		/* the client's own line */
	size_t             initialize_len;
	unsigned           lists;		/* of the server: which can change, see changed[] */
	struct stdio_call *stream;		/* the server's own; NULL: none */
	struct stdio_kept *kept;
};

static const struct stdio_way plain, first, initialized, renewal, renewed, again, streaming;

struct stdio_legacy *
stdio_legacy_open(bool sse)
{
	struct stdio_legacy *l = calloc(1, sizeof(*l));

	if (!l)
		bug("out of memory");
	l->sse = sse;
	return l;
}

static bool
is(const struct stdio_call *c, const char *method)
{
	return c->ask.method && strcmp(c->ask.method, method) == 0;
}

static bool
accepted(const struct stdio_call *c)
{
	return c->answer.trouble == STDIO_FINE && c->answer.status >= 200 && c->answer.status < 300;
}

/* --- sending ---------------------------------------------------------------------------- */

static void
send_call(struct stdio_call *c, int64_t silence_us)
{
	const struct stdio_legacy *l = c->b->legacy;
	const char *header[HEADERS_MAX];
	struct arena *mem = stdio_call_anew(c);
	size_t n = 0;

	if (*l->session)
		header[n++] = arena_fmt(mem, "Mcp-Session-Id: %s", l->session);
	if (*l->version)
		header[n++] = arena_fmt(mem, "MCP-Protocol-Version: %s", l->version);
	if ((!c->ask.o || c->reads) && *c->sse.id)
		header[n++] = arena_fmt(mem, "Last-Event-ID: %s", c->sse.id);
	c->generation = l->generation;
	stdio_call_send(c, l->endpoint && c->ask.o ? l->endpoint : c->b->url, header, n, silence_us);
}

/* Opens the server's own stream, unless it is there. */
static void
open_stream(struct stdio_bridge *b)
{
	struct stdio_legacy *l = b->legacy;

	if (l->stream)
		return;
	l->stream = stdio_call_new(b, &streaming);
	l->stream->own = true;
	send_call(l->stream, STDIO_SILENCE_US);
}

static void
close_stream(struct stdio_legacy *l)
{
	if (l->stream)
		stdio_call_end(l->stream);
	l->stream = NULL;
}

static void
send_or_wait(struct stdio_call *c)
{
	const struct stdio_legacy *l = c->b->legacy;

	if (!l->sse || l->endpoint) {
		send_call(c, 0);
		return;
	}
	c->waits = true;
	open_stream(c->b);
}

static void
release(struct stdio_bridge *b)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next)
		if (!c->done && c->waits)
			send_call(c, 0);
}

/* What waits, and what an answer will not come to any more, ends as `like` did. */
static void
fail_all(struct stdio_bridge *b, const struct stdio_call *like)
{
	struct stdio_call *c;

	b->held = false;
	for (c = b->first; c; c = c->next) {
		if (c->done || c == like || !c->ask.o || c->x || c->due_us)
			continue;
		stdio_call_anew(c);
		c->answer = like->answer;
		stdio_call_fail(c);
	}
}

/* --- a new session ---------------------------------------------------------------------- */

/* A call of our own with a line that the client once wrote. */
static void
say_again(struct stdio_bridge *b, const struct stdio_way *way, const char *text, size_t n)
{
	struct stdio_call *c = stdio_call_new(b, way);
	struct stdio_flaw flaw;

	c->own = true;
	if (stdio_message_read(&c->mem, arena_copy(&c->mem, text, n), n, &c->ask, &flaw) != 0)
		bug("a line that was good before: %s", flaw.why);
	send_call(c, STDIO_SILENCE_US);
}

static void
renew(struct stdio_bridge *b)
{
	struct stdio_legacy *l = b->legacy;

	if (l->renewing)
		return;
	log_say("mcp-stdio: %s has lost the session; a new one is begun", b->place);
	l->renewing = true;
	l->session[0] = l->version[0] = '\0';
	if (!l->sse) {
		close_stream(l);
		say_again(b, &renewal, l->initialize, l->initialize_len);
	} else if (!l->endpoint) {
		open_stream(b);
	}
}

static void
renewal_failed(struct stdio_call *c)
{
	struct stdio_legacy *l = c->b->legacy;

	l->renewing = false;
	l->lost = true;
	fail_all(c->b, c);
	stdio_call_end(c);
}

/* The server knows no more of the session that c was sent in.  c was not carried out. */
static void
renew_for(struct stdio_call *c)
{
	struct stdio_legacy *l = c->b->legacy;

	if (c->tries++ > 0 || !l->begun) {
		stdio_call_fail(c);
		return;
	}
	if (!c->ask.method) {
		stdio_call_end(c);	/* an answer to a question of the old session */
	} else if (!l->renewing && c->generation != l->generation) {
		send_call(c, 0);
		return;
	} else {
		c->waits = true;
	}
	if (l->sse) {
		close_stream(l);
		free(l->endpoint);
		l->endpoint = NULL;
	}
	renew(c->b);
}

static const struct {
	const char *capability;
	const char *method;
} changed[] = {
	{ "tools", "notifications/tools/list_changed" },
	{ "prompts", "notifications/prompts/list_changed" },
	{ "resources", "notifications/resources/list_changed" },
};

static void
take_terms(struct stdio_call *c, struct json_object *result)
{
	struct stdio_legacy *l = c->b->legacy;
	const char *version = json_get_str(result, "protocolVersion");
	struct json_object *capabilities = json_get(result, "capabilities");
	size_t i;

	snprintf(l->session, sizeof(l->session), "%s", stdio_call_answer(c)->session);
	snprintf(l->version, sizeof(l->version), "%s", version ? version : "");
	l->lists = 0;
	for (i = 0; i < LEN(changed); i++)
		if (json_object_get_boolean(json_get(json_get(capabilities, changed[i].capability), "listChanged")))
			l->lists |= 1U << i;
}

static bool
renewal_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (!mine)
		return true;
	c->answered = true;
	if (json_get(m->o, "result"))
		take_terms(c, json_get(m->o, "result"));
	return false;
}

static void
renewal_over(struct stdio_call *c)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
	struct stdio_legacy *l = c->b->legacy;

	if (!c->answered && l->sse && accepted(c))
		return;			/* the answer comes on the stream */
	if (!c->answered || !*l->version) {
		renewal_failed(c);
		return;
	}
	stdio_call_end(c);
	say_again(c->b, &renewed, line, strlen(line));
}

static bool
nothing_of_it(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	(void)m;
	c->answered = c->answered || mine;
	return false;
}

static void
renewed_over(struct stdio_call *c)
{
	struct stdio_bridge *b = c->b;
	struct stdio_legacy *l = b->legacy;
	const struct stdio_kept *k;
	size_t i;

	if (!accepted(c)) {
		renewal_failed(c);
		return;
	}
	stdio_call_end(c);
	l->renewing = l->lost = false;
	l->generation++;
	for (k = l->kept; k; k = k->next)
		say_again(b, &again, k->text, k->len);
	for (i = 0; i < LEN(changed); i++) {	/* whatever changed meanwhile, nobody told us */
		const char *line = arena_fmt(&c->mem, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"}", changed[i].method);

		if (l->lists & 1U << i)
			stdio_call_write(b, line, strlen(line));
	}
	release(b);
	open_stream(b);
}

static void
again_over(struct stdio_call *c)
{
	const struct stdio_legacy *l = c->b->legacy;

	if (c->answered || !l->sse || !accepted(c))
		stdio_call_end(c);
}

static const struct stdio_way renewal = { .message = renewal_message, .over = renewal_over };
static const struct stdio_way renewed = { .message = nothing_of_it, .over = renewed_over };
static const struct stdio_way again = { .message = nothing_of_it, .over = again_over };

/* --- the handshake of the client -------------------------------------------------------- */

static void
remember(struct stdio_legacy *l, const struct stdio_call *c)
{
	close_stream(l);	/* if there was a session, it is the client who leaves it */
	stdio_kept_clear(&l->kept);
	free(l->initialize);
	l->initialize = malloc(c->ask.len);
	if (!l->initialize)
		bug("out of memory");
	memcpy(l->initialize, c->ask.text, c->ask.len);
	l->initialize_len = c->ask.len;
	l->session[0] = l->version[0] = '\0';
	l->begun = l->renewing = l->lost = false;
	free(l->endpoint);
	l->endpoint = NULL;
	l->generation++;
}

static bool
first_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (mine) {
		take_terms(c, json_get(m->o, "result"));
		c->b->held = false;
	}
	return true;
}

static void
first_over(struct stdio_call *c)
{
	if (!c->answered && c->b->legacy->sse && accepted(c))
		return;
	c->b->held = false;
	if (c->answered)
		stdio_call_end(c);
	else
		stdio_call_fail(c);
}

static void
initialized_over(struct stdio_call *c)
{
	struct stdio_bridge *b = c->b;

	b->held = false;
	if (!accepted(c)) {
		stdio_call_fail(c);
		return;
	}
	b->legacy->begun = true;
	stdio_call_end(c);
	open_stream(b);
}

static const struct stdio_way first = { .message = first_message, .over = first_over };
static const struct stdio_way initialized = { .message = nothing_of_it, .over = initialized_over };

/* --- everything else of the client ------------------------------------------------------ */

static bool
plain_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (mine && json_get(m->o, "result"))
		stdio_kept_note(&c->b->legacy->kept, &c->ask);
	if (c->reads)
		c->tries = 0;
	return true;
}

/* A stream that numbers its events can be read on where it broke off (2025-03-26 and later). */
static bool
resumable(const struct stdio_call *c)
{
	return c->streams && *c->sse.id && c->tries < RESUMES_MAX && !c->too_large;
}

static void
plain_over(struct stdio_call *c)
{
	const struct stdio_legacy *l = c->b->legacy;
	bool known = *l->session || l->renewing || l->lost || l->sse;

	if (c->answered) {
		stdio_call_end(c);
	} else if (c->answer.status == 404 && known && !c->reads) {
		renew_for(c);
	} else if (!c->ask.id || !c->ask.method) {
		if (accepted(c))
			stdio_call_end(c);
		else
			stdio_call_fail(c);	/* nobody waits, but people should know */
	} else if (resumable(c)) {
		c->reads = true;
		stdio_call_wait(c, c->sse.retry_ms);
	} else if (!l->sse || !accepted(c)) {
		stdio_call_fail(c);
	}
}

static void
plain_due(struct stdio_call *c)
{
	send_call(c, STDIO_SILENCE_US);
}

static const struct stdio_way plain = { .message = plain_message, .over = plain_over, .due = plain_due };

void
stdio_legacy_take(struct stdio_call *c)
{
	struct stdio_legacy *l = c->b->legacy;
	struct stdio_call *other;

	c->way = &plain;
	if (c->ask.id && is(c, "initialize")) {
		remember(l, c);
		c->way = &first;
		c->b->held = true;
	} else if (is(c, "notifications/initialized")) {
		c->way = &initialized;
		c->b->held = true;
	} else if (is(c, "notifications/cancelled")) {
		other = stdio_call_find(c->b, json_get(c->ask.params, "requestId"));
		if (other)
			stdio_call_end(other);	/* whatever still comes for it is not wanted */
	}
	if (!l->renewing && !l->lost) {
		send_or_wait(c);
		return;
	}
	c->waits = true;
	l->lost = false;
	renew(c->b);
	if (l->stream && l->stream->due_us)
		l->stream->due_us = base_now_us();	/* somebody waits: no time for a pause */
}

/* --- the server's own stream ------------------------------------------------------------ */

/* The call that a response on the stream is for; one of our own has the client's id, and goes first. */
static struct stdio_call *
find(struct stdio_bridge *b, struct json_object *id)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next)
		if (!c->done && c->own && !c->answered && c->ask.method && stdio_message_same_id(c->ask.id, id))
			return c;
	return stdio_call_find(b, id);
}

static bool
stream_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	struct stdio_call *other;

	(void)mine;
	c->opened = true;
	c->tries = 0;
	if (m->method)
		return true;
	other = find(c->b, m->id);
	if (!other)
		return false;		/* of a request that was cancelled */
	stdio_call_message(other, m);
	if (!other->x && !other->done)
		other->way->over(other);
	return false;
}

/* 2024-11-05: the first event says where to post.  Another origin would get the credential. */
static void
stream_event(struct stdio_call *c, const struct stdio_event *e)
{
	struct stdio_bridge *b = c->b;
	struct stdio_legacy *l = b->legacy;
	const char *why, *url;

	if (!l->sse || strcmp(e->name, "endpoint") != 0)
		return;
	url = stdio_http_url(&c->attempt, b->url, e->data, &why);
	if (!url) {
		log_say("mcp-stdio: %s names an address to post to that is refused: %s", b->place, why);
		c->answer = (struct stdio_answer){ .trouble = STDIO_BROKEN, .why = why };
		close_stream(l);
		fail_all(b, c);
		return;
	}
	free(l->endpoint);
	l->endpoint = strdup(url);
	if (!l->endpoint)
		bug("out of memory");
	c->opened = true;
	c->tries = 0;
	if (l->renewing)
		say_again(b, &renewal, l->initialize, l->initialize_len);
	else
		release(b);
}

/* 2024-11-05: the session lives as long as its stream, and answers come nowhere else. */
static void
session_over(struct stdio_call *c)
{
	struct stdio_legacy *l = c->b->legacy;

	free(l->endpoint);
	l->endpoint = NULL;
	if (c->answer.trouble == STDIO_FINE && c->answer.status == 200)
		c->answer = (struct stdio_answer){ .trouble = STDIO_BROKEN, .why = "the server closed it" };
	l->renewing = false;
	fail_all(c->b, c);
	if (!l->begun || stdio_call_refused(c)) {
		l->lost = l->begun;
		if (l->begun)
			stdio_call_fail(c);	/* for people */
		close_stream(l);
		return;
	}
	l->renewing = true;		/* there will be a new session as soon as there is a stream */
	l->session[0] = l->version[0] = '\0';
	stdio_call_wait(c, 0);
}

static void
stream_over(struct stdio_call *c)
{
	struct stdio_bridge *b = c->b;
	struct stdio_legacy *l = b->legacy;
	int64_t pause_ms = c->answer.retry_after_s > 0 ? c->answer.retry_after_s * 1000 : 0;

	if (l->sse) {
		session_over(c);
	} else if (c->answer.status == 404 && c->opened && *l->session) {
		renew(b);
	} else if (c->answer.status == 409) {
		stdio_call_wait(c, CLOSED_MS);	/* the server has not noticed yet that the one before is gone */
	} else if (stdio_call_refused(c) || c->too_large) {
		if (c->answer.status != 405 && c->answer.status != 404)
			stdio_call_fail(c);
		close_stream(l);	/* it offers none; that is allowed */
	} else {
		if (c->streams) {
			c->opened = true;
			c->tries = 0;
			pause_ms = c->sse.retry_ms > CLOSED_MS ? c->sse.retry_ms : CLOSED_MS;
		}
		stdio_call_wait(c, pause_ms);
	}
}

static void
stream_due(struct stdio_call *c)
{
	send_call(c, STDIO_SILENCE_US);
}

static const struct stdio_way streaming = { .message = stream_message, .over = stream_over, .event = stream_event,
	.due = stream_due };

/* --- the end ---------------------------------------------------------------------------- */

static void
ignore(void *who, const char *bytes, size_t n)
{
	(void)who;
	(void)bytes;
	(void)n;
}

static void
note_end(void *who)
{
	*(bool *)who = true;
}

void
stdio_legacy_close(struct stdio_bridge *b)
{
	const struct stdio_legacy *l = b->legacy;
	int64_t until_us = base_now_us() + GOODBYE_US;
	bool gone = false;
	struct stdio_ask ask = { .method = "DELETE", .url = b->url, .data = ignore, .over = note_end, .who = &gone };
	const char *header[HEADERS_MAX];
	struct arena mem;

	if (!*l->session)
		return;
	arena_init(&mem, 4096, 1 << 16);
	header[ask.headers++] = arena_fmt(&mem, "Mcp-Session-Id: %s", l->session);
	if (*l->version)
		header[ask.headers++] = arena_fmt(&mem, "MCP-Protocol-Version: %s", l->version);
	ask.header = header;
	if (stdio_http_begin(b->http, &ask))
		while (!gone && base_now_us() < until_us)
			stdio_http_turn(b->http, NULL, 0, 100);
	arena_close(&mem);
}
