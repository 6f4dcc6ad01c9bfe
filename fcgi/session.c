/*
 * session: one Lua script per deed, so that nothing is half done.
 *
 * The look at a session that most requests need is limit.c's: it rides on the round trip of the
 * limits.
 */
#include "session.h"
#include "cache.h"
#include "catalog.h"
#include "fail.h"
#include "headers.h"
#include "notice.h"
#include "reply.h"

#define RECALL_MS	1000	/* at most: what another node does is heard of sooner, unless Redis is away */
#define ID_BYTES	32	/* 256 bits: nobody guesses one */
#define ID_CHARS	43	/* of them in base64url */

/* The kinds: named by Mcp-Session-Id, or by the address that the 2024-11-05 transport posts to. */
#define SESSION_HTTP	"http"
#define SESSION_SSE	"sse"

/*
 * KEYS: session, list.  ARGV: id, owner, kind, version, bits, level, idle_ms, most of one principal.
 * Those of the list that expired by themselves are forgotten first, then the longest unused.
 */
static struct cache_script begin_script = { .text =
	"local t = redis.call('TIME') "
	"local now = t[1] * 1000000 + t[2] "
	"redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 1000 * ARGV[7]) "
	"local extra = redis.call('ZCARD', KEYS[2]) - ARGV[8] "
	"if extra >= 0 then "
	"  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, extra)) do "
	"    redis.call('DEL', 'mcp:session:' .. id, 'mcp:session:' .. id .. ':uris') "
	"    redis.call('ZREM', KEYS[2], id) "
	"  end "
	"end "
	"redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'kind', ARGV[3], 'version', ARGV[4], 'bits', ARGV[5], 'level', ARGV[6]) "
	"redis.call('PEXPIRE', KEYS[1], ARGV[7]) "
	"redis.call('ZADD', KEYS[2], now, ARGV[1]) "
	"redis.call('PEXPIRE', KEYS[2], ARGV[7]) "
	"return { 1 }"
};

/* KEYS: session.  ARGV: names and values of the hash.  Nothing is set in a session that is over. */
static struct cache_script set_script = { .text =
	"if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], unpack(ARGV)) end "
	"return { 1 }"
};

/* KEYS: session, list.  ARGV: id. */
static struct cache_script end_script = { .text =
	"redis.call('DEL', KEYS[1], KEYS[1] .. ':uris', 'mcp:stream:' .. ARGV[1]) "
	"redis.call('ZREM', KEYS[2], ARGV[1]) "
	"return { 1 }"
};

/* KEYS: set of URIs, session.  ARGV: URI, most, idle_ms.  0: there are too many. */
static struct cache_script subscribe_script = { .text =
	"if redis.call('EXISTS', KEYS[2]) == 0 then return { 1 } end "
	"if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 and redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return { 0 } end "
	"redis.call('SADD', KEYS[1], ARGV[1]) "
	"redis.call('PEXPIRE', KEYS[1], ARGV[3]) "
	"return { 1 }"
};

/* KEYS: set of URIs, session.  ARGV: URI. */
static struct cache_script unsubscribe_script = { .text =
	"redis.call('SREM', KEYS[1], ARGV[1]) "
	"return { 1 }"
};

/* --- names ------------------------------------------------------------------------------ */

/* Who may use it.  A credential without a principal acts for itself. */
static const char *
principal(struct request *rq)
{
	const struct identity *who = rq->who;

	return *who->principal ? who->principal : who->credential;
}

static const char *
owner(struct request *rq)
{
	return arena_fmt(&rq->mem, "%s/%s/%s", rq->catalog->name, rq->who->tenant, principal(rq));
}

/* Was this posted to the address of the 2024-11-05 transport? */
static bool
is_sse(const struct request *rq)
{
	return request_endpoint(rq) == ENDPOINT_MESSAGES;
}

static const char *
key_of(struct request *rq, const char *id)
{
	return arena_fmt(&rq->mem, "mcp:session:%s", id);
}

static const char *
uris_of(struct request *rq, const char *id)
{
	return arena_fmt(&rq->mem, "mcp:session:%s:uris", id);
}

const char *
session_list(struct request *rq)
{
	return arena_fmt(&rq->mem, "mcp:%s:sessions:%s", rq->who->tenant, principal(rq));
}

static const char *
number(struct request *rq, int64_t n)
{
	return arena_fmt(&rq->mem, "%" PRId64, n);
}

