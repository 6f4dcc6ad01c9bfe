/*
 * wire: how the bytes of a request come, and those of its answer go; and what an answer is made of.
 *
 * The process layer provides it, so that nothing below knows of FastCGI.  -1 from each of them: there
 * was trouble, or the client is gone.
 */
#ifndef WIRE_H
#define WIRE_H

#include "buf.h"

struct wire {
	ssize_t (*read)(void *io, void *bytes, size_t n);		/* of the body: how many came, 0 at its end */
	int     (*write)(void *io, const void *bytes, size_t n);	/* all of them, of the answer, head first */
	int     (*flush)(void *io);					/* what was written leaves now */
	void    (*end)(void *io);					/* the answer is whole: the peer is let go */
};

/* What an answer is made of.  The body is written into `body`. */
struct reply {
	int         status;	/* HTTP */
	const char *type;	/* Content-Type; NULL: no body */
	struct buf  head;	/* further header lines, each ending in CR LF */
	struct buf  body;
	uint64_t    streamed;	/* bytes of the messages that went ahead */
	int64_t     sent_us;	/* monotonic: when the last of them did */
	bool        unheard;	/* the client is gone: nothing is sent any more */
};

#endif
