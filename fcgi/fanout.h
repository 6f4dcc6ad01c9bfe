/*
 * fanout: all that a stream worker hears, without ever waiting.
 *
 * Three sources: the notices of other workers (Redis pub/sub), the warden's news (PostgreSQL's
 * channels, through the board), and mcp.identify(), asked anew for the callers of open streams.  What
 * a client is told of it is stream's matter.  A source that is away closes nothing.
 */
#ifndef FANOUT_H
#define FANOUT_H

#include "board.h"
#include "feed.h"
#include "lists.h"

struct fanout;

/*
 * The caller of an open stream, followed from fanout_follow() to fanout_forget(): identified again at
 * once, on news of its tenant, and once a minute.  The stream fills the first part and leaves it where it is.
 */
struct fanout_caller {
	unsigned char         hash[CRYPT_HASH];		/* of its credential */
	const struct catalog *catalog;
	char                  tenant[CRYPT_UUID];
	char                  workspace[CRYPT_UUID];	/* that it is narrowed to; "": none */
	char                  address[46];		/* of the client */
	uint64_t              seen[LISTS_COUNT];	/* lists_digest() when it was identified for this stream */
	bool                  sse;			/* it came by the transport of 2024-11-05 */

	/* fanout's own */
	struct fanout_caller *next, *before;
	int64_t               due_us;			/* monotonic: to be identified */
	int                   asked;			/* place in the question that is under way, from 1; 0: in none */
	bool                  again;			/* there was news meanwhile */
};

/* Called from fanout_go_on() only.  All texts are valid until the callback returns; it may forget any caller. */
struct fanout_ears {
	/* A list, or the content of a resource, has changed for the callers of that tenant. */
	void (*list)(void *ctx, const char *catalog, const char *tenant, enum lists what);
	void (*resource)(void *ctx, const char *catalog, const char *tenant, const char *uri);

	/* A JSON-RPC message for the stream of a legacy session; a request of it (id: JSON text) that nobody waits for. */
	void (*session)(void *ctx, const char *session, const char *json, size_t len);
	void (*cancel)(void *ctx, const char *session, const char *id);

	/* Something may have been missed: every stream is to be told of all that it subscribed to, once. */
	void (*gap)(void *ctx);

	/* This is what the caller may now. */
	void (*known)(void *ctx, struct fanout_caller *caller, const struct identity *who);

	/* What this caller may see is another list than before. */
	void (*sees)(void *ctx, struct fanout_caller *caller, enum lists what);

	/* This caller may not be here any more (revoked, expired, suspended, ...): its stream ends.  why: for the log. */
	void (*gone)(void *ctx, struct fanout_caller *caller, const char *why);
};

/* Connects nothing yet.  Lives as long as the process. */
struct fanout *fanout_open(const struct process *self, const struct fanout_ears *ears, void *ctx);

/* A descriptor that is readable when fanout_go_on() has something to do: for the caller's epoll, level-triggered. */
int fanout_fd(const struct fanout *f);

/* Does what is there to do, some milliseconds at most, and calls back. */
void fanout_go_on(struct fanout *f);

void fanout_follow(struct fanout *f, struct fanout_caller *caller);
void fanout_forget(struct fanout *f, struct fanout_caller *caller);

/* A small command for Redis; see feed_command().  -1: Redis is away, done() is not called. */
int fanout_command(struct fanout *f, int argc, const char *const *argv, const size_t *len,
    void (*done)(void *ctx, const struct feed_reply *reply), void *ctx) must_use;

/* Is there a command that Redis has not answered yet? */
bool fanout_owes(const struct fanout *f);

/* Is none, and is Redis there to hear and to be asked? */
bool fanout_is_free(const struct fanout *f);

/* After a reload: is the list of that catalog another one in the newest generation than in ours?  A stop changes nothing. */
bool fanout_changed(const struct process *self, const struct catalog *c, enum lists what);

#endif
