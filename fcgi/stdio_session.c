/*
 * stdio_session: what waits is marked so, and released when there is an address and a session.
 */
#include "stdio_session.h"
#include "stdio_fail.h"
#include "stdio_head.h"
#include "log.h"

#define HEADERS_MAX	3
#define GOODBYE_US	800000	/* official clients kill after a second */

static const struct stdio_way renewal, renewed, again;

struct stdio_session *
stdio_session_open(bool sse, const struct stdio_way *streaming)
{
	struct stdio_session *s = calloc(1, sizeof(*s));

	if (!s)
		bug("out of memory");
	s->sse = sse;
	s->streaming = streaming;
	return s;
}

/* --- sending ---------------------------------------------------------------------------- */

static size_t
make_headers(const struct stdio_session *s, struct arena *mem, const char *header[HEADERS_MAX])
{
	size_t n = 0;

	if (*s->id)
		header[n++] = arena_fmt(mem, "Mcp-Session-Id: %s", s->id);
	if (*s->version)
		header[n++] = arena_fmt(mem, "MCP-Protocol-Version: %s", s->version);
	return n;
}

void
stdio_session_send(struct stdio_call *c, int64_t silence_us)
{
	const struct stdio_session *s = c->b->session;
	const char *header[HEADERS_MAX];
	struct arena *mem = stdio_call_anew(c);
	size_t n = make_headers(s, mem, header);

	if ((!c->ask.o || c->reads) && *c->sse.id)
		header[n++] = arena_fmt(mem, "Last-Event-ID: %s", c->sse.id);
	c->generation = s->generation;
	stdio_call_send(c, s->endpoint && c->ask.o ? s->endpoint : c->b->url, header, n, silence_us);
}

void
stdio_session_listen(struct stdio_bridge *b)
{
	struct stdio_session *s = b->session;

	if (s->stream)
		return;
	s->stream = stdio_call_new(b, s->streaming);
	s->stream->own = true;
	s->streaming->due(s->stream);
}

void
stdio_session_unlisten(struct stdio_session *s)
{
	if (s->stream)
		stdio_call_end(s->stream);
	s->stream = NULL;
}

void
stdio_session_take(struct stdio_call *c)
{
	struct stdio_session *s = c->b->session;
	bool lost = s->lost;

	if (!s->renewing && !lost && (!s->sse || s->endpoint)) {
		stdio_session_send(c, 0);
		return;
	}
	c->waits = true;
	s->lost = false;
	if (lost)
		stdio_session_renew(c->b);
	else if (s->sse)
		stdio_session_listen(c->b);
	if (s->stream && s->stream->due_us)
		s->stream->due_us = base_now_us();	/* somebody waits: no time for a pause */
}

void
stdio_session_release(struct stdio_bridge *b)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next)
		if (!c->done && c->waits)
			stdio_session_send(c, 0);
}

void
stdio_session_fail(struct stdio_bridge *b, const struct stdio_call *like)
{
	struct stdio_call *c;

	b->held = false;
	for (c = b->first; c; c = c->next) {
		if (c->done || c == like || !c->ask.o || c->x || c->due_us)
			continue;
		stdio_call_anew(c);
		c->answer = like->answer;
		c->body = like->body;		/* what the server said of it */
		stdio_fail(c);
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
	stdio_session_send(c, STDIO_SILENCE_US);
}

void
stdio_session_renew(struct stdio_bridge *b)
{
	struct stdio_session *s = b->session;

	if (s->renewing)
		return;
	log_say("mcp-stdio: %s has lost the session; a new one is begun", b->place);
	s->renewing = true;
	s->id[0] = s->version[0] = '\0';
	free(s->endpoint);
	s->endpoint = NULL;
	stdio_session_unlisten(s);
	if (s->sse)
		stdio_session_listen(b);	/* its first event greets */
	else
		stdio_session_greet(b);
}

void
stdio_session_greet(struct stdio_bridge *b)
{
	say_again(b, &renewal, b->session->initialize, b->session->initialize_len);
}

static void
renewal_failed(struct stdio_call *c)
{
	struct stdio_session *s = c->b->session;

	s->renewing = false;
	s->lost = true;
	stdio_session_fail(c->b, c);
	stdio_call_end(c);
}

void
stdio_session_renew_for(struct stdio_call *c)
{
	struct stdio_session *s = c->b->session;

	if (c->tries++ > 0 || !s->begun) {
		stdio_fail(c);
		return;
	}
	if (c->ask.method && !s->renewing && c->generation != s->generation) {
		stdio_session_send(c, 0);	/* somebody else found out, and there is a new one by now */
		return;
	}
	if (c->ask.method)
		c->waits = true;
	else
		stdio_call_end(c);	/* an answer to a question of the old session */
	stdio_session_renew(c->b);
}

static const struct {
	const char *capability;
	const char *method;
} changed[] = {
	{ "tools", "notifications/tools/list_changed" },
	{ "prompts", "notifications/prompts/list_changed" },
	{ "resources", "notifications/resources/list_changed" },
};

void
stdio_session_terms(struct stdio_call *c, struct json_object *result)
{
	struct stdio_session *s = c->b->session;
	const char *version = json_get_str(result, "protocolVersion");
	struct json_object *capabilities = json_get(result, "capabilities");
	size_t i;

	snprintf(s->id, sizeof(s->id), "%s", stdio_call_answer(c)->session);
	snprintf(s->version, sizeof(s->version), "%s", version && stdio_head_plain(version, strlen(version)) ? version : "");
	s->lists = 0;
	for (i = 0; i < LEN(changed); i++)
		if (json_object_get_boolean(json_get(json_get(capabilities, changed[i].capability), "listChanged")))
			s->lists |= 1U << i;
}

static bool
renewal_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (!mine)
		return true;
	c->answered = true;
	if (json_get(m->o, "result"))
		stdio_session_terms(c, json_get(m->o, "result"));
	return false;
}

