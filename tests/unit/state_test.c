/* state: what a client is given comes back only as it was, to whom and for what it was made, in time, and once. */
#include "state.h"
#include "ask.h"
#include "fail.h"
#include "server.h"

static struct request rq;
static struct server redis;
static struct cache *volatile cache;	/* its connection lives as long as the process, and is to be found there */

#define CALL "{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":%s}}"

/* The message in hand calls the tool with these arguments. */
static void
call_with(const char *arguments)
{
	ask_message(&rq, arena_fmt(&rq.mem, CALL, arguments));
	rq.params = json_get(rq.message, "params");
	rq.method = "tools/call";
	rq.body_len = strlen(arguments);
	rq.workspace = "";
}

static char *
sealed(const char *answers)
{
	struct state s = { .round = 3, .answers = json_parse(&rq.mem, answers, strlen(answers), 32) };

	return state_seal(&rq, &s);
}

static int
opened(const char *text, struct state *s)
{
	fail_clear(&rq);
	return state_open(&rq, text, s);
}

static void
test_round(void)
{
	struct state s;
	char *one, *two;

	call_with("{\"a\":1}");
	one = sealed("{\"k\":{\"action\":\"accept\"}}");
	two = sealed("{\"k\":{\"action\":\"accept\"}}");
	ok(one && two && strcmp(one, two) != 0, "two states of the same are different");
	is_int(opened(one, &s), 0, "what was sealed opens");
	is_int(s.round, 3, "with its round");
	is_str(json_plain(s.answers, NULL), "{\"k\":{\"action\":\"accept\"}}", "and the answers");
	is_int(strlen(s.nonce), STATE_NONCE - 1, "and a nonce");
	ok(s.until_ms > base_wall_us() / 1000 && s.until_ms <= base_wall_us() / 1000 + 60000, "and an end");
	ok(!strstr(one, "accept"), "nobody reads it");
}

static void
test_altered(void)
{
	struct state s;
	char *text, *altered;
	size_t i, bad = 0;
	int bit;

	call_with("{\"a\":1}");
	text = sealed("{}");
	for (i = 0; text[i]; i++)
		for (bit = 0; bit < 7; bit++) {
			altered = arena_str(&rq.mem, text);
			altered[i] = (char)(altered[i] ^ 1 << bit);
			bad += opened(altered, &s) == 0;
		}
	is_int(bad, 0, "no altered bit is accepted");
	for (i = 0, bad = 0; text[i]; i++)
		bad += opened(arena_copy(&rq.mem, text, i), &s) == 0;
	is_int(bad, 0, "nor a shortened one");
	is_int(opened(arena_fmt(&rq.mem, "%sA", text), &s), -1, "nor a longer one");
	is_int(rq.failed, FAIL_PARAMS, "it is the params that are wrong");
	ok(strstr(rq.says, "requestState") != NULL, "and requestState of them: %s", rq.says);
	is_int(opened("", &s), -1, "empty");
	is_int(opened("v1.e30.AAAA", &s), -1, "of another server");
}

