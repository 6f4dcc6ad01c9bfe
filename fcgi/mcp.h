/*
 * mcp: the methods.
 *
 * A table says which era has a method and what it needs; a method writes its result or fails.
 */
#ifndef MCP_H
#define MCP_H

#include "limit.h"
#include "request.h"

struct mcp_method {
	const char *name;
	bool        legacy, modern;
	bool        calls;	/* counts against the plan, in Redis */
	int       (*find)(struct request *rq);	/* what it is about, before admission; NULL: nothing of its own */
	bool      (*offered)(const struct catalog *c);	/* NULL: by every catalog */
	int       (*run)(struct request *rq);
};

/* The method of rq in its era.  NULL with FAIL_METHOD: there is none. */
const struct mcp_method *mcp_find(struct request *rq);

/* Does a message of this method count against the plan? */
bool mcp_counts(const char *method);

/*
 * The tool, resource or prompt the message names: fills rq->tool and what goes with it.  -1 with FAIL_PARAMS,
 * FAIL_RESOURCE, FAIL_SCOPE, or FAIL_UNAVAILABLE.
 */
int mcp_place(struct request *rq, const struct mcp_method *m) must_use;

/* Runs the method and writes the answer of the message in hand, good or bad, into the body. */
void mcp_run(struct request *rq, const struct mcp_method *m);

#endif
