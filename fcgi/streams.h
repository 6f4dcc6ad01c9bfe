/*
 * streams: the open requests of a stream worker, from their first byte to their last.
 *
 * Where each stands, who is kept alive when, and what an end costs.  What is sent on them is tell.h's
 * matter, how they open opening.h's.  No function here waits.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include "fanout.h"
#include "intake.h"
#include "outlet.h"
#include "subscribe.h"

/*
 * What is due to streams now and then is spread over short ticks: a thousand frames or renewals at one
 * moment would keep nginx and Redis from everybody's calls.
 */
#define STREAMS_TICK_US		50000
#define STREAMS_SECOND		(1000000 / STREAMS_TICK_US)
#define STREAMS_TURNS		(15 * STREAMS_SECOND)	/* ticks from one comment to the next */
#define STREAMS_RENEWALS	(5 * STREAMS_SECOND)	/* ticks from one renewal of what stands in Redis to the next */
#define STREAMS_NAMED		1024

enum stream_stage {
	STREAM_READING,		/* its request is not whole yet */
	STREAM_OPEN,
	STREAM_ENDING,		/* its answer is complete, but not out yet */
	STREAM_CLOSED		/* to be freed when this turn of the loop is over */
};

struct stream {
	struct fanout_caller caller;		/* first, so that the one leads to the other */
	struct stream       *next, *before;	/* in the list of its stage */
	struct stream       *next_named;	/* whose sessions have the same place in named[] */
	enum stream_stage    stage;
	enum subscribe_kind  kind;
	bool                 list[LISTS_COUNT];
	bool                 follows;		/* its caller is followed */
	bool                 watched;		/* epoll tells when it can be written */
	bool                 missed;		/* Redis did not say whether its session has subscribed to what changed */
	unsigned             turn;		/* of STREAMS_TURNS */
	int                  seat;		/* -1: none */
	int64_t              due_us;		/* monotonic: when reading or ending has taken too long */
	int64_t              expires_us;	/* wall clock, of its credential; 0: never */
	struct intake        in;
	struct outlet        out;
	size_t               counted;		/* bytes that wait in out, as they are in the sum of all */
	int64_t              behind_us;		/* monotonic: since when they are more than usual; 0: they are not */
	struct arena         mem;		/* what the following point into */
	const char          *id;		/* of a listen, as JSON; "": none */
	const char          *session, *claim, *owned;	/* as in struct subscription */
	const char *const   *uri;
	size_t               uris;
	bool                *hidden;		/* of each resource of its catalog: not for this caller; NULL: he was not identified here yet */
};

struct streams {
	const struct process *self;
	struct fanout        *fanout;		/* NULL: none, nothing is heard */
	int                   epoll_fd;
	struct stream        *reading, *ending, *closed;
	struct stream        *open[STREAMS_TURNS];	/* by turn */
	struct stream        *named[STREAMS_NAMED];	/* open ones with a session, by its slot_number() */
	uint64_t              ticks;
	unsigned              next_turn;
	int                   n, opened;	/* of any stage but closed; open */
	size_t                waiting;		/* bytes, for readers that are behind */
	bool                  missed;		/* one of them has missed something */
	void                (*left)(struct streams *all, struct stream *s);	/* before an open one is closed */
};

/* A connection was accepted: its request will be read. */
struct stream *streams_accept(struct streams *all, int fd);

/* It is open from now on, for what sub says (which is copied). */
void streams_open(struct streams *all, struct stream *s, const struct subscription *sub, int seat);

/* Adds to its answer.  A reader that is gone or does not read loses it: then the stream is closed. */
void streams_send(struct streams *all, struct stream *s, const void *bytes, size_t n);

/* The answer is complete: it closes when all of it is out, or after some seconds. */
void streams_finish(struct streams *all, struct stream *s);

/* Closes it as it stands.  why: for the log; NULL: nothing to say. */
void streams_close(struct streams *all, struct stream *s, const char *why);

/* Its socket takes something again. */
void streams_go_on(struct streams *all, struct stream *s);

/* The open stream of a session; NULL: it has none here. */
struct stream *streams_find(struct streams *all, const char *session);

/* Calls fn for every open stream; it may close that one. */
void streams_each(struct streams *all, void (*fn)(struct streams *all, struct stream *s, void *ctx), void *ctx);

/* The same for those whose turn comes in this tick, if each has one in so many; they divide STREAMS_TURNS. */
void streams_each_due(struct streams *all, int ticks, void (*fn)(struct streams *all, struct stream *s, void *ctx));

/* Once in STREAMS_TICK_US: comments to those whose turn it is, and an end to what takes too long. */
void streams_tick(struct streams *all);

/* Closes those longest behind if there are too many of them, and frees all closed.  The end of each turn of the loop. */
void streams_sweep(struct streams *all);

#endif
