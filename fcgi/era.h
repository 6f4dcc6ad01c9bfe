/*
 * era: what kind of message is this, and of which revision.
 *
 * A ladder of guards whose order is part of what clients rely on: shape, era, envelope, header against
 * body, version, method, name.  The body decides the era, the header only cross-checks it (MCP
 * 2026-07-28, "Streamable HTTP", "Versioning").
 */
#ifndef ERA_H
#define ERA_H

#include "request.h"

#define ERA_MODERN_VERSION	"2026-07-28"
#define ERA_NEWEST_LEGACY	"2025-11-25"
#define ERA_BATCH_VERSION	"2025-03-26"

enum era_kind { ERA_REQUEST, ERA_NOTIFICATION, ERA_RESPONSE };

/*
 * Classifies rq->message (an object or not): fills id, method, params, era, version.  Which kind
 * it is in *kind.  0, or -1 with the failure the ladder gives.
 */
int era_classify(struct request *rq, enum era_kind *kind) must_use;

/* -1 with FAIL_ACCEPT: the client, of an older revision, does not take both forms of an answer. */
int era_check_accept(struct request *rq) must_use;

/* Has the request a header that names the modern era? */
bool era_modern_header(struct request *rq);

/* Does the message's params._meta claim a modern version? */
bool era_claims(struct json_object *message);

/* Is the revision one of those that begin with initialize? */
bool era_is_legacy(const char *version);

#endif
