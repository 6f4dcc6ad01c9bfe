/*
 * tenant: who is calling.
 *
 * Turns the credential of a request into an identity, through this worker's cache or
 * mcp.identify().  Credentials are looked up as hashes, never kept as given.  What an identity may
 * do is decided by catalog_forbids() and by row security in PostgreSQL.
 */
#ifndef TENANT_H
#define TENANT_H

#include "config.h"
#include "fail.h"
#include "request.h"

#define TENANT_SCOPES_MAX 256

struct identity {
	const char  *credential, *credential_name, *catalog;
	const char  *tenant, *tenant_slug;
	const char  *principal;		/* "" : the key acts for itself */
	bool         bound;		/* to these workspaces; else all of the tenant's are open */
	struct words workspaces;
	const char  *workspace;		/* taken when the request names none; "": no one is */
	const char  *roles, *scopes;	/* words divided by spaces, as SQL sees them */
	struct words scope;		/* the same scopes, one by one */
	struct words features;
	struct words addresses;		/* networks it may come from; none: any */
	const char  *plan;
	bool         reads_only;
	bool         confirm_required;	/* the tenant wants every confirmation, from clients that cannot be asked too */
	const char  *generation;	/* decimal, as mcp.enter() takes it */
	uint64_t     number;		/* slot_number() of the tenant */
	uint64_t     credential_number;
	const unsigned char *hash;	/* of the credential, CRYPT_HASH bytes, as mcp.identify() takes it; NULL: not known */
	int64_t      expires_us;	/* wall clock; 0: never */
	int64_t      per_minute, burst, in_flight;	/* of the plan */
	int64_t      streams, sessions;	/* of the plan: what one principal may have open */
	int64_t      own_per_minute;	/* of this credential; 0: the plan's alone */
};

/*
 * Finds out who calls, from Authorization, X-API-Key or API_KEY, whether from an address that is open
 * to it, and to which workspace X-Workspace-ID narrows the request; fills rq->who and rq->workspace.
 * Refuses with FAIL_AMBIGUOUS, FAIL_CREDENTIAL (one sentence for every reason), FAIL_REFUSED,
 * FAIL_UNAVAILABLE.
 */
int tenant_identify(struct request *rq) must_use;

/*
 * Reads what mcp.identify() says (NULL: there is no such credential).  FAIL_NONE, or FAIL_CREDENTIAL or
 * FAIL_REFUSED with *why for the log; *who is filled as far as it is known, and points into mem.
 */
enum fail tenant_parse(struct arena *mem, const char *text, struct identity *who, const char **why);

/* May this identity come from that address, and be narrowed to that workspace ("": none is named)? */
bool tenant_admits(const struct identity *who, const char *address, const char *workspace);

/* Forgets what the cache says of the request's credential, and asks PostgreSQL again. */
int tenant_again(struct request *rq) must_use;

/* Writes the caller's names into an event; the workspace is the request's own. */
void tenant_name(struct event *ev, const struct identity *who, const char *workspace);

#endif
