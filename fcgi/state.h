/*
 * state: what a client carries from one round of a request to the next.
 *
 * A requestState is JSON under AES-256-GCM, so that it can be neither read nor altered, with the end
 * of its life inside.  It is bound to the catalog, the tenant, its workspace, the principal (or, if
 * there is none, the credential), the method, the tool, prompt or URI, and the arguments.  Any worker
 * of any node with the same key file opens it; MCP_KEY_FILE_OLD opens too.
 */
#ifndef STATE_H
#define STATE_H

#include "request.h"

#define STATE_MAX	32768	/* bytes of requestState */
#define STATE_NONCE	23	/* 128 bits as base64url, with a NUL */
#define STATE_ROUNDS_MAX 8	/* states that follow one from the other */

struct state {
	char                nonce[STATE_NONCE];	/* of this state and those that follow from it; "": there was none */
	int64_t             round;		/* how often the client was asked so far */
	int64_t             until_ms;		/* wall clock */
	struct json_object *answers;		/* of earlier rounds, by key; an object */
};

/* Seals round and answers with an end of their own, and with the nonce or, "", a new one.  NULL: larger than STATE_MAX. */
char *state_seal(struct request *rq, const struct state *s);

/* Opens what a client sent.  0, or -1 with FAIL_PARAMS: altered, expired, or another request's. */
int state_open(struct request *rq, const char *text, struct state *out) must_use;

/*
 * Uses the state up for all nodes, and with it all that follow from the same first one.  0; or -1 with FAIL_PARAMS: it was used before; or with
 * FAIL_UNAVAILABLE: Redis is away, and nobody can tell.
 */
int state_claim(struct request *rq, const struct state *s) must_use;

/* It was claimed, but served nothing: it may come again.  While Redis is away it stays used up. */
void state_return(struct request *rq, const struct state *s);

#endif
