/* hold: one script per change, whose answer nobody waits for. */
#include "hold.h"
#include "config.h"
#include "log.h"

#define CLAIM_MS	"20000"		/* three renewals may be missed */
#define KEY_MAX		128		/* ids of sessions are ours, and have 43 characters */

/*
 * KEYS: the claim, the list of its caller's sessions.  ARGV: the claim as it was made, as it is with
 * us, its time, the session.  One that Redis has lost is made again, if the session is the caller's:
 * while Redis was away he was believed.  One that somebody else has made meanwhile is his.
 */
static const char renew_claim[] =
	"local now = redis.call('GET', KEYS[1]) "
	"if now and now ~= ARGV[1] and now ~= ARGV[2] then return 0 end "
	"if not now and not redis.call('ZSCORE', KEYS[2], ARGV[4]) then return 0 end "
	"redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1";

static const char drop_claim[] =
	"local now = redis.call('GET', KEYS[1]) "
	"if now ~= ARGV[1] and now ~= ARGV[2] then return 0 end "
	"return redis.call('DEL', KEYS[1])";

/* KEYS: the session, its URIs, the list of its caller's.  ARGV: its id, idle time. */
static const char renew_session[] =
	"if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then return 0 end "
	"if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 0 then return 0 end "
	"redis.call('PEXPIRE', KEYS[2], ARGV[2]) "
	"redis.call('PEXPIRE', KEYS[3], ARGV[2]) "
	"local t = redis.call('TIME') "
	"redis.call('ZADD', KEYS[3], 'XX', t[1] * 1000000 + t[2], ARGV[1]) return 1";

static const char drop_session[] =
	"redis.call('ZREM', KEYS[3], ARGV[1]) "
	"return redis.call('DEL', KEYS[1], KEYS[2])";

/* A session that was to be renewed; its stream may be gone when Redis answers. */
struct renewal {
	struct streams *all;
	char            session[KEY_MAX];
};

static void
ignore(void *ctx, const struct feed_reply *reply)
{
	(void)ctx;
	(void)reply;
}

/* A session of the older transport was lost, or pushed out: what is posted in it is refused until its client begins anew. */
static void
end_lost(void *ctx, const struct feed_reply *reply)
{
	struct renewal *r = ctx;
	struct stream *s = streams_find(r->all, r->session);

	if (s && s->kind == SUBSCRIBE_SSE && reply && reply->kind == FEED_NUMBER && reply->number == 0)
		streams_finish(r->all, s);
	free(r);
}

/* Redis away: the claim and the session run out by themselves, or are renewed when it is back.  0, or -1: so nobody answers. */
static int
run(struct streams *all, int argc, const char *const *argv, void (*done)(void *ctx, const struct feed_reply *reply), void *ctx)
{
	return all->fanout ? fanout_command(all->fanout, argc, argv, NULL, done, ctx) : -1;
}

static void
run_claim(struct streams *all, struct stream *s, const char *script)
{
	char key[KEY_MAX], held[SUBSCRIBE_HOLDER_MAX];
	const char *argv[] = { "EVAL", script, "2", key, s->owned, s->claim, held, CLAIM_MS, s->session };

	snprintf(key, sizeof(key), "mcp:stream:%s", s->session);
	subscribe_holder(held, s->claim, all->self->cfg->node, getpid());
	(void)run(all, LEN(argv), argv, ignore, NULL);
}

static int
run_session(struct streams *all, struct stream *s, const char *script,
    void (*done)(void *ctx, const struct feed_reply *reply), void *ctx)
{
	char key[KEY_MAX], uris[KEY_MAX], idle_ms[24];
	const char *argv[] = { "EVAL", script, "3", key, uris, s->owned, s->session, idle_ms };

	snprintf(key, sizeof(key), "mcp:session:%s", s->session);
	snprintf(uris, sizeof(uris), "mcp:session:%s:uris", s->session);
	snprintf(idle_ms, sizeof(idle_ms), "%" PRId64, all->self->cfg->session_idle_ms);
	return run(all, LEN(argv), argv, done, ctx);
}

static void
renew_session_of(struct streams *all, struct stream *s)
{
	struct renewal *r = malloc(sizeof(*r));

	if (!r)
		bug("out of memory");
	r->all = all;
	snprintf(r->session, sizeof(r->session), "%s", s->session);
	if (run_session(all, s, renew_session, end_lost, r) != 0)
		free(r);
}

void
hold_renew(struct streams *all, struct stream *s)
{
	if (*s->session)	/* an open stream is a use of its session */
		renew_session_of(all, s);
	if (*s->claim)
		run_claim(all, s, renew_claim);
}

void
hold_release(struct streams *all, struct stream *s)
{
	if (s->kind == SUBSCRIBE_SSE)
		(void)run_session(all, s, drop_session, ignore, NULL);
	else if (*s->claim)
		run_claim(all, s, drop_claim);
}

void
hold_refuse(struct streams *all, const struct subscription *sub)
{
	struct stream never = { .kind = sub->kind, .session = sub->session, .claim = sub->claim, .owned = sub->owned };

	hold_release(all, &never);
}
