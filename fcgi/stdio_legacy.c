/*
 * stdio_legacy: a way for each kind of call in a session.
 *
 * initialize and initialized hold the client's next line, so that nothing overtakes the handshake.
 */
#include "stdio_legacy.h"
#include "stdio_fail.h"
#include "stdio_session.h"
#include "log.h"

#define RESUMES_MAX	5	/* in a row, of one answer */
#define CONFLICTS	4	/* steps of the pause while the server believes in the stream before: 4 s */
#define CLOSED_MS	1000	/* pause before a stream that was in order is opened again */

static bool
is(const struct stdio_call *c, const char *method)
{
	return c->ask.method && strcmp(c->ask.method, method) == 0;
}

/* --- the handshake of the client -------------------------------------------------------- */

static bool
first_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (mine) {
		stdio_session_terms(c, json_get(m->o, "result"));
		c->b->held = false;
	}
	return true;
}

static void
first_over(struct stdio_call *c)
{
	if (!c->answered && c->b->session->sse && stdio_fail_none(c))
		return;
	c->b->held = false;
	if (c->answered)
		stdio_call_end(c);
	else
		stdio_fail(c);
}

static void
initialized_over(struct stdio_call *c)
{
	struct stdio_bridge *b = c->b;

	b->held = false;
	if (!stdio_fail_none(c)) {
		stdio_fail(c);
		return;
	}
	b->session->begun = true;
	stdio_call_end(c);
	stdio_session_listen(b);
}

static bool
no_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	(void)c;
	(void)m;
	(void)mine;
	return false;
}

static const struct stdio_way first = { .message = first_message, .over = first_over };
static const struct stdio_way initialized = { .message = no_message, .over = initialized_over };

/* --- everything else of the client ------------------------------------------------------ */

static bool
plain_message(struct stdio_call *c, const struct stdio_message *m, bool mine)
{
	if (mine && json_get(m->o, "result"))
		stdio_kept_note(&c->b->session->kept, &c->ask);
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
	const struct stdio_session *s = c->b->session;
	bool known = *s->id || s->renewing || s->lost || s->sse;

	if (c->answered) {
		stdio_call_end(c);
	} else if (c->answer.status == 404 && known && !c->reads) {
		stdio_session_renew_for(c);
	} else if (!c->ask.id || !c->ask.method) {
		if (stdio_fail_none(c))
			stdio_call_end(c);
		else
			stdio_fail(c);	/* nobody waits, but people should know */
	} else if (resumable(c)) {
		c->reads = true;
		stdio_call_wait(c, c->sse.retry_ms);
	} else if (!s->sse || !stdio_fail_none(c)) {
		stdio_fail(c);
	}
}

static void
plain_due(struct stdio_call *c)
{
	stdio_session_send(c, STDIO_SILENCE_US);
}

static const struct stdio_way plain = { .message = plain_message, .over = plain_over, .due = plain_due };

void
stdio_legacy_take(struct stdio_call *c)
{
	struct stdio_call *other;

	c->way = &plain;
	if (c->ask.id && is(c, "initialize")) {
		stdio_session_begin(c);
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
	stdio_session_take(c);
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
	struct stdio_session *s = b->session;
	const char *why, *url;

	if (!s->sse || strcmp(e->name, "endpoint") != 0)
		return;
	url = stdio_http_url(&c->attempt, b->url, e->data, &why);
	if (!url) {
		c->answer = (struct stdio_answer){ .trouble = STDIO_MISLED, .why = why };
		stdio_session_unlisten(s);
		stdio_session_fail(b, c);
		return;
	}
	free(s->endpoint);
	s->endpoint = strdup(url);
	if (!s->endpoint)
		bug("out of memory");
	c->opened = true;
	if (s->renewing)
		stdio_session_greet(b);
	else
		stdio_session_release(b);
}

/* 2024-11-05: the session lives as long as its stream, and answers come nowhere else. */
static void
session_over(struct stdio_call *c)
{
	struct stdio_session *s = c->b->session;

	free(s->endpoint);
	s->endpoint = NULL;
	if (c->answer.trouble == STDIO_FINE && c->streams)
		c->answer = (struct stdio_answer){ .trouble = STDIO_BROKEN, .why = "the server closed it" };
	s->renewing = false;
	stdio_session_fail(c->b, c);
	if (!s->begun || stdio_fail_final(c)) {
		s->lost = s->begun;
		if (s->begun)
			stdio_fail(c);	/* for people */
		stdio_session_unlisten(s);
		return;
	}
	s->renewing = true;		/* there will be a new session as soon as there is a stream */
	s->id[0] = s->version[0] = '\0';
	stdio_call_wait(c, 0);
}

static void
stream_over(struct stdio_call *c)
{
	struct stdio_bridge *b = c->b;
	struct stdio_session *s = b->session;
	int64_t pause_ms = c->answer.retry_after_s > 0 ? c->answer.retry_after_s * 1000 : 0;

	if (s->sse) {
		session_over(c);
	} else if (c->answer.status == 404 && c->opened && *s->id) {
		stdio_session_renew(b);
	} else if (c->answer.status == 409) {
		if (c->tries > CONFLICTS)
			c->tries = CONFLICTS;
		stdio_call_wait(c, CLOSED_MS);	/* the server has not noticed yet that the one before is gone */
	} else if (stdio_fail_final(c) || c->too_large) {
		if (c->answer.status != 405 && c->answer.status != 404)
			stdio_fail(c);
		stdio_session_unlisten(s);	/* it offers none; that is allowed */
	} else {
		c->opened = c->opened || c->streams;
		if (c->streams && c->answer.trouble != STDIO_SILENT)
			pause_ms = c->sse.retry_ms > CLOSED_MS ? c->sse.retry_ms : CLOSED_MS;
		stdio_call_wait(c, pause_ms);
	}
}

/* Servers of 2024-11-05 send no keep-alives, and their stream is too dear to be dropped for that. */
static void
stream_due(struct stdio_call *c)
{
	stdio_session_send(c, c->b->session->sse ? 0 : STDIO_SILENCE_US);
}

const struct stdio_way stdio_legacy_stream = { .message = stream_message, .over = stream_over, .event = stream_event,
	.due = stream_due };
