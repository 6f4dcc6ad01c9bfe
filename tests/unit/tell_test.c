/* tell: who hears what, with which id, and the last word. */
#include "streaming.h"
#include "server.h"
#include "tell.h"

#define TAG(id) "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" id
#define FRAME(text) "event: message\ndata: {\"jsonrpc\":\"2.0\"," text "}\n\n"
#define TOOLS(id) FRAME("\"method\":\"notifications/tools/list_changed\",\"params\":{" TAG(id) "}}")
#define CHANGED(uri, id) FRAME("\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"" uri "\"," TAG(id) "}}")

static void
drop(struct stream *s, int peer)
{
	streams_close(&streaming.all, s, NULL);
	streams_sweep(&streaming.all);
	close(peer);
}

static const char *
first_of(const struct subscription *sub, const char *uri)
{
	static struct arena mem;
	struct buf b;

	arena_close(&mem);
	arena_init(&mem, 4096, 1 << 20);
	buf_init(&b, &mem, 1 << 16);
	tell_first(&b, sub, uri);
	return b.at;
}

static void
test_first(void)
{
	static const char *const uri[] = { "a\"b", "c" };
	struct subscription sub = { .kind = SUBSCRIBE_LISTEN, .id = "1795185291", .list = { [LISTS_TOOLS] = true, [LISTS_RESOURCES] = true },
		.uri = uri, .uris = 2, .session = "" };

	is_str(first_of(&sub, "/"), FRAME("\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":"
	    "{\"toolsListChanged\":true,\"resourcesListChanged\":true,\"resourceSubscriptions\":[\"a\\\"b\",\"c\"]}," TAG("1795185291") "}}"),
	    "the acknowledgement names what is honoured");
	ok(!tell_nothing(&sub), "which is something");
	sub.uris = 0;
	memset(sub.list, 0, sizeof(sub.list));
	is_str(first_of(&sub, "/"), FRAME("\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":{},"
	    TAG("1795185291") "}}"), "or nothing");
	ok(tell_nothing(&sub), "which is seen");
	sub = (struct subscription){ .kind = SUBSCRIBE_SSE, .id = "", .session = "S" };
	is_str(first_of(&sub, "/shop/sse?x=/y"), "event: endpoint\ndata: /shop/messages?sessionId=S\n\n", "the endpoint of the older transport");
	sub.kind = SUBSCRIBE_GET;
	is_str(first_of(&sub, "/shop/mcp"), ": open\n\n", "a comment, for a GET stream");
	ok(!tell_nothing(&sub), "which stays open");
}

static void
test_lists(void)
{
	struct subscription get = { .kind = SUBSCRIBE_GET, .id = "", .list = { true, true, true }, .session = "S", .claim = "", .owned = "",
		.tenant = "u", .workspace = "" };
	struct stream *s, *old;
	int peer, other;

	s = streaming_open(&peer, NULL);
	old = streaming_open(&other, &get);
	tell_list(&streaming.all, "shop", "t", LISTS_TOOLS);
	is_str(streaming_heard(peer), TOOLS("\"one\""), "a list that was asked for, with the id");
	is_str(streaming_heard(other), "", "not for another tenant");
	tell_list(&streaming.all, "shop", "t", LISTS_PROMPTS);
	is_str(streaming_heard(peer), "", "nor one that was not asked for");
	tell_list(&streaming.all, "mart", NULL, LISTS_TOOLS);
	is_str(streaming_heard(peer), "", "nor that of another catalog");
	tell_list(&streaming.all, "shop", NULL, LISTS_TOOLS);
	is_str(streaming_heard(peer), TOOLS("\"one\""), "every tenant's");
	is_str(streaming_heard(other), FRAME("\"method\":\"notifications/tools/list_changed\""), "without an id on an older stream");
	tell_one(&streaming.all, s, LISTS_TOOLS);
	is_str(streaming_heard(peer), TOOLS("\"one\""), "one's alone");
	is_str(streaming_heard(other), "", "is no other's");
	tell_session(&streaming.all, "S", "{\"a\":1}", 7);
	is_str(streaming_heard(other), "", "messages for a session are the older transport's");
	old->kind = SUBSCRIBE_SSE;
	tell_session(&streaming.all, "S", "{\"a\":1}", 7);
	is_str(streaming_heard(other), "event: message\ndata: {\"a\":1}\n\n", "which gets its own");
	is_str(streaming_heard(peer), "", "is its own");
	tell_session(&streaming.all, "S", "{\n}", 3);
	is_str(streaming_heard(other), "", "what is not one line would break the stream");
	drop(s, peer);
	drop(old, other);
}

