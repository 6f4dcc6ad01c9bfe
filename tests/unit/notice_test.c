/* notice: what arrives at a real Redis, and what is done without one. */
#include "notice.h"
#include "ask.h"
#include "feed.h"
#include "server.h"

static struct server server;
static struct request rq;
static struct feed *feed;
static int epoll_fd;
static char *heard;		/* the last message */
static size_t heard_len;
static bool listens;

static void
begins(void *ctx)
{
	(void)ctx;
	listens = true;
}

static void
message(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	free(heard);
	heard = malloc(len + 1);
	if (heard)
		memcpy(heard, text, len + 1);
	heard_len = len;
}

static void
wait_for(const bool *so)
{
	int64_t from = base_now_us();
	struct epoll_event e[4];

	while (!(so ? *so : heard != NULL) && base_now_us() - from < 3000000) {
		(void)!epoll_wait(epoll_fd, e, LEN(e), 20);
		feed_go_on(feed);
	}
}

static const char *
next(void)
{
	wait_for(NULL);
	return heard;
}

static void
forget(void)
{
	free(heard);
	heard = NULL;
}

static void
test_told(void)
{
	char *long_uri = arena_zero(&rq.mem, URI_MAX + 2);
	size_t used = rq.mem.used;

	notice_list(&rq, "tools");
	is_str(next(), "{\"v\":1,\"kind\":\"list\",\"catalog\":\"shop\",\"tenant\":\"t\",\"what\":\"tools\"}", "a list");
	forget();
	notice_resource(&rq, "x://\"1\"");
	is_str(next(), "{\"v\":1,\"kind\":\"resource\",\"catalog\":\"shop\",\"tenant\":\"t\",\"uri\":\"x://\\\"1\\\"\"}", "a resource");
	forget();
	is_int(notice_cancel(&rq, "s1", "\"7\""), 0, "a request that is cancelled");
	is_str(next(), "{\"v\":1,\"kind\":\"cancel\",\"session\":\"s1\",\"id\":\"\\\"7\\\"\"}", "arrives");
	forget();
	is_int(notice_session(&rq, "s1", "{\"a\": 1.0}", 10), 0, "a message for a session");
	is_str(next(), "{\"v\":1,\"kind\":\"session\",\"session\":\"s1\"}\n{\"a\": 1.0}", "arrives byte for byte");
	forget();
	memset(long_uri, 1, URI_MAX);
	notice_resource(&rq, long_uri);
	ok(next() && strstr(heard, "\\u0001\"}"), "the longest URI arrives");
	forget();
	long_uri[URI_MAX] = 'x';
	notice_resource(&rq, long_uri);
	notice_list(&rq, "prompts");
	ok(next() && strstr(heard, "prompts"), "a longer one is not told");
	forget();
	is_int((int64_t)(rq.mem.used - used), 0, "and a call that tells a lot does not run out of memory");
	is_int(atomic_load(&ask.board->lost.last_us), 0, "nothing was lost");
	ok(rq.slot->event.redis_us > 0, "the time it took is the request's");
}

static void
test_large(void)
{
	char *large = malloc(NOTICE_MAX + 2);

	memset(large, 'x', NOTICE_MAX + 1);
	large[NOTICE_MAX + 1] = '\0';
	is_int(notice_session(&rq, "s1", large, NOTICE_MAX), 0, "the largest message");
	next();
	is_int(heard_len, NOTICE_MAX + strlen("{\"v\":1,\"kind\":\"session\",\"session\":\"s1\"}\n"), "arrives whole");
	forget();
	is_int(notice_session(&rq, "s1", large, NOTICE_MAX + 1), -1, "a larger one is refused");
	free(large);
}

static void
test_away(void)
{
	int64_t now = base_wall_us();

	server_tell(&server, "stop");
	is_int(notice_session(&rq, "s1", "{}", 2), -1, "without Redis a message does not arrive, and that is said");
	is_int(notice_cancel(&rq, "s1", "1"), -1, "nor a cancellation");
	is_int(atomic_load(&ask.board->lost.last_us), 0, "whoever sent them knows");
	notice_list(&rq, "tools");
	ok(atomic_load(&ask.board->lost.last_us) >= now, "what nobody waits for is noted as lost");
}

int
main(void)
{
	static const struct feed_ears ears = { message, begins };

	ask_silence();
	signal(SIGPIPE, SIG_IGN);
	ask_init(&rq);
	ask_message(&rq, "{}");
	server_open(&server, "redis");
	rq.cache = cache_make(server.where, 1000);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	feed = feed_hear(server.where, epoll_fd, NOTICE_CHANNEL, &ears, NULL);
	wait_for(&listens);
	test_told();
	test_large();
	test_away();
	server_close(&server);
	return ask_done(&rq);
}
