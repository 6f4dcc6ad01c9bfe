/*
 * adapt: what is written for the newest revision, for clients of older ones.
 *
 * Members that a client does not know do it no harm; kinds of content do, and schemas that are not
 * objects.
 */
#ifndef ADAPT_H
#define ADAPT_H

#include "json.h"

/* A revision as 2025-06-18; "": none is known yet, which is as the newest. */

/* In how many forms a tool is listed, and which one the revision sees. */
#define ADAPT_FACES 3
int adapt_face_number(const char *version);

/* The tool as tools/list shows it, in form `number`.  In mem; or face itself, which stays as it is. */
struct json_object *adapt_face(struct arena *mem, struct json_object *face, int number);

/* A content block as the revision knows it.  In mem; or the block itself, which stays as it is. */
struct json_object *adapt_block(struct arena *mem, struct json_object *block, const char *version);

/* Does structuredContent of a tool with this outputSchema (NULL: none) go to clients of the revision? */
bool adapt_structures(const char *version, struct json_object *output_schema);

/* Has a notification of progress a message? */
bool adapt_progress_says(const char *version);

#endif
