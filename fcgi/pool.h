/*
 * pool: the master's life: it watches over its crews, stops them, and reloads.
 *
 * A process that ends is replaced at once; one that died young is replaced slowly, so that a fault
 * at birth does not become a storm.  SIGTERM, SIGINT and SIGQUIT end everything: no new requests,
 * those in hand are finished.
 *
 * SIGHUP is a reload.  When it is time for what, is decided here: a check in a child, then the
 * master becomes another image, which forks a generation of its own and, once that stands, ends
 * the one before as a stop would.  How all that is done is reload's matter.
 */
#ifndef POOL_H
#define POOL_H

#include "crew.h"

#define POOL_LAST_MS 5000	/* how long the pools that end last may take for it */

/* The deeds of a reload. */
struct pool_reload {
	int  (*check)(void);	/* begins the check in a child: its pid, or -1 */
	void (*become)(int status, const struct crew_old *old, size_t n);	/* after it; returns if all stays as it was */
	void (*serves)(void);	/* our generation stands; those before are told to end */
	void (*alone)(void);	/* and are gone */
};

struct pool_order {
	const struct crew_plan   *plan;
	size_t                    n;
	const struct crew_old    *old;		/* of the images before */
	size_t                    olds;
	const struct pool_reload *reload;
};

/*
 * Runs the plan until a signal ends it; returns when the last child is gone.  A child gets a copy
 * of *as with a slot of its own.
 */
void pool_run(const struct process *as, const struct pool_order *order);

#endif
