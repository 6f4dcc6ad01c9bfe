/*
 * mrtr: requests that take more than one round trip (MCP 2026-07-28, "Multi Round-Trip Requests").
 *
 * A handler asks for all that it needs and goes on if it is there; else it ends with mrtr_wait() and
 * is run anew, from its start.  A modern client gets an input_required result and repeats its request
 * with the answers; what it answered in earlier rounds travels in requestState.  A legacy client is
 * asked on the stream of its request (ask.h).  Handlers see no difference.
 */
#ifndef MRTR_H
#define MRTR_H

#include "request.h"

/*
 * First of all in tools/call, prompts/get, resources/read; rq->tool is known.  Reads inputResponses
 * and requestState into rq->round.  -1 with FAIL_PARAMS: not objects, or a state that is altered,
 * expired or another request's.
 */
int mrtr_begin(struct request *rq) must_use;

/*
 * The answer to a question, in rq's memory, or NULL: it is missing, or was none, and is noted to be
 * asked.  params may be NULL; the reference becomes rq's.  A handler's mistake is FAIL_INTERNAL,
 * which mrtr_wait() then returns.
 */
struct json_object *mrtr_ask(struct request *rq, const char *key, const char *method, struct json_object *params);

/* Can the client be asked with this method at all? */
bool mrtr_can(const struct request *rq, const char *method);

/*
 * The end of a round.  -1: the handler is done with, by FAIL_INPUT (the result asks), FAIL_CAPABILITY
 * or another failure.  0: the answers are there; who runs the handler runs it again, see mrtr_again().
 */
int mrtr_wait(struct request *rq) must_use;

/* For who runs a handler: did it end with 0 because it is to be run again?  Says so once. */
bool mrtr_again(struct request *rq);

/*
 * Right before the first change that a handler makes.  The state that brought its answers serves no
 * other call: -1 as state_claim().  Nothing happens a second time, without answers of a state, or for a
 * tool that is idempotent and has no confirm.
 */
int mrtr_claim(struct request *rq) must_use;

/* Nothing was changed after all, and the same call may be made again, with the same state. */
void mrtr_unclaim(struct request *rq);

/* Writes the members inputRequests and requestState of the result that FAIL_INPUT stands for. */
void mrtr_write(struct request *rq, struct buf *b);

#endif
