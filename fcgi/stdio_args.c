/* stdio_args: options over environment, then the checks that need all of them. */
#include "stdio_args.h"
#include "json.h"
#include "log.h"
#include "stdio_head.h"
#include "stdio_http.h"

static const char help[] =
"usage: mcp-stdio [OPTIONS] [URL]\n"
"\n"
"Connects an MCP client that only speaks stdio to an MCP server over HTTP.\n"
"\n"
"  URL                     the endpoint, https://host/path\n"
"  -k, --key-file FILE     file that holds the API key or access token\n"
"  -H, --header LINE       a further header for every request, 'Name: value'; may be repeated\n"
"      --cacert FILE       certificate authorities to trust instead of the system's (PEM)\n"
"      --transport NAME    http (the default), or sse: that of revision 2024-11-05\n"
"      --allow-http        send the key to another machine over plain http\n"
"      --help, --version\n"
"\n"
"Environment: MCPSTDIO_URL, MCPSTDIO_KEY, MCPSTDIO_KEY_FILE, MCPSTDIO_CA_FILE; options win.\n"
"HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY as everywhere; http to localhost takes no proxy.\n"
"\n"
"Exit status: 0 the client has left or SIGTERM came, 1 could not start, 2 wrong command line.\n";

static void noreturn printf_like(1, 2)
wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("mcp-stdio: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputs("\nmcp-stdio --help has the options.\n", stderr);
	va_end(ap);
	exit(2);
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* --- headers ---------------------------------------------------------------------------- */

static void
add_header(struct stdio_args *a, const char *line)
{
	if (a->headers == LEN(a->header))
		wrong("more than %d headers", STDIO_ARGS_HEADERS);
	a->header[a->headers++] = line;
}

/* Headers that carry credentials, and those that are ours to set. */
static void
check_header(const char *line)
{
	static const char *const secret[] = { "Authorization", "X-API-Key", "API_KEY", "Cookie", "Proxy-Authorization" };
	static const char *const ours[] = { "Accept", "Content-Type", "Content-Length", "Host", "Mcp-Session-Id",
		"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID", "Connection", "Transfer-Encoding" };
	const char *colon = strchr(line, ':');
	size_t i, n = colon ? (size_t)(colon - line) : 0;

	if (n == 0 || strcspn(line, " \t") < n || !stdio_head_plain(line, strlen(line)))
		wrong("--header wants 'Name: value' in ASCII, not '%s'", line);
	for (i = 0; i < LEN(secret); i++)
		if (strlen(secret[i]) == n && strncasecmp(line, secret[i], n) == 0)
			wrong("%s on the command line could be read by everybody here: use --key-file", secret[i]);
	for (i = 0; i < LEN(ours); i++)
		if (strlen(ours[i]) == n && strncasecmp(line, ours[i], n) == 0)
			wrong("--header cannot set %s", ours[i]);
}

/* --- the key ---------------------------------------------------------------------------- */

static char *
trimmed(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* What it is not may be said; what it is, never. */
static void
add_key(struct stdio_args *a, struct arena *mem, const char *key, const char *from)
{
	if (strlen(key) > STDIO_KEY_MAX || strchr(key, ' ') || strchr(key, '\t') || !stdio_head_plain(key, strlen(key)))
		die("mcp-stdio: %s holds no key: a key is one word of ASCII characters, at most %d.", from, STDIO_KEY_MAX);
	add_header(a, arena_fmt(mem, "Authorization: Bearer %s", key));
}

static bool
take_key(struct stdio_args *a, struct arena *mem, const char *file)
{
	const char *key = environment("MCPSTDIO_KEY"), *why;
	char *text;
	size_t n;

	if (!file && key) {
		add_key(a, mem, trimmed(arena_str(mem, key)), "MCPSTDIO_KEY");
		return true;
	}
	if (!file)
		file = environment("MCPSTDIO_KEY_FILE");
	if (!file)
		return false;
	text = json_file_text(mem, file, STDIO_KEY_MAX + 2, &n, &why);
	if (!text)
		die("mcp-stdio: the key file cannot be read: %s", why);
	if (strlen(text) != n)
		die("mcp-stdio: %s holds no key: it is no text.", file);
	add_key(a, mem, trimmed(text), file);
	return true;
}

/* --- all of it -------------------------------------------------------------------------- */

enum { CACERT = 256, TRANSPORT, ALLOW_HTTP, HELP, VERSION };

struct found {
	const char *key_file;
	bool        allow_http;
};

static void
take_option(struct stdio_args *a, struct found *f, int option)
{
	switch (option) {
	case 'k':
		f->key_file = optarg;
		break;
	case 'H':
		check_header(optarg);
		add_header(a, optarg);
		break;
	case CACERT:
		a->ca_file = optarg;
		break;
	case TRANSPORT:
		a->sse = strcmp(optarg, "sse") == 0;
		if (!a->sse && strcmp(optarg, "http") != 0)
			wrong("--transport is http or sse, not '%s'", optarg);
		break;
	case ALLOW_HTTP:
		f->allow_http = true;
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	case VERSION:
		puts("mcp-stdio " MCP_VERSION);
		exit(0);
	default:
		wrong("this is no command line");
	}
}

static void
check_url(struct stdio_args *a, struct arena *mem, bool key, bool allow_http)
{
	const char *why;

	if (!a->url)
		wrong("which server?  Give its URL, or set MCPSTDIO_URL");
	if (!(a->url = stdio_http_url(mem, NULL, a->url, &why)))
		wrong("the URL cannot be used: %s", why);
	if (key && strncmp(a->url, "http:", 5) == 0 && !stdio_http_is_local(a->url) && !allow_http)
		wrong("over plain http everybody on the way could read the key: use https, or --allow-http");
}

void
stdio_args_read(struct stdio_args *a, struct arena *mem, int argc, char **argv)
{
	static const struct option options[] = {
		{ "key-file", required_argument, NULL, 'k' }, { "header", required_argument, NULL, 'H' },
		{ "cacert", required_argument, NULL, CACERT }, { "transport", required_argument, NULL, TRANSPORT },
		{ "allow-http", no_argument, NULL, ALLOW_HTTP }, { "help", no_argument, NULL, HELP },
		{ "version", no_argument, NULL, VERSION }, { 0 },
	};
	struct found f = { 0 };
	int option;
	bool key;

	*a = (struct stdio_args){ .url = environment("MCPSTDIO_URL"), .ca_file = environment("MCPSTDIO_CA_FILE") };
	while ((option = getopt_long(argc, argv, "k:H:", options, NULL)) != -1)
		take_option(a, &f, option);
	if (argc - optind > 1)
		wrong("one URL, not %d", argc - optind);
	if (optind < argc)
		a->url = argv[optind];
	key = take_key(a, mem, f.key_file);
	check_url(a, mem, key, f.allow_http);
	if (a->ca_file && access(a->ca_file, R_OK) != 0)
		die("mcp-stdio: %s: %s", a->ca_file, strerror(errno));
}
