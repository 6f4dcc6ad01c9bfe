/* news: each item carries its number, which is 0 while it is written. */
#include "news.h"
#include "log.h"

static void
put(char *field, size_t room, const char *text)
{
	size_t len = strlen(text);

	if (len >= room)
		bug("news of %zu bytes", len);
	memcpy(field, text, len + 1);
}

void
news_tell(struct news_ring *ring, enum news_kind kind, const char *catalog, const char *tenant, const char *text)
{
	uint64_t count = atomic_load(&ring->count);
	struct news_item *n = &ring->at[count & (NEWS_KEPT - 1)];

	atomic_store(&n->number, 0);
	atomic_thread_fence(memory_order_release);
	n->kind = kind;
	put(n->catalog, sizeof(n->catalog), catalog);
	put(n->tenant, sizeof(n->tenant), tenant);
	put(n->text, sizeof(n->text), text);
	atomic_store(&n->number, count + 1);
	atomic_store(&ring->count, count + 1);
}

/* A copy counts only if nobody wrote while it was made. */
static bool
copy(const struct news_item *n, uint64_t number, struct news_item *out)
{
	if (atomic_load(&n->number) != number)
		return false;
	memcpy(out, n, sizeof(*out));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load(&n->number) == number;
}

bool
news_next(struct news_ring *ring, uint64_t *seen, struct news_item *out)
{
	uint64_t count = atomic_load(&ring->count);

	if (*seen == count)
		return false;
	if (count - *seen <= NEWS_KEPT && copy(&ring->at[*seen & (NEWS_KEPT - 1)], *seen + 1, out)) {
		++*seen;
		return true;
	}
	*seen = count;
	memset(out, 0, sizeof(*out));
	out->kind = NEWS_GAP;
	return true;
}

int64_t
news_lost(struct news_loss *loss)
{
	int64_t told = atomic_load(&loss->told_us), last = atomic_load(&loss->last_us);

	return last != told && atomic_compare_exchange_strong(&loss->told_us, &told, last) ? last : 0;
}
