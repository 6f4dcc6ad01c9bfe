/* bucket: against the plain definition of a token bucket. */
#include "bucket.h"
#include "tap.h"

static struct board *board;

static int64_t
take(uint64_t number, int64_t per_minute, int64_t burst, int64_t tokens, int64_t now_us)
{
	struct bucket_rate rate = { per_minute, burst };
	int64_t full;

	return bucket_take(board, number, rate, tokens, now_us, &full);
}

static void
test_burst_then_rate(void)
{
	int64_t now = 1000000000, t;
	int served = 0, i;

	for (i = 0; i < 100; i++)
		served += take(1, 60, 60, 1, now) == 0;
	is_int(served, 60, "a full bucket gives its burst at once");
	is_int(take(1, 60, 60, 1, now), 1000000, "and then says how long to wait");
	for (t = 0; t < 10 * 1000000; t += 100000)
		served += take(1, 60, 60, 1, now + t) == 0;
	is_int(served, 69, "9.9 seconds later nine more tokens have come");
	for (i = 0; i < 100; i++)
		served += take(1, 60, 60, 1, now + 1000 * 1000000LL) == 0;
	is_int(served, 129, "an idle bucket fills up to its burst and no further");
}

static void
test_all_tokens_or_none(void)
{
	int64_t now = 2000000000;

	is_int(take(2, 60, 10, 8, now), 0, "eight of ten");
	ok(take(2, 60, 10, 3, now) > 0, "three of the two left: none");
	is_int(take(2, 60, 10, 2, now), 0, "the two were not lost");
	ok(take(2, 60, 10, 11, now + 3600 * 1000000LL) > 0, "more than the burst never fits");
}

static void
test_look(void)
{
	struct bucket_rate rate = { 60, 2 };
	int64_t now = 2500000000, full;

	is_int(bucket_look(board, 5, rate, 1, now, &full), 0, "a look takes nothing");
	is_int(bucket_take(board, 5, rate, 2, now, &full), 0, "both are still there");
	is_int(bucket_look(board, 5, rate, 1, now, &full), 1000000, "now a look says how long to wait");
	bucket_give_back(board, 5, rate, 1);
	is_int(bucket_look(board, 5, rate, 1, now, &full), 0, "one came back");
	bucket_set(board, 5, now + 10000000);
	is_int(bucket_look(board, 5, rate, 1, now, &full), 9000000, "a bucket that was set from elsewhere");
}

static void
test_separate(void)
{
	uint64_t number;
	int64_t now = 3000000000;
	int refused = 0;

	for (number = 10; number < 20000; number++) {
		refused += take(number, 1, 1, 1, now) != 0;
		refused += take(number, 1, 1, 1, now) == 0;
	}
	is_int(refused, 0, "twenty thousand buckets do not touch each other");
}

static void
test_processes(void)
{
	int64_t now = 4000000000;
	int child, i, served = 0, status;

	for (child = 0; child < 4; child++)
		if (fork() == 0) {
			for (i = 0, served = 0; i < 50; i++)
				served += take(3, 60, 100, 1, now) == 0;
			_exit(served);
		}
	while (wait(&status) > 0)
		served += WEXITSTATUS(status);
	is_int(served, 100, "four processes together get what one would");
}

int
main(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_burst_then_rate();
	test_all_tokens_or_none();
	test_look();
	test_separate();
	test_processes();
	munmap(board, sizeof(*board));
	return tap_done();
}
