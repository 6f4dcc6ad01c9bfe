/* headers: what counts as equal, as JSON, as accepted, as a host of ours. */
#include "headers.h"
#include "tap.h"

static struct request rq;

static bool
equal(const char *value, const char *text)
{
	rq.param[PARAM_MCP_NAME] = value;
	return headers_equal(&rq, PARAM_MCP_NAME, text, strlen(text));
}

static void
test_equal(void)
{
	static const struct {
		const char *value, *text;
		bool        same;
	} rows[] = {
		{ "run", "run", true },
		{ " \trun\t ", "run", true },
		{ "Run", "run", false },
		{ "run", "running", false },
		{ NULL, "run", false },
		{ "=?base64?SGVsbG8=?=", "Hello", true },
		{ "=?base64?SGVsbG8?=", "Hello", false },
		{ "=?base64?SGVs!!!bG8=?=", "Hello", false },
		{ "SGVsbG8=", "SGVsbG8=", true },
		{ "=?base64?SGVsbG8=", "=?base64?SGVsbG8=", true },
		{ "=?BASE64?SGVsbG8=?=", "Hello", false },
		{ "=?base64?w6k=?=", "\xC3\xA9", true },
		{ "=?base64?w/8=?=", "\xC3\xFF", false },
		{ "=?base64?" "?=", "", true },
		{ "\xC3\xA9", "\xC3\xA9", false },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ok(equal(rows[i].value, rows[i].text) == rows[i].same, "header %zu: %s", i, rows[i].value ? rows[i].value : "(none)");
}

static void
test_json(void)
{
	static const char *const good[] = { "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;a=b", " application/json" };
	static const char *const bad[] = { "", "text/plain", "application/jsonx", "application/json-seq", "x/application/json", "application" };
	size_t i;

	for (i = 0; i < LEN(good); i++)
		ok(headers_is_json(good[i]), "is JSON: %s", good[i]);
	for (i = 0; i < LEN(bad); i++)
		ok(!headers_is_json(bad[i]), "is not JSON: %s", bad[i]);
	ok(!headers_is_json(NULL), "a missing Content-Type is not JSON");
}

static void
test_accept(void)
{
	ok(headers_accepts("application/json, text/event-stream", "text/event-stream"), "second in the list");
	ok(headers_accepts("text/html;q=0.9,*/*;q=0.1", "application/json"), "anything");
	ok(headers_accepts("application/*", "application/json"), "a whole major type");
	ok(headers_accepts("Application/JSON", "application/json"), "case does not matter");
	ok(!headers_accepts("application/json", "text/event-stream"), "not listed");
	ok(!headers_accepts("application/jsonx", "application/json"), "longer than the type");
	ok(!headers_accepts("", "application/json"), "empty");
	ok(!headers_accepts(NULL, "application/json"), "missing");
}

static void
test_hosts(void)
{
	static const char *const hosts[] = { "mcp.example.com", "[::1]", "127.0.0.1" };
	static const char *const origins[] = { "https://app.example.com:8443" };
	struct config cfg = { .hosts = { hosts, LEN(hosts) }, .origins = { origins, LEN(origins) } };
	static const char *const good[] = { "mcp.example.com", "MCP.example.com:443", "[::1]:8444", "[::1]", "127.0.0.1:1" };
	static const char *const bad[] = { "", "evil.example.com", "mcp.example.com.evil.com", "mcp.example.com:", "mcp.example.com:x", "mcp.example.com:1@evil.com", "[::1", "::1" };
	size_t i;

	for (i = 0; i < LEN(good); i++)
		ok(headers_host_known(&cfg, good[i]), "host of ours: %s", good[i]);
	for (i = 0; i < LEN(bad); i++)
		ok(!headers_host_known(&cfg, bad[i]), "not a host of ours: \"%s\"", bad[i]);
	ok(headers_origin_known(&cfg, "https://mcp.example.com"), "a page of our own host");
	ok(headers_origin_known(&cfg, "http://127.0.0.1:3000"), "with a port");
	ok(headers_origin_known(&cfg, "https://app.example.com:8443"), "a listed origin");
	ok(!headers_origin_known(&cfg, "https://app.example.com"), "a listed origin has its port");
	ok(!headers_origin_known(&cfg, "null"), "null");
	ok(!headers_origin_known(&cfg, "https://evil.example.com"), "a foreign page");
	ok(!headers_origin_known(&cfg, "file://127.0.0.1"), "another scheme");
}

int
main(void)
{
	arena_init(&rq.mem, 4096, 1 << 20);
	test_equal();
	test_json();
	test_accept();
	test_hosts();
	arena_close(&rq.mem);
	return tap_done();
}
