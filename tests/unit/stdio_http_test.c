/* stdio_http: addresses, and servers that say nothing.  The rest: tests/e2e/stdio.test.mjs, with real servers. */
#include "tap.h"
#include "stdio_http.h"

static struct arena mem;

static void
test_urls(void)
{
	static const struct {
		const char *base, *ref, *url;
	} cases[] = {
		{ NULL, "https://h/mcp", "https://h/mcp" },
		{ NULL, "https://h:8443/a?b=c#d", "https://h:8443/a?b=c" },
		{ NULL, "http://[::1]:80/mcp", "http://[::1]:80/mcp" },
		{ NULL, "ftp://h/", NULL },
		{ NULL, "file:///etc/passwd", NULL },
		{ NULL, "h/mcp", NULL },
		{ NULL, "https://u@h/", NULL },
		{ NULL, "https://u:p@h/", NULL },
		{ NULL, "https://h/a b", NULL },
		{ NULL, "", NULL },
		{ "https://h/a/sse", "/messages?sessionId=1", "https://h/messages?sessionId=1" },
		{ "https://h/a/sse", "messages", "https://h/a/messages" },
		{ "https://h/a/sse", "https://h:443/m", "https://h:443/m" },
		{ "https://h/a/sse", "https://H/m", "https://H/m" },
		{ "https://h/a/sse", "//other/m", NULL },
		{ "https://h/a/sse", "http://h/m", NULL },
		{ "https://h/a/sse", "https://h:444/m", NULL },
		{ "https://h/a/sse", "https://x@h/m", NULL },
	};
	const char *why;
	size_t i;

	for (i = 0; i < LEN(cases); i++) {
		is_str(stdio_http_url(&mem, cases[i].base, cases[i].ref, &why), cases[i].url, "\"%s\" from %s", cases[i].ref,
		    cases[i].base ? cases[i].base : "nowhere");
		ok(!cases[i].url == (why != NULL), "with a reason where it is refused");
	}
}

/* A socket that takes connections and never answers; its port. */
static int
mute_server(int *fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&at, len) != 0 || listen(*fd, 8) != 0 ||
	    getsockname(*fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	return ntohs(at.sin_port);
}

struct ending {
	struct stdio_exchange *x;
	enum stdio_trouble     trouble;
	int                    times;
	int64_t                after_us;
};

static void
no_data(void *who, const char *bytes, size_t n)
{
	(void)who;
	printf("# unexpected: %.*s\n", (int)n, bytes);
}

static void
note_end(void *who)
{
	struct ending *e = who;

	e->trouble = stdio_http_answer(e->x)->trouble;
	e->times++;
}

static struct ending
ask(struct stdio_http *h, const char *url, int64_t silence_us, bool drop)
{
	struct ending e = { .times = 0 };
	struct stdio_ask ask = { .method = "GET", .url = url, .silence_us = silence_us, .data = no_data, .over = note_end, .who = &e };
	int64_t from_us = base_now_us(), until_us = from_us + 2000000;

	e.x = stdio_http_begin(h, &ask);
	while (e.times == 0 && base_now_us() < until_us) {
		stdio_http_turn(h, NULL, 0, 1500);
		if (drop) {
			stdio_http_drop(e.x);
			until_us = base_now_us() + 300000;
			drop = false;
		}
	}
	e.after_us = base_now_us() - from_us;
	return e;
}

static void
test_silence(void)
{
	const char *const header[] = { "X-Test: 1" };
	struct stdio_http *h = stdio_http_open(NULL, header, LEN(header));
	int fd, port = mute_server(&fd);
	const char *url = arena_fmt(&mem, "http://127.0.0.1:%d/", port);
	struct ending e;

	e = ask(h, url, 500000, false);
	ok(e.times == 1 && e.trouble == STDIO_SILENT, "a server that says nothing for as long as was allowed");
	ok(e.after_us < 1000000, "it is noticed then, however long the turn may take: after %d ms", (int)(e.after_us / 1000));
	e = ask(h, url, 200000, true);
	is_int(e.times, 0, "what was dropped is not heard of");
	close(fd);
	e = ask(h, url, 0, false);
	ok(e.times == 1 && e.trouble == STDIO_UNREACHABLE, "a server that is gone");
	stdio_http_close(h);
}

int
main(void)
{
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("all_proxy");
	arena_init(&mem, 4096, 1 << 20);
	test_urls();
	test_silence();
	ok(stdio_http_is_local("http://localhost:80/x") && stdio_http_is_local("http://127.0.0.1/") &&
	    stdio_http_is_local("http://[::1]:1/"), "this machine");
	ok(!stdio_http_is_local("http://localhost.example.com/") && !stdio_http_is_local("http://192.0.2.1/") &&
	    !stdio_http_is_local("https://localhost/"), "others, and what is not plain http");
	is_str(stdio_http_origin(&mem, "https://Host/path"), "https://Host:443", "an origin has its port");
	arena_close(&mem);
	return tap_done();
}
