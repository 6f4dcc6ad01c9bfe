/*
 * transport: what HTTP asks besides posting messages to the endpoint, and the two addresses of the
 * transport of 2024-11-05 (MCP 2024-11-05, "HTTP with SSE").
 *
 * nginx says in MCP_ENDPOINT which address it is: mcp, sse, messages.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "request.h"

/*
 * May the HTTP method be used here, by this caller?  0: then either a message is to be read, or
 * rq->todo is what a GET or DELETE means.  -1 with FAIL_ADDRESS, FAIL_HTTP_METHOD, FAIL_ACCEPT,
 * FAIL_LEGACY_VERSION.
 */
int transport_read(struct request *rq) must_use;

/* Is the answer to go to a stream that another request holds open, and not into this one's? */
bool transport_is_apart(const struct request *rq);

/*
 * Answers 202 and lets nginx go; from here on rq->wire leads to the stream of rq->session.  Nothing
 * happens if that was done before, or if the answer is not apart.
 */
void transport_accept(struct request *rq);

/* The value of Allow at this address. */
const char *transport_allows(const struct request *rq);

#endif
