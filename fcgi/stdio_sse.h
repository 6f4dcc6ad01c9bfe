/*
 * stdio_sse: server-sent events out of a stream of bytes, however it was cut.
 *
 * The format of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream".  Pure: what
 * an event means, and when to connect again, others decide.
 */
#ifndef STDIO_SSE_H
#define STDIO_SSE_H

#include "buf.h"

#define STDIO_SSE_ID_MAX 1024	/* a longer id is not kept: we send it back in a header */

struct stdio_event {
	const char *name;	/* "message" unless the stream says otherwise */
	const char *data;	/* its lines joined with line feeds */
	size_t      len;
};

struct stdio_sse {
	struct buf  line;	/* what came of the line that is not complete */
	struct buf  data;
	bool        any_data;	/* the event has a data line, perhaps an empty one */
	bool        after_cr;	/* a line feed now belongs to the line before */
	bool        begun;	/* past the place where a byte order mark may stand */
	bool        stopped;	/* event() wanted no more */
	char        name[64];	/* of the event; "": not given */
	char        id[STDIO_SSE_ID_MAX];	/* the last one seen; "": none */
	int64_t     retry_ms;	/* what the server wants us to wait; -1: it did not say */
	bool      (*event)(void *who, const struct stdio_event *e);	/* false: no more of them */
	void       *who;
};

/* The text of an event may have `most` bytes.  All memory comes from mem. */
void stdio_sse_init(struct stdio_sse *s, struct arena *mem, size_t most,
    bool (*event)(void *who, const struct stdio_event *e), void *who);

/*
 * Takes n bytes and calls event() for each event they complete.  0, or -1: an event or a line is
 * larger than it may be, and the stream cannot be read on.
 */
int stdio_sse_feed(struct stdio_sse *s, const char *bytes, size_t n) must_use;

#endif
