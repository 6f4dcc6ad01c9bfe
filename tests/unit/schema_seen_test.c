/* schema_seen: sets on a stack that may move while they are in use. */
#include "tap.h"
#include "schema_seen.h"

static struct arena mem;

static void
test_marks(void)
{
	struct schema_seen_stack stack = { 0 }, before = stack;
	struct schema_seen a = schema_seen_take(&stack, &mem, 130), b = schema_seen_take(&stack, &mem, 130);
	size_t i, n = 0;

	schema_seen_mark(&a, 0);
	schema_seen_mark(&a, 64);
	schema_seen_mark(&b, 129);
	schema_seen_mark(NULL, 7);
	schema_seen_add(&a, &b);
	for (i = 0; i < 130; i++)
		n += schema_seen_has(&a, i);
	ok(n == 3 && schema_seen_has(&a, 0) && schema_seen_has(&a, 64) && schema_seen_has(&a, 129), "what was marked, in either");
	schema_seen_mark_until(&b, 130);
	for (i = n = 0; i < 130; i++)
		n += schema_seen_has(&b, i);
	is_int(n, 130, "all of them");
	schema_seen_drop(&stack, &before);
	a = schema_seen_take(&stack, &mem, 130);
	for (i = n = 0; i < 130; i++)
		n += schema_seen_has(&a, i);
	is_int(n, 0, "a set begins empty, whatever was there before");
}

/* Sets keep their marks while the stack grows above them, and what is given back is used again. */
static void
test_growth(void)
{
	struct schema_seen_stack stack = { 0 }, before[20];
	struct schema_seen set[20];
	size_t used, i, round;
	int wrong = 0;

	for (i = 0; i < 20; i++) {
		before[i] = stack;
		set[i] = schema_seen_take(&stack, &mem, 1000);
		schema_seen_mark(&set[i], i);
	}
	for (i = 0; i < 20; i++)
		wrong += !schema_seen_has(&set[i], i) || schema_seen_has(&set[i], i + 1);
	is_int(wrong, 0, "every set has its own");
	schema_seen_drop(&stack, &before[0]);
	used = mem.used;
	for (round = 0; round < 1000; round++) {
		before[0] = stack;
		set[0] = schema_seen_take(&stack, &mem, 1000);
		schema_seen_drop(&stack, &before[0]);
	}
	is_int(mem.used, used, "a thousand sets one after the other take no more memory");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_marks();
	test_growth();
	arena_close(&mem);
	return tap_done();
}
