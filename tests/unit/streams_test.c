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

/* Of 30 streams each gets one comment in so many ticks, and no two get theirs in the same. */
static void
test_turns(void)
{
	int peer[30], i, n, uneven = 0, all = 0, tick;

	for (i = 0; i < 30; i++)
		streaming_open(&peer[i], NULL);
	for (tick = 0; tick < STREAMS_TURNS; tick++) {
		streams_tick(&streaming.all);
		for (i = n = 0; i < 30; i++)
			n += strcmp(streaming_heard(peer[i]), ": keepalive\n\n") == 0;
		uneven += n > 1;
		all += n;
	}
	is_int(all, 30, "every stream has its turn");
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

/* So many frames at once, before the reader gets to read any. */
static void
send_frames(struct stream *s, int n)
{
	static const char frame[1000] = { 0 };

	while (n-- > 0 && s->stage == STREAM_OPEN)
		streams_send(&streaming.all, s, frame, sizeof(frame));
}

/* The answers to forty calls come in one turn of the loop. */
static void
test_burst(void)
{
	static char heard[1 << 16];
	size_t got = 0;
	int peer;
	struct stream *s = streaming_open(&peer, NULL);
	ssize_t n;

	send_frames(s, 2000);
	is_int(s->stage, STREAM_OPEN, "two megabytes at once: who reads keeps its stream");
	is_int(streaming.all.waiting, outlet_waiting(&s->out), "and what waits is counted");
	while ((n = recv(peer, heard, sizeof(heard), MSG_DONTWAIT)) > 0) {
		got += (size_t)n;
		streams_go_on(&streaming.all, s);
	}
	is_int(got, 2000 * (1000 + FASTCGI_RECORD), "gets all of it");
	is_int(streaming.all.waiting, 0, "and is not behind any more");
	is_int(s->behind_us, 0, "nor was it ever");
	streams_close(&streaming.all, s, NULL);
	streams_sweep(&streaming.all);
	close(peer);
}

static void
test_many_behind(void)
{
	struct stream *s[20], *last;
	int peer[20], burst, i, n = 0;

	for (i = 0; i < 20; i++) {
		s[i] = streaming_open(&peer[i], NULL);
		send_frames(s[i], 2000);
		n += s[i]->stage == STREAM_OPEN;
	}
	ok(n > 7 && n < 12, "of twenty that are behind by two megabytes each, %d may be in a turn", n);
	ok(streaming.all.waiting < 20 << 20, "so that all of them together cost no more than that");
	streams_sweep(&streaming.all);
	ok(open_now() > 3 && open_now() < 6, "%d when it is over", open_now());
	last = streaming_open(&burst, NULL);
	send_frames(last, 2000);
	streams_sweep(&streaming.all);
	is_int(last->stage, STREAM_OPEN, "one that is behind since a moment is not who pays for that");
	last->behind_us -= 3600000000;
	send_frames(last, 1);
	is_int(last->stage, STREAM_CLOSED, "but for ever none may be");
	close(burst);
	streams_each(&streaming.all, close_all, NULL);
	is_int(streaming.all.waiting, 0, "what they had waiting goes with them");
	streams_sweep(&streaming.all);
	for (i = 0; i < 20; i++)
		close(peer[i]);
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
	test_burst();
	test_many_behind();
	test_end();
	test_sessions();
	test_late();
	return streaming_done();
}
