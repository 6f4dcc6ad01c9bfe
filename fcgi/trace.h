/*
 * trace: the W3C trace context of a message (Trace Context 1, Baggage 1).
 *
 * A client puts it into params._meta, or a proxy into headers; _meta is nearer to the caller and wins.
 * What has not the form is as if it was not sent: nothing is refused because of it.
 */
#ifndef TRACE_H
#define TRACE_H

#include "json.h"

struct trace {
	const char *parent;	/* traceparent; NULL: none */
	const char *state;	/* tracestate; NULL: none, as whenever there is no parent */
	const char *baggage;	/* NULL: none */
};

/* The texts, each NULL or as sent, as far as they have the form.  They must live as long as the trace. */
struct trace trace_of(const char *parent, const char *state, const char *baggage);

/* The same from a message's _meta where it has them (then parent and state both), else from `outer`. */
struct trace trace_within(struct json_object *meta, const struct trace *outer);

#endif
