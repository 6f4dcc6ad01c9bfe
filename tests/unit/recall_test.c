/* recall: kept for its time and for its owner, forgotten at once, and never mixed up by writers that race. */
#include "recall.h"
#include "tap.h"

#define RACERS	4
#define ROUNDS	200000
#define ME	1001
#define YOU	1002

static struct recall *table;

static void
test_kept(void)
{
	uint32_t n = 0;

	ok(!recall_find(table, 1, ME, &n), "nothing is known of what nobody kept");
	recall_keep(table, 1, ME, 12345, 1000);
	ok(recall_find(table, 1, ME, &n) && n == 12345, "what was kept");
	ok(!recall_find(table, 1, YOU, &n), "is known to its owner alone");
	ok(!recall_find(table, 1 + RECALLS, ME, &n), "and of this thing alone, not of another at its place");
	recall_keep(table, 1, ME, 7, 1000);
	ok(recall_find(table, 1, ME, &n) && n == 7, "the newest counts");
	recall_keep(table, 2, ME, 1, 5);
	usleep(7000);
	ok(!recall_find(table, 2, ME, &n), "after its time it is not known any more");
}

static void
test_forgotten(void)
{
	uint32_t n;

	recall_keep(table, 3, ME, 5, 1000);
	recall_forget(table, 3);
	ok(!recall_find(table, 3, ME, &n), "forgotten");
	recall_keep(table, 3, ME, 5, 1000);
	ok(!recall_find(table, 3, ME, &n), "and not kept by one that learnt of it before");
}

/* Two things of each process at one place: who finds one must find what was kept of it. */
static void
race(uint32_t mine)
{
	uint64_t thing[2] = { 9 + 2 * (uint64_t)mine * RECALLS, 9 + (2 * (uint64_t)mine + 1) * RECALLS };
	uint32_t n, i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		recall_keep(table, thing[i & 1], ME, 2 * mine + (i & 1), 1000);
		wrong += recall_find(table, thing[0], ME, &n) && n != 2 * mine;
		wrong += recall_find(table, thing[1], ME, &n) && n != 2 * mine + 1;
	}
	_exit(wrong > 0);
}

static void
test_race(void)
{
	int i, pid[RACERS], status, wrong = 0;

	for (i = 0; i < RACERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			race((uint32_t)i + 1);
	}
	for (i = 0; i < RACERS; i++) {
		waitpid(pid[i], &status, 0);
		wrong += status != 0;
	}
	is_int(wrong, 0, "four that race for one place never find what was kept of another thing");
}

int
main(void)
{
	table = mmap(NULL, RECALLS * sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_kept();
	test_forgotten();
	test_race();
	munmap(table, RECALLS * sizeof(*table));
	return tap_done();
}