static void
renewal_over(struct stdio_call *c)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
	struct stdio_session *s = c->b->session;

	if (!c->answered && s->sse && stdio_fail_none(c))
		return;			/* the answer comes on the stream */
	if (!c->answered || !*s->version) {
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
	struct stdio_session *s = b->session;
	const struct stdio_kept *k;
	size_t i;

	if (!stdio_fail_none(c)) {
		renewal_failed(c);
		return;
	}
	stdio_call_end(c);
	s->renewing = s->lost = false;
	s->generation++;
	for (k = s->kept; k; k = k->next)
		say_again(b, &again, k->text, k->len);
	for (i = 0; i < LEN(changed); i++) {	/* whatever changed meanwhile, nobody told us */
		const char *line = arena_fmt(&c->mem, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"}", changed[i].method);

		if (s->lists & 1U << i)
			stdio_call_write(b, line, strlen(line));
	}
	stdio_session_release(b);
	stdio_session_listen(b);
}

static void
again_over(struct stdio_call *c)
{
	const struct stdio_session *s = c->b->session;

	if (c->answered || !s->sse || !stdio_fail_none(c))
		stdio_call_end(c);
}

static const struct stdio_way renewal = { .message = renewal_message, .over = renewal_over };
static const struct stdio_way renewed = { .message = nothing_of_it, .over = renewed_over };
static const struct stdio_way again = { .message = nothing_of_it, .over = again_over };

/* --- the client's own handshake --------------------------------------------------------- */

void
stdio_session_begin(const struct stdio_call *c)
{
	struct stdio_session *s = c->b->session;
	struct stdio_call *own;

	for (own = c->b->first; own; own = own->next)
		if (own->own)
			stdio_call_end(own);	/* if there was a session, it is the client who leaves it */
	s->stream = NULL;
	stdio_kept_clear(&s->kept);
	free(s->initialize);
	s->initialize = malloc(c->ask.len);
	if (!s->initialize)
		bug("out of memory");
	memcpy(s->initialize, c->ask.text, c->ask.len);
	s->initialize_len = c->ask.len;
	s->id[0] = s->version[0] = '\0';
	s->begun = s->renewing = s->lost = false;
	free(s->endpoint);
	s->endpoint = NULL;
	s->generation++;
}

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

static void
say_goodbye(struct stdio_bridge *b)
{
	const struct stdio_session *s = b->session;
	int64_t until_us = base_now_us() + GOODBYE_US;
	bool gone = false;
	struct stdio_ask ask = { .method = "DELETE", .url = b->url, .data = ignore, .over = note_end, .who = &gone };
	const char *header[HEADERS_MAX];
	struct arena mem;

	arena_init(&mem, 4096, 1 << 16);
	ask.header = header;
	ask.headers = make_headers(s, &mem, header);
	if (stdio_http_begin(b->http, &ask))
		while (!gone && base_now_us() < until_us)
			stdio_http_turn(b->http, NULL, 0, 100);
	arena_close(&mem);
}

void
stdio_session_close(struct stdio_bridge *b)
{
	struct stdio_session *s = b->session;

	if (*s->id)
		say_goodbye(b);
	stdio_kept_clear(&s->kept);
	free(s->endpoint);
	free(s->initialize);
	free(s);
}
