/*
 * bucket: token buckets in the shared memory of this node.
 *
 * A bucket is one number, the time at which it will be full again (GCRA).  Taking a token moves that
 * time by one step, a minute / per_minute; it may not move further than burst steps from now.
 */
#ifndef BUCKET_H
#define BUCKET_H

#include "slot.h"

struct bucket_rate {
	int64_t per_minute, burst;
};

/* So many tokens in microseconds of filling, rounded up. */
int64_t bucket_steps_us(struct bucket_rate rate, int64_t tokens);

/*
 * Takes the tokens at now_us (wall clock), or none.  0, or how many microseconds to wait; *full_us is
 * when the bucket is or would be full again.
 */
int64_t bucket_take(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens, int64_t now_us,
    int64_t *full_us);

/* Takes nothing: as bucket_take() would answer. */
int64_t bucket_look(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens, int64_t now_us,
    int64_t *full_us);

/* Puts tokens back that were taken for a request that another bucket refused. */
void bucket_give_back(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens);

/* The bucket is full again at that time, whatever it was. */
void bucket_set(struct board *board, uint64_t number, int64_t full_us);

#endif
