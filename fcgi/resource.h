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

/* Does the entry stand for this URI?  What it takes is in mem. */
bool resource_stands_for(struct arena *mem, const struct resource *r, const char *uri);

/*
 * Could rq's caller read this URI?  May ask PostgreSQL.  false with rq->failed set: it could not be
 * asked, or the client left.
 */
bool resource_exists(struct request *rq, const char *uri);

#endif
