/*
 * schema: JSON Schema, compiled once, checked at every call.
 *
 * Knows the keywords our tools use; an unknown one is refused when compiling, never ignored.
 * Complaints are written for the model that sent the arguments: every offending place is named.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "arena.h"
#include "buf.h"
#include "json.h"

struct schema;

/* Compiles; lives as long as mem.  NULL with a sentence that names the place in *why. */
struct schema *schema_compile(struct arena *mem, struct json_object *source, const char **why) must_use;

/*
 * Does the value fit?  true, or false with the complaints in *says, joined by "; ".  `mem` holds
 * what is needed meanwhile.
 */
bool schema_check(const struct schema *s, struct json_object *value, struct arena *mem, struct buf *says);

/* Adds to the object, for every property it lacks, the default the schema gives (top level only). */
void schema_defaults(const struct schema *s, struct json_object *object);

/* Has the schema a property of this name at the top level? */
bool schema_has(const struct schema *s, const char *name);

#endif
