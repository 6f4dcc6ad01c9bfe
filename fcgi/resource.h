/*
 * resource: resources/list, resources/templates/list, resources/read (MCP 2026-07-28, "Resources").
 *
 * What a credential may not see is not listed, and is as unknown as what another tenant owns.
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include "catalog.h"
#include "fail.h"
#include "request.h"

/* What a resources/read names: fills rq->resource, rq->values, rq->tool.  -1 with FAIL_PARAMS, FAIL_RESOURCE. */
int resource_find(struct request *rq) must_use;

int resource_run_list(struct request *rq) must_use;
int resource_run_templates(struct request *rq) must_use;
int resource_run_read(struct request *rq) must_use;

/* FAIL_RESOURCE or FAIL_RESOURCE_DENIED with the URI as data.  -1. */
int resource_unknown(struct request *rq, const char *uri, enum fail what);

/*
 * Could rq's caller read this URI?  May ask PostgreSQL.  false with rq->failed set: it could not be
 * asked, or the client left.
 */
bool resource_exists(struct request *rq, const char *uri);

/* --- for who was identified long ago ----------------------------------------------------- */

/* A bit per entry of the catalog: may this caller not see it? */
#define RESOURCE_HIDDEN_BYTES(c) (((c)->resources.n + 7) / 8)

/* Sets the bits; false: none of them. */
bool resource_hide(const struct catalog *c, const struct identity *who, unsigned char *hidden);

/* Does an entry that is not hidden stand for this URI, or for one above it? */
bool resource_is_open(const struct catalog *c, const unsigned char *hidden, const char *uri);

#endif
