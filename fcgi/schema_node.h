/*
 * schema_node: a compiled schema, as schema_load makes it and schema_check walks it.
 *
 * Keywords are grouped by the type of value they speak of; a group that a schema does not use is
 * NULL.  References are pointers: the nodes are a graph.  Nothing changes after loading.
 */
#ifndef SCHEMA_NODE_H
#define SCHEMA_NODE_H

#include "pattern.h"
#include "schema_value.h"

enum schema_type {
	SCHEMA_NULL = 1, SCHEMA_BOOLEAN = 2, SCHEMA_INTEGER = 4, SCHEMA_NUMBER = 8, SCHEMA_STRING = 16, SCHEMA_ARRAY = 32,
	SCHEMA_OBJECT = 64
};

struct schema_node;
struct schema_resource;

struct schema_list {
	size_t                     n;
	const struct schema_node **node;
};

/* A name and what holds for it. */
struct schema_named {
	const char               *name;
	const struct schema_node *node;
	const struct pattern     *pattern;	/* of patternProperties */
	struct json_object       *names;	/* of dependentRequired */
};

struct schema_map {
	size_t                      n;
	struct schema_named        *named;	/* as declared */
	const struct schema_named **sorted;	/* by name */
};

struct schema_values {
	bool                limited;	/* there is an enum */
	struct schema_set   set;	/* its values */
	struct json_object *list;	/* the same, for complaints */
	bool                fixed;	/* there is a const */
	struct json_object *constant;
};

struct schema_numbers {
	struct schema_number least, most, above, below, step;
};

struct schema_texts {
	int64_t               least, most;	/* characters */
	const struct pattern *pattern;
	const char           *pattern_text;
};

struct schema_arrays {
	int64_t                   least, most;
	bool                      differ;	/* uniqueItems */
	struct schema_list        first;	/* prefixItems */
	const struct schema_node *rest;		/* items */
	const struct schema_node *contains;
	int64_t                   contains_least, contains_most;
	const struct schema_node *unevaluated;
};

struct schema_objects {
	int64_t                   least, most;	/* members */
	struct json_object       *required;	/* array of strings */
	struct schema_map         properties, patterns, needs;	/* needs: dependentRequired */
	const struct schema_node *rest;		/* additionalProperties */
	const struct schema_node *names;	/* propertyNames */
	const struct schema_node *unevaluated;
};

/* What speaks of the same value once more. */
struct schema_forms {
	const struct schema_node *ref;
	const struct schema_node *dynamic;	/* where $dynamicRef leads if nobody further out takes it over */
	const char               *dynamic_name;	/* the $dynamicAnchor that may; NULL: it is like a $ref */
	struct schema_list        all, any, one;
	const struct schema_node *not, *when, *then, *otherwise;
	struct schema_map         needs;	/* dependentSchemas */
};

struct schema_node {
	const struct schema_resource *in;	/* where its anchors belong */
	struct json_object    *usual;	/* its default; NULL: none */
	bool                   never;	/* the schema false */
	bool                   tracks;	/* has unevaluatedItems or unevaluatedProperties */
	unsigned char          visit;	/* used while loading */
	unsigned               types;	/* 0: any */
	struct schema_values  *values;
	struct schema_numbers *numbers;
	struct schema_texts   *texts;
	struct schema_arrays  *arrays;
	struct schema_objects *objects;
	struct schema_forms   *forms;
};

#endif
