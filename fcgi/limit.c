/* limit: what bucket.h does for this node, in Lua for all of them. */
#include "limit.h"
#include "cache.h"
#include "fail.h"
#include "log.h"

#define MINUTE_US	60000000

/*
 * KEYS: buckets.  ARGV: per_minute, burst, tokens of each.  Time is Redis's own, so nodes whose
 * clocks differ agree.  Answers { wait_us, now_us, full_us of each }: wait 0 means taken.
 */
#define CLOCK_LUA \
	"local t = redis.call('TIME') " \
	"local now = t[1] * 1000000 + t[2] "
#define TAKE_LUA \
	"local wait, full = 0, {} " \
	"for i, key in ipairs(KEYS) do " \
	"  local step = 60000000 / ARGV[3 * i - 2] " \
	"  local from = math.max(tonumber(redis.call('GET', key) or 0), now) " \
	"  full[i] = from + math.ceil(ARGV[3 * i] * step) " \
	"  wait = math.max(wait, full[i] - now - math.ceil(ARGV[3 * i - 1] * step)) " \
	"end " \
	"if wait <= 0 then " \
	"  for i, key in ipairs(KEYS) do " \
	"    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1000) " \
	"  end " \
	"end " \
	"local out = { math.max(wait, 0), now } " \
	"for i = 1, #full do out[i + 2] = full[i] end "

static struct cache_script take_script = { .text = CLOCK_LUA TAKE_LUA "return out" };

/*
 * The same behind a look at a session.  KEYS: the buckets, the session, the list.  ARGV: those of the
 * buckets, id, owner, kind, idle_ms.  Answers { -1, now } for an unknown one, which takes nothing;
 * else version, bits, level behind the buckets.
 */
static struct cache_script session_script = { .text = CLOCK_LUA
	"local list = table.remove(KEYS) "
	"local session = table.remove(KEYS) "
	"local idle = table.remove(ARGV) "
	"local kind = table.remove(ARGV) "
	"local owner = table.remove(ARGV) "
	"local id = table.remove(ARGV) "
	"local has = redis.call('HMGET', session, 'owner', 'kind', 'version', 'bits', 'level') "
	"if has[1] ~= owner or has[2] ~= kind then return { -1, now } end "
	"redis.call('PEXPIRE', session, idle) "
	"redis.call('PEXPIRE', session .. ':uris', idle) "
	"redis.call('ZADD', list, 'XX', now, id) "
	"redis.call('PEXPIRE', list, idle) "
	TAKE_LUA
	"local version = string.gsub(has[3], '-', '') "
	"for _, value in ipairs({ version, has[4], has[5] }) do out[#out + 1] = tonumber(value) or 0 end "
	"return out"
};

#define SESSION_KEYS	2
#define SESSION_ARGS	4
#define SESSION_ANSWERS	3
#define WORDS_MAX	(4 * LIMIT_BUCKETS_MAX + SESSION_KEYS + SESSION_ARGS)

/* --- answers ---------------------------------------------------------------------------- */

static int64_t
remaining(const struct limit *l, int64_t now_us, int64_t full_us)
{
	int64_t room = now_us + bucket_steps_us(l->rate, l->rate.burst) - full_us;

	return room > 0 ? room * l->rate.per_minute / MINUTE_US : 0;
}

static int64_t
seconds_up(int64_t us)
{
	return us > 0 ? (us + 999999) / 1000000 : 0;
}

static void
tell(struct request *rq, const struct limit *l, int64_t now_us, int64_t full_us)
{
	int64_t left = remaining(l, now_us, full_us), reset = seconds_up(full_us - now_us);

	buf_fmt(&rq->reply.head, "RateLimit-Limit: %" PRId64 "\r\nRateLimit-Remaining: %" PRId64 "\r\nRateLimit-Reset: %" PRId64
	    "\r\nX-RateLimit-Limit: %" PRId64 "\r\nX-RateLimit-Remaining: %" PRId64 "\r\nX-RateLimit-Reset: %" PRId64 "\r\n",
	    l->rate.burst, left, reset, l->rate.burst, left, now_us / 1000000 + reset);
}

