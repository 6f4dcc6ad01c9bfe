/* subscribe: what a filter must look like, what of it is honoured, and that all of it comes through the ticket. */
#include "ask.h"
#include "fail.h"
#include "subscribe.h"
#include "ticket.h"

#define NS "io.modelcontextprotocol/"

static struct request rq;
static char body[SUBSCRIBE_BODY_MAX + 4096];

static void
begin(const char *id, const char *filter, const char *capabilities)
{
	snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"subscriptions/listen\",\"params\":{%s\"_meta\":{\"" NS
	    "clientCapabilities\":%s}}}", id, filter, capabilities);
	ask_message(&rq, body);
	rq.era = ERA_MODERN;
	rq.version = "2026-07-28";
	rq.workspace = "";
	rq.place = POOL_FAST;
	rq.body = body;
	rq.body_len = strlen(body);
	rq.id = json_get(rq.message, "id");
	rq.method = "subscriptions/listen";
	rq.params = json_get(rq.message, "params");
	rq.param[PARAM_METHOD] = "POST";
	rq.param[PARAM_URI] = "/shop/mcp";
	rq.param[PARAM_ACCEPT] = "application/json, text/event-stream";
	rq.param[PARAM_LAST_EVENT] = NULL;
	rq.start_us = base_now_us();
}

static void
refused(const char *name, const char *filter, int as)
{
	begin("1", filter, "{}");
	is_int(subscribe_listen(&rq), -1, "%s", name);
	is_int(rq.failed, as, "%s: how", name);
	is_int(rq.place, POOL_FAST, "%s: and it stays here", name);
}

/* A filter with n resources. */
static const char *
resources(int n)
{
	struct buf b;

	buf_init(&b, &rq.mem, 1 << 16);
	buf_str(&b, "\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[");
	while (n-- > 0)
		buf_fmt(&b, "\"shop://%d\"%s", n, n > 0 ? "," : "");
	buf_str(&b, "]},");
	return b.at;
}

static void
test_refused(void)
{
	char id[SUBSCRIBE_ID_MAX + 16];

	refused("no filter", "", FAIL_PARAMS);
	refused("a filter that is none", "\"notifications\":[],", FAIL_PARAMS);
	refused("a switch that is none", "\"notifications\":{\"toolsListChanged\":1},", FAIL_PARAMS);
	refused("another", "\"notifications\":{\"resourcesListChanged\":\"yes\"},", FAIL_PARAMS);
	refused("resources that are no list", "\"notifications\":{\"resourceSubscriptions\":\"a\"},", FAIL_PARAMS);
	refused("nor of texts", "\"notifications\":{\"resourceSubscriptions\":[1]},", FAIL_PARAMS);
	refused("tasks that are no list", "\"notifications\":{\"taskIds\":{}},", FAIL_PARAMS);
	refused("too many resources", resources(SUBSCRIBE_URIS_MAX + 1), FAIL_PARAMS);
	refused("tasks of a client without them", "\"notifications\":{\"taskIds\":[\"a\"]},", FAIL_CAPABILITY);
	is_str(rq.data, "{\"requiredCapabilities\":{\"extensions\":{\"" NS "tasks\":{}}}}", "which is told what it lacks");
	snprintf(id, sizeof(id), "\"%0*d\"", SUBSCRIBE_ID_MAX, 1);
	begin(id, resources(1), "{}");
	is_int(subscribe_listen(&rq), -1, "an id that every frame would have to repeat");
	begin("1", resources(1), "{}");
	rq.body_len = SUBSCRIBE_BODY_MAX + 1;
	is_int(subscribe_listen(&rq), -1, "a body that the stream worker would have to read again");
}

/* As the stream worker reads what the fast one has written. */
static int
read_back(struct subscription *sub)
{
	const char *at = strstr(rq.reply.head.at, "X-Mcp-Ticket: "), *why = "";

	rq.param[PARAM_TICKET] = at ? arena_copy(&rq.mem, at + 14, strcspn(at + 14, "\r")) : NULL;
	return subscribe_read(&rq, &ask.all, sub, &why);
}

