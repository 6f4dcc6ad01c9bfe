/*
 * schema_check: a value against compiled nodes.
 *
 * Bounded whatever the value and the schema: steps, depth, and time for patterns.  Past a bound
 * nothing fits, and the complaint says so.
 */
#ifndef SCHEMA_CHECK_H
#define SCHEMA_CHECK_H

#include "buf.h"
#include "schema_node.h"

/*
 * True, or false with the complaints added to *says, joined by "; ".  what: the whole value is called
 * so, "the arguments".  mem holds what is needed meanwhile.
 */
bool schema_check_value(const struct schema_node *root, struct json_object *value, const char *what, struct arena *mem,
    struct buf *says);

#endif
