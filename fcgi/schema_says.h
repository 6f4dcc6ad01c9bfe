/*
 * schema_says: complaints, in sentences a model can act on.
 *
 * "tags[2] must be a string; id is required": each names its place in the arguments.
 */
#ifndef SCHEMA_SAYS_H
#define SCHEMA_SAYS_H

#include "buf.h"
#include "schema_node.h"

/* Where in the value: from the inside out, on the C stack.  The outermost has up NULL. */
struct schema_place {
	const struct schema_place *up;
	const char                *name;	/* NULL: item i of an array */
	size_t                     i;
};

struct schema_says {
	struct arena *mem;
	struct buf   *out;	/* NULL: nobody listens, complaints are only counted */
	int           n;
	int           most;	/* complaints; what comes after is not written */
	int           within;	/* lists of branches that this is said inside of */
	const char   *joint;	/* between two */
	const char   *what;	/* the whole value: "the arguments" */
};

/* "PLACE text" */
void schema_says_add(struct schema_says *s, const struct schema_place *at, const char *fmt, ...) printf_like(3, 4);

/* "PLACE.name text" */
void schema_says_member(struct schema_says *s, const struct schema_place *at, const char *name, const char *fmt, ...)
    printf_like(4, 5);

/* "tags[2]", or s->what */
const char *schema_says_place(const struct schema_says *s, const struct schema_place *at);

/* "a string or null" */
const char *schema_says_types(struct arena *mem, unsigned types);

/* "id, name" or "nothing" */
const char *schema_says_names(struct arena *mem, const struct schema_map *map);

/* "12" or "0.5" */
const char *schema_says_number(struct arena *mem, struct schema_number n);

/* What a subschema asks for, in a few words: "an object with id and name".  NULL: it takes more words. */
const char *schema_says_kind(struct arena *mem, const struct schema_node *n);

#endif
