/*
 * fail: everything a request can come to grief with, in one table.
 *
 * The level that knows the reason says it once with fail(); every level above only passes -1 on.
 * What a failure means on the wire (status, code) and in the audit (outcome) is a row of the
 * table, with a column per era where they differ.
 */
#ifndef FAIL_H
#define FAIL_H

#include "request.h"

enum fail {
	FAIL_NONE,
	FAIL_HOST,		/* Host or Origin not on the list */
	FAIL_TWICE,		/* a header came twice */
	FAIL_AMBIGUOUS,		/* two different credentials */
	FAIL_CREDENTIAL,	/* missing or refused: one answer for all reasons */
	FAIL_REFUSED,		/* known, but suspended, without plan or feature, from a foreign address */
	FAIL_ADDRESS,		/* nothing is offered to this caller there */
	FAIL_HTTP_METHOD,
	FAIL_MEDIA,
	FAIL_ACCEPT,
	FAIL_LENGTH_MISSING,
	FAIL_TOO_LARGE,
	FAIL_BODY,		/* fewer or more bytes than promised */
	FAIL_PARSE,
	FAIL_SHAPE,
	FAIL_ENVELOPE,		/* params._meta of the modern era */
	FAIL_HEADERS,
	FAIL_VERSION,		/* modern claim of a version we do not speak */
	FAIL_LEGACY_VERSION,	/* header names a version we do not speak */
	FAIL_SESSION_MISSING,	/* Mcp-Session-Id is not there */
	FAIL_SESSION,		/* unknown, expired, ended, or of somebody else: one answer for all of it */
	FAIL_METHOD,
	FAIL_PARAMS,
	FAIL_DENIED,		/* what this credential may not have is told to be unknown */
	FAIL_RESOURCE,		/* there is no such resource, for this tenant */
	FAIL_RESOURCE_DENIED,	/* there is, but not for this credential, and it is told the same */
	FAIL_SCOPE,		/* a tool that this credential may not call */
	FAIL_TOOL,		/* a result with isError: the model may mend it */
	FAIL_INPUT,		/* no failure: a result that asks the client first */
	FAIL_CAPABILITY,	/* the client cannot be asked what must be asked; modern only */
	FAIL_REPLAY,		/* asks for events that went before */
	FAIL_STREAM_OPEN,	/* the session has its stream already */
	FAIL_STREAMS,		/* too many are open */
	FAIL_RATE,
	FAIL_UNAVAILABLE,	/* PostgreSQL away, the proof pending, the audit log full */
	FAIL_GONE,		/* the client left; nobody reads an answer */
	FAIL_INTERNAL,		/* the sentence goes to the log, never to the caller */
	FAIL_COUNT
};

struct fail_row {
	int          code;	/* JSON-RPC error code; 0: a result with isError */
	int          modern;	/* HTTP status under 2026-07-28 */
	int          legacy;	/* HTTP status under older revisions */
	enum outcome outcome;	/* in the audit */
	const char  *text;	/* said when the sentence must not be */
};

/* Notes the failure with its sentence, and returns -1.  The first one stays. */
int fail(struct request *rq, enum fail what, const char *fmt, ...) printf_like(3, 4);

/* FAIL_UNAVAILABLE because PostgreSQL is: `why` goes to the log, never to the caller. */
int fail_away(struct request *rq, const char *why);

const struct fail_row *fail_row(enum fail what);

/* The JSON-RPC code of rq's failure in its era. */
int fail_code(const struct request *rq);

/*
 * Where there is no result with isError to hold it, what a statement refused with is a matter of the
 * params: FAIL_TOOL becomes FAIL_PARAMS with the same sentence.  -1.
 */
int fail_as_params(struct request *rq);

/* Forgets a failure: the next message of a batch begins clean. */
void fail_clear(struct request *rq);

#endif
