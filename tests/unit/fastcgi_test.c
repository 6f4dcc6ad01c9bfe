/* fastcgi: heads that are refused, bodies, answers, and peers that are silent, slow or gone. */
#include "tap.h"
#include "fastcgi.h"

#define SILENCE_MS 300

static struct fastcgi *f;
static struct request rq;
static int peer;		/* nginx's end of the connection */

/* --- what a peer sends ------------------------------------------------------------------ */

static unsigned char out[300000];
static size_t out_len;

static void
record(int type, int id, const void *content, size_t n, size_t padding)
{
	unsigned char *p = out + out_len;

	memset(p, 0, 8 + n + padding);
	p[0] = 1;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(n >> 8);
	p[5] = (unsigned char)n;
	p[6] = (unsigned char)padding;
	if (n > 0)
		memcpy(p + 8, content, n);
	out_len += 8 + n + padding;
}

static void
begin(int role)
{
	unsigned char body[8] = { 0, (unsigned char)role };

	out_len = 0;
	record(1, 1, body, sizeof(body), 0);
}

static size_t
pair(unsigned char *at, const char *name, const char *value, size_t value_len)
{
	size_t n = strlen(name);

	at[0] = (unsigned char)n;
	at[1] = (unsigned char)(128 | value_len >> 24);
	at[2] = (unsigned char)(value_len >> 16);
	at[3] = (unsigned char)(value_len >> 8);
	at[4] = (unsigned char)value_len;
	memcpy(at + 5, name, n);
	memcpy(at + 5 + n, value, value_len);
	return 5 + n + value_len;
}

/* A POST with that many bytes promised. */
static void
head(size_t promised)
{
	unsigned char params[512];
	char length[24];
	size_t n;

	snprintf(length, sizeof(length), "%zu", promised);
	n = pair(params, "REQUEST_METHOD", "POST", 4);
	n += pair(params + n, "HTTP_MCP_NAME", "a", 1);
	n += pair(params + n, "HTTP_X_UNKNOWN", "ignored", 7);
	n += pair(params + n, "HTTP_MCP_NAME", "b", 1);
	n += pair(params + n, "CONTENT_LENGTH", length, strlen(length));
	begin(1);
	record(4, 1, params, n, 3);
	record(4, 1, NULL, 0, 0);
}

/* --- both ends -------------------------------------------------------------------------- */

static int
connect_both(void)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) != 0)
		abort();
	peer = s[1];
	return s[0];
}

