/* cache: hiredis, synchronous, with short time-outs. */
#include "cache.h"
#include "log.h"
#include <hiredis/hiredis.h>

#define RETRY_US	1000000		/* a second between two attempts to connect */
#define ARGS_MAX	4096

struct cache {
	const char   *address;
	struct timeval timeout;
	redisContext *ctx;		/* NULL: not open */
	int64_t       retry_us;		/* not before, monotonic */
	char          why[160];		/* the last trouble */
};

struct cache *
cache_make(const char *address, int64_t timeout_ms)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		bug("out of memory");
	c->address = address;
	c->timeout = (struct timeval){ timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	return c;
}

static int
trouble(struct cache *c, const char *what, const char **why)
{
	snprintf(c->why, sizeof(c->why), "Redis: %s", what);
	*why = c->why;
	return -1;
}

static void
hang_up(struct cache *c)
{
	redisFree(c->ctx);
	c->ctx = NULL;
	c->retry_us = base_now_us() + RETRY_US;
}

static redisContext *
connect_now(const struct cache *c)
{
	const char *colon = strrchr(c->address, ':');
	char host[256];
	int64_t port;

	if (c->address[0] == '/' || !colon)
		return redisConnectUnixWithTimeout(c->address, c->timeout);
	if (base_number(colon + 1, 1, 65535, &port) != 0)
		port = 6379;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - c->address), c->address);
	return redisConnectWithTimeout(host, (int)port, c->timeout);
}

/* An idle connection has nothing to say; if it does, Redis went.  It may be back already. */
static void
drop_stale(struct cache *c)
{
	struct pollfd p = { .fd = c->ctx->fd, .events = POLLIN };

	if (poll(&p, 1, 0) == 0)
		return;
	redisFree(c->ctx);
	c->ctx = NULL;
}

static int
ready(struct cache *c, const char **why)
{
	if (c->ctx)
		drop_stale(c);
	if (c->ctx)
		return 0;
	if (!c->address)
		return trouble(c, "MCP_REDIS is not set", why);
	if (base_now_us() < c->retry_us) {
		*why = c->why;
		return -1;
	}
	c->ctx = connect_now(c);
	if (c->ctx && !c->ctx->err && redisSetTimeout(c->ctx, c->timeout) == REDIS_OK)
		return 0;
	trouble(c, c->ctx ? c->ctx->errstr : "out of memory", why);
	if (c->ctx)
		hang_up(c);
	return -1;
}

/* The reply, or NULL: the connection broke. */
static redisReply *
command(struct cache *c, int argc, const char **argv, const size_t *len, const char **why)
{
	redisReply *r = redisCommandArgv(c->ctx, argc, argv, len);

	if (!r) {
		trouble(c, c->ctx->errstr, why);
		hang_up(c);
	}
	return r;
}

/* EVALSHA, or EVAL where Redis does not know the script (yet, or again after a restart). */
static redisReply *
run_script(struct cache *c, struct cache_script *script, int argc, const char **argv, size_t *len, const char **why)
{
	redisReply *r;

	if (script->sha1[0]) {
		argv[0] = "EVALSHA";
		argv[1] = script->sha1;
		len[0] = 7;
		len[1] = 40;
		r = command(c, argc, argv, len, why);
		if (!r || r->type != REDIS_REPLY_ERROR || strncmp(r->str, "NOSCRIPT", 8) != 0)
			return r;
		freeReplyObject(r);
	}
	argv[0] = "SCRIPT";
	argv[1] = "LOAD";
	argv[2] = script->text;
	r = command(c, 3, argv, (size_t[]){ 6, 4, strlen(script->text) }, why);
	if (!r || r->type != REDIS_REPLY_STRING || r->len != 40)
		return r;
	memcpy(script->sha1, r->str, 41);
	freeReplyObject(r);
	return NULL;
}

static int
take_numbers(const redisReply *r, int64_t *out, int n)
{
	int i;

	for (i = 0; i < n && i < (int)r->elements; i++)
		out[i] = r->element[i]->type == REDIS_REPLY_INTEGER ? r->element[i]->integer : 0;
	return i;
}

int
cache_run(struct cache *c, struct cache_script *script, int keys, int argc, const char *const *argv,
    const size_t *len, int64_t *out, int n, const char **why)
{
	const char *all[ARGS_MAX + 3];
	size_t lens[ARGS_MAX + 3];
	redisReply *r = NULL;
	char count[12];
	int got, tries, i;

	if (argc > ARGS_MAX)
		bug("%d arguments for Redis", argc);
	if (ready(c, why) != 0)
		return -1;
	for (i = 0; i < argc; i++) {
		all[3 + i] = argv[i];
		lens[3 + i] = len[i];
	}
	lens[2] = (size_t)snprintf(count, sizeof(count), "%d", keys);
	for (tries = 0; !r && c->ctx && tries < 2; tries++) {
		all[2] = count;
		r = run_script(c, script, argc + 3, all, lens, why);
	}
	if (!r)
		return c->ctx ? trouble(c, "the script is not kept", why) : -1;
	got = r->type == REDIS_REPLY_ARRAY ? take_numbers(r, out, n) : trouble(c, r->str ? r->str : "not an array", why);
	freeReplyObject(r);
	return got;
}

