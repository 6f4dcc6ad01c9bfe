/*
 * seat: who has how many streams open, over all stream workers of this node.
 *
 * A seat on the board per open stream.  It is freed by the process that took it, or by the master
 * when that process is gone.
 */
#ifndef SEAT_H
#define SEAT_H

#include "slot.h"

/*
 * A seat for who (a slot_number()) in the process of that slot, if it then has no more than `most`.
 * Its number, or -1: that would be too many, or every seat is taken.
 */
int seat_take(struct board *b, const struct slot *s, uint64_t who, int64_t most) must_use;

void seat_leave(struct board *b, int seat);

/* Frees the seats of a process that is gone. */
void seat_clear(struct board *b, const struct slot *s);

#endif
