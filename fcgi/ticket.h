/*
 * ticket: a fast worker's word to a stream worker that it has looked who asks, and for what.
 *
 * nginx carries it from the one to the other (X-Mcp-Ticket, then MCP_TICKET) while it repeats the
 * request.  It holds for TICKET_LIFE_US and for that request alone: its method, its path, what was
 * posted.  What the facts mean is subscribe.h's matter.
 */
#ifndef TICKET_H
#define TICKET_H

#include "request.h"

#define TICKET_LIFE_US	5000000
#define TICKET_MAX	12288		/* characters; nginx takes the head of an answer in 16 KB */

/*
 * Puts a ticket with these facts (a JSON object) into the answer's head and places the request in
 * the stream pool.  0, or -1 with FAIL_PARAMS: the facts are too long.
 */
int ticket_make(struct request *rq, const char *facts, size_t len) must_use;

/*
 * The facts of the ticket that came with rq (its param and body are filled in).  NULL: *why is a
 * phrase for the log.
 */
struct json_object *ticket_read(struct request *rq, const char **why) must_use;

/* The phrase for one that was good, but waited too long: nobody was there to take it. */
extern const char ticket_late[];

#endif