int
cache_text(struct cache *c, struct arena *mem, int argc, const char *const *argv, char **text, const char **why)
{
	const char *all[ARGS_MAX];
	redisReply *r;
	int got = 0;

	if (argc > ARGS_MAX)
		bug("%d arguments for Redis", argc);
	if (ready(c, why) != 0)
		return -1;
	memcpy(all, argv, (size_t)argc * sizeof(*argv));
	r = command(c, argc, all, NULL, why);
	if (!r)
		return -1;
	*text = NULL;
	if (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS)
		*text = arena_copy(mem, r->str, (size_t)r->len);
	else if (r->type != REDIS_REPLY_NIL)
		got = trouble(c, r->type == REDIS_REPLY_ERROR ? r->str : "not a string", why);
	freeReplyObject(r);
	return got;
}

int
cache_publish(struct cache *c, const char *channel, const char *text, size_t len, const char **why)
{
	const char *argv[] = { "PUBLISH", channel, text };
	redisReply *r;
	int got = 0;

	if (ready(c, why) != 0)
		return -1;
	r = command(c, LEN(argv), argv, (size_t[]){ 7, strlen(channel), len }, why);
	if (!r)
		return -1;
	if (r->type != REDIS_REPLY_INTEGER)
		got = trouble(c, r->type == REDIS_REPLY_ERROR ? r->str : "not a number", why);
	freeReplyObject(r);
	return got;
}

/* --- waiting ---------------------------------------------------------------------------- */

#define TICK_MS	1000
#define LISTS_MAX	64

/* The answer to the one command that was sent: 1; 0: not yet; -1: the connection broke. */
static int
look(redisContext *ctx, int64_t wait_ms, redisReply **out)
{
	struct pollfd p = { .fd = ctx->fd, .events = POLLIN };
	void *reply = NULL;

	if (base_poll(&p, 1, (int)wait_ms) <= 0)
		return 0;
	if (redisBufferRead(ctx) != REDIS_OK || redisGetReplyFromReader(ctx, &reply) != REDIS_OK)
		return -1;
	*out = reply;
	return reply != NULL;
}

/* [list, text] of BLPOP */
static int
take_popped(struct arena *mem, const redisReply *r, int lists, const char *const *list, int *which, char **text)
{
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2)
		return -1;
	for (*which = 0; *which < lists && strcmp(list[*which], r->element[0]->str) != 0;)
		++*which;
	*text = arena_copy(mem, r->element[1]->str, (size_t)r->element[1]->len);
	return *which < lists ? 1 : -1;
}

static int
await(redisContext *ctx, int64_t timeout_ms, int (*tick)(void *ctx), void *of_tick, redisReply **out)
{
	int64_t until = base_now_us() + timeout_ms * 1000, left;
	int got = 0;

	while (got == 0 && tick(of_tick) == 0 && (left = (until - base_now_us()) / 1000) > 0)
		got = look(ctx, left < TICK_MS ? left : TICK_MS, out);
	return got;
}

int
cache_pop(const struct cache *c, struct arena *mem, int lists, const char *const *list, int64_t timeout_ms,
    int (*tick)(void *ctx), void *ctx, int *which, char **text, const char **why)
{
	const char *argv[LISTS_MAX + 2] = { "BLPOP" };
	redisContext *own = c->address ? connect_now(c) : NULL;
	redisReply *r = NULL;
	int got = -1, sent = 0;

	if (lists > LISTS_MAX)
		bug("%d lists to wait for", lists);
	memcpy(argv + 1, list, (size_t)lists * sizeof(*list));
	argv[lists + 1] = "0";
	if (own && !own->err && redisAppendCommandArgv(own, lists + 2, argv, NULL) == REDIS_OK)
		while (!sent && (got = redisBufferWrite(own, &sent) == REDIS_OK ? 0 : -1) == 0)
			;
	if (got == 0)
		got = await(own, timeout_ms, tick, ctx, &r);
	if (got == 1)
		got = take_popped(mem, r, lists, list, which, text);
	*why = got == -1 ? arena_fmt(mem, "Redis: %s", own && own->err ? own->errstr : "away") : NULL;
	if (r)
		freeReplyObject(r);
	if (own)
		redisFree(own);
	return got;
}
