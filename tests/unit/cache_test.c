/* cache: against a real Redis: scripts, texts, time-outs, and a Redis that goes. */
#include "tap.h"
#include "cache.h"
#include "server.h"

#define TIMEOUT_MS 50

static struct server server;
static struct arena mem;
static struct cache *cache;

static struct cache_script twice = { .text = "return { #KEYS, #ARGV, tonumber(ARGV[1]) * 2, string.len(ARGV[2]) }" };

static int
run_twice(struct cache *c, int64_t out[4], const char **why)
{
	static const char *const argv[] = { "key", "21", "a\0b" };
	static const size_t len[] = { 3, 2, 3 };

	return cache_run(c, &twice, 1, 3, argv, len, out, 4, why);
}

static int
text(const char *const *argv, char **out, const char **why)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return cache_text(cache, &mem, argc, argv, out, why);
}

#define TEXT(out, why, ...) text((const char *const[]){ __VA_ARGS__, NULL }, out, why)

static void
test_nobody(void)
{
	struct cache *none = cache_make(NULL, TIMEOUT_MS), *nowhere = cache_make("/nowhere/redis.sock", TIMEOUT_MS);
	const char *why = "";
	int64_t out[4], from = base_now_us();

	is_int(run_twice(none, out, &why), -1, "no address");
	ok(strstr(why, "MCP_REDIS"), "which is said: %s", why);
	is_int(run_twice(nowhere, out, &why), -1, "no server");
	ok(strstr(why, "No such file"), "which is said: %s", why);
	is_int(run_twice(nowhere, out, &why), -1, "nor a moment later");
	ok(strstr(why, "No such file"), "with the same reason: %s", why);
	ok(base_now_us() - from < 500000, "and nobody waits");
	free(none);
	free(nowhere);
}

static void
test_script(void)
{
	static struct cache_script broken = { .text = "this is no Lua" }, failing = { .text = "return redis.call('get')" },
	    word = { .text = "return 'word'" }, mixed = { .text = "return { 1, 'x', 3, 4, 5, 6 }" };
	int64_t out[4] = { 0 };
	const char *why = "";
	char *flushed;

	is_str(twice.sha1, "", "a script that Redis has not seen");
	is_int(run_twice(cache, out, &why), 4, "is sent and run");
	ok(out[0] == 1 && out[1] == 2 && out[2] == 42 && out[3] == 3, "with its keys and arguments, NUL bytes included");
	is_int(strlen(twice.sha1), 40, "its digest is kept");
	is_int(run_twice(cache, out, &why), 4, "and run by it");
	is_int(TEXT(&flushed, &why, "SCRIPT", "FLUSH"), 0, "a Redis that forgot it");
	is_int(run_twice(cache, out, &why), 4, "is told again");
	is_int(cache_run(cache, &mixed, 0, 0, NULL, NULL, out, 4, &why), 4, "no more numbers than there is room for");
	ok(out[0] == 1 && out[1] == 0 && out[2] == 3, "what is no number is 0");
	is_int(cache_run(cache, &broken, 0, 0, NULL, NULL, out, 4, &why), -1, "a script that does not compile");
	ok(strstr(why, "compil"), "says so: %s", why);
	is_int(cache_run(cache, &failing, 0, 0, NULL, NULL, out, 4, &why), -1, "one that fails");
	ok(strstr(why, "Wrong number of args"), "says so: %s", why);
	is_int(cache_run(cache, &word, 0, 0, NULL, NULL, out, 4, &why), -1, "one that returns something else");
	is_int(run_twice(cache, out, &why), 4, "after all that the connection is good");
}

static void
test_text(void)
{
	const char *why = "";
	char *got = NULL;

	is_int(TEXT(&got, &why, "SET", "a", "text"), 0, "a command");
	is_str(got, "OK", "its status");
	is_int(TEXT(&got, &why, "GET", "a"), 0, "another");
	is_str(got, "text", "its text");
	is_int(TEXT(&got, &why, "GET", "none"), 0, "one without an answer");
	is_str(got, NULL, "has none");
	is_int(TEXT(&got, &why, "INCR", "n"), -1, "one whose answer is no text");
	is_int(TEXT(&got, &why, "GET"), -1, "one that is wrong");
	ok(strstr(why, "wrong number of arguments"), "says so: %s", why);
}