static void
say(const void *bytes, size_t n)
{
	if (send(peer, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		abort();
}

/* Opens a request over what out holds. */
static int
open_said(const char **why)
{
	int fd = connect_both();

	say(out, out_len);
	memset(&rq, 0, sizeof(rq));
	arena_init(&rq.mem, 65536, 1 << 24);
	*why = NULL;
	return fastcgi_open(f, fd, &rq, why);
}

static void
hang_up(void)
{
	close(peer);
	arena_close(&rq.mem);
}

static void
refused(const char *name, const char *phrase)
{
	const char *why;

	is_int(open_said(&why), -1, "%s: no request", name);
	is_str(why, phrase, "%s: said why", name);
	hang_up();
}

/* --- heads ------------------------------------------------------------------------------ */

static void
test_refused(void)
{
	static unsigned char big[65000];
	unsigned char params[8192];
	size_t n;
	int i;

	out_len = 18;
	memcpy(out, "GET / HTTP/1.1\r\n\r\n", out_len);
	refused("HTTP", "it does not speak FastCGI");

	begin(2);
	record(4, 1, NULL, 0, 0);
	refused("another role", "it does not speak FastCGI");

	begin(1);
	record(4, 2, NULL, 0, 0);
	refused("another id", "it does not speak FastCGI");

	out_len = 0;
	record(9, 0, NULL, 0, 0);
	refused("a management record", "it does not speak FastCGI");

	begin(1);
	record(5, 1, "{}", 2, 0);
	refused("a body without parameters", "it does not speak FastCGI");

	begin(1);
	record(4, 1, "\377\377\377\377\377\377\377\377X", 9, 0);
	record(4, 1, NULL, 0, 0);
	refused("lengths beyond the record", "its parameters are malformed");

	begin(1);
	n = pair(params, "HTTP_AUTHORIZATION", "a\0b", 3);
	record(4, 1, params, n, 0);
	record(4, 1, NULL, 0, 0);
	refused("a NUL in a value", "its parameters are malformed");

	begin(1);
	for (i = 0, n = 0; i < 1025; i++)
		n += pair(params + n, "A", "x", 1);
	record(4, 1, params, n, 0);
	record(4, 1, NULL, 0, 0);
	refused("1025 parameters", "it has too many parameters");

	begin(1);
	n = pair(big, "A", (const char *)out + 1000, 60000);
	record(4, 1, big, n, 0);
	record(4, 1, big, n, 0);
	record(4, 1, NULL, 0, 0);
	refused("120,000 bytes of parameters", "its parameters are too long");

	head(2);
	out_len = 20;
	refused("half a head, then silence", "it stopped in the middle of a request");
}

static void
test_gone(void)
{
	const char *why = "";
	int fd = connect_both();

	close(peer);
	memset(&rq, 0, sizeof(rq));
	arena_init(&rq.mem, 4096, 1 << 20);
	is_int(fastcgi_open(f, fd, &rq, &why), -1, "a client that left before we looked");
	ok(!why, "is nothing to talk about");
	arena_close(&rq.mem);
}

/* --- requests --------------------------------------------------------------------------- */

/* Everything the peer gets until we hang up; STDOUT's content, and whether END_REQUEST came. */
static size_t
hear(char *text, size_t room, bool *ended)
{
	unsigned char h[8], body[65536 + 256];
	size_t len = 0, n;

	*ended = false;
	while (recv(peer, h, sizeof(h), MSG_WAITALL) == sizeof(h)) {
		n = (size_t)h[4] << 8 | h[5];
		if (n + h[6] > 0 && recv(peer, body, n + h[6], MSG_WAITALL) <= 0)
			break;
		if (h[1] == 3)
			*ended = true;
		if (h[1] == 6 && len + n < room) {
			memcpy(text + len, body, n);
			len += n;
		}
	}
	text[len] = '\0';
	return len;
}

static void
test_request(void)
{
	char text[1024], body[64];
	const char *why;
	bool ended;

	head(11);
	record(5, 1, "hello ", 6, 2);
	record(5, 1, "world", 5, 0);
	record(5, 1, NULL, 0, 0);
	is_int(open_said(&why), 0, "a request");
	is_str(rq.param[PARAM_METHOD], "POST", "a parameter");
	is_str(rq.param[PARAM_CONTENT_LENGTH], "11", "another");
	ok(rq.twice == 1U << PARAM_MCP_NAME, "one came twice");
	ok(!rq.param[PARAM_ORIGIN], "one did not come");
	ok(rq.client_fd >= 0, "the client can be watched");
	is_int(rq.wire->read(rq.io, body, 6), 6, "the body, in pieces");
	is_int(rq.wire->read(rq.io, body + 6, sizeof(body) - 6), 5, "to its end");
	is_int(rq.wire->read(rq.io, body + 11, 5), 0, "and no further");
	ok(memcmp(body, "hello world", 11) == 0, "over the borders of records");
	is_int(rq.wire->write(rq.io, "Status: 200 OK\r\n\r\n", 18), 0, "the head of the answer");
	is_int(rq.wire->write(rq.io, "fine", 4), 0, "its body");
	fastcgi_close(f);
	hear(text, sizeof(text), &ended);
	is_str(text, "Status: 200 OK\r\n\r\nfine", "the answer arrives");
	ok(ended, "and its end");
	hang_up();
}

static void
test_many_small_records(void)
{
	unsigned char params[64];
	const char *why;
	size_t n, i;

	begin(1);
	n = pair(params, "REQUEST_METHOD", "DELETE", 6);
	for (i = 0; i < n; i++)
		record(4, 1, params + i, 1, 7);
	record(4, 1, NULL, 0, 0);
	record(5, 1, NULL, 0, 0);
	is_int(open_said(&why), 0, "parameters byte by byte");
	is_str(rq.param[PARAM_METHOD], "DELETE", "are one text");
	fastcgi_close(f);
	hang_up();
}

static void
test_bad_body(void)
{
	char body[64];
	const char *why;

	head(20);
	record(5, 1, "{}", 2, 0);
	is_int(open_said(&why), 0, "a body that stops");
	is_int(rq.wire->read(rq.io, body, 20), -1, "is trouble after a silence");
	fastcgi_close(f);
	hang_up();

	head(20);
	record(4, 1, "{}", 2, 0);
	is_int(open_said(&why), 0, "a record that does not belong");
	is_int(rq.wire->read(rq.io, body, 20), -1, "is trouble");
	fastcgi_close(f);
	hang_up();
}

/* A megabyte comes while we refuse: the answer must arrive nevertheless, not a reset. */
static void
test_refused_early(void)
{
	static char megabyte[1 << 16];
	char text[1024];
	const char *why;
	bool ended;
	int i, pid;

	head(16 * 65535);
	is_int(open_said(&why), 0, "a request with a large body");
	pid = fork();
	if (pid == 0) {		/* the peer: sends all, then reads */
		close(rq.client_fd);
		for (i = 0; i < 16; i++) {
			out_len = 0;
			record(5, 1, megabyte, 65535, 0);
			if (send(peer, out, out_len, MSG_NOSIGNAL) != (ssize_t)out_len)
				_exit(2);
		}
		hear(text, sizeof(text), &ended);
		_exit(ended && strcmp(text, "no") == 0 ? 0 : 3);
	}
	is_int(rq.wire->write(rq.io, "no", 2), 0, "is refused unread");
	close(peer);
	fastcgi_close(f);
	waitpid(pid, &i, 0);
	is_int(i, 0, "and who sent it hears that");
	arena_close(&rq.mem);
}

/* --- time ------------------------------------------------------------------------------- */

static volatile sig_atomic_t was_waiting;

static void
ring(int signal_number)
{
	(void)signal_number;
	was_waiting = fastcgi_hang_up();
}

static void
in_100_ms(void)
{
	struct itimerval at = { .it_value = { 0, 100000 } };

	setitimer(ITIMER_REAL, &at, NULL);
}

static void
test_hang_up(void)
{
	static char flood[1 << 22];
	struct sigaction act = { .sa_handler = ring };
	struct timespec nap = { 0, 200000000 };
	const char *why;
	int64_t from;

	sigaction(SIGALRM, &act, NULL);
	head(20);
	out_len = 20;
	in_100_ms();
	from = base_now_us();
	is_int(open_said(&why), -1, "a wait for a head can be ended");
	ok(base_now_us() - from < (SILENCE_MS - 50) * 1000, "before its time-out");
	ok(was_waiting, "by who asks whether the peer is waited for");
	hang_up();

	head(0);
	is_int(open_said(&why), 0, "a peer that does not read");
	in_100_ms();
	is_int(rq.wire->write(rq.io, flood, sizeof(flood)), -1, "can be left");
	ok(was_waiting, "in the same way");
	fastcgi_close(f);
	hang_up();

	head(0);
	is_int(open_said(&why), 0, "a request that is busy otherwise");
	in_100_ms();
	nanosleep(&nap, NULL);
	ok(!was_waiting, "does not wait for its peer");
	is_int(rq.wire->write(rq.io, "x", 1), 0, "and nothing was cut");
	fastcgi_close(f);
	hang_up();
}

int
main(void)
{
	f = fastcgi_make(SILENCE_MS);
	test_refused();
	test_gone();
	test_request();
	test_many_small_records();
	test_bad_body();
	test_refused_early();
	test_hang_up();
	return tap_done();
}
