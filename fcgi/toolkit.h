/*
 * toolkit: all that a tool written in C may see.
 *
 * NAME.c defines
 *
 *	int tool_NAME(struct request *rq, struct json_object *args)
 *
 * which gets the checked arguments, ends with toolkit_done(), toolkit_says() or toolkit_refuse(),
 * and returns what that returned.  One file of the catalog says TOOLKIT; once.  A tool runs in a
 * worker, one call at a time, and keeps nothing between calls.
 */
#ifndef TOOLKIT_H
#define TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

struct request;

/* Raised when something here changes so that a tools.so must be built anew. */
#define TOOLKIT_VERSION 1
#define TOOLKIT extern const int toolkit_version; const int toolkit_version = TOOLKIT_VERSION

/* The result.  The object is the request's from here on. */
int toolkit_done(struct request *rq, struct json_object *result);

/* The result is a sentence: {"message": ...}. */
int toolkit_says(struct request *rq, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* No result: a sentence that the model can act on. */
int toolkit_refuse(struct request *rq, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Runs one statement as the catalog's role for this tenant, with args as $1 (jsonb; NULL: {}), in a
 * transaction of its own.  writes: it may write; then it is recorded in the audit with it.  0 and the
 * rows as an array of objects, which is the request's; or -1: the call has failed, return that.
 */
int toolkit_rows(struct request *rq, const char *sql, struct json_object *args, bool writes, struct json_object **rows)
    __attribute__((warn_unused_result));

/* n bytes, cleared, for as long as the call lasts.  There is nothing to free. */
void *toolkit_take(struct request *rq, size_t n);

/* Has the caller this scope? */
bool toolkit_may(struct request *rq, const char *scope);

#endif
