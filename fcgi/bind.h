/*
 * bind: what a binding takes and gives.
 */
#ifndef BIND_H
#define BIND_H

#include "json.h"

/* The arguments of a call, checked, completed and converted as the tool's file says. */
struct bind_args {
	struct json_object *given;	/* as sent */
	struct json_object *object;	/* as SQL sees them: $1 */
	const char         *key;	/* idempotency key; NULL: none */
	const char         *digest;	/* of the other arguments, in clear; with a key */
	int64_t             limit;	/* rows to keep */
};

struct bind_result {
	const char *structured;		/* the JSON value, an object unless outputSchema says otherwise; NULL: none */
	size_t      structured_len;
	struct json_object *blocks;	/* content that goes before it, as in struct made; NULL: none */
	const char *text;		/* for people, where it is not the object itself; NULL: it is */
	int64_t     count;		/* rows in it */
	bool        more;		/* there were more */
};

#endif
