/*
 * subscribe: what a caller wants to hear of while a stream is open.
 *
 * The fast worker's side does all that may wait (who asks, what may be heard of, whether another
 * stream is open) and puts what came of it into the facts of a ticket; the stream worker's side
 * reads them.
 */
#ifndef SUBSCRIBE_H
#define SUBSCRIBE_H

#include "lists.h"
#include "request.h"

#define SUBSCRIBE_URIS_MAX	100		/* in one subscription */
#define SUBSCRIBE_BODY_MAX	(256 << 10)	/* the stream worker reads it again, and others wait meanwhile */
#define SUBSCRIBE_ID_MAX	1024		/* characters of the request's id: every frame repeats it */
#define SUBSCRIBE_CLAIM_MS	10000		/* until the stream worker has renewed the claim for the first time */
#define SUBSCRIBE_HOLDER_MAX	512

enum subscribe_kind {
	SUBSCRIBE_LISTEN,	/* subscriptions/listen */
	SUBSCRIBE_GET,		/* the GET stream of a legacy session */
	SUBSCRIBE_SSE		/* GET of the 2024-11-05 transport: the session itself */
};

/* Texts are "" where there is nothing. */
struct subscription {
	enum subscribe_kind  kind;
	const char          *id;		/* of the listen, as JSON */
	bool                 list[LISTS_COUNT];	/* may hear that it changed */
	const char *const   *uri;		/* resources, of a listen; those of a session stand in Redis */
	size_t               uris;
	const char          *session;
	const char          *claim;		/* value of the Redis key mcp:stream:SESSION that says who has its stream */
	const char          *owned;		/* Redis key of the list of this principal's sessions */
	const char          *tenant, *workspace, *principal, *credential, *credential_name, *client, *version;
	unsigned char        hash[CRYPT_HASH];	/* of the credential */
	int64_t              expires_us;	/* of the credential, wall clock; 0: never */
	int64_t              streams;		/* that its principal may have open */
	uint64_t             seen[LISTS_COUNT];	/* lists_digest() of its caller */
};

/* --- in a fast worker: each fills rq->place and the ticket, or fails --------------------- */

/* The method.  FAIL_PARAMS, FAIL_CAPABILITY, FAIL_RATE. */
int subscribe_listen(struct request *rq) must_use;

/* GET, rq->session being checked (NULL: it is not known).  FAIL_REPLAY, FAIL_STREAM_OPEN. */
int subscribe_get(struct request *rq) must_use;

/* GET of the 2024-11-05 transport with a session just minted; owned: see above. */
int subscribe_sse(struct request *rq, const char *session, const char *owned) must_use;

/* A claim as it stands in Redis from then on: with the node and the process that hold the stream. */
void subscribe_holder(char out[SUBSCRIBE_HOLDER_MAX], const char *claim, const char *node, int pid);

/* --- in a stream worker ------------------------------------------------------------------ */

/* From the ticket of rq and its body; in rq's memory, and its catalog in rq->catalog.  0, or -1: *why for the log. */
int subscribe_read(struct request *rq, const struct catalogs *catalogs, struct subscription *out, const char **why) must_use;

#endif
