/* tell: who hears what, with which id, and the last word. */
#include "streaming.h"
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
	is_str(streaming_heard(other), "event: message\ndata: {\"a\":1}\n\n", "a session's message");
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
	test_first();
	test_lists();
	test_resources();
	test_end();
	return streaming_done();
}