static void
test_resources(void)
{
	int peer;
	struct stream *s = streaming_open(&peer, NULL);

	tell_resource(&streaming.all, "shop", "t", "shop://a");
	is_str(streaming_heard(peer), CHANGED("shop://a", "\"one\""), "a resource that was asked for");
	tell_resource(&streaming.all, "shop", "t", "shop://a/b");
	is_str(streaming_heard(peer), CHANGED("shop://a/b", "\"one\""), "one below it");
	tell_resource(&streaming.all, "shop", "t", "shop://ab");
	tell_resource(&streaming.all, "shop", "t", "shop://");
	tell_resource(&streaming.all, "shop", "u", "shop://a");
	is_str(streaming_heard(peer), "", "not one beside, above, or of another tenant");
	tell_all(&streaming.all);
	is_str(streaming_heard(peer), TOOLS("\"one\"") CHANGED("shop://a", "\"one\""), "after a gap all of it, once");
	drop(s, peer);
}

/* A listen to shop://a, whose caller may read what has no scope. */
static void
test_scopes(void)
{
	static const char *const read = "read", *const more = "more";
	static struct resource entry[] = { { .uri = "shop://a" }, { .uri = "shop://a/{x}", .many = true, .ask.scope = { &read, 1 } } };
	struct identity who = { .scope = { &read, 1 } };
	struct arena mem;
	const char *why;
	struct stream *s;
	int peer;

	arena_init(&mem, 4096, 1 << 20);
	if (uri_template_read(&mem, entry[1].uri, &entry[1].pattern, &why) != 0)
		abort();
	streaming.catalog.resources = (struct resources){ entry, 1, 2 };
	s = streaming_open(&peer, NULL);
	tell_known(s, &who);
	tell_resource(&streaming.all, "shop", "t", "shop://a/b");
	is_str(streaming_heard(peer), CHANGED("shop://a/b", "\"one\""), "what the caller may read is told");
	tell_resource(&streaming.all, "shop", "t", "shop://a/b/c/d");
	is_str(streaming_heard(peer), CHANGED("shop://a/b/c/d", "\"one\""), "and what stands under it");
	who.scope.at = &more;
	tell_known(s, &who);
	tell_resource(&streaming.all, "shop", "t", "shop://a/b");
	tell_resource(&streaming.all, "shop", "t", "shop://a/b/c/d");
	is_str(streaming_heard(peer), "", "neither, when the scope is lost");
	tell_resource(&streaming.all, "shop", "t", "shop://a");
	is_str(streaming_heard(peer), CHANGED("shop://a", "\"one\""), "what takes none is told as before");
	entry[0].ask.scope = entry[1].ask.scope;
	tell_known(s, &who);
	tell_all(&streaming.all);
	is_str(streaming_heard(peer), TOOLS("\"one\""), "nor is it among all that he is told after a gap");
	entry[0].ask.scope.n = 0;
	who.scope.at = &read;
	tell_known(s, &who);
	tell_resource(&streaming.all, "shop", "t", "shop://a/b");
	is_str(streaming_heard(peer), CHANGED("shop://a/b", "\"one\""), "all of it, when the scope is back");
	streaming.catalog.resources = (struct resources){ 0 };
	drop(s, peer);
	arena_close(&mem);
}

/* As somebody else may write it into Redis. */
static void
test_too_long(void)
{
	static char uri[16001];
	int peer;
	struct stream *s = streaming_open(&peer, NULL);

	memset(uri, 'x', sizeof(uri) - 1);
	memcpy(uri, "shop://a/", 9);
	tell_resource(&streaming.all, "shop", "t", uri);
	is_str(streaming_heard(peer), "", "a URI that nobody can have asked for is told to nobody, and ends nothing");
	uri[URI_MAX] = '\0';
	tell_resource(&streaming.all, "shop", "t", uri);
	ok(strlen(streaming_heard(peer)) > URI_MAX, "the longest is told");
	drop(s, peer);
}

