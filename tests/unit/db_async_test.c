/* db_async: against a real PostgreSQL: answers, refusals, a server that goes, hangs, comes back. */
#include "tap.h"
#include "db_async.h"
#include "server.h"

static struct server server;
static int epoll_fd;

static struct seen {
	char            rows[512];
	int             done;
	enum db_outcome outcome;
	char            why[256];
} seen;

static void
row(void *ctx, int number, const char *text)
{
	struct seen *s = ctx;
	size_t at = strlen(s->rows);

	snprintf(s->rows + at, sizeof(s->rows) - at, "%d=%s;", number, text ? text : "null");
}

static void
done(void *ctx, enum db_outcome outcome, const char *why)
{
	struct seen *s = ctx;

	s->done++;
	s->outcome = outcome;
	snprintf(s->why, sizeof(s->why), "%s", why ? why : "");
}

static void
turn(struct db_async *a)
{
	struct epoll_event e[4];

	(void)!epoll_wait(epoll_fd, e, LEN(e), 20);
	db_async_go_on(a);
}

static bool
is_free_within(struct db_async *a, int ms)
{
	int64_t from = base_now_us();

	while (!db_async_is_free(a) && base_now_us() - from < ms * INT64_C(1000))
		turn(a);
	return db_async_is_free(a);
}

static void
ask(struct db_async *a, const char *sql, const char *given)
{
	struct db_question q = { sql, given, row, done, &seen };

	memset(&seen, 0, sizeof(seen));
	db_async_ask(a, &q);
}

/* How long until the answer in ms, or -1: not within `most`. */
static int
answered(struct db_async *a, int most)
{
	int64_t from = base_now_us();

	while (!seen.done && base_now_us() - from < most * INT64_C(1000))
		turn(a);
	return seen.done ? (int)((base_now_us() - from) / 1000) : -1;
}

static void
test_nobody(void)
{
	static struct db_async *a;
	int64_t from = base_now_us();
	int i;

	a = db_async_make("host=/nowhere", "db_async_test", epoll_fd);
	for (i = 0; i < 10; i++)
		turn(a);
	ok(base_now_us() - from < 1000000, "without a server nobody waits");
	ok(!db_async_is_free(a), "nor can it be asked");
}

static void
test_answers(struct db_async *a)
{
	static char large[600 * 1024];
	char want[32];

	ok(is_free_within(a, 3000), "it connects");
	ask(a, "select nullif(x, 2)::text from generate_series(1, $1::int) x", "3");
	ok(!db_async_is_free(a), "one question at a time");
	ok(answered(a, 2000) >= 0, "is answered");
	is_str(seen.rows, "0=1;1=null;2=3;", "row by row");
	is_int(seen.outcome, DB_DONE, "and well");
	ok(db_async_is_free(a), "then the next can be asked");
	ask(a, "select 1 / $1::int", "0");
	ok(answered(a, 2000) >= 0, "one that PostgreSQL refuses");
	is_int(seen.outcome, DB_REFUSED, "is refused");
	ok(strstr(seen.why, "division by zero"), "with its sentence: %s", seen.why);
	is_str(seen.rows, "", "and no row");
	memset(large, 'x', sizeof(large) - 1);
	ask(a, "select length($1::text)", large);
	ok(answered(a, 3000) >= 0, "one larger than a socket's buffer");
	snprintf(want, sizeof(want), "0=%zu;", sizeof(large) - 1);
	is_str(seen.rows, want, "arrives whole");
}

static void
test_trouble(struct db_async *a)
{
	ask(a, "select pg_sleep($1::int)::text", "60");
	ok(answered(a, 8000) > 3000, "an answer that does not come is given up");
	is_int(seen.outcome, DB_AWAY, "as if the server were away");
	ok(is_free_within(a, 3000), "and it connects anew");

	server_tell(&server, "stop");
	turn(a);
	turn(a);
	ok(!db_async_is_free(a), "a server that went is noticed, though nothing was asked");
	server_tell(&server, "start");
	ok(is_free_within(a, 8000), "and one that came back is found");
	ask(a, "select $1::text", "hello");
	server_tell(&server, "stop");
	answered(a, 3000);
	is_int(seen.done, 1, "whoever asks while it goes is told something, once");
	server_tell(&server, "start");
	ok(is_free_within(a, 8000), "and later it is there again");
}

int
main(void)
{
	int fd = open("/dev/null", O_WRONLY);
	static struct db_async *a;

	dup2(fd, STDERR_FILENO);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server_open(&server, "postgres");
	a = db_async_make(server.where, "db_async_test", epoll_fd);
	test_nobody();
	test_answers(a);
	test_trouble(a);
	server_close(&server);
	return tap_done();
}