static int ticks;

static int
count(void *most)
{
	return ++ticks > *(int *)most;
}

static int
pop(const struct cache *c, int64_t ms, int most, char **text, int *which)
{
	const char *why = "";

	ticks = 0;
	return cache_pop(c, &mem, 2, (const char *const[]){ "l1", "l2" }, ms, count, &most, which, text, &why);
}

static void
test_pop(void)
{
	const char *why = "";
	char *got = NULL;
	int64_t from;
	int which = 0;
	struct cache *nowhere = cache_make("/nowhere/redis.sock", TIMEOUT_MS);

	is_int(TEXT(&got, &why, "EVAL", "redis.call('RPUSH', 'l2', 'a b') return 'OK'", "0"), 0, "a list with a text");
	is_int(pop(cache, 1000, 99, &got, &which), 1, "is not waited for");
	ok(which == 1 && strcmp(got, "a b") == 0, "it is the second one's: %s", got);
	from = base_now_us();
	is_int(pop(cache, 300, 99, &got, &which), 0, "an empty one is, for a while");
	ok(base_now_us() - from > 250000 && base_now_us() - from < 2000000 && ticks == 2, "with a look around");
	is_int(pop(cache, 10000, 1, &got, &which), 0, "which may end it");
	fflush(stdout);
	if (fork() == 0) {
		usleep(200000);
		cache = cache_make(server.where, 1000);
		_exit(TEXT(&got, &why, "EVAL", "redis.call('RPUSH', 'l1', 'later') return 'OK'", "0"));
	}
	is_int(pop(cache, 10000, 99, &got, &which), 1, "what comes while we wait");
	ok(which == 0 && strcmp(got, "later") == 0, "is taken: %s", got);
	wait(NULL);
	is_int(pop(nowhere, 1000, 99, &got, &which), -1, "no Redis");
	free(nowhere);
}

/* Longer than the time-out: given up, the connection closed, and left alone for a second. */
static void
test_slow(void)
{
	static struct cache_script slow = {
		.text = "local t = redis.call('time'); local e = t[1] * 1000000 + t[2] + 300000; "
		        "repeat t = redis.call('time') until t[1] * 1000000 + t[2] > e; return { 1 }"
	};
	int64_t out[4], from;
	const char *why = "";

	from = base_now_us();
	is_int(cache_run(cache, &slow, 0, 0, NULL, NULL, out, 4, &why), -1, "an answer that takes too long");
	ok(base_now_us() - from < 250000, "is not waited for: %s", why);
	from = base_now_us();
	is_int(run_twice(cache, out, &why), -1, "nor is Redis asked again at once");
	ok(base_now_us() - from < 20000, "which costs nothing");
	usleep(1100000);
	is_int(run_twice(cache, out, &why), 4, "but a second later");
	is_int(out[2], 42, "and the late answer was not taken for another's");
}

static void
test_restart(void)
{
	int64_t out[4], from;
	const char *why = "";

	server_tell(&server, "stop");
	is_int(run_twice(cache, out, &why), -1, "a Redis that was stopped: %s", why);
	server_tell(&server, "start");
	for (from = base_now_us(); run_twice(cache, out, &why) != 4 && base_now_us() - from < 5000000;)
		usleep(50000);
	ok(base_now_us() - from < 2000000, "is found again within two seconds of its start, and told the script");
	is_int(out[2], 42, "which it had forgotten");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	signal(SIGPIPE, SIG_IGN);	/* as every process does */
	server_open(&server, "redis");
	cache = cache_make(server.where, TIMEOUT_MS);
	test_nobody();
	test_script();
	test_text();
	test_pop();
	test_slow();
	test_restart();
	server_close(&server);
	arena_close(&mem);
	return tap_done();
}
