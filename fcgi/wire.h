/*
 * wire: how the bytes of a request come, and those of its answer go.
 *
 * The process layer provides it, so that nothing below knows of FastCGI.  -1 from each of them: there
 * was trouble, or the client is gone.
 */
#ifndef WIRE_H
#define WIRE_H

#include "base.h"

struct wire {
	ssize_t (*read)(void *io, void *bytes, size_t n);		/* of the body: how many came, 0 at its end */
	int     (*write)(void *io, const void *bytes, size_t n);	/* all of them, of the answer, head first */
	int     (*flush)(void *io);					/* what was written leaves now */
	void    (*end)(void *io);					/* the answer is whole: the peer is let go */
};

#endif
