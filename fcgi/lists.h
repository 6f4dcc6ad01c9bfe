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

/* The lists that a client can be told to fetch again. */
enum lists { LISTS_TOOLS, LISTS_PROMPTS, LISTS_RESOURCES, LISTS_COUNT };

/* "tools", ...; and back: LISTS_COUNT is none. */
const char *lists_name(enum lists what);
enum lists lists_named(const char *name);

/* A number that is another one when this identity may see another choice out of the catalog's list. */
uint64_t lists_digest(const struct catalog *c, const struct identity *who, enum lists what);

/* A number that is another one when anything in the catalog's list is, whoever may see it. */
uint64_t lists_whole(const struct catalog *c, enum lists what);

/* The page of rq's catalog that begins with the tool number `first`.  Valid for this request. */
struct lists_page lists_tools(struct request *rq, size_t first);

#endif
