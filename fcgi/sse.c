/* sse: frames, and whether anybody reads them. */
#include "sse.h"
#include "fail.h"
#include "reply.h"

#define SILENCE_US	15000000	/* proxies and clients give up connections that say nothing for longer */
#define FRAME_ROOM	64		/* SSE_STARTS and SSE_ENDS */

/* --- who is there ----------------------------------------------------------------------- */

static bool
hung_up(const struct request *rq)
{
	struct pollfd p = { .fd = rq->client_fd, .events = POLLRDHUP };

	return rq->client_fd >= 0 && poll(&p, 1, 0) > 0;
}

/* Told to this very request: one that came before it here may have been meant.  Of a batch the others want their answers. */
static bool
has_cancelled(const struct request *rq)
{
	uint64_t in_hand = atomic_load(&rq->slot->in_hand);

	return in_hand != 0 && atomic_load(&rq->slot->cancelled) == in_hand && !rq->batch;
}

/*
 * A modern client cancels by leaving; the work of a legacy one goes on without it (MCP 2025-11-25,
 * transports: "disconnection SHOULD NOT be interpreted as the client cancelling its request").
 */
static int
lose(struct request *rq)
{
	rq->reply.unheard = true;
	return rq->era == ERA_MODERN ? fail(rq, FAIL_GONE, "the client left") : 0;
}

/* --- frames ----------------------------------------------------------------------------- */

/* One write: where the stream is another process's, that is one message to it. */
static int
push(struct request *rq, const struct buf *b)
{
	rq->reply.sent_us = base_now_us();
	return rq->wire->write(rq->io, b->at, b->len) != 0 || rq->wire->flush(rq->io) != 0 ? -1 : 0;
}

void
sse_head(struct buf *b, const char *request_id)
{
	buf_fmt(b, "Status: 200 OK\r\nX-Request-Id: %s\r\nContent-Type: text/event-stream\r\n"
	    "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n", request_id);
}

/* What goes before the first frame; nothing, if it is out already. */
static void
add_head(struct request *rq, struct buf *b)
{
	if (rq->streams)
		return;
	rq->streams = true;
	sse_head(b, rq->request_id);
	buf_add(b, rq->reply.head.at, rq->reply.head.len);
	buf_str(b, "\r\n");
}

/* A line feed is white space between values (PostgreSQL's json_agg() writes some), but would end the frame. */
static void
add_flat(struct buf *b, const char *json, size_t len)
{
	const char *end = json + len, *feed;

	for (; (feed = memchr(json, '\n', (size_t)(end - json))); json = feed + 1)
		buf_add(b, json, (size_t)(feed - json));
	buf_add(b, json, (size_t)(end - json));
}

static void
add_frame(struct buf *b, const char *json, size_t len)
{
	buf_str(b, SSE_STARTS);
	add_flat(b, json, len);
	buf_str(b, SSE_ENDS);
}

/* In memory of its own: a tool may send any number of messages. */
static void
frame_init(struct request *rq, struct arena *mem, struct buf *b, size_t len)
{
	size_t most = rq->reply.head.len + 1024 + len + FRAME_ROOM;

	arena_init(mem, 4096, 8 * most);
	buf_init(b, mem, most);
}

static int
send_frame(struct request *rq, struct arena *mem, const struct buf *b)
{
	int got = b->len > 0 ? push(rq, b) : 0;

	arena_close(mem);
	return got;
}

int
sse_send(struct request *rq, const char *json, size_t len)
{
	struct arena mem;
	struct buf b;

	if (rq->failed == FAIL_GONE)
		return -1;
	if (rq->batch)
		return 0;
	if (rq->reply.unheard || hung_up(rq))
		return lose(rq);
	frame_init(rq, &mem, &b, len);
	add_head(rq, &b);
	add_frame(&b, json, len);
	rq->reply.streamed += len;
	return send_frame(rq, &mem, &b) != 0 ? lose(rq) : 0;
}

int
sse_keep_alive(struct request *rq)
{
	static const char comment[] = SSE_KEEP_ALIVE;
	struct arena mem;
	struct buf b;

	if (has_cancelled(rq))
		return fail(rq, FAIL_GONE, "the client has cancelled");
	if (rq->reply.unheard || hung_up(rq))
		return lose(rq);
	if (!rq->streams || base_now_us() - rq->reply.sent_us < SILENCE_US)
		return 0;
	frame_init(rq, &mem, &b, sizeof(comment));
	buf_str(&b, comment);
	return send_frame(rq, &mem, &b) != 0 ? lose(rq) : 0;
}

int
sse_end(struct request *rq)
{
	const struct buf *body = &rq->reply.body;
	struct arena mem;
	struct buf b;

	if (rq->reply.unheard)
		return -1;
	frame_init(rq, &mem, &b, body->len);
	add_head(rq, &b);
	if (body->len > 0)
		add_frame(&b, body->at, body->len);
	return send_frame(rq, &mem, &b);
}
