/* arena: alignment, reuse, duties, the cap. */
#include "tap.h"
#include "arena.h"
#include "child.h"

#define CHUNK 1024

static char order[64];

static void
note(void *what)
{
	size_t n = strlen(order);

	snprintf(order + n, sizeof(order) - n, "%s", (const char *)what);
}

static void
test_take(void)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 15, 16, 17, 100, CHUNK - 1, CHUNK, CHUNK + 1, 10 * CHUNK };
	struct arena a;
	char *p[LEN(sizes)];
	size_t i, j, bad = 0;

	arena_init(&a, CHUNK, 1 << 20);
	is_int(a.used, 0, "nothing taken before the first allocation");
	ok(!a.chunk, "no memory before the first allocation");
	for (i = 0; i < LEN(sizes); i++) {
		p[i] = arena_take(&a, sizes[i]);
		ok((uintptr_t)p[i] % _Alignof(max_align_t) == 0, "%zu bytes are aligned", sizes[i]);
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (i = 0; i < LEN(sizes); i++)
		for (j = 0; j < sizes[i]; j++)
			bad += p[i][j] != (char)(i + 1);
	is_int(bad, 0, "no two pieces overlap");
	arena_close(&a);
}

static void
test_reset(void)
{
	struct arena a;

	arena_init(&a, CHUNK, 1 << 20);
	(void)!arena_take(&a, 5 * CHUNK);
	(void)!arena_take(&a, CHUNK);
	arena_reset(&a);
	is_int(a.used, 0, "reset gives everything back");
	ok(a.chunk != NULL, "reset keeps one chunk");
	ok(arena_take(&a, 10) != NULL && a.used >= 10, "the kept chunk is used again");
	arena_close(&a);
	ok(!a.chunk, "close gives the last chunk back too");
	ok(arena_take(&a, 10) != NULL, "a closed arena can be used again");
	arena_close(&a);
}

static void
test_copies(void)
{
	struct arena a;
	char *zero;
	size_t i, set = 0;
	char long_text[3000];

	arena_init(&a, CHUNK, 1 << 20);
	memset(arena_take(&a, 500), 0xAA, 500);
	arena_reset(&a);
	zero = arena_zero(&a, 500);
	for (i = 0; i < 500; i++)
		set += zero[i] != 0;
	is_int(set, 0, "arena_zero clears memory that was used before");
	is_str(arena_copy(&a, "abcdef", 3), "abc", "arena_copy ends in NUL");
	is_str(arena_copy(&a, NULL, 0), "", "nothing can be copied");
	is_str(arena_str(&a, "text"), "text", "arena_str");
	is_str(arena_fmt(&a, "%d-%s", 42, "x"), "42-x", "arena_fmt");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	is_str(arena_fmt(&a, "%s", long_text), long_text, "arena_fmt of a text longer than a chunk");
	arena_close(&a);
}

static void
add_more(void *what)
{
	struct arena *a = what;

	note((void *)(uintptr_t)"2");
	arena_defer(a, note, (void *)(uintptr_t)"3");
}

static void
test_duties(void)
{
	static char one[] = "1", four[] = "4";
	struct arena a;

	arena_init(&a, CHUNK, 1 << 20);
	arena_defer(&a, note, four);
	arena_defer(&a, add_more, &a);
	arena_defer(&a, note, one);
	is_str(order, "", "no duty runs before the reset");
	arena_reset(&a);
	is_str(order, "1234", "newest first, and one that a duty adds comes next");
	arena_reset(&a);
	is_str(order, "1234", "each once");
	arena_defer(&a, note, one);
	arena_close(&a);
	is_str(order, "12341", "close runs them too");
}

static void
take_too_much(void *ctx)
{
	struct arena a;

	arena_init(&a, CHUNK, 4 * CHUNK);
	(void)!arena_take(&a, 3 * CHUNK);
	(void)!arena_take(&a, *(size_t *)ctx);
}

static void
test_cap(void)
{
	size_t sizes[] = { CHUNK, CHUNK + 1, SIZE_MAX, SIZE_MAX - 8 };
	struct child c;
	size_t i;

	for (i = 0; i < LEN(sizes); i++) {
		child_run(&c, take_too_much, &sizes[i]);
		is_int(c.signal, i == 0 ? 0 : SIGABRT, "%zu bytes more than 3 of 4 KiB", sizes[i]);
	}
	ok(strstr(c.said, "beyond"), "and a sentence says so");
}

int
main(void)
{
	test_take();
	test_reset();
	test_copies();
	test_duties();
	test_cap();
	return tap_done();
}
