/*
 * session: what is remembered of a client of a revision before 2026-07-28, from its initialize on
 * (MCP 2025-11-25, Streamable HTTP, "Session Management").
 *
 * Kept in Redis for all nodes, for MCP_SESSION_IDLE from its last use, and bound to whom it was made
 * for: a session id is no credential, and that of somebody else is unknown.  Redis away: every
 * id is believed, and its client served as if it had declared nothing.
 *
 *	mcp:session:ID			hash: owner, kind, version, bits, level
 *	mcp:session:ID:uris		set: the resources it has subscribed to
 *	mcp:stream:ID			who holds its stream (subscribe.h)
 *	mcp:{TENANT}:sessions:PRINCIPAL	sorted set: ids by last use; of too many the longest unused goes
 */
#ifndef SESSION_H
#define SESSION_H

#include "limit.h"
#include "request.h"

#define SESSION_URIS_MAX 100

/*
 * At initialize, rq->version and rq->client being what was agreed: mints a session, fills
 * rq->session and adds the header Mcp-Session-Id.  One of the kind SSE exists already and is told.
 */
void session_begin(struct request *rq);

/* Mints one of the kind SSE, whose client is not known yet.  Its id, or NULL with FAIL_UNAVAILABLE. */
const char *session_begin_sse(struct request *rq);

/* The Redis key of the list of this caller's sessions. */
const char *session_list(struct request *rq);

/*
 * The session that the message in hand must be of, to be handed to limit_take(): *s; NULL: of none
 * (modern, or an initialize).  0, or -1 with FAIL_SESSION_MISSING, FAIL_SESSION.
 */
int session_wanted(struct request *rq, struct limit_session **s) must_use;

/* What limit_take() saw: fills rq->session, client, version.  -1 with FAIL_SHAPE: a second initialize. */
int session_found(struct request *rq, const struct limit_session *s) must_use;

/*
 * All of it in a round trip of its own, for what is not a call; of a message none, if somebody of this
 * node has just made one (recall.h): an end that it has not heard of is noticed a second later.
 */
int session_check(struct request *rq) must_use;

/* A message was refused before anybody looked at its session: a bad session is the better answer.  -1. */
int session_first(struct request *rq);

/* Ends rq->session, and the stream it has open: DELETE. */
void session_end(struct request *rq);

/* Keeps the level. */
void session_level(struct request *rq, enum level level);

/* Subscribes rq->session to the URI, or not any more.  -1 with FAIL_UNAVAILABLE, FAIL_PARAMS: too many. */
int session_subscribe(struct request *rq, const char *uri, bool on) must_use;

#endif
