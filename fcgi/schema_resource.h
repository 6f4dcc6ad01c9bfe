/*
 * schema_resource: where the names of subschemas belong (JSON Schema 2020-12, core 8.2).
 */
#ifndef SCHEMA_RESOURCE_H
#define SCHEMA_RESOURCE_H

#include "schema_node.h"

/* A schema with an $id, or the root: where anchors belong. */
struct schema_resource {
	const char                   *uri;	/* absolute if the schema says so; "" if it has no $id */
	unsigned                      vocabularies;
	struct json_object           *source;
	const struct schema_node     *root;
	struct schema_anchor         *anchor;	/* newest first */
	struct schema_resource       *next;
};

struct schema_anchor {
	const char               *name;
	bool                      dynamic;
	const struct schema_node *node;
	struct schema_anchor     *next;
};

/* The anchor of that name, or NULL. */
static inline const struct schema_anchor *
schema_resource_anchor(const struct schema_resource *in, const char *name)
{
	const struct schema_anchor *a;

	for (a = in->anchor; a && strcmp(a->name, name) != 0; a = a->next)
		;
	return a;
}

#endif
