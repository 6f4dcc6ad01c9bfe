/*
 * feed: a connection to Redis that never waits, for the one process that must not.
 *
 * Connects by itself, again after a pause when it broke, and keeps its descriptor in the epoll set it
 * was given.  It either hears one channel or carries commands.  A server that says nothing for five
 * seconds where it should counts as gone.  (The look-up of a host's name waits; use an address.)
 */
#ifndef FEED_H
#define FEED_H

#include "base.h"

#define FEED_PENDING_MAX	16384		/* commands whose answer is not there yet: two for each stream of a usual worker */
#define FEED_WAITING_MAX	(8 << 20)	/* bytes of commands that Redis does not take */
#define FEED_REPLY_MAX		(8 << 20)	/* bytes of a message or an answer; a longer one breaks the connection */

struct feed;

enum feed_kind { FEED_NIL, FEED_NUMBER, FEED_TEXT, FEED_LIST, FEED_ERROR };

/* Valid until done() returns. */
struct feed_reply {
	enum feed_kind     kind;
	int64_t            number;
	struct text        text;	/* of FEED_TEXT, FEED_ERROR; ends in NUL */
	size_t             n;		/* of FEED_LIST; what is no text in it is "" */
	const struct text *at;
};

struct feed_ears {
	void (*message)(void *ctx, const char *text, size_t len);	/* on the channel */
	void (*begins)(void *ctx);	/* from now on every message is heard */
};

/* address: as in cache_make(), NULL: always away. */
struct feed *feed_hear(const char *address, int epoll_fd, const char *channel, const struct feed_ears *ears, void *ctx);
struct feed *feed_carry(const char *address, int epoll_fd);

/* Connects, reads, writes, counts the time: whenever the epoll set is readable, and a few times per second. */
void feed_go_on(struct feed *f);

bool feed_is_open(const struct feed *f);

/* Is an answer to a command not there yet? */
bool feed_owes(const struct feed *f);

/*
 * Sends a command; len may be NULL for texts.  done() gets its answer from feed_go_on(), NULL: the
 * connection broke, and whether it was carried out nobody knows.  0, or -1: not sent, as Redis is away,
 * FEED_PENDING_MAX answers are owed or FEED_WAITING_MAX bytes wait; done() is not called.
 */
int feed_command(struct feed *f, int argc, const char *const *argv, const size_t *len,
    void (*done)(void *ctx, const struct feed_reply *reply), void *ctx) must_use;

#endif
