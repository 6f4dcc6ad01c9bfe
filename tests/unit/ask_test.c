/*
 * ask: what goes out on the stream, and what comes back through Redis from another process.
 *
 * The client is a child: it waits until the question is known to Redis, and posts its answer as a
 * worker would take it.
 */
#include "../../fcgi/ask.h"
#include "ask.h"
#include "fail.h"
#include "server.h"

static struct request rq;
static struct server redis;
static struct cache *volatile cache;	/* its connection lives as long as the process, and is to be found there */
static char sent[65536];	/* all that went out */

static int
keep(void *io, const void *bytes, size_t n)
{
	size_t at = strlen(sent);

	(void)io;
	snprintf(sent + at, sizeof(sent) - at, "%.*s", (int)n, (const char *)bytes);
	return 0;
}

static int
lose(void *io, const void *bytes, size_t n)
{
	(void)io;
	(void)bytes;
	(void)n;
	return -1;
}

static struct wire wire = { .read = ask_read, .write = keep, .flush = ask_flush };

static char *
redis_says(const char *script)
{
	const char *why = "";
	char *text = NULL;

	if (cache_text(rq.cache, &rq.mem, 3, (const char *const[]){ "EVAL", script, "0" }, &text, &why) != 0)
		printf("Bail out! %s\n", why);
	return text;
}

/* A call of a client of 2025-11-25 that can be asked everything. */
static void
begin(void)
{
	ask_message(&rq, "{}");
	rq.era = ERA_LEGACY;
	rq.version = "2025-11-25";
	rq.session = "S1";
	rq.method = "tools/call";
	rq.tool = &ask.tool[0];
	rq.wire = &wire;
	rq.streams = false;
	rq.reply.unheard = false;
	sent[0] = '\0';
	redis_says("for _, k in ipairs(redis.call('KEYS', 'mcp:*')) do redis.call('DEL', k) end "
	    "redis.call('HSET', 'mcp:session:S1', 'kind', 'http') return 'OK'");
}

/* Posts a response as another worker takes it: to the first question that is out, or to `id`. */
static void
post(const char *session, const char *id, const char *rest)
{
	char *key = NULL;
	int i;

	for (i = 0; i < 200 && !id && !key; i++, usleep(10000))
		key = redis_says("return redis.call('KEYS', 'mcp:asked:*')[1]");
	id = id ? id : strrchr(key, ':') + 1;
	rq.message = json_parse(&rq.mem, arena_fmt(&rq.mem, "{\"id\":\"%s\",%s}", id, rest),
	    strlen(arena_fmt(&rq.mem, "{\"id\":\"%s\",%s}", id, rest)), 16);
	rq.session = session;
	ask_take_response(&rq);
}

/* Asks while a child does what the client is to do. */
static int
ask_while(void (*client)(void), const struct question *q, int n, struct json_object **answer)
{
	pid_t pid;
	int got, status;

	begin();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		crypt_forked();
		rq.cache = cache_make(redis.where, 1000);
		client();
		_exit(0);
	}
	got = ask_client(&rq, q, n, answer);
	waitpid(pid, &status, 0);
	return got;
}

static void
client_answers(void)
{
	post("S1", NULL, "\"result\":{\"roots\":[]},\"more\":1");
}

static void
client_answers_both(void)
{
	client_answers();
	client_answers();
}

static void
client_refuses(void)
{
	post("S1", NULL, "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}");
}

static void
client_of_another(void)
{
	post("S2", NULL, "\"result\":{\"roots\":[]}");
	post("S1", "ask-guessed", "\"result\":{\"roots\":[]}");
}

static void
client_answers_at_length(void)
{
	post("S1", NULL, arena_fmt(&rq.mem, "\"result\":{\"roots\":[],\"x\":\"%0300000d\"}", 1));
}

static void
client_says_nothing(void)
{
}

static const struct question roots = { .key = "r", .method = "roots/list", .kind = QUESTION_ROOTS };

