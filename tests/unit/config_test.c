/* config: the file, the environment, units, and the sentence for each mistake. */
#include "tap.h"
#include "child.h"
#include "config.h"

static char path[] = "/tmp/config_test.XXXXXX";
static int file;

/* Writes the file anew. */
static void
write_file(const char *text)
{
	if (ftruncate(file, 0) != 0 || pwrite(file, text, strlen(text), 0) != (ssize_t)strlen(text))
		abort();
}

static void
load(void *ctx)
{
	struct config cfg;

	config_load(&cfg, ctx);
}

static void
test_defaults(void)
{
	struct config cfg;

	clearenv();
	config_load(&cfg, NULL);
	is_int(cfg.fast_workers, 8, "a number");
	is_int(cfg.body_bytes_max, 1 << 20, "a size");
	is_int(cfg.request_timeout_ms, 30000, "a time");
	is_int(cfg.hosts.n, 3, "words");
	is_str(cfg.hosts.at[2], "[::1]", "the last of them");
	is_int(cfg.origins.n, 0, "no words");
	ok(!cfg.pg && !cfg.redis && !cfg.key_file && !cfg.sql && !cfg.pg_listen, "what has no default is not given");
	ok(cfg.node && cfg.node[0], "the node has the name of the host: %s", cfg.node);
}

static void
test_file(void)
{
	struct config cfg;

	write_file("# a comment\n; another\n\n  MCP_PG=host=/tmp user=x password='a b'\n\tMCP_FAST_WORKERS=3  \r\n"
	    "MCP_BODY_MAX=\"64k\"\nMCP_REQUEST_TIMEOUT='500ms'\nMCP_HOSTS=a.example, b.example\tc.example\nMCP_REDIS=\n"
	    "MCP_NODE=first\nMCP_NODE=second");
	config_load(&cfg, path);
	is_str(cfg.pg, "host=/tmp user=x password='a b'", "a value with spaces, signs and quotes inside");
	is_int(cfg.fast_workers, 3, "space around a line does not count");
	is_int(cfg.body_bytes_max, 65536, "double quotes around a value go");
	is_int(cfg.request_timeout_ms, 500, "single ones too");
	is_int(cfg.hosts.n, 3, "words are divided by spaces, tabs and commas");
	is_str(cfg.hosts.at[1], "b.example", "the second of them");
	ok(!cfg.redis, "an empty text is none");
	is_str(cfg.node, "second", "the later of two lines counts");
	is_str(cfg.pg_listen, cfg.pg, "MCP_PG_LISTEN is MCP_PG if not given");
}

static void
test_environment(void)
{
	struct config cfg;

	write_file("MCP_FAST_WORKERS=3\nMCP_NODE=file\n");
	setenv("MCP_FAST_WORKERS", "5", 1);
	setenv("MCP_TOOLS", "/a:/b", 1);
	setenv("PATH", "/bin", 1);
	config_load(&cfg, path);
	is_int(cfg.fast_workers, 5, "the environment wins");
	is_str(cfg.node, "file", "over what it has");
	is_str(cfg.tools, "/a:/b", "a list of folders stays one text");
	clearenv();
}

static void
test_units(void)
{
	static const struct {
		const char *line;
		size_t      at;
		int64_t     want;
	} rows[] = {
		{ "MCP_BODY_MAX=2048", offsetof(struct config, body_bytes_max), 2048 },
		{ "MCP_BODY_MAX=2K", offsetof(struct config, body_bytes_max), 2048 },
		{ "MCP_BODY_MAX=64m", offsetof(struct config, body_bytes_max), 64 << 20 },
		{ "MCP_AUDIT_MAX=2g", offsetof(struct config, audit_bytes_max), INT64_C(2) << 30 },
		{ "MCP_REQUEST_TIMEOUT=100ms", offsetof(struct config, request_timeout_ms), 100 },
		{ "MCP_REQUEST_TIMEOUT=2s", offsetof(struct config, request_timeout_ms), 2000 },
		{ "MCP_REQUEST_TIMEOUT=1m", offsetof(struct config, request_timeout_ms), 60000 },
		{ "MCP_REQUEST_TIMEOUT=1min", offsetof(struct config, request_timeout_ms), 60000 },
		{ "MCP_REQUEST_TIMEOUT=1h", offsetof(struct config, request_timeout_ms), 3600000 },
		{ "MCP_WORKER_REQUESTS=0", offsetof(struct config, worker_requests), 0 },
		{ "MCP_FAST_WORKERS=200", offsetof(struct config, fast_workers), 200 },
	};
	struct config cfg;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		int64_t got;

		write_file(rows[i].line);
		config_load(&cfg, path);
		memcpy(&got, (char *)&cfg + rows[i].at, sizeof(got));
		is_int(got, rows[i].want, "%s", rows[i].line);
	}
}

