/* intake: whole requests, requests in pieces, and what is none. */
#include "intake.h"
#include "records.h"
#include "tap.h"

static const struct config cfg = { .body_bytes_max = 100000 };
static struct request rq;
static struct intake in;
static int both[2];

static void
open_both(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, both) != 0)
		abort();
	in = (struct intake){ 0 };
}

static void
close_both(void)
{
	intake_close(&in);
	close(both[0]);
	close(both[1]);
}

static enum fastcgi_look
read_now(const char **why)
{
	unsigned id;

	arena_close(&rq.mem);
	rq = (struct request){ .cfg = &cfg };
	arena_init(&rq.mem, 4096, 1 << 24);
	return intake_read(&in, both[0], &rq, &id, why);
}

static void
request(const char *length, const char *body)
{
	records_begin();
	records_param("REQUEST_METHOD", "POST");
	records_param("CONTENT_LENGTH", length);
	records_body(body);
}

static void
say(size_t from, size_t n)
{
	if (send(both[1], records.out + from, n, MSG_NOSIGNAL) != (ssize_t)n)
		abort();
}

static void
test_whole(void)
{
	const char *why;

	open_both();
	ok(read_now(&why) == FASTCGI_MORE, "nothing yet");
	request("5", "hello");
	say(0, records.len);
	ok(read_now(&why) == FASTCGI_WHOLE, "a request at once");
	is_str(rq.body, "hello", "its body");
	is_str(rq.param[PARAM_METHOD], "POST", "a parameter");
	ok(!in.at, "nothing was kept");
	close_both();
}

/* Byte by byte it is not whole before its last one. */
static void
test_pieces(void)
{
	const char *why;
	size_t i, early = 0;

	open_both();
	request("5", "hello");
	for (i = 0; i < records.len - 1; i++) {
		say(i, 1);
		early += read_now(&why) != FASTCGI_MORE;
	}
	is_int(early, 0, "in pieces it waits for the last");
	say(i, 1);
	ok(read_now(&why) == FASTCGI_WHOLE, "and then is whole");
	is_str(rq.body, "hello", "its body");
	close_both();
}

static void
refused(const char *name, const char *phrase)
{
	const char *why = NULL;

	ok(read_now(&why) == FASTCGI_BAD, "%s", name);
	is_str(why, phrase, "which is said");
	close_both();
}

static void
test_bad(void)
{
	static char long_body[200001];

	open_both();
	request("6", "hello");
	say(0, records.len);
	refused("a length that is not true", "its body is not as long as it says");
	open_both();
	request("x", "hello");
	say(0, records.len);
	refused("a length that is none", "its CONTENT_LENGTH is no number");
	open_both();
	if (send(both[1], "GET / HTTP/1.1\r\n\r\n", 18, 0) != 18)
		abort();
	refused("another protocol", "it does not speak FastCGI");
	open_both();
	shutdown(both[1], SHUT_WR);
	refused("who only looks whether we are here", NULL);
	open_both();
	request("5", "hello");
	say(0, 10);
	(void)read_now(&(const char *){ NULL });
	shutdown(both[1], SHUT_WR);
	refused("who hangs up", "it hung up in the middle of a request");
	memset(long_body, 'x', sizeof(long_body) - 1);
	open_both();
	request("200000", long_body);
	records.len -= FASTCGI_RECORD;		/* and it never ends */
	fcntl(both[1], F_SETFL, O_NONBLOCK);
	{
		const char *why = NULL;
		enum fastcgi_look got = FASTCGI_MORE;
		size_t at = 0, rounds;
		ssize_t n;

		for (rounds = 0; got == FASTCGI_MORE && rounds < 1000; rounds++) {
			n = send(both[1], records.out + at % records.len, records.len - at % records.len, MSG_NOSIGNAL);
			at += n > 0 ? (size_t)n : 0;
			got = read_now(&why);
		}
		ok(got == FASTCGI_BAD, "what does not end is given up");
		ok(at < 1 << 20, "before it costs much");
	}
	close_both();
}

int
main(void)
{
	test_whole();
	test_pieces();
	test_bad();
	arena_close(&rq.mem);
	return tap_done();
}
