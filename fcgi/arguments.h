/*
 * arguments: from what a client sent to what a tool's statement gets.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "bind.h"
#include "catalog.h"
#include "request.h"

/*
 * Checks params.arguments against the tool's schema, fills in defaults, and seals, digests, parses
 * and renames as the tool's file says.  0, or -1 with FAIL_PARAMS or, for the model, FAIL_TOOL.
 */
int arguments_take(struct request *rq, const struct tool *tool, struct bind_args *out) must_use;

/* Notes a keyed digest of what a call was given, for the audit. */
void arguments_note(struct request *rq, struct json_object *given);

/* params.arguments as sent; an empty object if there are none or they are no object. */
struct json_object *arguments_given(struct request *rq);

#endif
