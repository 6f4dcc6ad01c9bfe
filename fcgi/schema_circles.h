/*
 * schema_circles: references that would lead round and round for the same value.
 */
#ifndef SCHEMA_CIRCLES_H
#define SCHEMA_CIRCLES_H

#include "schema_node.h"

#define SCHEMA_CHAIN_MAX 100	/* schemas in a row that speak of the same value */

/*
 * Does a way from n, through what speaks of the same value, come back to where it was, or go over more
 * than SCHEMA_CHAIN_MAX schemas?  Marks nodes: to be asked while loading, of every node with a reference.
 */
bool schema_circles(const struct schema_node *n);

#endif
