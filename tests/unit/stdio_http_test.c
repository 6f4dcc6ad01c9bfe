/* stdio_http: addresses.  Exchanges are proven by tests/e2e/stdio.test.mjs, with real servers. */
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

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_urls();
	ok(stdio_http_is_local("http://localhost:80/x") && stdio_http_is_local("http://127.0.0.1/") &&
	    stdio_http_is_local("http://[::1]:1/"), "this machine");
	ok(!stdio_http_is_local("http://localhost.example.com/") && !stdio_http_is_local("http://192.0.2.1/"), "others");
	is_str(stdio_http_origin(&mem, "https://Host/path"), "https://Host:443", "an origin has its port");
	arena_close(&mem);
	return tap_done();
}
