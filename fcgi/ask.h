/*
 * ask: questions to clients of older revisions, on the open stream of their request.
 *
 * A question is a JSON-RPC request of ours; its answer is posted to any worker, which leaves it in
 * Redis (mcp:reply:SESSION:QUESTION) for the one that waits.  A worker that waits does nothing else,
 * so at most half of the slow pool does (MCP 2025-11-25, "Transports").
 */
#ifndef FCGI_ASK_H
#define FCGI_ASK_H	/* the unit tests have an ask.h of their own */

#include "question.h"

#define ASK_ANSWER_MAX	(256 << 10)	/* bytes of an answer */

/*
 * Sends the n questions and waits for all answers, MCP_ASK_TIMEOUT at most; answer[i] is then the
 * result the client gave to question[i], in rq's memory.  -1 as question_refuse(): too many wait
 * already, nobody answered in time, the client refused or left, its session ended, or Redis is away.
 */
int ask_client(struct request *rq, const struct question *question, int n, struct json_object **answer) must_use;

/*
 * A response that was posted (rq->message, rq->session): leaves it for the worker that waits for it.
 * What nobody asked this session is forgotten: to the client it makes no difference.
 */
void ask_take_response(struct request *rq);

#endif
