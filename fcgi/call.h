/*
 * call: tools/call.
 */
#ifndef CALL_H
#define CALL_H

#include "request.h"

/*
 * Finds the tool that is called and says which pool is to have it: fills rq->tool and rq->place.  0, or
 * -1 with FAIL_PARAMS, FAIL_SCOPE, FAIL_HEADERS (what x-mcp-header asks for), FAIL_UNAVAILABLE.
 */
int call_place(struct request *rq) must_use;

/* Runs it and writes its result. */
int call_run(struct request *rq) must_use;

/* Does a call of the tool belong to the slow pool, whoever makes it? */
bool call_is_slow(const struct tool *tool);

#endif
