/*
 * recall: a table of pairs of atomics, each thing at one place.
 *
 * A pair is two words that no writer changes at one moment, so the second tells whether they belong
 * together: it is made of the first, of the thing and of its owner.  Whoever finds it otherwise has
 * found nothing.
 */
#include "recall.h"

#define KNOWN		((UINT64_C(1) << RECALL_BITS) - 1)
#define FORGOTTEN	KNOWN
#define FORGOTTEN_MS	5000	/* longer than anybody takes from learning to keeping */

static struct recall *
place_of(struct recall *table, uint64_t thing)
{
	return &table[thing % RECALLS];
}

static uint64_t
check_of(uint64_t thing, uint64_t owner, uint64_t word)
{
	return word ^ thing * UINT64_C(0x9E3779B97F4A7C15) ^ owner;
}

static int64_t
now_ms(void)
{
	return base_now_us() / 1000;
}

static uint64_t
make(int64_t ms, uint64_t known)
{
	return (uint64_t)(now_ms() + ms) << RECALL_BITS | known;
}

static bool
is_over(uint64_t word)
{
	return (int64_t)(word >> RECALL_BITS) <= now_ms();
}

void
recall_keep(struct recall *table, uint64_t thing, uint64_t owner, uint32_t known, int64_t ms)
{
	struct recall *r = place_of(table, thing);
	uint64_t was = atomic_load(&r->word), word = make(ms, known);

	if ((was & KNOWN) == FORGOTTEN && !is_over(was))
		return;
	if (atomic_compare_exchange_strong(&r->word, &was, word))
		atomic_store(&r->check, check_of(thing, owner, word));
}

bool
recall_find(struct recall *table, uint64_t thing, uint64_t owner, uint32_t *known)
{
	struct recall *r = place_of(table, thing);
	uint64_t word = atomic_load(&r->word);

	if (is_over(word) || atomic_load(&r->check) != check_of(thing, owner, word))
		return false;
	*known = (uint32_t)(word & KNOWN);
	return *known != FORGOTTEN;
}

void
recall_forget(struct recall *table, uint64_t thing)
{
	atomic_store(&place_of(table, thing)->word, make(FORGOTTEN_MS, FORGOTTEN));
}
