/*
 * seat: the lowest free one is taken, so that those in use lie together and counting them is quick.
 *
 * Taken first, counted then: two processes that take at the same time may both be refused, but never
 * both be let in above the cap.
 */
#include "seat.h"

/* seats only grows: it says how far a count has to look. */
static void
reach(struct board *b, int seats)
{
	int now = atomic_load(&b->seats);

	while (now < seats && !atomic_compare_exchange_weak(&b->seats, &now, seats))
		;
}

static int
take_free(struct board *b, const struct slot *s, uint64_t who)
{
	uint64_t nobody;
	int i;

	for (i = 0; i < SEATS_MAX; i++) {
		nobody = 0;
		if (atomic_load(&b->seat[i].who) == 0 && atomic_compare_exchange_strong(&b->seat[i].who, &nobody, who)) {
			atomic_store(&b->seat[i].slot, (int)(s - b->slot));
			reach(b, i + 1);
			return i;
		}
	}
	return -1;
}

static int64_t
count(struct board *b, uint64_t who)
{
	int i, seats = atomic_load(&b->seats);
	int64_t n = 0;

	for (i = 0; i < seats; i++)
		n += atomic_load(&b->seat[i].who) == who;
	return n;
}

int
seat_take(struct board *b, const struct slot *s, uint64_t who, int64_t most)
{
	int seat = take_free(b, s, who);

	if (seat < 0 || count(b, who) <= most)
		return seat;
	seat_leave(b, seat);
	return -1;
}

void
seat_leave(struct board *b, int seat)
{
	atomic_store(&b->seat[seat].slot, -1);
	atomic_store(&b->seat[seat].who, 0);
}

void
seat_clear(struct board *b, const struct slot *s)
{
	int i, seats = atomic_load(&b->seats);

	if (s->pool != POOL_STREAM)
		return;
	for (i = 0; i < seats; i++)
		if (atomic_load(&b->seat[i].slot) == s - b->slot && atomic_load(&b->seat[i].who) != 0)
			seat_leave(b, i);
}
