/*
 * schema_refs: what a $ref can lead to.
 *
 * Holds the resources of one compiled schema (documents and subschemas with an $id), their anchors,
 * and which node was made of which JSON object.  JSON Schema 2020-12, core 8.2 and 9.2.
 */
#ifndef SCHEMA_REFS_H
#define SCHEMA_REFS_H

#include "schema_resource.h"

/* A $ref or $dynamicRef still to be resolved. */
struct schema_ref {
	const char                   *text;
	const char                   *at;	/* where it stands, for complaints */
	bool                          dynamic;
	const struct schema_resource *in;
	struct schema_node           *node;	/* that has it */
	struct schema_ref            *next;
};

struct schema_refs {
	struct arena           *mem;		/* of what nodes point to: resources and anchors */
	struct arena           *scratch;	/* of what is over when loading is */
	struct schema_resource *resources;	/* newest first */
	struct schema_ref      *pending, *tied;	/* newest first */
	struct schema_made     *made;		/* open addressing, by source */
	size_t                  room, n;
};

/* Notes that node was made of source. */
void schema_refs_made(struct schema_refs *r, struct json_object *source, struct schema_node *node);

/* A new resource; NULL: there is one of that URI already. */
struct schema_resource *schema_refs_resource(struct schema_refs *r, const char *uri, struct json_object *source,
    const struct schema_node *root);

/* 0, or -1: the resource has an anchor of that name already. */
int schema_refs_anchor(struct schema_refs *r, struct schema_resource *in, const char *name, bool dynamic,
    const struct schema_node *node) must_use;

void schema_refs_add(struct schema_refs *r, const struct schema_ref *ref);

/*
 * Where the text leads.  NULL: nowhere; then *missing is the URI of a document that is not here, or
 * NULL if it is the fragment that is not.  *dynamic is the $dynamicAnchor that was named, or NULL.
 */
const struct schema_node *schema_refs_find(struct schema_refs *r, const struct schema_ref *ref, const char **missing,
    const char **dynamic);

#endif
