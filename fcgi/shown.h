/*
 * shown: icons and annotations, which go to clients as their file has them.
 *
 * A client that checks what it gets drops the whole list for one of another form, so that form (MCP
 * 2026-07-28, schema.ts) is asked for when the file is read.  Members that MCP does not know pass.
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "json.h"

enum shown { SHOWN_ICONS, SHOWN_HINTS, SHOWN_ANNOTATIONS };	/* HINTS: the annotations of a tool */

/* NULL, or what is wrong with the value: a sentence in mem that names the place. */
const char *shown_flaw(struct arena *mem, enum shown what, struct json_object *value);

#endif
