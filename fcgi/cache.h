/*
 * cache: Redis, for workers, which may wait for it.  (What must not wait has feed.)
 *
 * One connection, opened when first needed; a command that takes longer than 50 ms closes it, and
 * for a second nobody tries again.  Whoever calls knows what to do without Redis.
 */
#ifndef CACHE_H
#define CACHE_H

#include "arena.h"

struct cache;

/* A Lua script; its digest is computed on first use. */
struct cache_script {
	const char *text;
	char        sha1[41];	/* "" until Redis has told it */
};

/* A connection that is not open yet.  address: path of a unix socket, or host:port; NULL: always away. */
struct cache *cache_make(const char *address, int64_t timeout_ms);

/*
 * Runs the script with keys and arguments (bytes and lengths) in one round trip.  It must return an
 * array of integers; at most n of them land in out.  How many, or -1: Redis is away or refused (*why).
 */
int cache_run(struct cache *c, struct cache_script *script, int keys, int argc, const char *const *argv,
    const size_t *len, int64_t *out, int n, const char **why) must_use;

/* A command whose answer is a string; in mem.  0 (*text NULL: nil), or -1 (*why). */
int cache_text(struct cache *c, struct arena *mem, int argc, const char *const *argv, char **text,
    const char **why) must_use;

/*
 * Waits until one of the lists has something and takes it: 1, *which list, *text in mem.  0: the time
 * is up, or tick(ctx), which is called about every second, was not 0.  -1: Redis is away (*why).  It has
 * a connection of its own, so that c is not held up.
 */
int cache_pop(const struct cache *c, struct arena *mem, int lists, const char *const *list, int64_t timeout_ms,
    int (*tick)(void *ctx), void *ctx, int *which, char **text, const char **why) must_use;

/* Tells whoever listens on the channel, if anybody.  0, or -1 (*why). */
int cache_publish(struct cache *c, const char *channel, const char *text, size_t len, const char **why) must_use;

#endif
