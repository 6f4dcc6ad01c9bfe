/*
 * template: texts with {names} in them, filled in.
 *
 * {argument} is an argument of the call, {row.column} a column of the row that a statement gave.  A
 * brace of the text itself is written {{.  What is filled in is not looked at again.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "buf.h"
#include "json.h"

/* Calls found(name) for each name in the text: "argument", "row.column".  0, or -1: a brace is not closed. */
int template_names(struct arena *mem, const char *text, void (*found)(void *ctx, const char *name), void *ctx) must_use;

/* Adds the text; strings stand as they are, other values as JSON, what is missing or null as nothing. */
void template_fill(struct buf *b, const char *text, struct json_object *args, struct json_object *row);

#endif
