/*
 * sse: an answer that is an event stream (MCP 2026-07-28, "Streamable HTTP").
 *
 * An answer is JSON unless something has to be sent before the result: the first sse_send() makes it
 * a stream.  Events have no ids, so nobody comes back for what was missed.  Where rq->streams is true
 * from the start there is no head, and each event is one write to rq->wire.
 */
#ifndef SSE_H
#define SSE_H

#include "request.h"

/* A frame: this, a JSON-RPC message on one line, and an empty line. */
#define SSE_STARTS	"event: message\ndata: "
#define SSE_ENDS	"\n\n"
#define SSE_KEEP_ALIVE	": keepalive\n\n"

/* The lines that the head of every stream begins with; further ones and the empty one follow. */
void sse_head(struct buf *b, const char *request_id);

/*
 * Sends one JSON-RPC message ahead of the result.  In a batch it is dropped, and a legacy client that
 * is gone is no trouble.  0, or -1 with FAIL_GONE: a modern client left.
 */
int sse_send(struct request *rq, const char *json, size_t len) must_use;

/*
 * To be called about every second by whoever waits: sends a comment if the answer streams and was
 * silent for 15 s.  0, or -1 with FAIL_GONE: a modern client left, or a legacy one has cancelled.
 */
int sse_keep_alive(struct request *rq) must_use;

/* Ends the stream with the body as its last event; an empty body is none.  0, or -1: the client is gone. */
int sse_end(struct request *rq) must_use;

#endif