static void
test_listen(void)
{
	struct subscription sub;

	begin("\"l:1\"", resources(SUBSCRIBE_URIS_MAX), "{}");
	is_int(subscribe_listen(&rq), 0, "a listen");
	is_int(rq.place, POOL_STREAM, "is the stream pool's");
	is_int(read_back(&sub), 0, "which reads");
	is_int(sub.kind, SUBSCRIBE_LISTEN, "what it is");
	is_str(sub.id, "\"l:1\"", "its id, as JSON");
	ok(sub.list[LISTS_TOOLS] && !sub.list[LISTS_PROMPTS] && !sub.list[LISTS_RESOURCES], "the lists it asked for");
	ok(sub.seen[LISTS_TOOLS] == lists_digest(&ask.catalog, &ask.who, LISTS_TOOLS), "and what its caller sees");
	is_int(sub.uris, 0, "no resource, as there is none");
	is_str(sub.tenant, "t", "whose it is");
	is_str(sub.credential_name, "key", "and by what");
	is_int(sub.streams, 7, "how many it may have");
	ok(memcmp(sub.hash, ask.who.hash, CRYPT_HASH) == 0, "and which to look for again");
	begin("1", "\"notifications\":{\"promptsListChanged\":true,\"resourcesListChanged\":true,\"taskIds\":[\"a\"]},",
	    "{\"extensions\":{\"" NS "tasks\":{}}}");
	is_int(subscribe_listen(&rq), 0, "a listen to what is not there");
	is_int(read_back(&sub), 0, "is one");
	ok(!sub.list[LISTS_PROMPTS] && !sub.list[LISTS_RESOURCES] && sub.uris == 0, "to nothing");
}

/* A listen to many resources is as much work as many messages. */
static void
test_many(void)
{
	ask.cfg.node_per_minute = 150;
	ask.who.per_minute = 1;
	ask.who.credential_number = 3;
	begin("1", resources(SUBSCRIBE_URIS_MAX), "{}");
	is_int(subscribe_listen(&rq), 0, "a listen to a hundred resources");
	refused("the next one in the same minute", resources(SUBSCRIBE_URIS_MAX), FAIL_RATE);
	begin("1", resources(1), "{}");
	is_int(subscribe_listen(&rq), 0, "but to one resource there is one");
	ask.cfg.node_per_minute = 20;
	ask.who.credential_number = 4;
	begin("1", resources(SUBSCRIBE_URIS_MAX), "{}");
	is_int(subscribe_listen(&rq), 0, "and to a hundred, where less is allowed at all, too");
	ask.cfg.node_per_minute = 1000;
	ask.who.credential_number = 5;
	begin("1", resources(2), "{}");
	rq.start_us -= ask.cfg.request_timeout_ms * 1000;
	is_int(subscribe_listen(&rq), -1, "one that has taken long already");
	is_int(rq.failed, FAIL_PARAMS, "is refused, before the watchdog ends the worker");
}

static void
test_get(void)
{
	struct subscription sub;

	begin("1", "", "{}");
	rq.session = "S";
	rq.param[PARAM_LAST_EVENT] = "7";
	is_int(subscribe_get(&rq), -1, "a replay");
	is_int(rq.failed, FAIL_REPLAY, "of what was not kept");
	begin("1", "", "{}");
	is_int(subscribe_get(&rq), 0, "a GET, without Redis");
	is_int(read_back(&sub), 0, "opens");
	is_int(sub.kind, SUBSCRIBE_GET, "as what it is");
	is_str(sub.session, "S", "of its session");
	ok(*sub.claim, "with its claim");
	ok(sub.list[LISTS_TOOLS], "and hears of every list");
	begin("1", "", "{}");
	is_int(subscribe_sse(&rq, "T", "mcp:t:sessions:c"), 0, "one of the older transport");
	is_int(read_back(&sub), 0, "opens");
	is_int(sub.kind, SUBSCRIBE_SSE, "as what it is");
	is_str(sub.session, "T", "with its session");
	is_str(sub.owned, "mcp:t:sessions:c", "and where that is listed");
}

int
main(void)
{
	static const unsigned char hash[CRYPT_HASH] = { 1, 2, 3 };

	ask_init(&rq);
	ask.cfg.body_bytes_max = 1 << 20;
	ask.who.hash = hash;
	ask.who.streams = 7;
	ask.cfg.request_timeout_ms = 30000;
	ask_silence();
	test_refused();
	test_listen();
	test_many();
	test_get();
	return ask_done(&rq);
}
