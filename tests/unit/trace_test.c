/* trace: what has the form of a context, and which of two counts. */
#include "trace.h"
#include "tap.h"

#define PARENT	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define OTHER	"00-11111111111111111111111111111111-2222222222222222-00"

static struct arena mem;

static void
test_parents(void)
{
	static const struct {
		const char *text;
		bool        good;
	} rows[] = {
		{ PARENT, true },
		{ "", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false },
		{ "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false },
		{ "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
		{ "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
		{ PARENT "-more", false },
		{ "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true },
		{ "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-a\r\nb: c", false },
		{ "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g", false },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ok(!!trace_of(rows[i].text, NULL, NULL).parent == rows[i].good, "is \"%s\" a parent: %d", rows[i].text, rows[i].good);
}

static void
test_lists(void)
{
	char many[600];

	memset(many, 'a', sizeof(many));
	memcpy(many, "k=", 2);
	many[sizeof(many) - 1] = '\0';
	is_str(trace_of(PARENT, "a=1,b=2", NULL).state, "a=1,b=2", "a state");
	ok(!trace_of("x", "a=1", NULL).state, "none without a parent");
	ok(!trace_of(PARENT, "a", NULL).state && !trace_of(PARENT, "", NULL).state && !trace_of(PARENT, "a=1,b", NULL).state, "members have a value");
	ok(!trace_of(PARENT, "a=\n", NULL).state, "nothing that breaks a header");
	ok(!trace_of(PARENT, many, NULL).state, "and a length");
	is_str(trace_of(NULL, NULL, many).baggage, many, "baggage may be longer, and needs no parent");
}

static void
test_within(void)
{
	static const char json[] = "{\"traceparent\":\"" OTHER "\",\"baggage\":\"user=1\"}";
	struct trace outer = trace_of(PARENT, "a=1", "b=2"), t;

	t = trace_within(NULL, &outer);
	ok(strcmp(t.parent, PARENT) == 0 && strcmp(t.state, "a=1") == 0 && strcmp(t.baggage, "b=2") == 0, "without _meta the headers count");
	t = trace_within(json_parse(&mem, json, strlen(json), 4), &outer);
	is_str(t.parent, OTHER, "_meta wins");
	ok(!t.state, "and the state of another parent does not belong to it");
	is_str(t.baggage, "user=1", "nor its baggage");
	t = trace_within(json_parse(&mem, "{\"traceparent\":7}", 17, 4), &outer);
	is_str(t.parent, PARENT, "nonsense in it is as if it was not there");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 20);
	test_parents();
	test_lists();
	test_within();
	arena_close(&mem);
	return tap_done();
}
