/* tool: what its statement gets, and what it may ask. */
#include "tool.h"
#include "tap.h"

static struct arena mem;

static void
test_gives(void)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{},\"key\":{}}}";
	struct tool t = { .idempotency = "key", .rename = { { "a", "x" } }, .renames = 1 };
	const char *why;

	t.input = schema_compile(&mem, json_parse(&mem, schema, strlen(schema), 8), &why);
	ok(tool_gives(&t, "b"), "an argument as it is");
	ok(tool_gives(&t, "x") && !tool_gives(&t, "a"), "a renamed one under its other name only");
	ok(!tool_gives(&t, "key"), "not the idempotency key");
	t.asks = 1 | 4;
	ok(tool_asks(&t, "elicitation/create") && tool_asks(&t, "roots/list"), "what it may ask with");
	ok(!tool_asks(&t, "sampling/createMessage") && !tool_asks(&t, "ping") && !tool_asks(&t, "elicit/create"), "and with nothing else");
	ok(!tool_gives(&t, "c"), "nothing else");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 20);
	test_gives();
	arena_close(&mem);
	return tap_done();
}
