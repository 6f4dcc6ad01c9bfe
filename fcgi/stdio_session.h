/*
 * stdio_session: one legacy session at the server, and the next one when the server has lost it.
 *
 * Knows id and version and puts them into headers.  A session that the server knows no more is begun
 * anew with the client's own initialize; what was refused meanwhile is sent again, and the client does
 * not notice.  Under the transport of 2024-11-05 a session is a stream: it ends with it.
 */
#ifndef STDIO_SESSION_H
#define STDIO_SESSION_H

#include "stdio_call.h"
#include "stdio_kept.h"

struct stdio_session {
	bool                    sse;		/* the transport of 2024-11-05 */
	bool                    begun;		/* the handshake was completed once */
	bool                    renewing;	/* a new session is being begun in place of a lost one */
	bool                    lost;		/* and that failed */
	int                     generation;	/* counts sessions */
	char                    id[256];	/* "": the server gave none */
	char                    version[32];	/* that was agreed on; "": not yet */
	char                   *endpoint;	/* sse: where to post; NULL: not known */
	char                   *initialize;	/* the client's own line; NULL: not yet */
	size_t                  initialize_len;
	unsigned                lists;		/* of the server: which can change, a bit each */
	struct stdio_call      *stream;		/* the server's own; NULL: none */
	const struct stdio_way *streaming;	/* what is to be done with it */
	struct stdio_kept      *kept;
};

struct stdio_session *stdio_session_open(bool sse, const struct stdio_way *streaming) must_use;

/* The client begins one with the call's message: whatever was before is forgotten. */
void stdio_session_begin(const struct stdio_call *c);

/* Sends with the headers of the session; a call that reads asks for what came after its last event. */
void stdio_session_send(struct stdio_call *c, int64_t silence_us);

/* The same, as soon as there is an address to post to and no new session on its way. */
void stdio_session_take(struct stdio_call *c);

/* Sends all that waits. */
void stdio_session_release(struct stdio_bridge *b);

/* Opens the server's own stream unless it is there; closes it. */
void stdio_session_listen(struct stdio_bridge *b);
void stdio_session_unlisten(struct stdio_session *s);

/* What waits, and what an answer will not come to any more, ends as `like` did. */
void stdio_session_fail(struct stdio_bridge *b, const struct stdio_call *like);

/* The server has lost the session. */
void stdio_session_renew(struct stdio_bridge *b);

/* The same, found out by c, which was not carried out: it is sent again, once. */
void stdio_session_renew_for(struct stdio_call *c);

/* A new session can be asked for now: there is an address. */
void stdio_session_greet(struct stdio_bridge *b);

/* Takes id, version and capabilities from the answer to initialize. */
void stdio_session_terms(struct stdio_call *c, struct json_object *result);

/* The client is gone: ends the session at the server, without waiting long for it, and frees everything. */
void stdio_session_close(struct stdio_bridge *b);

#endif
