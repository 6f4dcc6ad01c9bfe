/* schema_seen: bits in blocks; a block that is too small is left to the arena for one twice as large. */
#include "schema_seen.h"

#define FIRST_WORDS 64

static size_t
words_for(size_t n)
{
	return (n + 63) / 64;
}

struct schema_seen
schema_seen_take(struct schema_seen_stack *s, struct arena *mem, size_t n)
{
	struct schema_seen seen = { .n = n };
	size_t words = words_for(n);

	if (!s->block || s->room - s->used < words) {
		s->room = 2 * s->room + words + FIRST_WORDS;
		s->block = arena_take(mem, s->room * sizeof(*s->block));
		s->used = 0;
	}
	seen.bits = s->block + s->used;
	memset(seen.bits, 0, words * sizeof(*seen.bits));
	s->used += words;
	return seen;
}

void
schema_seen_drop(struct schema_seen_stack *s, const struct schema_seen_stack *before)
{
	/* In a block that is newer than `before`, nothing is older. */
	s->used = s->block == before->block ? before->used : 0;
}

void
schema_seen_mark(struct schema_seen *seen, size_t i)
{
	if (seen)
		seen->bits[i / 64] |= UINT64_C(1) << i % 64;
}

void
schema_seen_mark_until(struct schema_seen *seen, size_t end)
{
	size_t i;

	for (i = 0; seen && i < end; i++)
		schema_seen_mark(seen, i);
}

void
schema_seen_add(struct schema_seen *to, const struct schema_seen *from)
{
	size_t i;

	for (i = 0; to && i < words_for(to->n); i++)
		to->bits[i] |= from->bits[i];
}

bool
schema_seen_has(const struct schema_seen *seen, size_t i)
{
	return seen->bits[i / 64] >> i % 64 & 1;
}