static void
test_answers(void)
{
	struct question url = { .key = "u", .method = "elicitation/create", .kind = QUESTION_URL };
	struct question both[] = { roots, roots };
	struct json_object *answer[2] = { NULL, NULL };

	is_int(ask_while(client_answers, &roots, 1, answer), 0, "a question is answered");
	is_str(json_plain(answer[0], NULL), "{\"roots\":[]}", "with the result alone");
	ok(strstr(sent, "Content-Type: text/event-stream") && strstr(sent, "\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"ask-") &&
	    strstr(sent, "\"method\":\"roots/list\"}\n\n"), "it went out on the stream: %s", sent);
	is_str(redis_says("return table.concat(redis.call('KEYS', 'mcp:*'), ' ')"), "mcp:session:S1", "and leaves nothing but its session behind");
	is_int(atomic_load(&rq.slot->asking), 0, "nobody waits any more");
	is_int(ask_while(client_answers_both, both, 2, answer), 0, "two at a time");
	ok(answer[0] && answer[1], "are both answered");
	url.params = json_keep(&rq.mem, json_object_new_object());
	json_object_object_add(url.params, "url", json_object_new_string("https://a"));
	ask_while(client_answers, &url, 1, answer);
	ok(strstr(sent, "\"params\":{\"url\":\"https://a\",\"elicitationId\":\"") != NULL, "a URL has an id: %s", sent);
}

static void
test_refusals(void)
{
	struct json_object *answer;
	int64_t from;

	is_int(ask_while(client_refuses, &roots, 1, &answer), -1, "an error for an answer");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "-32601, Method not found"), "%s", rq.says);
	is_int(ask_while(client_answers_at_length, &roots, 1, &answer), -1, "an answer without end");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "at most"), "%s", rq.says);

	ask.cfg.ask_timeout_ms = 300;
	from = base_now_us();
	is_int(ask_while(client_says_nothing, &roots, 1, &answer), -1, "no answer");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "Nobody answered") && base_now_us() - from < 3000000, "in time: %s", rq.says);
	ok(strstr(sent, "notifications/cancelled") && strstr(sent, "\"requestId\":\"ask-"), "the question is called off: %s", sent);
	is_str(redis_says("return redis.call('KEYS', 'mcp:asked:*')[1]"), NULL, "and an answer is not expected any more");
	is_int(ask_while(client_of_another, &roots, 1, &answer), -1, "answers of another session, and to what was not asked");
	ok(strstr(rq.says, "Nobody answered") != NULL, "are none: %s", rq.says);
	is_str(redis_says("return redis.call('KEYS', 'mcp:reply:*')[1]"), NULL, "and nothing is kept of them");
	ask.cfg.ask_timeout_ms = 10000;
}

static void
test_nobody_there(void)
{
	struct json_object *answer;
	int64_t from = base_now_us();

	begin();
	atomic_store(&rq.slot->in_hand, 7);
	atomic_store(&rq.slot->cancelled, 7);
	is_int(ask_client(&rq, &roots, 1, &answer), -1, "a client that cancels its call");
	is_int(rq.failed, FAIL_GONE, "is not answered");
	atomic_store(&rq.slot->cancelled, 0);
	begin();
	wire.write = lose;
	is_int(ask_client(&rq, &roots, 1, &answer), -1, "one that left");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "left"), "is not waited for: %s", rq.says);
	wire.write = keep;
	begin();
	redis_says("redis.call('DEL', 'mcp:session:S1') return 'OK'");
	is_int(ask_client(&rq, &roots, 1, &answer), -1, "one whose session has ended");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "session ended"), "cannot answer: %s", rq.says);
	ok(base_now_us() - from < 5000000, "none of them takes long");
}

static void
test_seats(void)
{
	struct json_object *answer;

	begin();
	ask.cfg.slow_workers = 4;
	ask.board->slots = 3;
	atomic_store(&ask.board->slot[1].asking, 1);
	atomic_store(&ask.board->slot[2].asking, 1);
	is_int(ask_client(&rq, &roots, 1, &answer), -1, "half of four workers wait already");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "Too many questions") && !*sent, "nobody is asked: %s", rq.says);
	is_int(atomic_load(&rq.slot->asking), 0, "and we do not wait");
	atomic_store(&ask.board->slot[2].asking, 0);
	is_int(ask_while(client_answers, &roots, 1, &answer), 0, "a seat is free");
	atomic_store(&ask.board->slot[1].asking, 0);
	ask.cfg.slow_workers = 1;
	is_int(ask_while(client_answers, &roots, 1, &answer), 0, "one worker alone may wait");
}

static void
test_without_redis(void)
{
	struct json_object *answer;

	begin();
	rq.cache = cache_make(NULL, 50);
	is_int(ask_client(&rq, &roots, 1, &answer), -1, "Redis is away");
	ok(rq.failed == FAIL_TOOL && strstr(rq.says, "cannot be asked now") && !*sent, "nobody is asked: %s", rq.says);
	free(rq.cache);
	rq.cache = cache;
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	ask_silence();
	server_open(&redis, "redis");
	ask_init(&rq);
	free(rq.cache);
	rq.cache = cache = cache_make(redis.where, 1000);
	ask.cfg.ask_timeout_ms = 10000;
	ask.cfg.slow_workers = 2;
	test_answers();
	test_refusals();
	test_nobody_there();
	test_seats();
	test_without_redis();
	server_close(&redis);
	rq.cache = NULL;
	return ask_done(&rq);
}