static bool
is_ours(const char *id)
{
	return strlen(id) == ID_CHARS && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ID_CHARS;
}

/* Runs a script whose answer is one number.  0, or -1: Redis is away. */
static int
run(struct request *rq, struct cache_script *script, int keys, int argc, const char *const *argv, int64_t *out)
{
	size_t len[16];
	int64_t from = base_now_us();
	const char *why;
	int i, got;

	for (i = 0; i < argc; i++)
		len[i] = strlen(argv[i]);
	got = cache_run(rq->cache, script, keys, argc, argv, len, out, 1, &why);
	rq->slot->event.redis_us += base_now_us() - from;
	return got == 1 ? 0 : -1;
}

/* --- the beginning ---------------------------------------------------------------------- */

/* A new id; *kept: Redis knows it. */
static const char *
mint(struct request *rq, const char *of_kind, const char *version, bool *kept)
{
	unsigned char random[ID_BYTES];
	const char *id;
	int64_t done;

	crypt_random(random, sizeof(random));
	id = crypt_base64url(&rq->mem, random, sizeof(random));
	*kept = run(rq, &begin_script, 2, 10, (const char *[]){ key_of(rq, id), session_list(rq), id, owner(rq), of_kind, version,
	    number(rq, client_bits(&rq->client)), number(rq, rq->client.level), number(rq, rq->cfg->session_idle_ms),
	    number(rq, rq->who->sessions) }, &done) == 0;
	return id;
}

void
session_begin(struct request *rq)
{
	int64_t done;
	bool kept;

	if (rq->session) {	/* it came with the stream, before we knew whose */
		if (run(rq, &set_script, 1, 7, (const char *[]){ key_of(rq, rq->session), "version", rq->version,
		    "bits", number(rq, client_bits(&rq->client)), "level", number(rq, rq->client.level) }, &done) != 0)
			rq->why = "Redis is away: the session does not learn what was agreed";
		return;
	}
	rq->session = mint(rq, SESSION_HTTP, rq->version, &kept);
	reply_header(rq, "Mcp-Session-Id", rq->session);
	if (!kept)	/* it is believed as long as Redis is away; then its 404 makes the client begin again */
		rq->why = "Redis is away: the session is not kept";
}

/* What is posted there is answered on a stream that only Redis leads to. */
static int
no_stream(struct request *rq)
{
	fail(rq, FAIL_UNAVAILABLE, "This transport cannot be served at the moment. Try again in a few seconds.");
	rq->why = "Redis is away: the transport of 2024-11-05 needs it";
	return -1;
}

const char *
session_begin_sse(struct request *rq)
{
	const char *id;
	bool kept;

	rq->client.level = LEVEL_INFO;	/* no message has said another yet */
	id = mint(rq, SESSION_SSE, "", &kept);
	if (!kept)
		no_stream(rq);
	return kept ? id : NULL;
}

/* --- the look --------------------------------------------------------------------------- */

static bool
is_initialize(const struct request *rq)
{
	return rq->method && strcmp(rq->method, "initialize") == 0;
}

int
session_wanted(struct request *rq, struct limit_session **s)
{
	const char *id;

	*s = NULL;
	if (rq->era == ERA_MODERN || rq->session || request_endpoint(rq) == ENDPOINT_SSE)
		return 0;
	id = headers_trimmed(rq, PARAM_SESSION);
	if (!id && is_initialize(rq))
		return 0;
	if (!id && is_sse(rq))
		return fail(rq, FAIL_SESSION_MISSING, "Bad Request: sessionId is required in the query");
	if (!id)
		return fail(rq, FAIL_SESSION_MISSING, "Bad Request: Mcp-Session-Id header is required");
	if (!is_ours(id))
		return fail(rq, FAIL_SESSION, "Session not found");
	*s = arena_take(&rq->mem, sizeof(**s));
	**s = (struct limit_session){ .key = key_of(rq, id), .list = session_list(rq), .id = id, .owner = owner(rq), .kind = is_sse(rq) ? SESSION_SSE : SESSION_HTTP,
	    .idle_ms = rq->cfg->session_idle_ms };
	return 0;
}

