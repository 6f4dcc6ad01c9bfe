/* bucket: a table of atomics; a place is found by probing, and the fullest bucket gives way. */
#include "bucket.h"

#define MINUTE_US	60000000
#define PROBES		8

int64_t
bucket_steps_us(struct bucket_rate rate, int64_t tokens)
{
	return (tokens * MINUTE_US + rate.per_minute - 1) / rate.per_minute;
}

/* The bucket's place, claimed if it is new.  Of the probed ones the fullest gives way: it forgets least. */
static struct bucket *
place_of(struct board *board, uint64_t number)
{
	struct bucket *give = NULL;
	int i;

	for (i = 0; i < PROBES; i++) {
		struct bucket *b = &board->bucket[(number * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)i) % BUCKETS];
		uint64_t key = atomic_load(&b->key);

		if (key == number || (key == 0 && atomic_compare_exchange_strong(&b->key, &key, number)))
			return b;
		if (key == number)	/* another process was faster */
			return b;
		if (!give || atomic_load(&b->full_us) < atomic_load(&give->full_us))
			give = b;
	}
	if (atomic_load(&give->full_us) > base_wall_us())
		atomic_fetch_add(&board->buckets_evicted, 1);
	atomic_store(&give->key, number);
	atomic_store(&give->full_us, 0);
	return give;
}

static int64_t
wait_for(struct bucket_rate rate, int64_t tokens, int64_t was_us, int64_t now_us, int64_t *full_us)
{
	*full_us = (was_us > now_us ? was_us : now_us) + bucket_steps_us(rate, tokens);
	return *full_us - now_us - bucket_steps_us(rate, rate.burst);
}

int64_t
bucket_take(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens, int64_t now_us,
    int64_t *full_us)
{
	struct bucket *b = place_of(board, number);
	int64_t was = atomic_load(&b->full_us), wait;

	do {
		wait = wait_for(rate, tokens, was, now_us, full_us);
		if (wait > 0)
			return wait;
	} while (!atomic_compare_exchange_weak(&b->full_us, &was, *full_us));
	return 0;
}

int64_t
bucket_look(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens, int64_t now_us,
    int64_t *full_us)
{
	int64_t wait = wait_for(rate, tokens, atomic_load(&place_of(board, number)->full_us), now_us, full_us);

	return wait > 0 ? wait : 0;
}

void
bucket_give_back(struct board *board, uint64_t number, struct bucket_rate rate, int64_t tokens)
{
	atomic_fetch_sub(&place_of(board, number)->full_us, bucket_steps_us(rate, tokens));
}

void
bucket_set(struct board *board, uint64_t number, int64_t full_us)
{
	atomic_store(&place_of(board, number)->full_us, full_us);
}
