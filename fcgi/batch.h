/*
 * batch: several messages in one body (JSON-RPC 2.0, "Batch"; MCP 2025-03-26 alone).
 */
#ifndef BATCH_H
#define BATCH_H

#include "request.h"

/* Is the message in hand a batch that this catalog and revision take?  0, or -1 with FAIL_SHAPE. */
int batch_check(struct request *rq) must_use;

/* Says which pool is to have the batch: the slow one if one of its calls belongs there. */
void batch_place(struct request *rq);

/* One token for every request in it, all or nothing. */
int batch_admit(struct request *rq) must_use;

/*
 * Runs the messages one after the other, each with an event and a log line of its own, and leaves
 * status and body as they go out.
 */
void batch_run(struct request *rq);

#endif
