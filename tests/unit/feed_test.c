/* feed: against a real Redis: messages and answers in their order, a Redis that goes, hangs, floods, comes back. */
#include "tap.h"
#include "arena.h"
#include "cache.h"
#include "feed.h"
#include "server.h"

static struct server server;
static struct cache *cache;
static int epoll_fd;

/* They live as long as the process; LeakSanitizer sees it. */
static struct feed *
keep(struct feed *f)
{
	static struct feed *kept[8];
	static size_t n;

	return kept[n++] = f;
}

static struct heard {
	int    begins, messages;
	size_t bytes;
	char   last[64];
} heard;

static void
begins(void *ctx)
{
	((struct heard *)ctx)->begins++;
}

static void
message(void *ctx, const char *text, size_t len)
{
	struct heard *h = ctx;

	h->messages++;
	h->bytes += len;
	snprintf(h->last, sizeof(h->last), "%s", text);
}

static const struct feed_ears ears = { message, begins };

/* What the answers were, in their order. */
static char said[4096];

static void
note(void *ctx, const struct feed_reply *r)
{
	size_t at = strlen(said), i;

	(void)ctx;
	if (!r)
		snprintf(said + at, sizeof(said) - at, "away;");
	else if (r->kind == FEED_NUMBER)
		snprintf(said + at, sizeof(said) - at, "%" PRId64 ";", r->number);
	else if (r->kind == FEED_NIL)
		snprintf(said + at, sizeof(said) - at, "nil;");
	else if (r->kind == FEED_LIST)
		for (i = 0; i < r->n; i++, at = strlen(said))
			snprintf(said + at, sizeof(said) - at, "[%.*s]", (int)r->at[i].len, r->at[i].at);
	else
		snprintf(said + at, sizeof(said) - at, "%s%s;", r->kind == FEED_ERROR ? "error " : "", r->text.at);
}

static int
say(struct feed *f, const char *const *argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return feed_command(f, n, argv, NULL, note, NULL);
}

#define SAY(f, ...) say(f, (const char *const[]){ __VA_ARGS__, NULL })

/* Turns of the loop until it is so; how long that took in ms, or -1: not within `most` ms. */
#define until(f, cond, most) __extension__({ \
	int64_t from_ = base_now_us(); \
	bool so_; \
	while (!(so_ = (cond)) && base_now_us() - from_ < (most) * INT64_C(1000)) \
		turn(f); \
	so_ ? (int)((base_now_us() - from_) / 1000) : -1; })

static void
turn(struct feed *f)
{
	struct epoll_event e[4];

	(void)!epoll_wait(epoll_fd, e, LEN(e), 20);
	feed_go_on(f);
}

static void
publish(const char *text, size_t len)
{
	const char *why = "";
	int64_t from = base_now_us();

	while (cache_publish(cache, "news", text, len, &why) != 0 && base_now_us() - from < 5000000)
		usleep(20000);
}

static void
test_nobody(void)
{
	struct feed *none = keep(feed_carry(NULL, epoll_fd)), *nowhere = keep(feed_carry("/nowhere/redis.sock", epoll_fd));
	int64_t from = base_now_us();
	int i;

	for (i = 0; i < 5; i++) {
		turn(none);
		turn(nowhere);
	}
	ok(base_now_us() - from < 1000000, "without a server nobody waits");
	ok(!feed_is_open(none) && !feed_is_open(nowhere), "nor is anything open");
	is_int(SAY(nowhere, "GET", "a"), -1, "a command is refused at once");
}

static void
test_carry(void)
{
	struct feed *f = keep(feed_carry(server.where, epoll_fd));

	ok(until(f, feed_is_open(f), 2000) >= 0, "it connects");
	is_int(SAY(f, "SET", "a", "text"), 0, "a command");
	is_int(SAY(f, "GET", "a"), 0, "and others behind it");
	is_int(SAY(f, "INCR", "n"), 0, "with a number");
	is_int(SAY(f, "GET", "none"), 0, "with nothing");
	is_int(SAY(f, "SADD", "s", "one"), 0, "and");
	is_int(SAY(f, "SMEMBERS", "s"), 0, "with a list");
	is_int(SAY(f, "GET"), 0, "and a wrong one");
	is_str(said, "", "nothing is called back before the loop goes on");
	ok(until(f, strstr(said, "error"), 2000) >= 0, "all are answered");
	ok(strncmp(said, "OK;text;1;nil;1;[one]error ERR wrong number", 43) == 0, "in their order: %s", said);

	said[0] = '\0';
	is_int(SAY(f, "BLPOP", "nowhere", "0"), 0, "an answer that does not come");
	ok(until(f, said[0], 8000) > 2000, "is given up");
	is_str(said, "away;", "and its asker is told so");
	is_int(SAY(f, "GET", "a"), -1, "until it is back there is nothing to send to");
	ok(until(f, feed_is_open(f), 4000) >= 0, "which is soon");
}