/* Tells of the bucket that has least left, and refuses if there is something to wait for. */
static int
conclude(struct request *rq, const struct limit *limit, int n, int64_t wait, int64_t now_us, const int64_t *full_us)
{
	int i, tightest = 0;

	for (i = 1; i < n; i++)
		if (remaining(&limit[i], now_us, full_us[i]) < remaining(&limit[tightest], now_us, full_us[tightest]))
			tightest = i;
	buf_cut(&rq->reply.head, 0);	/* a bucket looked at later is the one that counts */
	/* What was refused was not taken either. */
	tell(rq, &limit[tightest], now_us, full_us[tightest] -
	    (wait > 0 ? bucket_steps_us(limit[tightest].rate, limit[tightest].tokens) : 0));
	if (wait == 0)
		return 0;
	wait = seconds_up(wait);
	buf_fmt(&rq->reply.head, "Retry-After: %" PRId64 "\r\n", wait);
	return fail(rq, FAIL_RATE, "Rate limit exceeded. Try again in %" PRId64 " second%s.", wait, wait == 1 ? "" : "s");
}

int
limit_take_here(struct request *rq, const struct limit *limit, int n)
{
	int64_t now = base_wall_us(), full[LIMIT_BUCKETS_MAX] = { 0 }, wait = 0;
	int i, taken;

	for (taken = 0; taken < n && wait == 0; taken++)
		wait = bucket_take(rq->board, limit[taken].number, limit[taken].rate, limit[taken].tokens, now, &full[taken]);
	if (wait > 0) {
		for (i = 0; i < taken - 1; i++)
			bucket_give_back(rq->board, limit[i].number, limit[i].rate, limit[i].tokens);
		return conclude(rq, &limit[taken - 1], 1, wait, now, &full[taken - 1]);
	}
	return conclude(rq, limit, n, 0, now, full);
}

/*
 * Keeps the node's buckets where Redis's are, so that losing Redis does not refill them.  A bucket's
 * time only moves forward, so what stands here is never ahead of Redis, and what it refuses Redis
 * would refuse too: a tenant that hammers costs Redis nothing.
 */
static void
mirror(struct board *board, const struct limit *limit, int n, const int64_t *out)
{
	int64_t skew = base_wall_us() - out[1], full;
	int i;

	for (i = 0; i < n; i++) {
		full = out[i + 2] + skew - (out[0] > 0 ? bucket_steps_us(limit[i].rate, limit[i].tokens) : 0);
		bucket_set(board, limit[i].number, full);
	}
}

/* Is one of the buckets known to be empty?  Then it refuses. */
static int
refuse_known(struct request *rq, const struct limit *limit, int n)
{
	int64_t now = base_wall_us(), full, wait;
	int i;

	for (i = 0; i < n; i++) {
		wait = bucket_look(rq->board, limit[i].number, limit[i].rate, limit[i].tokens, now, &full);
		if (wait > 0)
			return conclude(rq, &limit[i], 1, wait, now, &full);
	}
	return 0;
}

/* What the script is to be told: its keys, then its arguments. */
static int
write_words(struct request *rq, const struct limit *limit, int n, const struct limit_session *s, const char **argv)
{
	int i, argc = 0;

	for (i = 0; i < n; i++)
		argv[argc++] = limit[i].key;
	if (s) {
		argv[argc++] = s->key;
		argv[argc++] = s->list;
	}
	for (i = 0; i < n; i++) {
		argv[argc++] = arena_fmt(&rq->mem, "%" PRId64, limit[i].rate.per_minute);
		argv[argc++] = arena_fmt(&rq->mem, "%" PRId64, limit[i].rate.burst);
		argv[argc++] = arena_fmt(&rq->mem, "%" PRId64, limit[i].tokens);
	}
	if (s) {
		argv[argc++] = s->id;
		argv[argc++] = s->owner;
		argv[argc++] = s->kind;
		argv[argc++] = arena_fmt(&rq->mem, "%" PRId64, s->idle_ms);
	}
	return argc;
}

