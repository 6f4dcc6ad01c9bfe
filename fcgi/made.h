/*
 * made: what a tool or prompt has brought about so far, and how it refuses.
 *
 * The toolkit writes it, the binding and the methods read it.
 */
#ifndef MADE_H
#define MADE_H

#include "json.h"

/* What a catalog whose errors are objects says besides the sentence. */
struct tool_error {
	const char *word;	/* "NOT_FOUND"; NULL: that of the failure */
	int         status;	/* the HTTP status it corresponds to; 0: that of the failure */
	const char *details;	/* JSON text; NULL: none */
	const char *hint;	/* next step, a sentence; NULL: none */
};

/* By a function written in C.  It may be run again (a question was answered): all but progress begins anew. */
struct made {
	struct json_object *result;	/* NULL: none */
	struct json_object *blocks;	/* array of {role, content}, which are a prompt's messages; NULL: none */
	const char         *role;	/* of the blocks that follow; NULL: "user" */
	int64_t             until_us;	/* monotonic: its time is up; 0: it has as long as it takes */
	double              progress;	/* the last that was told */
	bool                progressed;	/* one was */
};

#endif
