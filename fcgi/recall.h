/*
 * recall: what some process of this node has just learnt of a thing, for those that ask again.
 *
 * A legacy client lists, pings and notifies in quick succession; each time asking Redis for its
 * session would cost more than the answer.  What is kept in this table, which processes share, is
 * forgotten soon, and at once when this node hears that it changed.
 *
 * Things and owners are numbers here (hashes), and so is what is known: what it means, and for how
 * long it may be kept, is the caller's matter.
 */
#ifndef RECALL_H
#define RECALL_H

#include "base.h"

#define RECALLS		(1 << 14)	/* 256 kB; more than are in use in a second */
#define RECALL_BITS	24		/* of what is known, which is not all ones */

struct recall {
	_Atomic uint64_t word;		/* until when (ms, monotonic), and what is known; 0: nothing */
	_Atomic uint64_t check;		/* whose word it is */
};

/* Keeps `known` of the thing for so long and for this owner, unless the thing was forgotten a moment ago. */
void recall_keep(struct recall *table, uint64_t thing, uint64_t owner, uint32_t known, int64_t ms);

/* Is it known to this owner?  Then *known is what was kept. */
bool recall_find(struct recall *table, uint64_t thing, uint64_t owner, uint32_t *known) must_use;

/* It has changed or ended.  Who learnt of it before that, and only now comes to keep it, keeps nothing. */
void recall_forget(struct recall *table, uint64_t thing);

#endif
