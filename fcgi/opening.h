/*
 * opening: how the request of a connection becomes an open stream, or is refused.
 *
 * The ticket says that a fast worker has looked at it; what is decided here is whether there is room.
 * Each opening and each refusal is an event of the audit and a line in the log.
 */
#ifndef OPENING_H
#define OPENING_H

#include "streams.h"

/* The connection, whose request is being read, has something to read.  most: streams that may be open here. */
void opening_read(struct streams *all, struct stream *s, int64_t most);

#endif