/* 0, or -1: Redis is away. */
static int
ask_redis(struct request *rq, const struct limit *limit, int n, const struct limit_session *s, int64_t *out)
{
	const char *argv[WORDS_MAX], *why;
	size_t len[WORDS_MAX];
	int64_t from = base_now_us();
	int keys = n + (s ? SESSION_KEYS : 0), argc = write_words(rq, limit, n, s, argv), i, got;

	for (i = 0; i < argc; i++)
		len[i] = strlen(argv[i]);
	got = cache_run(rq->cache, s ? &session_script : &take_script, keys, argc, argv, len, out,
	    n + 2 + (s ? SESSION_ANSWERS : 0), &why);
	rq->slot->event.redis_us += base_now_us() - from;
	if (atomic_exchange(&rq->board->redis_away, got < 0) != (got < 0))
		log_say(got < 0 ? "limits are this node's alone: %s" : "limits are Redis's again%s", got < 0 ? why : "");
	return got < 2 ? -1 : 0;
}

static void
see_session(struct limit_session *s, const int64_t *out)
{
	s->seen = LIMIT_SEEN;
	s->version = out[0];
	s->bits = out[1];
	s->level = out[2];
}

int
limit_take(struct request *rq, const struct limit *limit, int n, struct limit_session *s)
{
	int64_t out[2 + LIMIT_BUCKETS_MAX + SESSION_ANSWERS] = { 0 };

	if (refuse_known(rq, limit, n) != 0)
		return -1;
	if (ask_redis(rq, limit, n, s, out) != 0)
		return n > 0 ? limit_take_here(rq, limit, n) : 0;
	if (out[0] < 0)
		return fail(rq, FAIL_SESSION, "Session not found");
	if (s)
		see_session(s, out + 2 + n);
	if (n == 0)
		return 0;
	mirror(rq->board, limit, n, out);
	return conclude(rq, limit, n, out[0], out[1], out + 2);
}

int
limit_fly(struct request *rq)
{
	const struct identity *who = rq->who;

	atomic_store(&rq->slot->calling, who->number);	/* first, so that two of us cannot both see room */
	if (slot_calling(rq->board, rq->slot->pool, who->number) <= who->in_flight)
		return 0;
	atomic_store(&rq->slot->calling, 0);
	buf_str(&rq->reply.head, "Retry-After: 1\r\n");
	return fail(rq, FAIL_RATE, "%" PRId64 " calls of this account are running, which is all its plan allows. Try again in 1 second.",
	    who->in_flight);
}

/* --- which buckets ---------------------------------------------------------------------- */

static uint64_t
mixed(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * UINT64_C(0xFF51AFD7ED558CCD)) * UINT64_C(0xC4CEB9FE1A85EC53);

	h ^= h >> 31;
	return h ? h : 1;
}

void
limit_of_plan(struct request *rq, struct limit *out, int64_t calls)
{
	const struct identity *who = rq->who;

	*out = (struct limit){ arena_fmt(&rq->mem, "mcp:%s:bucket", who->tenant), who->number, { who->per_minute, who->burst }, calls };
}

void
limit_of_credential(struct request *rq, struct limit *out, int64_t calls)
{
	const struct identity *who = rq->who;

	*out = (struct limit){ arena_fmt(&rq->mem, "mcp:%s:bucket:%s", who->tenant, who->credential),
	    mixed(who->number, who->credential_number), { who->own_per_minute, who->own_per_minute }, calls };
}

void
limit_of_tool(struct request *rq, struct limit *out, const char *tool, int64_t per_minute, int64_t calls)
{
	const struct identity *who = rq->who;

	*out = (struct limit){ arena_fmt(&rq->mem, "mcp:%s:bucket:%s", who->tenant, tool),
	    mixed(who->number, slot_number(tool)), { per_minute, per_minute }, calls };
}

void
limit_of_node(struct request *rq, struct limit *out, int64_t messages)
{
	const struct identity *who = rq->who;
	int64_t ten = who->per_minute * 10, least = rq->cfg->node_per_minute;

	/* Ten times the plan: a client lists and pings more often than it calls, but not without end. */
	*out = (struct limit){ "", mixed(who->credential_number, 1), { ten > least ? ten : least, ten > least ? ten : least }, messages };
}

void
limit_refused(struct request *rq)
{
	struct limit node;
	int64_t now = base_wall_us(), full, wait;

	limit_of_node(rq, &node, 1);
	wait = bucket_take(rq->board, node.number, node.rate, node.tokens, now, &full);
	if (wait == 0)
		return;
	fail_clear(rq);
	conclude(rq, &node, 1, wait, now, &full);
}