/* More than socket and queue hold, to a peer that reads a moment later. */
static void
test_long_gap(void)
{
	static char text[SUBSCRIBE_URIS_MAX][URI_MAX + 1], id[SUBSCRIBE_ID_MAX + 1];
	static const char *uri[SUBSCRIBE_URIS_MAX];
	struct subscription sub = { .kind = SUBSCRIBE_LISTEN, .id = id, .list = { true, true, true }, .uri = uri, .uris = LEN(uri),
		.session = "", .claim = "", .owned = "", .tenant = "t", .workspace = "" };
	struct stream *s;
	size_t i;
	int peer;

	memset(id, 'i', sizeof(id) - 1);
	id[0] = id[sizeof(id) - 2] = '"';
	for (i = 0; i < LEN(uri); i++) {
		memset(text[i], '\x7f', URI_MAX);
		uri[i] = text[i];
	}
	s = streaming_open(&peer, &sub);
	tell_all(&streaming.all);
	is_int(s->stage, STREAM_OPEN, "after a gap a stream that asked for much is not taken for one that does not read");
	records_forget();
	for (i = 0; i < 1000 && outlet_waits(&s->out); i++) {
		records_hear(peer);
		streams_go_on(&streaming.all, s);
	}
	records_hear(peer);
	ok(records.text_len > LEN(uri) * (URI_MAX + SUBSCRIBE_ID_MAX), "and hears of all of it: %zu bytes", records.text_len);
	drop(s, peer);
}

/* --- sessions, with a real Redis -------------------------------------------------------- */

#define OF_SESSION(uri) FRAME("\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"" uri "\"}")

static void
ignore(void *ctx)
{
	(void)ctx;
}

static void
ignore_answer(void *ctx, const struct feed_reply *reply)
{
	(void)ctx;
	(void)reply;
}

static void
pass(int ms)
{
	int64_t until = base_now_us() + ms * INT64_C(1000);

	while (base_now_us() < until) {
		fanout_go_on(streaming.all.fanout);
		usleep(1000);
	}
}

/* Session S has subscribed to shop://a; Redis is there. */
static void
subscribe(void)
{
	static const char *const add[] = { "SADD", "mcp:session:S:uris", "shop://a" };
	int64_t from = base_now_us();

	while (fanout_command(streaming.all.fanout, LEN(add), add, NULL, ignore_answer, NULL) != 0 && base_now_us() - from < 5000000)
		pass(10);
	pass(50);
}

static void
test_sessions(void)
{
	static const struct fanout_ears ears = { .gap = ignore };	/* nothing else is told */
	struct subscription get = { .kind = SUBSCRIBE_GET, .id = "", .session = "S", .claim = "", .owned = "", .tenant = "t", .workspace = "" };
	struct server redis;
	struct stream *s;
	int peer, i;

	server_open(&redis, "redis");
	streaming.cfg.redis = redis.where;
	streaming.cfg.pg = "host=/nowhere/at/all";
	streaming.self.news_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	streaming.all.fanout = fanout_open(&streaming.self, &ears, NULL);
	s = streaming_open(&peer, &get);
	subscribe();
	tell_resource(&streaming.all, "shop", "t", "shop://a/b");
	tell_resource(&streaming.all, "shop", "t", "shop://c");
	pass(100);
	is_str(streaming_heard(peer), OF_SESSION("shop://a/b"), "a session hears of what it has subscribed to");
	tell_resource(&streaming.all, "shop", "t", "shop://a");
	server_tell(&redis, "stop");
	pass(100);
	ok(s->missed, "a question that Redis took and did not answer is not forgotten");
	server_tell(&redis, "start");
	subscribe();
	tell_resource(&streaming.all, "shop", "t", "shop://c");
	pass(100);
	ok(s->missed, "nor is it by the next one that it answers");
	for (i = 0; i < 500 && s->missed; i++) {
		tell_missed(&streaming.all);
		pass(10);
	}
	pass(100);
	is_str(streaming_heard(peer), OF_SESSION("shop://a"), "it is made up for");
	ok(!s->missed, "once");
	for (i = 0; i < 2 * FEED_PENDING_MAX; i++)
		tell_resource(&streaming.all, "shop", "t", "shop://a");
	ok(s->missed, "more than Redis is asked at a time");
	for (i = 0; i < 500 && s->missed; i++) {
		pass(1);
		tell_missed(&streaming.all);
	}
	ok(!s->missed && i > 0, "is made up for as soon as it has answered");
	drop(s, peer);
	server_close(&redis);
}

static void
test_end(void)
{
	int peer;
	struct stream *s = streaming_open(&peer, NULL);

	tell_end(&streaming.all, s);
	is_str(streaming_heard(peer), FRAME("\"id\":\"one\",\"result\":{\"resultType\":\"complete\"," TAG("\"one\"")
	    ",\"io.modelcontextprotocol/serverInfo\":{\"name\":\"shop\",\"version\":\"1\"}}}"), "the last frame is the result");
	ok(records.ended, "and the answer ends");
	drop(s, peer);
}

int
main(void)
{
	streaming_init();
	signal(SIGPIPE, SIG_IGN);	/* as in every worker */
	test_first();
	test_lists();
	test_resources();
	test_scopes();
	test_too_long();
	test_long_gap();
	test_end();
	test_sessions();
	return streaming_done();
}
