/* seal: what was sealed opens where it belongs and nowhere else, with the new key and the old. */
#include "seal.h"
#include "tap.h"

static struct arena mem;
static struct seal_keys keys = {
	.key = { { .key = { .byte = "0123456789abcdef0123456789abcdef", .len = 32 }, .id = "aaaaaaaa" },
	         { .key = { .byte = "fedcba9876543210fedcba9876543210", .len = 32 }, .id = "bbbbbbbb" } },
	.n = 1,
};

static char *
open_at(const char *catalog, const char *tenant, const char *path, const char *sealed)
{
	size_t n;

	return seal_open(&mem, &keys, catalog, tenant, path, sealed, &n);
}

static void
test_text(void)
{
	char *sealed = seal_text(&mem, &keys, "c", "t", "params.password", "secret", 6), *altered;
	size_t i, bad = 0, n;

	ok(seal_is_sealed(sealed) && !strstr(sealed, "secret"), "a sealed text shows nothing: %s", sealed);
	is_str(seal_open(&mem, &keys, "c", "t", "params.password", sealed, &n), "secret", "it opens");
	is_int(n, 6, "with its length");
	ok(strcmp(sealed, seal_text(&mem, &keys, "c", "t", "params.password", "secret", 6)) != 0, "the same text twice is not the same");
	ok(!open_at("d", "t", "params.password", sealed), "not for another catalog");
	ok(!open_at("c", "u", "params.password", sealed), "not for another tenant");
	ok(!open_at("c", "t", "params.user", sealed), "not at another path");
	for (i = 5; sealed[i]; i++) {
		altered = arena_str(&mem, sealed);
		altered[i] = altered[i] == 'A' ? 'B' : 'A';
		bad += open_at("c", "t", "params.password", altered) != NULL;
	}
	is_int(bad, 0, "no altered character opens");
	ok(!open_at("c", "t", "p", "secret") && !open_at("c", "t", "p", "mcp1.aaaaaaaa.") && !open_at("c", "t", "p", ""), "what is not sealed does not open");
	is_str(open_at("c", "t", "p", seal_text(&mem, &keys, "c", "t", "p", "", 0)), "", "an empty text");
}

static void
test_rotation(void)
{
	char *old = seal_text(&mem, &keys, "c", "t", "p", "x", 1);
	struct seal_keys before = keys;

	keys.key[0] = before.key[1];
	keys.key[1] = before.key[0];
	ok(!open_at("c", "t", "p", old), "without the old key it does not open");
	keys.n = 2;
	is_str(open_at("c", "t", "p", old), "x", "with it it does");
	ok(!seal_is_current(&keys, old), "it is not of the new key");
	ok(seal_is_current(&keys, seal_text(&mem, &keys, "c", "t", "p", "x", 1)), "what is sealed now is");
	keys = before;
}

static char *
shout(void *ctx, const char *path, const char *text, size_t n)
{
	(void)ctx;
	return arena_fmt(&mem, "%s=%.*s!", path, (int)n, text);
}

static void
test_leaves(void)
{
	const char *text = "{\"a\":\"x\",\"b\":{\"c\":[\"y\",1,null,true]},\"n\":2.5}";
	struct json_object *o = json_parse(&mem, text, strlen(text), 10);
	char deep[200] = "";
	int i;

	is_str(json_plain(seal_leaves(&mem, o, "p", shout, NULL), NULL),
	    "{\"a\":\"p.a=x!\",\"b\":{\"c\":[\"p.b.c[]=y!\",1,null,true]},\"n\":2.5}", "each text, with its path; nothing else");
	is_str(json_plain(o, NULL), text, "the value itself is as it was");
	for (i = 0; i < 40; i++)
		deep[i] = '[', deep[79 - i] = ']';
	ok(!seal_leaves(&mem, json_parse(&mem, deep, 80, 64), "p", shout, NULL), "too many levels are refused");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 26);
	test_text();
	test_rotation();
	test_leaves();
	arena_close(&mem);
	return tap_done();
}
