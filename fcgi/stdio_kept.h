/*
 * stdio_kept: what a client has told its session, to be told to the next one.
 *
 * A legacy session knows a log level and subscriptions to resources.  When the server has lost the
 * session and the bridge begins another, these requests are made again.
 */
#ifndef STDIO_KEPT_H
#define STDIO_KEPT_H

#include "stdio_message.h"

#define STDIO_KEPT_MAX	1000

struct stdio_kept {
	struct stdio_kept *next;
	char              *key;		/* "level", or the URI behind a colon */
	char              *text;	/* the request as the client wrote it */
	size_t             len;
};

/* Notes a request that the server has accepted.  Most say nothing worth keeping. */
void stdio_kept_note(struct stdio_kept **list, const struct stdio_message *m);

/* Of a session that the client itself has begun anew, nothing is known. */
void stdio_kept_clear(struct stdio_kept **list);

#endif
