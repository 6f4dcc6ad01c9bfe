/*
 * schema_seen: which members or items of a value some keyword has looked at.
 *
 * That is what unevaluatedProperties and unevaluatedItems are about (JSON Schema 2020-12, core 11).
 * A set is a bit per member or item.  Sets are taken and given back in the order of a stack, so
 * however many there were, memory is that of the deepest moment.
 */
#ifndef SCHEMA_SEEN_H
#define SCHEMA_SEEN_H

#include "arena.h"

struct schema_seen {
	uint64_t *bits;
	size_t    n;
};

/* Zeroed: no block yet. */
struct schema_seen_stack {
	uint64_t *block;
	size_t    used, room;	/* words of the block */
};

/* An empty set for n.  Give it back with the stack as it was before (see schema_seen_drop). */
struct schema_seen schema_seen_take(struct schema_seen_stack *s, struct arena *mem, size_t n) must_use;

/* Gives back all that was taken since `before` was copied from *s. */
void schema_seen_drop(struct schema_seen_stack *s, const struct schema_seen_stack *before);

/* NULL sets are nobody's: marking them does nothing. */
void schema_seen_mark(struct schema_seen *seen, size_t i);
void schema_seen_mark_until(struct schema_seen *seen, size_t end);
void schema_seen_add(struct schema_seen *to, const struct schema_seen *from);
bool schema_seen_has(const struct schema_seen *seen, size_t i);

#endif
