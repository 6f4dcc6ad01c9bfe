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
	int       (*run)(struct request *rq);
};

/* The method of rq in its era.  NULL with FAIL_METHOD: there is none. */
const struct mcp_method *mcp_find(struct request *rq);

/* The tool a tools/call names: fills rq->tool.  -1 with FAIL_PARAMS, FAIL_SCOPE, or FAIL_UNAVAILABLE. */
int mcp_place(struct request *rq, const struct mcp_method *m) must_use;

/* Runs the method and writes the answer of the message in hand, good or bad, into the body. */
void mcp_run(struct request *rq, const struct mcp_method *m);

#endif
