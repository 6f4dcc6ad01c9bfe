/*
 * schema: JSON Schema 2020-12, compiled once, checked at every call.
 *
 * The whole dialect, $ref and $dynamicRef within the document and to the 2020-12 metaschemas;
 * nothing is ever fetched.  `format` and content* assert nothing.  An integer is a number without
 * fraction that fits 64 bits.  Complaints are written for the model that sent the arguments: every
 * offending place is named.  Checking is bounded in steps, depth and time.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "arena.h"
#include "buf.h"
#include "json.h"

struct schema;

/*
 * Compiles; lives as long as mem, and so must source.  Unknown keywords are refused, never ignored:
 * a slip of the pen would be a bound that does not hold.  Those that begin with "x-" pass.  NULL
 * with a sentence that names the place in *why.
 */
struct schema *schema_compile(struct arena *mem, struct json_object *source, const char **why) must_use;

/* The same for a schema that others wrote: unknown keywords mean nothing (core 4.3.1). */
struct schema *schema_compile_foreign(struct arena *mem, struct json_object *source, const char **why) must_use;

/*
 * Does the value fit?  true, or false with the complaints in *says, joined by "; ".  `mem` holds
 * what is needed meanwhile.
 */
bool schema_check(const struct schema *s, struct json_object *value, struct arena *mem, struct buf *says);

/* The same for what is no arguments: complaints about the whole of it call it `what` ("the result"). */
bool schema_check_as(const struct schema *s, struct json_object *value, const char *what, struct arena *mem, struct buf *says);

/*
 * Adds to the object, for every property it lacks, the default the schema gives, and makes integers
 * of 1.0 where integers are asked for.  Top level only; through $ref and allOf there.
 */
void schema_defaults(const struct schema *s, struct json_object *object);

/* Does the default of each property at the top level fit it?  true, or false with the first that does not in *says. */
bool schema_defaults_fit(const struct schema *s, struct arena *mem, struct buf *says);

/* Has the schema a property of this name at the top level?  Those of its branches count. */
bool schema_has(const struct schema *s, const char *name);

/*
 * For those who read a schema rather than check with it: what the $ref of source, a part of root,
 * means in the end.  Pointers within root only; source as it is where there is no such $ref.
 */
struct json_object *schema_meant(struct arena *mem, struct json_object *root, struct json_object *source);

#endif
