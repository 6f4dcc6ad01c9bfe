/* sse: the frames that leave, and who is told that nobody reads them. */
#include "sse.h"
#include "ask.h"
#include "fail.h"

static struct request rq;
static int peer[2];
static char sent[65536];	/* all that was written */
static int writes;
static bool broken;

static int
keep(void *io, const void *bytes, size_t n)
{
	size_t len = strlen(sent);

	(void)io;
	writes++;
	snprintf(sent + len, sizeof(sent) - len, "%.*s", (int)n, (const char *)bytes);
	return broken ? -1 : 0;
}

static const struct wire wire = { ask_read, keep, ask_flush, ask_end };

static void
begin(enum era era)
{
	ask_message(&rq, "{}");
	rq.era = era;
	rq.wire = &wire;
	rq.streams = false;
	rq.reply.unheard = false;
	rq.reply.streamed = 0;
	rq.client_fd = peer[0];
	snprintf(rq.request_id, sizeof(rq.request_id), "ID");
	sent[0] = '\0';
	writes = 0;
	broken = false;
}

#define HEAD "Status: 200 OK\r\nX-Request-Id: ID\r\nContent-Type: text/event-stream\r\n" \
	"Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"

static void
test_frames(void)
{
	begin(ERA_MODERN);
	reply_header(&rq, "X-Own", "1");
	is_int(sse_send(&rq, "{\"a\":1}", 7), 0, "the first message");
	is_str(sent, HEAD "X-Own: 1\r\n\r\nevent: message\ndata: {\"a\":1}\n\n", "brings the head with it");
	ok(rq.streams, "and the answer is a stream");
	sent[0] = '\0';
	is_int(sse_send(&rq, "{}", 2), 0, "the next one");
	is_str(sent, "event: message\ndata: {}\n\n", "is a frame alone");
	is_int((int64_t)rq.reply.streamed, 9, "the bytes of both are counted");
	sent[0] = '\0';
	is_int(sse_keep_alive(&rq), 0, "soon after");
	is_str(sent, "", "there is nothing to say");
	rq.reply.sent_us -= 15000000;
	is_int(sse_keep_alive(&rq), 0, "15 s later");
	is_str(sent, ": keepalive\n\n", "there is a comment");
	sent[0] = '\0';
	buf_str(&rq.reply.body, "{\"id\":1}");
	is_int(sse_end(&rq), 0, "the end");
	is_str(sent, "event: message\ndata: {\"id\":1}\n\n", "is the body");
	sent[0] = '\0';
	is_int(sse_send(&rq, "[1, \n 2,\n\n\"\\n\"\n]", 16), 0, "JSON as PostgreSQL's json_agg() writes it");
	is_str(sent, "event: message\ndata: [1,  2,\"\\n\"]\n\n", "does not end its frame");
}

static void
test_other_ends(void)
{
	begin(ERA_LEGACY);
	is_int(sse_keep_alive(&rq), 0, "an answer that does not stream");
	is_str(sent, "", "has no comments");
	is_int(sse_end(&rq), 0, "no answer at all");
	is_str(sent, HEAD "\r\n", "is a stream without an event");
	begin(ERA_LEGACY);
	rq.batch = true;
	is_int(sse_send(&rq, "{}", 2), 0, "in a batch");
	ok(writes == 0 && !rq.streams, "nothing goes ahead");
	rq.batch = false;
	rq.streams = true;
	is_int(sse_send(&rq, "{}", 2), 0, "where the stream is another's");
	is_str(sent, "event: message\ndata: {}\n\n", "there is no head");
	is_int(writes, 1, "and one write per message");
}

static void
test_gone(void)
{
	begin(ERA_MODERN);
	close(peer[1]);
	is_int(sse_send(&rq, "{}", 2), -1, "a modern client that left");
	ok(rq.failed == FAIL_GONE && writes == 0, "has cancelled");
	is_int(sse_send(&rq, "{}", 2), -1, "and stays so");
	begin(ERA_MODERN);
	is_int(sse_keep_alive(&rq), -1, "who waits finds out");
	begin(ERA_LEGACY);
	is_int(sse_send(&rq, "{}", 2), 0, "a legacy client that left");
	ok(!rq.failed && writes == 0, "has not");
	is_int(sse_keep_alive(&rq), 0, "the work goes on");
	is_int(sse_end(&rq), -1, "nobody hears its end");
	begin(ERA_LEGACY);
	rq.client_fd = -1;
	broken = true;
	is_int(sse_send(&rq, "{}", 2), 0, "a write that fails");
	ok(rq.reply.unheard, "is the last");
	begin(ERA_MODERN);
	rq.reply.unheard = true;	/* seen while something ran that was done all the same */
	is_int(sse_send(&rq, "{}", 2), -1, "one that left before, at the next message");
	is_int(rq.failed, FAIL_GONE, "has cancelled what goes on");
	begin(ERA_MODERN);
	rq.reply.unheard = true;
	is_int(sse_keep_alive(&rq), -1, "and while it waits");
	is_int(rq.failed, FAIL_GONE, "too");
}

static void
test_cancelled(void)
{
	atomic_store(&rq.slot->in_hand, 7);
	atomic_store(&rq.slot->cancelled, 7);
	begin(ERA_LEGACY);
	rq.client_fd = -1;
	is_int(sse_keep_alive(&rq), -1, "a legacy client that cancels");
	is_int(rq.failed, FAIL_GONE, "is not waited for");
	begin(ERA_LEGACY);
	rq.client_fd = -1;
	rq.batch = true;
	is_int(sse_keep_alive(&rq), 0, "in a batch the others want their answers");
	rq.batch = false;
	atomic_store(&rq.slot->in_hand, 8);
	is_int(sse_keep_alive(&rq), 0, "a cancelling that came when the next request was in hand is not that one's");
	atomic_store(&rq.slot->in_hand, 0);
	begin(ERA_MODERN);
	rq.client_fd = -1;
	is_int(sse_keep_alive(&rq), 0, "nor a modern one's");
	atomic_store(&rq.slot->cancelled, 0);
}

int
main(void)
{
	ask_init(&rq);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, peer) != 0)
		return 1;
	test_frames();
	test_other_ends();
	test_gone();
	test_cancelled();
	return ask_done(&rq);
}
