/* board: slots are claimed and freed, and every process sees the same. */
#include "tap.h"
#include "board.h"
#include "child.h"

static struct board *board;

static void
work(void *ctx)
{
	struct slot *s = ctx;

	slot_move(s, SLOT_BUSY);
	atomic_fetch_add(&board->identity_epoch, 7);
	snprintf(s->event.tool, sizeof(s->event.tool), "list_pipelines");
}

static void
test_shared(void)
{
	struct slot *s = board_claim(board, POOL_FAST);
	struct child c;

	child_run(&c, work, s);
	is_int(c.status, 0, "a child works");
	is_int(atomic_load(&s->state), SLOT_BUSY, "its state is seen");
	is_int(atomic_load(&board->identity_epoch), 7, "what it counts is seen");
	is_str(s->event.tool, "list_pipelines", "its draft outlives it");
	board_free(board, s);
}

static void
test_claim(void)
{
	struct slot *s[SLOTS_MAX], *again;
	int i;

	is_int(board->slots, 0, "no slot is in use");
	for (i = 0; i < SLOTS_MAX; i++)
		s[i] = board_claim(board, i % 2 ? POOL_FAST : POOL_AUDIT);
	ok(s[0] && s[SLOTS_MAX - 1] && s[0] != s[SLOTS_MAX - 1], "as many as there are");
	is_int(board->slots, SLOTS_MAX, "all are in use");
	ok(!board_claim(board, POOL_FAST), "and no more");
	is_int(s[3]->pool, POOL_FAST, "each knows its pool");

	atomic_store(&s[9]->pid, 4711);
	s[9]->requests = 12;
	s[9]->event.seq = 12;
	atomic_store(&s[9]->calling, 99);
	board_free(board, s[9]);
	is_int(atomic_load(&s[9]->calling), 0, "nobody calls from a free slot");
	again = board_claim(board, POOL_WARDEN);
	ok(again == s[9], "a free slot is taken again");
	is_int((int)again->requests + (int)again->event.seq, 0, "and holds nothing of who was there before");

	for (i = SLOTS_MAX - 1; i > 4; i--)
		board_free(board, s[i]);
	is_int(board->slots, 5, "the board ends with the last slot in use");
}

static void
test_handed_on(int fd)
{
	struct board *again = board_adopt(fd);
	int other = memfd_create("other", MFD_CLOEXEC);

	ok(again && again != board && again->slots == board->slots, "another image finds the same board in it");
	again->layout[14]++;
	ok(!board_adopt(fd), "unless its layout is another");
	again->layout[14]--;
	ok(ftruncate(other, sizeof(*board) - 1) == 0 && !board_adopt(other), "or its size");
	ok(ftruncate(other, sizeof(*board)) == 0 && !board_adopt(other), "or it is no board at all");
	close(other);
}

static void
test_rows(void)
{
	struct slot *s[PROOF_ROWS];
	int i, row;

	for (i = 0; i < SLOTS_MAX; i++)
		board_free(board, &board->slot[i]);
	for (i = 0; i < PROOF_ROWS; i++) {
		row = board_row(board);
		is_int(row, i, "a generation gets a row of proofs");
		s[i] = board_claim(board, POOL_FAST);
		s[i]->row = row;
	}
	is_int(board_row(board), -1, "while there is one");
	board_free(board, s[2]);
	is_int(board_row(board), 2, "which is that of a generation that is gone");
}

int
main(void)
{
	int fd;

	board = board_map(&fd);
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "the memfd is closed on exec");
	is_int(lseek(fd, 0, SEEK_END), sizeof(*board), "and as large as the board");
	test_shared();
	test_claim();
	test_handed_on(fd);
	test_rows();
	return tap_done();
}
