/*
 * notice: what a worker tells all stream workers, of every node.
 *
 * A message on the Redis channel NOTICE_CHANNEL, in one round trip.  Who hears it, and sends it on to
 * clients, is fanout.  Without Redis it is lost; the board says so (struct news_loss), and fanout
 * makes up for it when Redis is back: whoever listens is then told of everything it subscribed to.
 *
 * Changes that PostgreSQL knows of (mcp.resource_changed, identities) need none of this.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include "request.h"
#include "uri.h"

#define NOTICE_CHANNEL	"mcp:notify"
#define NOTICE_VERSION	1
#define NOTICE_MAX	(4 << 20)	/* bytes of a message for a session */
#define NOTICE_HEAD_MAX	4096		/* what is said before it: one line, a JSON object */

/* The list "tools", "prompts" or "resources" is another one for the callers of rq's catalog and tenant. */
void notice_list(struct request *rq, const char *what);

/* The content behind the URI has changed, for the same callers.  One of more than URI_MAX is not told. */
void notice_resource(struct request *rq, const char *uri);

/* A message for the client of that session, on the stream that it holds open; an empty one ends the stream.  0, or -1: Redis is away, or it is too long. */
int notice_session(struct request *rq, const char *session, const char *json, size_t len) must_use;

/* The client of that session wants no answer to its request id (JSON text) any more.  0, or -1 as above. */
int notice_cancel(struct request *rq, const char *session, const char *id) must_use;

#endif
