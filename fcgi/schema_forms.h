/*
 * schema_forms: what speaks of the same value once more: $ref, $dynamicRef, allOf, anyOf, oneOf,
 * not, if, dependentSchemas (JSON Schema 2020-12, core 8.2.3 and 10.2).
 *
 * Holds what one check has in hand, and its bounds: a check that would take too much is given up,
 * and then nothing fits, whatever a `not` would make of that.
 */
#ifndef SCHEMA_FORMS_H
#define SCHEMA_FORMS_H

#include "schema_says.h"
#include "schema_seen.h"

/* The resources that evaluation came through, innermost first: where $dynamicRef looks. */
struct schema_scope {
	const struct schema_resource *in;
	const struct schema_scope    *outer;
};

struct schema_work {
	struct arena              *mem;
	struct schema_says         says;
	struct schema_seen_stack   sets;
	const struct schema_scope *scope;
	int                        depth;	/* schemas within schemas */
	int64_t                    left;	/* steps that may still be taken */
	int64_t                    until_us;	/* when patterns give up; 0: none was tried yet */
	const char                *gave_up;	/* why; NULL: it did not */

	/* Checks v against n.  seen: gets what n looked at if v fits; empty before, NULL if nobody asks. */
	bool (*node)(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
	    struct schema_seen *seen);
};

/* Takes steps off; false: there are none left, and the check is given up. */
bool schema_forms_spend(struct schema_work *w, int64_t steps) must_use;

/* Gives up; returns false.  why is a sentence that stays. */
bool schema_forms_give_up(struct schema_work *w, const char *why);

/* Has it been said what can be said?  When nobody listens, one thing that does not fit is enough. */
bool schema_forms_enough(const struct schema_work *w);

/* As w->node, without complaints. */
bool schema_forms_quietly(struct schema_work *w, const struct schema_node *n, struct json_object *v,
    const struct schema_place *at, struct schema_seen *seen) must_use;

/* The types a value has: an integer is a number too. */
unsigned schema_forms_types(struct json_object *v);

/* All of f, with complaints. */
bool schema_forms_check(struct schema_work *w, const struct schema_forms *f, struct json_object *v,
    const struct schema_place *at, struct schema_seen *seen) must_use;

#endif