static void
test_full(void)
{
	struct feed *f = keep(feed_carry(server.where, epoll_fd));
	int n;

	ok(until(f, feed_is_open(f), 2000) >= 0, "it connects");
	said[0] = '\0';
	for (n = 0; n < 2 * FEED_PENDING_MAX && feed_command(f, 2, (const char *const[]){ "ECHO", "" }, NULL, NULL, NULL) == 0; n++)
		;
	is_int(n, FEED_PENDING_MAX, "no more are sent than there is room for answers");
	turn(f);
	ok(until(f, SAY(f, "ECHO", "after") == 0, 2000) >= 0, "then again");
	ok(until(f, said[0], 2000) >= 0, "and the queue goes round");
	is_str(said, "after;", "with the right answer");
}

/* Before the loop goes on nothing is sent: as from a Redis that does not read. */
static void
test_heavy(void)
{
	struct feed *f = keep(feed_carry(server.where, epoll_fd));
	static char text[(1 << 20) + 1];
	int n;

	memset(text, 'x', sizeof(text) - 1);
	ok(until(f, feed_is_open(f), 2000) >= 0, "it connects");
	ok(!feed_owes(f), "nothing is owed");
	for (n = 0; n < 100 && feed_command(f, 2, (const char *const[]){ "ECHO", text }, NULL, NULL, NULL) == 0; n++)
		;
	ok(n >= 8 && n <= FEED_WAITING_MAX / (1 << 20) + 1, "what Redis does not take does not pile up: %d MB", n);
	ok(feed_owes(f), "answers are owed");
	ok(until(f, !feed_owes(f), 5000) >= 0, "until they are there");
	is_int(SAY(f, "ECHO", "light"), 0, "then there is room again");
}

static void
test_hear(void)
{
	static char large[FEED_REPLY_MAX + (64 << 10)];
	struct feed *f = keep(feed_hear(server.where, epoll_fd, "news", &ears, &heard));
	int i;

	memset(large, 'x', sizeof(large));
	ok(until(f, heard.begins == 1, 2000) >= 0, "it subscribes");
	publish("one", 3);
	ok(until(f, heard.messages == 1, 1000) >= 0, "a message is heard");
	is_str(heard.last, "one", "as it was sent");
	for (i = 0; i < 2000; i++)
		publish("many", 4);
	ok(until(f, heard.messages == 2001, 5000) >= 0, "many are");
	heard.bytes = 0;
	publish(large, 4 << 20);
	ok(until(f, heard.messages == 2002, 5000) >= 0, "and one of 4 MB");
	is_int(heard.bytes, 4 << 20, "whole");
	is_int(until(f, heard.begins == 2, 4500), -1, "one that hears nothing stays, as Redis answers when it is asked");

	server_tell(&server, "stop");
	ok(until(f, !feed_is_open(f), 2000) >= 0, "a Redis that went is noticed");
	server_tell(&server, "start");
	ok(until(f, heard.begins == 2, 5000) >= 0, "and one that came back");
	publish("two", 3);
	ok(until(f, strcmp(heard.last, "two") == 0, 2000) >= 0, "is heard");
	publish(large, sizeof(large));
	ok(until(f, heard.begins == 3, 5000) >= 0, "a message without measure breaks the connection, and it begins anew");
}

int
main(void)
{
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, STDERR_FILENO);
	signal(SIGPIPE, SIG_IGN);	/* as every process does */
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server_open(&server, "redis");
	cache = cache_make(server.where, 1000);
	test_nobody();
	test_carry();
	test_full();
	test_heavy();
	test_hear();
	server_close(&server);
	return tap_done();
}
