/* stdio_args: what wins, what is refused, and that a key is never said. */
#include "tap.h"
#include "child.h"
#include "stdio_args.h"

static struct arena mem;
static char key_file[] = "/tmp/stdio_args_XXXXXX";

struct line {
	const char *env[8];
	const char *word[8];
};

static struct stdio_args
parse(const struct line *l)
{
	struct stdio_args a;
	char *argv[10] = { arena_str(&mem, "mcp-stdio") };
	int argc = 1, i;

	for (i = 0; i < 8 && l->env[i]; i++)
		putenv(arena_str(&mem, l->env[i]));
	for (i = 0; i < 8 && l->word[i]; i++)
		argv[argc++] = arena_str(&mem, l->word[i]);
	optind = 0;
	stdio_args_read(&a, &mem, argc, argv);
	return a;
}

static void
forget(void)
{
	unsetenv("MCPSTDIO_URL");
	unsetenv("MCPSTDIO_KEY");
	unsetenv("MCPSTDIO_KEY_FILE");
	unsetenv("MCPSTDIO_CA_FILE");
}

static void
test_good(void)
{
	struct stdio_args a;

	a = parse(&(struct line){ .env = { "MCPSTDIO_URL=https://e/", "MCPSTDIO_KEY=k1", "MCPSTDIO_CA_FILE=/dev/null" } });
	is_str(a.url, "https://e/", "from the environment");
	is_str(a.header[0], "Authorization: Bearer k1", "the key becomes a header");
	is_str(a.ca_file, "/dev/null", "authorities");
	ok(!a.sse, "Streamable HTTP unless told otherwise");
	a = parse(&(struct line){ .word = { "-k", key_file, "--transport", "sse", "-H", "X-Workspace-ID: 7", "https://w/sse" } });
	is_str(a.url, "https://w/sse", "a word wins over the environment");
	is_int(a.headers, 2, "two headers");
	is_str(a.header[1], "Authorization: Bearer file_key", "a key file too, and its line feed is no part of the key");
	ok(a.sse, "the other transport");
	forget();
	a = parse(&(struct line){ .env = { "MCPSTDIO_KEY=k2\n" }, .word = { "https://w/" } });
	is_str(a.header[0], "Authorization: Bearer k2", "nor is that of a variable that was filled from such a file");
	a = parse(&(struct line){ .env = { "MCPSTDIO_KEY=" }, .word = { "http://192.0.2.1/" } });
	is_int(a.headers, 0, "an empty variable is none; without a key plain http may be used");
	a = parse(&(struct line){ .env = { "MCPSTDIO_KEY=k" }, .word = { "http://localhost:1/" } });
	is_int(a.headers, 1, "with a key only on this machine");
	a = parse(&(struct line){ .env = { "MCPSTDIO_KEY=k" }, .word = { "--allow-http", "http://192.0.2.1/" } });
	is_int(a.headers, 1, "or as the user wants it");
	forget();
}

static void
try(void *ctx)
{
	parse(ctx);
}

static void
test_refusals(void)
{
	static struct {
		const char *name;
		struct line line;
		int         status;
		const char *says;
	} cases[] = {
		{ "no URL", { .word = { NULL } }, 2, "which server" },
		{ "two URLs", { .word = { "https://a/", "https://b/" } }, 2, "one URL" },
		{ "a key that would be read on the way", { .env = { "MCPSTDIO_KEY=topsecret" }, .word = { "http://192.0.2.1/" } }, 2, "https" },
		{ "a key of two words", { .env = { "MCPSTDIO_KEY=topsecret x" }, .word = { "https://a/" } }, 1, "holds no key" },
		{ "a key with a line feed", { .env = { "MCPSTDIO_KEY=topsecret\nX: y" }, .word = { "https://a/" } }, 1, "holds no key" },
		{ "a key file that is not there", { .word = { "-k", "/no/such", "https://a/" } }, 1, "/no/such" },
		{ "a key on the command line", { .word = { "-H", "x-api-key: topsecret", "https://a/" } }, 2, "--key-file" },
		{ "a header with a line feed", { .word = { "-H", "X: y\nZ: 1", "https://a/" } }, 2, "Name: value" },
		{ "a header without a name", { .word = { "-H", ": y", "https://a/" } }, 2, "Name: value" },
		{ "a name with a blank", { .word = { "-H", "a b: y", "https://a/" } }, 2, "Name: value" },
		{ "a header of ours", { .word = { "-H", "mcp-name: y", "https://a/" } }, 2, "cannot set" },
		{ "authorities that are not there", { .word = { "--cacert", "/no/such", "https://a/" } }, 1, "/no/such" },
		{ "an unknown transport", { .word = { "--transport", "tcp", "https://a/" } }, 2, "http or sse" },
	};
	struct child c;
	size_t i;

	for (i = 0; i < LEN(cases); i++) {
		child_run(&c, try, &cases[i].line);
		is_int(c.status, cases[i].status, "%s", cases[i].name);
		ok(strstr(c.said, cases[i].says) != NULL, "%s: it says so", cases[i].name);
		ok(strstr(c.said, "topsecret") == NULL, "%s: and not the key", cases[i].name);
	}
}

int
main(void)
{
	int fd = mkstemp(key_file);

	if (fd < 0 || write(fd, "file_key\r\n", 10) != 10)
		abort();
	close(fd);
	arena_init(&mem, 4096, 1 << 20);
	forget();
	test_good();
	test_refusals();
	unlink(key_file);
	arena_close(&mem);
	return tap_done();
}
