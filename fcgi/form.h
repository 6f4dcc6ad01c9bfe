/*
 * form: the schemas that a form may have, and what fits them.
 *
 * MCP 2026-07-28, "Elicitation", "Requested Schema": one flat object whose properties are texts,
 * numbers, booleans and choices.  A client draws them as fields, so nothing else may be in them.
 */
#ifndef FORM_H
#define FORM_H

#include "arena.h"
#include "json.h"

/* Why no client can draw it: a phrase that names the place, in mem.  NULL: it is a form. */
const char *form_flaw(struct arena *mem, struct json_object *schema);

/* Has it nothing that revision 2025-06-18 did not know: several choices, titles beside the choices? */
bool form_is_old(struct json_object *schema);

/*
 * Does what a user filled in fit a schema without flaw?  `format` is not looked at: it tells the
 * client what to draw (JSON Schema 2020-12, "Vocabularies for Semantic Content").
 */
bool form_fits(struct json_object *schema, struct json_object *content);

#endif
