/* stdio_call: the life of a call, and its answer on the way to the client. */
#include "stdio_call.h"
#include "stdio_line.h"
#include "crypt.h"
#include "log.h"

#define CHUNK_BYTES	4096
#define MEM_MAX		(64U << 20)	/* a line, and what json-c does not count */
#define ATTEMPT_MAX	(16U * STDIO_ANSWER_MAX)	/* buffers double, and leave the old ones behind */
#define PAUSE_MS	250
#define PAUSE_MAX_MS	30000
#define STEADY_US	10000000	/* a stream that lasts so long counts as success */
#define ENDS_US		5000000		/* a server that has answered has so long to end the stream */
#define DUE_MAX_MS	60000

/* --- birth and death -------------------------------------------------------------------- */

struct stdio_call *
stdio_call_new(struct stdio_bridge *b, const struct stdio_way *way)
{
	struct stdio_call *c = calloc(1, sizeof(*c));

	if (!c)
		bug("out of memory");
	c->b = b;
	c->way = way;
	arena_init(&c->mem, CHUNK_BYTES, MEM_MAX);
	arena_init(&c->attempt, CHUNK_BYTES, ATTEMPT_MAX);
	*b->last = c;
	b->last = &c->next;
	return c;
}

void
stdio_call_end(struct stdio_call *c)
{
	if (c->x)
		stdio_http_drop(c->x);
	c->x = NULL;
	c->due_us = 0;
	c->waits = false;
	c->done = true;
}

void
stdio_call_sweep(struct stdio_bridge *b)
{
	struct stdio_call **at = &b->first, *c;

	while ((c = *at)) {
		if (!c->done) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		arena_close(&c->attempt);
		arena_close(&c->mem);
		free(c);
		b->swept_us = base_now_us();
	}
	b->last = at;
}

int
stdio_call_count(const struct stdio_bridge *b)
{
	const struct stdio_call *c;
	int n = 0;

	for (c = b->first; c; c = c->next)
		n += !c->done;
	return n;
}

struct stdio_call *
stdio_call_find(struct stdio_bridge *b, struct json_object *id)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next)
		if (!c->done && !c->own && !c->answered && c->ask.method && stdio_message_same_id(c->ask.id, id))
			return c;
	return NULL;
}

/* --- time ------------------------------------------------------------------------------- */

void
stdio_call_wait(struct stdio_call *c, int64_t least_ms)
{
	unsigned char jitter;
	int64_t ms;

	if (c->since_us && base_now_us() - c->since_us > STEADY_US)
		c->tries = 0;
	c->since_us = 0;
	ms = (int64_t)PAUSE_MS << (c->tries < 10 ? c->tries : 10);
	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	if (ms < least_ms)
		ms = least_ms;
	crypt_random(&jitter, 1);	/* thousands of bridges must not come back at the same instant */
	c->tries++;
	c->due_us = base_now_us() + (ms + ms * jitter / 1024) * 1000;
}

int
stdio_call_due(struct stdio_bridge *b)
{
	int64_t now_us = base_now_us(), next_us = now_us + DUE_MAX_MS * 1000LL;
	struct stdio_call *c;

	for (c = b->first; c; c = c->next) {
		if (c->done || c->due_us == 0)
			continue;
		if (c->due_us <= now_us) {
			c->due_us = 0;
			c->way->due(c);
		} else if (c->due_us < next_us) {
			next_us = c->due_us;
		}
	}
	return (int)((next_us - now_us) / 1000) + 1;
}

/* --- messages to the client ------------------------------------------------------------- */

void
stdio_call_write(struct stdio_bridge *b, const char *text, size_t n)
{
	if (!b->closing && stdio_line_write(b->out, b->stop, text, n) != 0)
		b->closing = true;
}

void
stdio_call_message(struct stdio_call *c, const struct stdio_message *m)
{
	bool mine = stdio_message_answers(m, c->ask.method ? c->ask.id : NULL);

	if (!m->method && c->ask.o && (!mine || c->answered))
		return;		/* one response to a request, and none to any other */
	if (!c->way->message(c, m, mine))
		return;
	if (mine)
		c->answered = true;
	stdio_call_write(c->b, m->text, m->len);
}