static void
test_mistakes(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "MCP_FAST_WORKER=3", ":1: unknown setting MCP_FAST_WORKER" },
		{ "\n\nFAST_WORKERS=3", ":3: unknown setting FAST_WORKERS" },
		{ "mcp_pg=x", ":1: unknown setting mcp_pg" },
		{ "MCP_PG", ":1: expected NAME=VALUE" },
		{ "export MCP_PG=x", ":1: unknown setting export MCP_PG" },
		{ "MCP_FAST_WORKERS=0", "expected a number from 1 to 200" },
		{ "MCP_FAST_WORKERS=201", "expected a number from 1 to 200" },
		{ "MCP_FAST_WORKERS=-1", "expected a number" },
		{ "MCP_FAST_WORKERS=", "expected a number" },
		{ "MCP_FAST_WORKERS=3 workers", "expected a number" },
		{ "MCP_FAST_WORKERS=3k", "expected a number" },
		{ "MCP_BODY_MAX=65m", "expected a size such as 64k, 1m from 1024 to 67108864 bytes" },
		{ "MCP_BODY_MAX=1t", "expected a size" },
		{ "MCP_BODY_MAX=1.5m", "expected a size" },
		{ "MCP_BODY_MAX=m", "expected a size" },
		{ "MCP_AUDIT_MAX=99999999999999999999", "expected a size" },
		{ "MCP_AUDIT_MAX=9999999999999999g", "expected a size" },
		{ "MCP_REQUEST_TIMEOUT=30", "expected a time such as 500ms, 30s from 100 to 3600000 ms" },
		{ "MCP_REQUEST_TIMEOUT=1ms", "expected a time" },
		{ "MCP_REQUEST_TIMEOUT=1d", "expected a time" },
	};
	struct child c;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		write_file(rows[i].text);
		child_run(&c, load, path);
		is_int(c.status, 1, "\"%s\" stops the start", rows[i].text);
		ok(strstr(c.said, rows[i].says) && strstr(c.said, path), "%.*s", (int)strcspn(c.said, "\n"), c.said);
	}
	setenv("MCP_NONE", "1", 1);
	child_run(&c, load, NULL);
	ok(c.status == 1 && strstr(c.said, "environment: unknown setting MCP_NONE"), "so does the environment: %.*s",
	    (int)strcspn(c.said, "\n"), c.said);
	clearenv();
	child_run(&c, load, (void *)(uintptr_t)"/nowhere/mcp.env");
	ok(c.status == 1 && strstr(c.said, "/nowhere/mcp.env: No such file"), "and a file that is not there");
}

static void
test_large_file(void)
{
	static char text[70000];
	struct child c;

	memset(text, '#', sizeof(text) - 1);
	write_file(text);
	child_run(&c, load, path);
	ok(c.status == 1 && strstr(c.said, "larger than"), "a file that is too large");
}

static void
need_nothing(void *ctx)
{
	(void)config_need(ctx, "PG");
}

static void
test_need_and_has(void)
{
	static const char *const words[] = { "localhost", "[::1]" };
	const struct words list = { words, LEN(words) }, none = { NULL, 0 };
	struct child c;

	is_str(config_need("x", "PG"), "x", "a value that is there");
	child_run(&c, need_nothing, NULL);
	ok(c.status == 1 && strstr(c.said, "MCP_PG must be set"), "and one that is not");
	ok(config_has(&list, "localhost", 9) && config_has(&list, "LocalHost", 9) && config_has(&list, "[::1]", 5), "words of a list");
	ok(!config_has(&list, "localhost", 8) && !config_has(&list, "localhosts", 10) && !config_has(&list, "", 0), "and others");
	ok(config_has(&list, "localhost:80", 9), "of the length given");
	ok(!config_has(&none, "x", 1), "no word is in an empty list");
}

int
main(void)
{
	file = mkstemp(path);
	test_defaults();
	test_file();
	test_environment();
	test_units();
	test_mistakes();
	test_large_file();
	test_need_and_has();
	close(file);
	unlink(path);
	return tap_done();
}
