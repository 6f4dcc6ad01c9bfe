/* schema_circles: a walk in depth; a node that is met while it is still on the way closes a circle. */
#include "schema_circles.h"

enum { UNSEEN, ON_THE_WAY, SEEN };

static bool circles(const struct schema_node *to, int chain);

static bool
list_circles(const struct schema_list *list, int chain)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (circles(list->node[i], chain))
			return true;
	return false;
}

static bool
form_circles(const struct schema_forms *f, int chain)
{
	size_t i;

	for (i = 0; i < f->needs.n; i++)
		if (circles(f->needs.named[i].node, chain))
			return true;
	return circles(f->ref, chain) || circles(f->dynamic, chain) || circles(f->not, chain) || circles(f->when, chain) ||
	    circles(f->then, chain) || circles(f->otherwise, chain) || list_circles(&f->all, chain) ||
	    list_circles(&f->any, chain) || list_circles(&f->one, chain);
}

/* Does a way through what speaks of the same value come back to where it was, or go on for too long? */
static bool
circles(const struct schema_node *to, int chain)
{
	struct schema_node *n = (struct schema_node *)(uintptr_t)to;	/* ours until loading is done */
	bool found;

	if (!n || !n->forms || n->visit == SEEN)
		return false;
	if (n->visit == ON_THE_WAY || chain > SCHEMA_CHAIN_MAX)
		return true;
	n->visit = ON_THE_WAY;
	found = form_circles(n->forms, chain + 1);
	n->visit = SEEN;
	return found;
}

bool
schema_circles(const struct schema_node *n)
{
	return circles(n, 0);
}
