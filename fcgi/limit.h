/*
 * limit: how often.
 *
 * Token buckets, kept as the time at which they are full again (GCRA).  Tool calls are counted in
 * Redis for all nodes, in one round trip; when Redis is away, and for everything that is not a
 * tool call, in this node's shared memory.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "bucket.h"
#include "tenant.h"

#define LIMIT_BUCKETS_MAX 64

/* One bucket to take from. */
struct limit {
	const char *key;	/* of Redis */
	uint64_t    number;	/* of the board's bucket */
	struct bucket_rate rate;
	int64_t     tokens;
};

/* A session (session.h) that is looked at, and renewed, in the same round trip as the buckets. */
struct limit_session {
	const char *key, *list;		/* of Redis: it, and those of its principal */
	const char *id, *owner, *kind;	/* what it must be; another is unknown */
	int64_t     idle_ms;		/* that it lives from now on */
	enum { LIMIT_NOT_SEEN, LIMIT_SEEN } seen;	/* not: Redis is away */
	int64_t     version, bits, level;	/* of what was seen: 20251125, client_bits(), enum level */
};

/*
 * Takes tokens from every bucket or from none, and none for an unknown session (s NULL: there is none
 * to look at; n may be 0).  0, or -1 with FAIL_RATE, FAIL_SESSION.  The headers RateLimit-*,
 * X-RateLimit-* of the tightest bucket, and Retry-After when refused, are in the reply.
 */
int limit_take(struct request *rq, const struct limit *limit, int n, struct limit_session *s) must_use;

/* The same in shared memory alone. */
int limit_take_here(struct request *rq, const struct limit *limit, int n) must_use;

/*
 * For a message that failed before it was admitted: it takes its token here too, or else a wrong
 * name would be a way to come as often as one likes.  If there is none, it fails with FAIL_RATE instead.
 */
void limit_refused(struct request *rq);

/* Marks a tool call of this tenant as in flight; refuses when the plan allows no more of them. */
int limit_fly(struct request *rq) must_use;

/* Fills in the buckets of n messages of which `calls` are tool calls. */
void limit_of_plan(struct request *rq, struct limit *out, int64_t calls);
void limit_of_credential(struct request *rq, struct limit *out, int64_t calls);
void limit_of_tool(struct request *rq, struct limit *out, const char *tool, int64_t per_minute, int64_t calls);
void limit_of_node(struct request *rq, struct limit *out, int64_t messages);

#endif
