/* segment: possession of the folder, records whole and torn, closing, removing. */
#include "tap.h"
#include "child.h"
#include "segment.h"

static char dir[] = "/tmp/segment_test.XXXXXX";
static struct arena mem;
static struct board board;

static void
append(uint64_t number, const char *text)
{
	char path[PATH_MAX];
	int fd;

	audit_path(path, sizeof(path), dir, number);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* --- records ---------------------------------------------------------------------------- */

#define A "\x1E{\"a\":1}\n"
#define B "\x1E{\"b\":2}\n"

static const struct {
	const char *name, *text;
	bool        closed;
	int         n, torn;
	int64_t     used;
} cases[] = {
	{ "nothing",                            "",                      false, 0, 0, 0 },
	{ "one",                                A,                       false, 1, 0, 9 },
	{ "two",                                A B,                     false, 2, 0, 18 },
	{ "the last one is being written",      A "\x1E{\"b\"",          false, 1, 0, 9 },
	{ "only its first byte is there",       A "\x1E",                false, 1, 0, 9 },
	{ "it never will be finished",          A "\x1E{\"b\"",          true,  1, 1, 14 },
	{ "torn in the middle",                 A "\x1E{\"x\":" B,       false, 2, 1, 24 },
	{ "torn, then mended with a line feed", A "\x1E{\"x\":\n" B,     false, 2, 1, 25 },
	{ "torn twice",                         "\x1E\x1E{" A,           false, 1, 2, 12 },
	{ "no record before the first",         "zzz" A,                 false, 1, 1, 12 },
	{ "whole, but not JSON",                "\x1E{a:1}\n" B,         false, 1, 1, 16 },
	{ "brackets in a text",                 "\x1E{\"a\":\"}\n" B,    false, 1, 1, 18 },
};

static void
test_parse(void)
{
	struct segment_batch b;
	size_t i;

	for (i = 0; i < LEN(cases); i++) {
		segment_parse(&mem, cases[i].text, strlen(cases[i].text), cases[i].closed, &b);
		is_int(b.n, cases[i].n, "%s: records", cases[i].name);
		is_int(b.torn, cases[i].torn, "%s: torn ones", cases[i].name);
		is_int(b.used, cases[i].used, "%s: bytes", cases[i].name);
	}
	segment_parse(&mem, A B, strlen(A B), false, &b);
	is_str(b.at[1], "{\"b\":2}", "a record is its JSON text");
	is_int(b.len[1], 7, "and has its length");
	arena_reset(&mem);
}

static void
test_many(void)
{
	struct segment_place from = { 7, 0 };
	struct segment_batch b;
	int i, n = 0, rounds = 0;

	for (i = 0; i < 1200; i++)
		append(7, A);
	do {
		is_int(segment_read(&mem, dir, from, false, &b), 0, "round %d", ++rounds);
		n += b.n;
		from.offset += b.used;
		arena_reset(&mem);
	} while (b.n > 0 && rounds < 9);
	is_int(rounds, 4, "500, 500, 200, none");
	is_int(n, 1200, "each record once");
	from.number = 8;
	ok(segment_read(&mem, dir, from, false, &b) == -1 && errno == ENOENT, "a segment that is not there");
}

/* What is no record at all must not stop the rest for ever. */
static void
test_garbage(void)
{
	static char zeros[(1 << 20) + 5000];
	struct segment_place from = { 9, 0 };
	struct segment_batch b;

	memset(zeros, 'z', sizeof(zeros) - 1);
	append(9, zeros);
	append(9, A);
	is_int(segment_read(&mem, dir, from, false, &b), 0, "a megabyte of garbage");
	ok(b.n == 0 && b.used > 0, "is passed by");
	from.offset += b.used;
	is_int(segment_read(&mem, dir, from, false, &b), 0, "and the record behind it");
	is_int(b.n, 1, "is found");
	arena_reset(&mem);
}

/* --- life ------------------------------------------------------------------------------- */

static void
test_closed(void)
{
	atomic_store(&board.segment, 5);
	ok(!segment_closed(&board, 5), "the current segment is open");
	ok(segment_closed(&board, 4), "an older one is closed");
	atomic_store(&board.slot[SLOTS_MAX - 1].segment, 4);
	ok(!segment_closed(&board, 4), "unless somebody is still writing to it");
	atomic_store(&board.slot[SLOTS_MAX - 1].segment, 0);
}

static void
test_sweep(void)
{
	is_int(segment_from(dir, 1), 7, "the first one");
	is_int(segment_from(dir, 8), 9, "the one behind a gap");
	is_int(segment_from(dir, 10), 0, "none behind the last");
	is_int(segment_sweep(dir, 7), 1200 * 9 + (1 << 20) + 5000 - 1 + 9, "all bytes");
	is_int(segment_sweep(dir, 9), (1 << 20) + 5000 - 1 + 9, "without what was removed");
	is_int(segment_from(dir, 1), 9, "which is gone");
	is_int(segment_sweep(dir, 100), (1 << 20) + 5000 - 1 + 9, "the newest stays, whatever happens");
}

static void
own(void *ctx)
{
	char id[SEGMENT_ID];
	int lock = -1;

	(void)!segment_own(ctx, id, &lock);
}

static void
test_own(void)
{
	char id[SEGMENT_ID], again[SEGMENT_ID], path[64];
	static char none[] = "/nonexistent/audit";
	struct child c;
	int fd, lock = -1, held;

	child_run(&c, own, none);
	ok(c.status == 1 && strstr(c.said, "No such file"), "a folder that is not there: %s", c.said);
	child_run(&c, own, dir);	/* its lock ends with it */
	is_int(c.status, 0, "a folder is taken");
	is_int(segment_own(dir, id, &lock), 11, "the next start begins a new segment behind all others");
	is_int(strlen(id), 32, "the log has an id");
	snprintf(path, sizeof(path), "%s/id", dir);
	fd = open(path, O_RDONLY);
	is_int(read(fd, again, sizeof(again)), 32, "which stays");
	ok(memcmp(id, again, 32) == 0, "in its folder");
	close(fd);
	child_run(&c, own, dir);
	ok(c.status == 1 && strstr(c.said, "another mcp-fpm"), "nobody else takes it: %s", c.said);

	is_int(segment_keep(dir, again, lock), 0, "an image that inherits the lock keeps the folder");
	is_str(again, id, "and its id");
	is_int(segment_keep("/tmp", again, lock), -1, "but no other");
	is_int(segment_keep(dir, again, -1), -1, "and not without the lock");
	held = lock;
	is_int(segment_own(dir, id, &lock), 11 + 65536, "or begins far behind what others may still begin");
	is_int(lock, held, "under the same lock");
}

int
main(void)
{
	char command[96];

	if (!mkdtemp(dir))
		return 1;
	arena_init(&mem, 1 << 20, 64 << 20);
	test_parse();
	test_many();
	test_garbage();
	test_closed();
	test_sweep();
	test_own();
	arena_close(&mem);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
