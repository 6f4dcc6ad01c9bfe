/* streams: stages, comments by turns, readers that do not read, and what is given back. */
#include "streaming.h"
#include "seat.h"

static int left;

static void
note_left(struct streams *all, struct stream *s)
{
	(void)all;
	(void)s;
	left++;
}

static void
count(struct streams *all, struct stream *s, void *ctx)
{
	(void)all;
	(void)s;
	++*(int *)ctx;
}

static int
open_now(void)
{
	int n = 0;

	streams_each(&streaming.all, count, &n);
	return n;
}

static void
close_all(struct streams *all, struct stream *s, void *ctx)
{
	(void)ctx;
	streams_close(all, s, NULL);
}

/* Of 30 streams two get a comment in each of 15 ticks. */
static void
test_turns(void)
{
	int peer[30], i, n, uneven = 0, tick;

	for (i = 0; i < 30; i++)
		streaming_open(&peer[i], NULL);
	for (tick = 0; tick < STREAMS_TURNS; tick++) {
		streams_tick(&streaming.all);
		for (i = n = 0; i < 30; i++)
			n += strcmp(streaming_heard(peer[i]), ": keepalive\n\n") == 0;
		uneven += n != 2;
	}
	is_int(uneven, 0, "comments are spread over the ticks");
	is_int(atomic_load(&streaming.self.slot->streams), 30, "the slot says how many are open");
	streams_each(&streaming.all, close_all, NULL);
	is_int(atomic_load(&streaming.self.slot->streams), 0, "and that none is");
	streams_sweep(&streaming.all);
	for (i = 0; i < 30; i++)
		close(peer[i]);
}

static void
test_slow_reader(void)
{
	char frame[1000] = { 0 };
	int slow, good, n;
	struct stream *s = streaming_open(&slow, NULL), *other = streaming_open(&good, NULL);

	for (n = 0; n < 10000 && s->stage == STREAM_OPEN; n++) {
		streams_send(&streaming.all, s, frame, sizeof(frame));
		streams_send(&streaming.all, other, frame, sizeof(frame));
		records_forget();
		records_hear(good);
	}
	is_int(s->stage, STREAM_CLOSED, "who does not read loses its stream");
	is_int(other->stage, STREAM_OPEN, "nobody else does");
	is_int(open_now(), 1, "which is the one that is left");
	streams_send(&streaming.all, s, frame, 1);	/* before the sweep it is still there, and nothing happens */
	streams_close(&streaming.all, other, NULL);
	streams_sweep(&streaming.all);
	close(slow);
	close(good);
}

static void
test_end(void)
{
	int peer;
	struct stream *s;

	left = 0;
	streaming.all.left = note_left;
	s = streaming_open(&peer, NULL);
	s->seat = seat_take(streaming.board, streaming.self.slot, 9, 1);
	is_int(seat_take(streaming.board, streaming.self.slot, 9, 1), -1, "it holds its principal's only seat");
	streams_finish(&streaming.all, s);
	streaming_heard(peer);
	ok(records.ended, "a finished answer has its end");
	is_int(s->stage, STREAM_CLOSED, "and nothing waits");
	is_int(left, 1, "its leaving was told, once");
	streams_sweep(&streaming.all);
	ok(seat_take(streaming.board, streaming.self.slot, 9, 1) >= 0, "and its seat is free");
	close(peer);
	streaming.all.left = NULL;
}

static void
test_sessions(void)
{
	static const char *const names[] = { "first", "second", "third" };
	struct subscription sub = { .kind = SUBSCRIBE_GET, .id = "", .claim = "c", .owned = "", .tenant = "t", .workspace = "" };
	struct stream *s[3];
	int peer[3], i;

	for (i = 0; i < 3; i++) {
		sub.session = names[i];
		s[i] = streaming_open(&peer[i], &sub);
	}
	ok(streams_find(&streaming.all, "second") == s[1], "a session's stream is found");
	ok(!streams_find(&streaming.all, "fourth"), "another is not");
	streams_close(&streaming.all, s[1], NULL);
	ok(!streams_find(&streaming.all, "second"), "nor one that is closed");
	ok(streams_find(&streaming.all, "third") == s[2], "the others are");
	streams_each(&streaming.all, close_all, NULL);
	streams_sweep(&streaming.all);
	for (i = 0; i < 3; i++)
		close(peer[i]);
}

static void
test_late(void)
{
	int peer;
	struct stream *s = streaming_accept(&peer);

	streams_tick(&streaming.all);
	is_int(s->stage, STREAM_READING, "a request may take its time");
	s->due_us = base_now_us();
	streams_tick(&streaming.all);
	is_int(s->stage, STREAM_CLOSED, "but not for ever");
	streams_sweep(&streaming.all);
	is_int(streaming.all.n, 0, "and nothing is left");
	close(peer);
}

int
main(void)
{
	streaming_init();
	test_turns();
	test_slow_reader();
	test_end();
	test_sessions();
	test_late();
	return streaming_done();
}