static void
take_text(struct stdio_call *c, const char *text, size_t n)
{
	struct stdio_message m;

	arena_reset(&c->b->scratch);
	if (stdio_message_take(&c->b->scratch, text, n, &m) != 0) {
		log_say("mcp-stdio: %s sent something that is no JSON message; it was dropped", c->b->place);
		return;
	}
	c->b->said[0] = '\0';	/* it works: the next trouble is news */
	stdio_call_message(c, &m);
}

const struct stdio_answer *
stdio_call_answer(const struct stdio_call *c)
{
	return c->x ? stdio_http_answer(c->x) : &c->answer;
}

static bool
take_event(void *who, const struct stdio_event *e)
{
	struct stdio_call *c = who;

	if (strcmp(e->name, "message") != 0) {
		if (c->way->event)
			c->way->event(c, e);
	} else if (e->len > 0) {	/* an empty one only carries an id */
		take_text(c, e->data, e->len);
	}
	return !c->done && c->x;
}

/* --- the exchange ----------------------------------------------------------------------- */

static void
give_up(struct stdio_call *c)
{
	c->too_large = true;
	c->answer = *stdio_http_answer(c->x);
	stdio_http_drop(c->x);
	c->x = NULL;
	c->way->over(c);
}

/* The first bytes of an answer. */
static void
begin_reading(struct stdio_call *c)
{
	const struct stdio_answer *a = stdio_http_answer(c->x);
	char id[STDIO_SSE_ID_MAX];

	c->streams = a->status == 200 && strcmp(a->type, "text/event-stream") == 0;
	if (!c->streams) {
		buf_init(&c->body, &c->attempt, STDIO_ANSWER_MAX);
		return;
	}
	c->since_us = base_now_us();
	memcpy(id, c->sse.id, sizeof(id));	/* it outlives the stream that brought it */
	stdio_sse_init(&c->sse, &c->attempt, STDIO_ANSWER_MAX, take_event, c);
	memcpy(c->sse.id, id, sizeof(id));
}

static void
on_data(void *who, const char *bytes, size_t n)
{
	struct stdio_call *c = who;

	if (!c->streams && !c->body.at)
		begin_reading(c);
	if (c->streams) {
		if (stdio_sse_feed(&c->sse, bytes, n) != 0 && c->x)
			give_up(c);
		else if (c->x && c->answered && c->ask.o)
			stdio_http_silence(c->x, ENDS_US);
		return;
	}
	buf_add(&c->body, bytes, n);
	if (c->body.full)
		give_up(c);
}

static void
on_over(void *who)
{
	struct stdio_call *c = who;

	c->answer = *stdio_http_answer(c->x);
	c->answer.why = arena_str(&c->attempt, c->answer.why);	/* the exchange goes */
	c->x = NULL;
	if (c->answer.trouble == STDIO_FINE && c->answer.status == 200 && !c->streams && c->body.len > 0 &&
	    strcmp(c->answer.type, "application/json") == 0)
		take_text(c, c->body.at, c->body.len);
	if (!c->done)
		c->way->over(c);
}

struct arena *
stdio_call_anew(struct stdio_call *c)
{
	arena_reset(&c->attempt);
	c->streams = c->too_large = c->waits = false;
	c->body = (struct buf){ 0 };
	c->answer = (struct stdio_answer){ 0 };
	return &c->attempt;
}

void
stdio_call_send(struct stdio_call *c, const char *url, const char *const *header, size_t n, int64_t silence_us)
{
	const char *all[STDIO_HTTP_HEADERS];
	bool post = c->ask.o && !c->reads;
	struct stdio_ask ask = { .method = post ? "POST" : "GET", .url = url, .header = all, .silence_us = silence_us,
		.data = on_data, .over = on_over, .who = c };
	size_t i;

	all[ask.headers++] = post ? "Accept: application/json, text/event-stream" : "Accept: text/event-stream";
	if (post) {
		all[ask.headers++] = "Content-Type: application/json";
		ask.body = c->ask.text;
		ask.len = c->ask.len;
	}
	for (i = 0; i < n && ask.headers < LEN(all); i++)
		all[ask.headers++] = header[i];
	c->x = stdio_http_begin(c->b->http, &ask);
}
