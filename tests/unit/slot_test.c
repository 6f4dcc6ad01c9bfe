/* slot: states, who is calling, names, texts in fixed fields. */
#include "tap.h"
#include "slot.h"

static struct board board;

static void
test_move(void)
{
	struct slot *s = &board.slot[0];
	int64_t before = base_now_us();

	slot_move(s, SLOT_BUSY);
	is_int(atomic_load(&s->state), SLOT_BUSY, "busy");
	ok(s->since_us >= before && s->since_us <= base_now_us(), "since now");
	atomic_store(&s->calling, 7);
	slot_move(s, SLOT_BUSY);
	is_int(atomic_load(&s->calling), 7, "a busy slot may be calling");
	slot_move(s, SLOT_IDLE);
	is_int(atomic_load(&s->calling), 0, "an idle one is not");
}

static void
test_calling(void)
{
	static const struct {
		enum pool pool;
		uint64_t  tenant;
	} slots[] = { { POOL_FAST, 1 }, { POOL_FAST, 2 }, { POOL_FAST, 1 }, { POOL_AUDIT, 1 }, { POOL_FAST, 0 }, { POOL_FAST, 1 } };
	size_t i;

	for (i = 0; i < LEN(slots); i++) {
		board.slot[i].pool = slots[i].pool;
		atomic_store(&board.slot[i].calling, slots[i].tenant);
	}
	board.slots = LEN(slots) - 1;
	is_int(slot_calling(&board, POOL_FAST, 1), 2, "of one tenant, in one pool, in slots that are used");
	is_int(slot_calling(&board, POOL_FAST, 2), 1, "of another");
	is_int(slot_calling(&board, POOL_AUDIT, 1), 1, "in another pool");
	is_int(slot_calling(&board, POOL_FAST, 3), 0, "of nobody");
	atomic_store(&board.slot[1].asking, 1);
	atomic_store(&board.slot[3].asking, 1);
	is_int(slot_asking(&board), 2, "those that wait for people, whatever their pool");
	slot_move(&board.slot[3], SLOT_IDLE);
	is_int(slot_asking(&board), 1, "an idle one does not");
}

static void
test_number(void)
{
	static const char *const texts[] = { "", "a", "b", "ab", "ba", "a0c3e000-0000-4000-8000-000000000001", "a0c3e000-0000-4000-8000-000000000002" };
	size_t i, j;

	for (i = 0; i < LEN(texts); i++) {
		ok(slot_number(texts[i]) != 0, "the number of \"%s\" is not 0", texts[i]);
		for (j = 0; j < i; j++)
			ok(slot_number(texts[i]) != slot_number(texts[j]), "and not that of \"%s\"", texts[j]);
	}
	ok(slot_number("a") == slot_number((char[]){ 'a', '\0' }), "the same text has the same number");
}

static void
test_names(void)
{
	static const char *const outcomes[] = {
		"ok", "tool_error", "denied", "rate_limited", "bad_request", "cancelled", "unavailable", "internal"
	};
	static const char *const pools[] = { "fast", "slow", "stream", "audit", "warden" };
	int i;

	is_int(OUTCOME_COUNT, LEN(outcomes), "outcomes");
	for (i = 0; i < OUTCOME_COUNT; i++)
		is_str(slot_outcome_name(i), outcomes[i], "outcome %d", i);
	is_int(POOL_COUNT, LEN(pools), "pools");
	for (i = 0; i < POOL_COUNT; i++)
		is_str(slot_pool_name(i), pools[i], "pool %d", i);
}

static void
test_put(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {	/* into 8 bytes */
		{ NULL, "" }, { "", "" }, { "abc", "abc" }, { "1234567", "1234567" }, { "12345678", "1234567" },
		{ "12345\xc3\xa9", "12345\xc3\xa9" }, { "123456\xc3\xa9", "123456" }, { "1234\xe2\x82\xac", "1234\xe2\x82\xac" },
		{ "12345\xe2\x82\xac", "12345" }, { "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "ab\xff" "cd", "ab" }, { "\xc3", "" },
	};
	char field[9];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		memset(field, '#', sizeof(field));
		slot_put(field, 8, rows[i].text);
		is_str(field, rows[i].want, "text %zu", i);
		is_int(field[8], '#', "and nothing behind the field");
	}
}

int
main(void)
{
	test_move();
	test_calling();
	test_number();
	test_names();
	test_put();
	return tap_done();
}
