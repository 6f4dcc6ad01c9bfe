/*
 * pool: the master's life: forks the processes of every pool, watches them, and stops them.
 *
 * A process that ends is replaced at once; one that died young is replaced slowly, so that a fault
 * at birth does not become a storm.  The event of a request that died with its worker is written
 * here.  SIGTERM, SIGINT and SIGQUIT end everything: no new requests, those in hand are finished.
 */
#ifndef POOL_H
#define POOL_H

#include "board.h"

#define POOL_LAST_MS 5000	/* how long the pools that end last may take for it */

/* A row per pool. */
struct pool_plan {
	enum pool pool;
	int64_t   processes;
	bool      last;		/* is stopped when the others are gone */
	void    (*run)(const struct process *self) noreturn;
};

/*
 * Runs the n rows until a signal ends them; returns when the last child is gone.  A child gets a
 * copy of *as with a slot of its own.
 */
void pool_run(const struct process *as, const struct pool_plan *plan, size_t n);

#endif
