/*
 * http: one request from its first byte to its last.
 *
 * Walks the steps of enum step, and whatever they did, writes the audit event, the answer and the
 * log line, in this order.
 */
#ifndef HTTP_H
#define HTTP_H

#include "catalog.h"
#include "request.h"

/* Everything between the parameters and the end of the answer.  The arena is the caller's to reset. */
void http_serve(struct request *rq, const struct catalogs *catalogs);

#endif
