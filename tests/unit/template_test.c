/* template: what is filled in, what stays, and what is no template. */
#include "template.h"
#include "tap.h"

static struct arena mem;

static struct json_object *
json(const char *text)
{
	return json_parse(&mem, text, strlen(text), 8);
}

static const char *
fill(const char *text, const char *args, const char *row)
{
	struct buf b;

	buf_init(&b, &mem, 1000);
	template_fill(&b, text, json(args), row ? json(row) : NULL);
	return b.at;
}

static void
note(void *ctx, const char *name)
{
	struct buf *b = ctx;

	buf_fmt(b, "%s;", name);
}

static const char *
names(const char *text)
{
	struct buf b;

	buf_init(&b, &mem, 1000);
	return template_names(&mem, text, note, &b) == 0 ? b.at : "refused";
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	is_str(fill("a{x}b{y}c", "{\"x\":\"1\",\"y\":\"2\"}", NULL), "a1b2c", "arguments stand where they are named");
	is_str(fill("{row.n} {row.t} {row.o}", "{}", "{\"n\":1.50,\"t\":\"x\",\"o\":{\"a\":[true]}}"), "1.50 x {\"a\":[true]}",
	    "columns too, what is no text as JSON");
	is_str(fill("<{x}{row.x}>", "{}", "{\"x\":null}"), "<>", "what is missing or null is nothing");
	is_str(fill("<{row.x}>", "{}", NULL), "<>", "so is a column when there is no row");
	is_str(fill("{x}", "{\"x\":\"{y}\",\"y\":\"no\"}", NULL), "{y}", "what was filled in is not looked at again");
	is_str(fill("{{x} }} {{{x}", "{\"x\":\"1\"}", NULL), "{x} }} {1", "a doubled brace is one");
	is_str(fill("{row.x}", "{\"row.x\":\"no\"}", "{\"x\":\"yes\"}"), "yes", "a column is not an argument");
	is_str(names("{a} {{b} {row.c}{a}"), "a;row.c;a;", "names in their order");
	is_str(names("plain"), "", "none");
	is_str(names("{a"), "refused", "a brace that nothing closes");
	is_str(names("x{"), "refused", "the same at the end");
	is_str(names(""), "", "an empty text is one");
	arena_close(&mem);
	return tap_done();
}
