/* stdio_proxy: the proxy is named where it is certain that it was used. */
#include "tap.h"
#include "stdio_proxy.h"

static const char *const variables[] = { "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
	"NO_PROXY" };

static void
test_used(void)
{
	static const struct {
		const char *env[4], *url, *why, *used;
	} rows[] = {
		{ { NULL }, "https://h/", "Failed to connect to h port 443", NULL },
		{ { "HTTPS_PROXY", "http://127.0.0.1:9" }, "https://h/", "Failed to connect to 127.0.0.1 port 9", "HTTPS_PROXY" },
		{ { "HTTPS_PROXY", "http://p:9" }, "https://h/", "Connection timed out after 10000 milliseconds", "HTTPS_PROXY" },
		{ { "HTTPS_PROXY", "http://p:9" }, "http://h/", "Failed to connect to h port 80", NULL },
		{ { "HTTP_PROXY", "http://p:9" }, "http://h/", "Failed to connect to h port 80", NULL },
		{ { "http_proxy", "p:9" }, "http://h/", "Could not resolve proxy: p", "http_proxy" },
		{ { "ALL_PROXY", "p" }, "https://h/", "Could not resolve proxy: p", "ALL_PROXY" },
		{ { "HTTPS_PROXY", "", "ALL_PROXY", "p" }, "https://h/", "Could not resolve proxy: p", "ALL_PROXY" },
		{ { "https_proxy", "a", "HTTPS_PROXY", "b" }, "https://h/", "Could not resolve proxy: a", "https_proxy" },
		/* with exceptions it depends on what libcurl speaks of */
		{ { "HTTPS_PROXY", "http://p.org:9", "NO_PROXY", "h" }, "https://h/", "Failed to connect to h port 443", NULL },
		{ { "HTTPS_PROXY", "http://u:x@p.org:9/", "NO_PROXY", "i" }, "https://h/", "Failed to connect to p.org port 9", "HTTPS_PROXY" },
		{ { "HTTPS_PROXY", "http://[::7]:9", "NO_PROXY", "i" }, "https://h/", "Failed to connect to ::7 port 9", "HTTPS_PROXY" },
		{ { "HTTPS_PROXY", "localhost:9", "NO_PROXY", "localhost" }, "https://localhost/", "Failed to connect to localhost port 443", NULL },
		{ { "HTTPS_PROXY", "http://", "NO_PROXY", "i" }, "https://h/", "Failed to connect to h port 443", NULL },
	};
	size_t i, k;

	for (i = 0; i < LEN(rows); i++) {
		for (k = 0; k < LEN(variables); k++)
			unsetenv(variables[k]);
		for (k = 0; k < LEN(rows[i].env) && rows[i].env[k]; k += 2)
			setenv(rows[i].env[k], rows[i].env[k + 1], 1);
		is_str(stdio_proxy_used(rows[i].url, rows[i].why), rows[i].used, "row %zu: %s", i, rows[i].why);
	}
}

int
main(void)
{
	test_used();
	return tap_done();
}
