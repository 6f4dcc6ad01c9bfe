/* seat: caps hold, what is left or cleared is free again, and races never go above the cap. */
#include "seat.h"
#include "tap.h"

#define RACERS	4
#define MOST	100

static struct board *board;

/* Takes until it is refused a hundred times in a row, and says how many it got. */
static void
race(struct slot *s)
{
	int refused = 0, got = 0;

	while (refused < 100) {
		if (seat_take(board, s, 7, MOST) >= 0) {
			got++;
			refused = 0;
		} else
			refused++;
	}
	_exit(got);
}

static void
test_race(void)
{
	int i, pid[RACERS], status, all = 0;

	for (i = 0; i < RACERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			race(&board->slot[i]);
	}
	for (i = 0; i < RACERS; i++) {
		waitpid(pid[i], &status, 0);
		all += WEXITSTATUS(status);
	}
	is_int(all, MOST, "four that race take as many as may be, and no more");
	for (i = 0; i < RACERS; i++)
		seat_clear(board, &board->slot[i]);
}

int
main(void)
{
	struct slot *a, *b;
	int first, second;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (a = board->slot; a < board->slot + RACERS; a++)
		a->pool = POOL_STREAM;
	a = &board->slot[0];
	b = &board->slot[1];
	first = seat_take(board, a, 5, 2);
	second = seat_take(board, b, 5, 2);
	ok(first >= 0 && second >= 0 && first != second, "two of two, in two processes");
	is_int(seat_take(board, a, 5, 2), -1, "no third");
	ok(seat_take(board, a, 6, 1) >= 0, "one for somebody else");
	seat_leave(board, second);
	is_int(seat_take(board, a, 5, 2), second, "what is left can be taken");
	seat_clear(board, a);
	ok(seat_take(board, b, 5, 1) >= 0, "a process that is gone has none");
	seat_clear(board, b);
	test_race();
	return tap_done();
}
