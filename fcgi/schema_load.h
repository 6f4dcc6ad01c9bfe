/*
 * schema_load: from JSON to nodes.
 *
 * Refuses, with a sentence that names the place: keywords whose value has not the shape 2020-12
 * asks for, other dialects, references that lead nowhere in the document or back to themselves for
 * the same value, more subschemas or levels than a schema may have.
 */
#ifndef SCHEMA_LOAD_H
#define SCHEMA_LOAD_H

#include "schema_node.h"

/* strict: unknown keywords are refused too, but those that begin with "x-".  NULL with a sentence in *why. */
const struct schema_node *schema_load(struct arena *mem, struct json_object *source, bool strict, const char **why) must_use;

#endif
