/* board: mapped once, before the first fork. */
#include "board.h"
#include "log.h"

struct board *
board_map(int *fd)
{
	struct board *b;

	*fd = memfd_create("mcp-fpm board", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, sizeof(*b)) != 0)
		die("the status board: %s", strerror(errno));
	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (b == MAP_FAILED)
		die("the status board: %s", strerror(errno));
	return b;
}

static bool
is_taken(const struct slot *s)
{
	return atomic_load(&s->state) != SLOT_FREE || atomic_load(&s->pid) != 0;
}

struct slot *
board_claim(struct board *b, enum pool pool)
{
	struct slot *s = b->slot;

	while (s < b->slot + SLOTS_MAX && is_taken(s))
		s++;
	if (s == b->slot + SLOTS_MAX)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->pool = pool;
	s->since_us = base_now_us();
	atomic_store(&s->pid, -1);	/* taken; the pid is known after the fork */
	if (b->slots < s - b->slot + 1)
		b->slots = (int)(s - b->slot + 1);
	return s;
}

void
board_free(struct board *b, struct slot *s)
{
	slot_move(s, SLOT_FREE);
	atomic_store(&s->pid, 0);
	while (b->slots > 0 && !is_taken(&b->slot[b->slots - 1]))
		b->slots--;
}
