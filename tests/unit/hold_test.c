/* hold: what stands in a real Redis while a stream is open, and what not afterwards; and without Redis, nothing. */
#include "streaming.h"
#include "cache.h"
#include "hold.h"
#include "server.h"

#define OWNED	"mcp:t:sessions:c"	/* the list of this caller's sessions */

static struct server server;
static struct cache *cache;
static struct arena mem;

static void
ignore_list(void *ctx, const char *catalog, const char *tenant, enum lists what)
{
	(void)ctx; (void)catalog; (void)tenant; (void)what;
}

static void
ignore_text(void *ctx, const char *a, const char *b)
{
	(void)ctx; (void)a; (void)b;
}

static void
ignore_resource(void *ctx, const char *a, const char *b, const char *c)
{
	(void)ctx; (void)a; (void)b; (void)c;
}

static void
ignore_session(void *ctx, const char *session, const char *json, size_t len)
{
	(void)ctx; (void)session; (void)json; (void)len;
}

static void
ignore(void *ctx)
{
	(void)ctx;
}

static void
ignore_sees(void *ctx, struct fanout_caller *caller, enum lists what)
{
	(void)ctx; (void)caller; (void)what;
}

static void
ignore_gone(void *ctx, struct fanout_caller *caller, const char *why)
{
	(void)ctx; (void)caller; (void)why;
}

static void
ignore_known(void *ctx, struct fanout_caller *caller, const struct identity *who)
{
	(void)ctx; (void)caller; (void)who;
}

static const struct fanout_ears ears = {
	ignore_list, ignore_resource, ignore_session, ignore_text, ignore, ignore_known, ignore_sees, ignore_gone,
};

/* As the loop of a stream worker, for so long. */
static void
pass(int ms)
{
	struct pollfd p = { .fd = fanout_fd(streaming.all.fanout), .events = POLLIN };
	int64_t until = base_now_us() + ms * 1000;

	while (base_now_us() < until) {
		poll(&p, 1, 10);
		fanout_go_on(streaming.all.fanout);
	}
}

/* The claim "mine" while its stream is open here. */
static const char *
held(void)
{
	static char text[SUBSCRIBE_HOLDER_MAX];

	subscribe_holder(text, "mine", streaming.cfg.node, getpid());
	return text;
}

/* NULL: there is no such key. */
static const char *
value(const char *key)
{
	const char *why;
	char *text = NULL;

	return cache_text(cache, &mem, 2, (const char *[]){ "GET", key }, &text, &why) == 0 ? text : "(Redis is away)";
}

static void
set(const char *key, const char *text)
{
	const char *why;
	char *got;

	if (cache_text(cache, &mem, 5, (const char *[]){ "SET", key, text, "PX", "300" }, &got, &why) != 0)
		abort();
}

/* Session S is this caller's, or not any more. */
static void
own(bool is)
{
	static const char add[] = "redis.call('ZADD', KEYS[1], 1, 'S') return 'ok'", drop[] = "redis.call('DEL', KEYS[1]) return 'ok'";
	const char *why;
	char *got;

	if (cache_text(cache, &mem, 4, (const char *[]){ "EVAL", is ? add : drop, "1", OWNED }, &got, &why) != 0)
		abort();
}

static struct stream *
open_one(enum subscribe_kind kind, int *peer)
{
	struct subscription sub = { .kind = kind, .id = "", .session = "S", .claim = kind == SUBSCRIBE_GET ? "mine" : "",
		.owned = OWNED, .tenant = "t", .workspace = "" };

	return streaming_open(peer, &sub);
}

static void
close_one(struct stream *s, int peer)
{
	streams_close(&streaming.all, s, NULL);
	streams_sweep(&streaming.all);
	close(peer);
	pass(100);
}

static void
test_claim(void)
{
	int peer;
	struct stream *s = open_one(SUBSCRIBE_GET, &peer);

	set("mcp:stream:S", "mine");
	hold_renew(&streaming.all, s);
	pass(500);
	is_str(value("mcp:stream:S"), held(), "a claim lives longer than its first time");
	close_one(s, peer);
	is_str(value("mcp:stream:S"), NULL, "and no longer than its stream");
	s = open_one(SUBSCRIBE_GET, &peer);
	hold_renew(&streaming.all, s);
	pass(100);
	is_str(value("mcp:stream:S"), NULL, "of a session that is not the caller's none is made: he was believed while Redis was away");
	own(true);
	hold_renew(&streaming.all, s);
	pass(100);
	is_str(value("mcp:stream:S"), held(), "one that Redis has lost is made again");
	set("mcp:stream:S", "somebody else's");
	hold_renew(&streaming.all, s);
	close_one(s, peer);
	is_str(value("mcp:stream:S"), "somebody else's", "that of another is left alone");
	pass(400);
	is_str(value("mcp:stream:S"), NULL, "in its time, too");
}

static void
test_session(void)
{
	int peer;
	struct stream *s = open_one(SUBSCRIBE_SSE, &peer);

	streaming.cfg.session_idle_ms = 2000;
	own(true);
	set("mcp:session:S", "x");
	hold_renew(&streaming.all, s);
	pass(500);
	is_str(value("mcp:session:S"), "x", "a session of the older transport lives");
	close_one(s, peer);
	is_str(value("mcp:session:S"), NULL, "as long as its stream");
}

/* As after a restart of a Redis that keeps nothing, or when its owner has begun too many others. */
static void
test_lost(void)
{
	int peer, other;
	struct stream *sse = open_one(SUBSCRIBE_SSE, &peer), *get;

	own(true);
	set("mcp:session:S", "x");
	hold_renew(&streaming.all, sse);
	pass(100);
	is_int(sse->stage, STREAM_OPEN, "a session of the older transport");
	pass(2500);
	hold_renew(&streaming.all, sse);
	pass(100);
	ok(sse->stage != STREAM_OPEN, "ends its stream when it is lost: nothing can be posted in it");
	streams_sweep(&streaming.all);
	close(peer);
	own(false);
	get = open_one(SUBSCRIBE_GET, &other);
	hold_renew(&streaming.all, get);
	pass(100);
	is_int(get->stage, STREAM_OPEN, "a GET stream goes on");
	close_one(get, other);
}

static void
test_away(void)
{
	int peer;
	struct stream *s = open_one(SUBSCRIBE_GET, &peer);
	int64_t from = base_now_us();

	server_tell(&server, "stop");
	hold_renew(&streaming.all, s);
	pass(300);
	is_int(s->stage, STREAM_OPEN, "without Redis a stream stays open");
	streams_close(&streaming.all, s, NULL);
	streams_sweep(&streaming.all);
	ok(base_now_us() - from < 5000000, "and nobody waits");
	close(peer);
}

int
main(void)
{
	streaming_init();
	signal(SIGPIPE, SIG_IGN);	/* as in every worker */
	server_open(&server, "redis");
	arena_init(&mem, 4096, 1 << 20);
	cache = cache_make(server.where, 1000);
	streaming.cfg.redis = server.where;
	streaming.cfg.pg = "host=/nowhere/at/all";
	streaming.self.news_fd = eventfd(0, EFD_NONBLOCK);
	streaming.all.fanout = fanout_open(&streaming.self, &ears, NULL);
	streaming.all.left = hold_release;
	pass(300);
	test_claim();
	test_session();
	test_lost();
	test_away();
	server_close(&server);
	arena_close(&mem);
	return streaming_done();
}
