/* client: capabilities of both eras, their number, levels. */
#include "tap.h"
#include "client.h"

static struct arena mem;

static struct client
declared(const char *text)
{
	struct client c = { .level = LEVEL_ERROR };

	client_capabilities(&c, json_parse(&mem, text, strlen(text), 8));
	return c;
}

static void
test_capabilities(void)
{
	struct client c = declared("{}");

	ok(!c.elicits && !c.elicits_url && !c.samples && !c.roots, "nothing is declared");
	is_int(c.level, LEVEL_ERROR, "the level stays");
	c = declared("{\"elicitation\":{},\"sampling\":{},\"roots\":{\"listChanged\":true}}");
	ok(c.elicits && !c.elicits_url && c.samples && !c.samples_tools && c.roots, "as before there were modes");
	c = declared("{\"elicitation\":{\"url\":{}},\"sampling\":{\"tools\":{},\"context\":{}}}");
	ok(!c.elicits && c.elicits_url && c.samples_tools && c.samples_context, "URLs alone; tools and context");
	c = declared("{\"elicitation\":{\"form\":{},\"url\":{}}}");
	ok(c.elicits && c.elicits_url, "forms and URLs");
	client_capabilities(&c, NULL);
	ok(!c.elicits && !c.elicits_url, "no object at all");
	c = declared("{\"elicitation\":null,\"sampling\":null}");
	ok(!c.elicits && !c.samples, "null declares nothing");
	c = declared("{\"elicitation\":true,\"sampling\":1,\"roots\":\"\"}");
	ok(c.elicits && !c.elicits_url && c.samples && !c.samples_tools && c.roots, "no objects, but declared");
	c = declared("{\"elicitation\":[\"url\"]}");
	ok(c.elicits && !c.elicits_url, "a list names no mode");
	c = declared("[]");
	ok(!c.elicits && !c.samples && !c.roots, "a list in place of all of them");
}

static void
test_bits(void)
{
	struct client c = { 0 };
	unsigned bits;

	for (bits = 0; bits < 64; bits++) {
		client_from_bits(&c, bits);
		is_int(client_bits(&c), bits, "%u and back", bits);
	}
}

static void
test_level(void)
{
	is_int(client_level("debug"), LEVEL_DEBUG, "the first");
	is_int(client_level("emergency"), LEVEL_EMERGENCY, "the last");
	is_int(client_level("loud"), LEVEL_NONE, "none of them");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_capabilities();
	test_bits();
	test_level();
	return tap_done();
}
