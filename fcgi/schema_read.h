/*
 * schema_read: keywords whose value is plain, and which keywords a dialect has.
 *
 * Each takes where loading is, refuses what 2020-12 does not allow there with a sentence that names
 * the place, and puts the rest where a node keeps it.  0, or -1.
 */
#ifndef SCHEMA_READ_H
#define SCHEMA_READ_H

#include "schema_refs.h"
#include "schema_words.h"

/* Where loading is. */
struct schema_read {
	struct arena           *mem;	/* of nodes and sentences */
	struct arena           *scratch;	/* of what is over when loading is: places, references */
	struct schema_refs     *refs;
	struct schema_resource *in;	/* NULL at the root of a document */
	const char             *at;	/* where in the schema, for complaints */
	const char             *base;	/* URI where an $id is relative to */
	int                     depth;
	bool                    strict;
	struct json_object     *document;
	const char            **why;
};

/* -1, with the sentence in *why. */
int schema_read_refuse(struct schema_read *l, const char *fmt, ...) printf_like(2, 3);

int schema_read_type(struct schema_read *l, struct schema_node *n, struct json_object *v) must_use;
int schema_read_enum(struct schema_read *l, struct schema_values *to, struct json_object *v) must_use;
int schema_read_number(struct schema_read *l, const struct schema_word *w, struct schema_number *to, struct json_object *v) must_use;
int schema_read_count(struct schema_read *l, const struct schema_word *w, int64_t *to, struct json_object *v) must_use;
int schema_read_flag(struct schema_read *l, const struct schema_word *w, bool *to, struct json_object *v) must_use;
int schema_read_pattern(struct schema_read *l, struct schema_texts *to, struct json_object *v) must_use;
int schema_read_names(struct schema_read *l, const char *word, struct json_object **to, struct json_object *v) must_use;

/* The vocabularies of what $schema names: 2020-12, or a metaschema in the document's own $defs. */
int schema_read_dialect(struct schema_read *l, struct json_object *v, unsigned *out) must_use;

#endif
