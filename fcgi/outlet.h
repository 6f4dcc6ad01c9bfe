/*
 * outlet: the answer to one request as FastCGI records, for a reader on whom nobody waits.
 *
 * What the socket does not take at once waits here, up to a cap: a reader that does not read loses its
 * own answer, and costs nobody else anything.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include "base.h"

/*
 * Bytes that may wait when something more comes; a reader that reads may be behind by `more`, while its
 * owner has room.  One message may be longer, so that it can be sent at all.
 */
#define OUTLET_MOST (64 << 10)

struct outlet {
	int      fd;
	unsigned id;		/* of the request, in its FastCGI connection */
	char    *at;		/* what waits; NULL: nothing does */
	size_t   from, len;	/* the part of it that the socket has not taken yet */
	size_t   room;
	size_t   more;		/* bytes besides OUTLET_MOST, as its owner says */
};

/* Adds n bytes to the answer.  0; or -1: the reader is gone, or so slow that as many bytes wait already as may. */
int outlet_put(struct outlet *o, const void *bytes, size_t n) must_use;

/* The answer is complete.  0, or -1 as above. */
int outlet_end(struct outlet *o) must_use;

/* The socket takes something again.  0, or -1: the reader is gone. */
int outlet_go_on(struct outlet *o) must_use;

/* Is there something that the socket has not taken?  How many bytes? */
bool outlet_waits(const struct outlet *o);
size_t outlet_waiting(const struct outlet *o);

/* Throws away what waits.  The descriptor is its owner's. */
void outlet_close(struct outlet *o);

#endif
