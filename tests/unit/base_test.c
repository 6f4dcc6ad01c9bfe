/* base: stamps, numbers, suffixes. */
#include "tap.h"

static void
test_stamp(void)
{
	static const struct {
		int64_t     us;
		const char *want;
	} rows[] = {
		{ 0,                        "1970-01-01T00:00:00.000000Z" },
		{ 1,                        "1970-01-01T00:00:00.000001Z" },
		{ -1,                       "1969-12-31T23:59:59.999999Z" },
		{ -1000000,                 "1969-12-31T23:59:59.000000Z" },
		{ INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z" },
		{ INT64_C(1795161600123456), "2026-11-20T08:00:00.123456Z" },
		{ INT64_C(4102444799999999), "2099-12-31T23:59:59.999999Z" },
	};
	char out[BASE_STAMP_MAX];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		base_stamp(out, rows[i].us);
		is_str(out, rows[i].want, "stamp of %" PRId64, rows[i].us);
	}
}

static void
test_number(void)
{
	static const struct {
		const char *text;
		int64_t     least, most;
		int         got;
		int64_t     want;
	} rows[] = {
		{ "0",  0, 9, 0, 0 },
		{ "9",  0, 9, 0, 9 },
		{ "10", 0, 9, -1, 0 },
		{ "-1", 0, 9, -1, 0 },
		{ "-1", -1, 9, 0, -1 },
		{ "007", 0, 9, 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, -1, 0 },
		{ "-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN },
		{ "99999999999999999999", 0, INT64_MAX, -1, 0 },
		{ "",   0, 9, -1, 0 },
		{ "-",  -9, 9, -1, 0 },
		{ "+1", 0, 9, -1, 0 },
		{ " 1", 0, 9, -1, 0 },
		{ "1 ", 0, 9, -1, 0 },
		{ "1x", 0, 9, -1, 0 },
		{ "0x1", 0, 9, -1, 0 },
		{ "1.0", 0, 9, -1, 0 },
		{ "1e0", 0, 9, -1, 0 },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		int64_t n = 0;

		is_int(base_number(rows[i].text, rows[i].least, rows[i].most, &n), rows[i].got, "number \"%s\"", rows[i].text);
		is_int(n, rows[i].want, "value of \"%s\"", rows[i].text);
	}
}

static void
test_ends(void)
{
	ok(base_ends("a.json", ".json"), "a suffix");
	ok(base_ends(".json", ".json"), "the whole text");
	ok(base_ends("a", ""), "no suffix at all");
	ok(!base_ends("json", ".json"), "a text shorter than the suffix");
	ok(!base_ends("a.json.", ".json"), "something behind the suffix");
	ok(!base_ends("", ".json"), "no text");
}

static void
test_clocks(void)
{
	int64_t from = base_now_us(), wall = base_wall_us();

	usleep(2000);
	ok(base_now_us() - from >= 2000, "the monotonic clock goes on");
	ok(base_wall_us() - wall >= 1000, "the wall clock goes on");
	ok(wall > INT64_C(1700000000000000), "the wall clock counts from 1970");
}

static void
hear(int signal_number)
{
	(void)signal_number;
}

static void
test_poll(void)
{
	struct sigaction act = { .sa_handler = hear };
	int64_t from = base_now_us();
	sigset_t usr1;

	is_int(base_poll(NULL, 0, 20), 0, "nothing comes");
	ok(base_now_us() - from >= 20000, "for so long");
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	is_int(base_poll(NULL, 0, 5000), -1, "a signal that was kept out until now");
	is_int(errno, EINTR, "ends the wait");
	sigprocmask(SIG_BLOCK, NULL, &usr1);
	ok(sigismember(&usr1, SIGUSR1), "and is kept out again");
}

int
main(void)
{
	test_poll();
	test_stamp();
	test_number();
	test_ends();
	test_clocks();
	return tap_done();
}
