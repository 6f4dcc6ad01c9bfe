/*
 * lists: what a caller is shown, a page at a time.
 *
 * The tools' first page is made once for all callers who may see the same: it depends on the catalog
 * and on scopes, features and mode of the credential, and on nothing else.  A cursor is signed, and of
 * one method and tenant; it holds the place behind which the next page begins.
 */
#ifndef LISTS_H
#define LISTS_H

#include "catalog.h"
#include "request.h"

/* The lists that a client can be told to fetch again. */
enum lists { LISTS_TOOLS, LISTS_PROMPTS, LISTS_RESOURCES, LISTS_COUNT };

/* "tools", ...; and back: LISTS_COUNT is none. */
const char *lists_name(enum lists what);
enum lists lists_named(const char *name);

/* A number that is another one when this identity may see another choice out of the catalog's list. */
uint64_t lists_digest(const struct catalog *c, const struct identity *who, enum lists what);

/* A number that is another one when anything in the catalog's list is, whoever may see it. */
uint64_t lists_whole(const struct catalog *c, enum lists what);

struct lists_page {
	const char *items;	/* JSON objects divided by commas */
	size_t      len;
	const char *last;	/* key of the last one shown; NULL: none was */
	bool        more;	/* there are further ones */
};

/* The page of rq's catalog that begins behind the tool called `after` (NULL: the first).  Valid for this request. */
struct lists_page lists_tools(struct request *rq, const char *after);

/* Answers tools/list. */
int lists_run_tools(struct request *rq) must_use;

/* Answers a list of the entries from number `first` on; `member` is its name in the result. */
int lists_run(struct request *rq, const char *member, enum lists what, size_t first) must_use;

/*
 * The place in params.cursor: an array that begins with a text; *place NULL: the list begins.  0, or
 * -1 with FAIL_PARAMS: it is not a cursor of this list.
 */
int lists_place(struct request *rq, struct json_object **place) must_use;

/* What every list ends with.  next: JSON text of the place of the next page; NULL: there is none. */
void lists_end(struct request *rq, const char *next);

#endif
