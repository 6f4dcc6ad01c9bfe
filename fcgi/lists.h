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

/* One entry of a list that is sorted by key. */
struct lists_item {
	const char        *key;
	const char        *face;	/* JSON object */
	const struct tool *ask;		/* who may see it */
};

struct lists_page {
	const char *items;	/* JSON objects divided by commas */
	size_t      len;
	const char *last;	/* key of the last one shown; NULL: none was */
	bool        more;	/* there are further ones */
};

/* The page of rq's catalog that begins behind the tool called `after` (NULL: the first).  Valid for this request. */
struct lists_page lists_tools(struct request *rq, const char *after);

/* Answers a list of n items whose result member is `member`. */
int lists_run(struct request *rq, const char *member, const struct lists_item *item, size_t n) must_use;

/*
 * The place in params.cursor: an array that begins with a text; *place NULL: the list begins.  0, or
 * -1 with FAIL_PARAMS: it is not a cursor of this list.
 */
int lists_place(struct request *rq, struct json_object **place) must_use;

/* What every list ends with.  next: JSON text of the place of the next page; NULL: there is none. */
void lists_end(struct request *rq, const char *next);

/* ["key"], a place. */
const char *lists_behind(struct request *rq, const char *key);

#endif