int
session_found(struct request *rq, const struct limit_session *s)
{
	if (!s)
		return 0;
	if (s->seen == LIMIT_NOT_SEEN && is_sse(rq))
		return no_stream(rq);
	rq->session = s->id;
	rq->believed = s->seen == LIMIT_NOT_SEEN;
	if (rq->believed)
		return 0;
	client_from_bits(&rq->client, (unsigned)s->bits);
	rq->client.level = s->level <= LEVEL_NONE ? (enum level)s->level : LEVEL_NONE;
	if (s->version > 0)
		rq->version = arena_fmt(&rq->mem, "%04d-%02d-%02d", (int)(s->version / 10000), (int)(s->version / 100 % 100),
		    (int)(s->version % 100));
	if (is_initialize(rq) && s->version > 0)
		return fail(rq, FAIL_SHAPE, "Invalid request: this session has been initialized.");
	return 0;
}

/*
 * What limit_take() saw, as recall keeps it: 14 bits of the date, 6 of the capabilities, 4 of the
 * level.  Only of a session that was initialized: of another that is going to change.
 */
static void
keep(struct request *rq, const struct limit_session *s)
{
	int64_t year = s->version / 10000 - 2020, month = s->version / 100 % 100, day = s->version % 100;
	int64_t ms = s->idle_ms / 16;

	if (s->seen == LIMIT_SEEN && s->version > 0)
		recall_keep(rq->board->recall, slot_number(s->id), slot_number(s->owner), (uint32_t)(year << 19 | month << 15 | day << 10 | s->bits << 4 | s->level),
		    ms < RECALL_MS ? ms : RECALL_MS);
}

/* Was it looked at a moment ago?  Then *s is as if limit_take() had seen it. */
static bool
recall(struct request *rq, struct limit_session *s)
{
	uint32_t n;

	if (!rq->method || !recall_find(rq->board->recall, slot_number(s->id), slot_number(s->owner), &n))
		return false;
	s->seen = LIMIT_SEEN;
	s->version = (2020 + (n >> 19)) * 10000 + (n >> 15 & 15) * 100 + (n >> 10 & 31);
	s->bits = n >> 4 & 63;
	s->level = n & 15;
	return true;
}

int
session_check(struct request *rq)
{
	struct limit_session *s;

	if (session_wanted(rq, &s) != 0)
		return -1;
	if (s && !recall(rq, s)) {
		if (limit_take(rq, NULL, 0, s) != 0)
			return -1;
		keep(rq, s);
	}
	return session_found(rq, s);
}

int
session_first(struct request *rq)
{
	struct request refused = *rq;

	if (rq->era == ERA_MODERN)
		return -1;
	fail_clear(rq);
	if (session_check(rq) != 0)
		return -1;
	rq->failed = refused.failed;
	rq->says = refused.says;
	rq->why = refused.why;
	rq->data = refused.data;
	rq->tool_error = refused.tool_error;
	return -1;
}

/* --- the end, and what is kept ---------------------------------------------------------- */

void
session_end(struct request *rq)
{
	int64_t done;
	int got = run(rq, &end_script, 2, 3, (const char *[]){ key_of(rq, rq->session), session_list(rq), rq->session }, &done);

	recall_forget(rq->board->recall, slot_number(rq->session));
	if (got != 0)
		rq->why = "Redis is away: the session ends when it is idle";
	else if (notice_session(rq, rq->session, "", 0) != 0)	/* whoever holds its stream ends that */
		rq->why = "Redis is away: the session's stream stays open";
}

void
session_level(struct request *rq, enum level level)
{
	int64_t done;

	if (!rq->session)
		return;
	if (run(rq, &set_script, 1, 3, (const char *[]){ key_of(rq, rq->session), "level", number(rq, level) }, &done) != 0)
		rq->why = "Redis is away: the level is not kept";
	recall_forget(rq->board->recall, slot_number(rq->session));
}

static int
subscribe(struct request *rq, const char *uri, bool on, int64_t *fits)
{
	const char *const argv[] = { uris_of(rq, rq->session), key_of(rq, rq->session), uri, number(rq, SESSION_URIS_MAX),
		number(rq, rq->cfg->session_idle_ms) };

	return run(rq, on ? &subscribe_script : &unsubscribe_script, 2, on ? 5 : 3, argv, fits);
}

int
session_subscribe(struct request *rq, const char *uri, bool on)
{
	int64_t fits;

	if (!rq->session || subscribe(rq, uri, on, &fits) != 0) {
		fail(rq, FAIL_UNAVAILABLE, "Subscriptions cannot be changed at the moment. Try again in a few seconds.");
		rq->why = "Redis is away: no subscription is kept";
		return -1;
	}
	return fits ? 0 : fail(rq, FAIL_PARAMS, "A session subscribes to at most %d resources.", SESSION_URIS_MAX);
}
