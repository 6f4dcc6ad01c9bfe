/* board: mapped once, before the first fork. */
#include "board.h"
#include "log.h"

/* Raise the number when fields or values change their meaning and the sizes do not tell. */
#define LAYOUT "mcp-fpm board 2: %zu bytes, %d slots of %zu with events of %zu, %d pools, %d outcomes, %d rows of %d"

static void
write_layout(char out[BOARD_LAYOUT])
{
	memset(out, 0, BOARD_LAYOUT);
	snprintf(out, BOARD_LAYOUT, LAYOUT, sizeof(struct board), SLOTS_MAX, sizeof(struct slot), sizeof(struct event),
	    POOL_COUNT, OUTCOME_COUNT, PROOF_ROWS, CATALOGS_MAX);
}

static struct board *
map(int fd)
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (b == MAP_FAILED)
		die("the status board: %s", strerror(errno));
	return b;
}

struct board *
board_map(int *fd)
{
	struct board *b;

	*fd = memfd_create("mcp-fpm board", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, sizeof(*b)) != 0)
		die("the status board: %s", strerror(errno));
	b = map(*fd);
	write_layout(b->layout);
	return b;
}

/* The size first: what lies behind the end of a mapped file must not be touched. */
struct board *
board_adopt(int fd)
{
	char layout[BOARD_LAYOUT];
	struct stat about;
	struct board *b;

	if (fstat(fd, &about) != 0 || about.st_size != (off_t)sizeof(*b))
		return NULL;
	b = map(fd);
	write_layout(layout);
	if (memcmp(b->layout, layout, sizeof(layout)) == 0)
		return b;
	munmap(b, sizeof(*b));
	return NULL;
}

static bool
is_taken(const struct slot *s)
{
	return atomic_load(&s->state) != SLOT_FREE || atomic_load(&s->pid) != 0;
}

int
board_row(const struct board *b)
{
	bool used[PROOF_ROWS] = { false };
	int row;
	const struct slot *s;

	for (s = b->slot; s < b->slot + SLOTS_MAX; s++)
		if (is_taken(s))
			used[s->row] = true;
	for (row = 0; row < PROOF_ROWS && used[row]; row++)
		;
	return row < PROOF_ROWS ? row : -1;
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