static void
test_bound(void)
{
	static struct identity other;
	struct state s;
	char *text;

	call_with("{\"a\":1,\"b\":[1,{\"x\":\"y\",\"z\":null}]}");
	text = sealed("{}");
	call_with("{\"b\":[1,{\"z\":null,\"x\":\"y\"}],\"a\":1}");
	is_int(opened(text, &s), 0, "the same arguments in another order are the same");
	call_with("{\"a\":2,\"b\":[1,{\"x\":\"y\",\"z\":null}]}");
	is_int(opened(text, &s), -1, "other arguments");
	call_with("{\"a\":1,\"b\":[{\"x\":\"y\",\"z\":null},1]}");
	is_int(opened(text, &s), -1, "an array in another order");
	call_with("{}");
	is_int(opened(text, &s), -1, "no arguments");
	call_with("{\"a\":1,\"b\":[1,{\"x\":\"y\",\"z\":null}]}");
	rq.method = "prompts/get";
	is_int(opened(text, &s), -1, "another method");
	rq.method = "tools/call";
	json_object_object_add(rq.params, "name", json_object_new_string("second"));
	is_int(opened(text, &s), -1, "another tool");
	json_object_object_add(rq.params, "name", json_object_new_string("first"));
	rq.workspace = "w";
	is_int(opened(text, &s), -1, "another workspace");
	rq.workspace = "";
	rq.who = &other;
	other = ask.who;
	other.tenant = "u";
	is_int(opened(text, &s), -1, "another tenant");
	other = ask.who;
	other.catalog = "shop2";
	is_int(opened(text, &s), -1, "another catalog");
	other = ask.who;
	other.credential = "d";
	is_int(opened(text, &s), -1, "another key that acts for itself");
	other.principal = "p";
	is_int(opened(text, &s), -1, "somebody else");
	other = ask.who;
	is_int(opened(text, &s), 0, "all of it as it was");

	other.principal = "p";
	text = sealed("{}");
	other.credential = "e";
	is_int(opened(text, &s), 0, "another key of the same principal");
	rq.who = &ask.who;
}

static void
test_keys(void)
{
	static const struct crypt_key next = { .byte = "fedcba9876543210fedcba9876543210", .len = 32 };
	struct state s;
	char *text;

	call_with("{}");
	text = sealed("{}");
	rq.key = &next;
	is_int(opened(text, &s), -1, "under another key");
	rq.key_old = &ask.key;
	is_int(opened(text, &s), 0, "the old key still opens");
	rq.key = &ask.key;
	rq.key_old = &next;
	is_int(opened(text, &s), 0, "the new one does while there is an old one");
	rq.key_old = NULL;
}

static void
test_limits(void)
{
	struct state s;
	char *text, *large;

	call_with("{}");
	ask.cfg.state_ms = 30;
	text = sealed("{}");
	is_int(opened(text, &s), 0, "in time");
	usleep(40000);
	is_int(opened(text, &s), -1, "too late");
	ok(strstr(rq.says, "expired") != NULL, "which is said: %s", rq.says);
	ask.cfg.state_ms = 60000;
	large = arena_fmt(&rq.mem, "{\"k\":\"%024000d\"}", 1);
	text = sealed(large);
	ok(text && strlen(text) <= STATE_MAX && opened(text, &s) == 0, "large answers");
	ok(!sealed(arena_fmt(&rq.mem, "{\"k\":\"%024600d\"}", 1)), "too large ones");
	ok(!sealed(arena_fmt(&rq.mem, "{\"k\":\"%040000d\"}", 1)), "and far too large ones");
}

static void
test_once(void)
{
	struct state s;

	call_with("{}");
	is_int(opened(sealed("{}"), &s), 0, "a state");
	is_int(state_claim(&rq, &s), -1, "without Redis nobody can tell whether it was used");
	is_int(rq.failed, FAIL_UNAVAILABLE, "and it is to be tried again");
	fail_clear(&rq);
	free(rq.cache);
	rq.cache = cache = cache_make(redis.where, 1000);
	is_int(state_claim(&rq, &s), 0, "serves once");
	is_int(state_claim(&rq, &s), -1, "and not twice");
	is_int(rq.failed, FAIL_PARAMS, "for the client that is an error");
	fail_clear(&rq);
	state_return(&rq, &s);
	is_int(state_claim(&rq, &s), 0, "one that is given back serves again");
	is_int(opened(state_seal(&rq, &s), &s), 0, "a state that follows from it");
	is_int(state_claim(&rq, &s), -1, "is used up with it: no round of an exchange leads to its end again");
	is_int(opened(sealed("{}"), &s), 0, "another state");
	is_int(state_claim(&rq, &s), 0, "is another's matter");
}

int
main(void)
{
	ask_silence();
	server_open(&redis, "redis");
	ask_init(&rq);
	ask.cfg.state_ms = 60000;
	test_round();
	test_altered();
	test_bound();
	test_keys();
	test_limits();
	test_once();
	server_close(&redis);
	rq.cache = NULL;
	return ask_done(&rq);
}
