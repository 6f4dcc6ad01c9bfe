/* stdio_sse: events however they are cut, ended and commented; what is too large. */
#include "tap.h"
#include "stdio_sse.h"

static struct arena mem;
static char seen[4096];
static int count, most_wanted;

static bool
note(void *who, const struct stdio_event *e)
{
	size_t at = strlen(seen);

	(void)who;
	snprintf(seen + at, sizeof(seen) - at, "%s=%.*s|", e->name, (int)e->len, e->data);
	return ++count < most_wanted;
}

static void
begin(struct stdio_sse *s, size_t most)
{
	seen[0] = '\0';
	count = 0;
	most_wanted = 1000;
	stdio_sse_init(s, &mem, most, note, NULL);
}

static int
feed(struct stdio_sse *s, const char *text)
{
	return stdio_sse_feed(s, text, strlen(text));
}

static void
test_fields(void)
{
	struct stdio_sse s;

	begin(&s, 1000);
	is_int(feed(&s, "data: a\n\nevent: endpoint\ndata:/x\n\ndata: b\ndata:\ndata:  c\n\n: comment\n\n"), 0, "a stream");
	is_str(seen, "message=a|endpoint=/x|message=b\n\n c|", "names, one blank taken away, lines joined");
	begin(&s, 1000);
	is_int(feed(&s, "event: x\n\ndata\n\nid: 7\ndata: y\nretry: 150\n\nfoo: bar\ndata:z\n"), 0, "another");
	is_str(seen, "message=|message=y|", "no data, no event; an empty data line is data; the end is missing");
	is_str(s.id, "7", "id");
	is_int(s.retry_ms, 150, "retry");
	is_int(feed(&s, "\nid\ndata:1\n\nretry: soon\n\n"), 0, "more of it");
	is_str(s.id, "", "an empty id forgets it");
	is_int(s.retry_ms, -1, "a retry that is no number");
	begin(&s, 1000);
	is_int(stdio_sse_feed(&s, "id: a\0b\ndata: 1\n\n", 17), 0, "an id with NUL");
	is_str(s.id, "", "is ignored");
}

static void
test_line_ends(void)
{
	static const char *const forms[] = {
		("\xEF\xBB\xBF" "data: a\r\ndata: b\r\n\r\nevent: n\r\ndata: c\r\n\r\n"),
		"data: a\rdata: b\r\revent: n\rdata: c\r\r",
		"data: a\ndata: b\n\nevent: n\ndata: c\n\n",
		"data: a\r\ndata: b\r\revent: n\ndata: c\r\n\n",
	};
	struct stdio_sse s;
	size_t i, cut, at;

	for (i = 0; i < LEN(forms); i++) {
		size_t n = strlen(forms[i]);

		for (cut = 1; cut <= n; cut++) {
			begin(&s, 1000);
			for (at = 0; at < n; at += cut)
				if (stdio_sse_feed(&s, forms[i] + at, at + cut < n ? cut : n - at) != 0)
					break;
			if (strcmp(seen, "message=a\nb|n=c|") != 0)
				break;
		}
		is_int(cut, n + 1, "form %zu in pieces of every size", i);
	}
}

static void
test_caps(void)
{
	struct stdio_sse s;
	int i, bad = 0;

	begin(&s, 20);
	is_int(feed(&s, "data: 0123456789\n\n"), 0, "within");
	is_int(feed(&s, "data: 0123456789012345678901234567890\n\n"), -1, "a line that is too long");
	begin(&s, 20);
	for (i = 0; i < 10 && bad == 0; i++)
		bad = feed(&s, "data: 01234\n");
	is_int(bad, -1, "many lines that are too much together");
	begin(&s, 100);
	most_wanted = 1;
	is_int(feed(&s, "data: a\n\ndata: b\n\n"), 0, "a listener who has had enough");
	is_str(seen, "message=a|", "hears no more");
	begin(&s, 4000);
	is_int(feed(&s, "id: "), 0, "an id");
	for (i = 0; i < 200; i++)
		bad = feed(&s, "0123456789");
	is_int(feed(&s, "\ndata: a\n\n"), 0, "that is too long to be sent back");
	is_str(s.id, "", "is not kept");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 24);
	test_fields();
	test_line_ends();
	test_caps();
	arena_close(&mem);
	return tap_done();
}
