/*
 * lists: what a caller is shown, made once for all callers who may see the same.
 *
 * A page depends on the catalog and on scopes, features and mode of the credential, and on nothing
 * else; a worker keeps the first pages it has made.
 */
#ifndef LISTS_H
#define LISTS_H

#include "catalog.h"
#include "request.h"

struct lists_page {
	const char        *items;	/* JSON objects divided by commas */
	size_t             len;
	const struct tool *last;	/* shown on it; NULL: none was */
	bool               more;	/* there are tools behind it */
};

/* The page of rq's catalog that begins with the tool number `first`.  Valid for this request. */
struct lists_page lists_tools(struct request *rq, size_t first);

#endif
