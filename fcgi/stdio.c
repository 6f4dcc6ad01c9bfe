/*
 * stdio: mcp-stdio, the bridge between an MCP client that only speaks stdio and a server over HTTP.
 *
 * Start, the one loop, and the end.  Each line of the client becomes a call; the era of the
 * connection says which file looks after it.  Only messages go to stdout; what people should know
 * goes to stderr.
 */
#include "stdio_args.h"
#include "stdio_era.h"
#include "stdio_fail.h"
#include "stdio_legacy.h"
#include "stdio_line.h"
#include "stdio_modern.h"
#include "stdio_session.h"
#include "log.h"
#include <malloc.h>

#define CHUNK_BYTES	(16 << 10)
#define ARGS_MAX	(1 << 20)
#define SCRATCH_MAX	(4U * STDIO_ANSWER_MAX)
#define REST_MS		1000	/* without the end of a call: then memory goes back */

static void
nothing(struct stdio_call *c)
{
	stdio_call_end(c);
}

/* Until the era is known. */
static const struct stdio_way unjudged = { .over = nothing };

/* --- the client's lines ----------------------------------------------------------------- */

static void
answer_flaw(struct stdio_bridge *b, struct arena *mem, const struct stdio_flaw *flaw)
{
	const char *line = stdio_message_error(mem, flaw->id, flaw->code, flaw->why, NULL);

	log_say("mcp-stdio: the client wrote something that is no message: %s", flaw->why);
	stdio_call_write(b, line, strlen(line));
}

static struct json_object *
versions(struct arena *mem)
{
	struct json_object *data = json_keep(mem, json_object_new_object()), *list = json_object_new_array();

	json_object_array_add(list, json_object_new_string(STDIO_MODERN_VERSION));
	json_object_object_add(data, "supported", list);
	return data;
}

/* A client that would know which versions there are is told, with the one it asked for. */
static void
refuse(struct stdio_call *c, const struct stdio_ruling *r)
{
	struct json_object *data = r->code == -32022 ? versions(&c->mem) : NULL;
	const char *requested = json_get_str(c->ask.params, "protocolVersion");

	if (data)
		json_object_object_add(data, "requested", json_object_new_string(requested ? requested : "unknown"));
	stdio_fail_with(c, r->code, r->why, data);
}

static void
route(struct stdio_call *c, bool modern)
{
	struct stdio_ruling r = stdio_era_judge(&c->b->era, &c->ask, modern);

	switch (r.verdict) {
	case STDIO_AS_LEGACY:
		stdio_legacy_take(c);
		break;
	case STDIO_AS_MODERN:
		stdio_modern_take(c);
		break;
	case STDIO_REFUSE:
		refuse(c, &r);
		break;
	case STDIO_DROP:
	default:
		log_say("mcp-stdio: dropped %s", r.why);
		stdio_call_end(c);
	}
}

static void
take_line(struct stdio_bridge *b, const char *line, size_t n, bool modern)
{
	struct stdio_call *c = stdio_call_new(b, &unjudged);
	struct stdio_flaw flaw;

	if (stdio_message_read(&c->mem, arena_copy(&c->mem, line, n), n, &c->ask, &flaw) != 0) {
		answer_flaw(b, &c->mem, &flaw);
		stdio_call_end(c);
	} else if (c->ask.id && c->ask.method && stdio_call_count(b) > STDIO_CALLS_MAX) {
		stdio_fail_with(c, -32603, "Too many requests are in the air already.", NULL);
	} else {
		route(c, modern);
	}
}

static void
take_lines(struct stdio_bridge *b, struct stdio_line *in, bool modern)
{
	static const struct stdio_flaw too_long = { .code = -32600, .why = "A line may have 4 MB; this one was dropped." };
	enum stdio_got got;
	char *line;
	size_t n;

	while (!b->held && !b->closing && (got = stdio_line_next(in, &line, &n)) != STDIO_NO_LINE) {
		arena_reset(&b->scratch);
		if (got == STDIO_LONG_LINE)
			answer_flaw(b, &b->scratch, &too_long);
		else
			take_line(b, line, n, modern);
		stdio_call_sweep(b);
	}
}

/* --- the loop --------------------------------------------------------------------------- */

/*
 * malloc keeps what it was given back, and a client stays for days: after a burst we would hold for
 * ever what it took.  Returns milliseconds until this wants to be asked again, at most most_ms.
 */
static int
rest(struct stdio_bridge *b, int most_ms)
{
	if (b->swept_us == 0)
		return most_ms;
	if (base_now_us() - b->swept_us < REST_MS * 1000)
		return most_ms < REST_MS ? most_ms : REST_MS;
	malloc_trim(0);
	b->swept_us = 0;
	return most_ms;
}

/* Until the client closes our input, or a signal tells us to end. */
static void
serve(struct stdio_bridge *b, bool modern)
{
	struct stdio_line in = { .fd = b->in };
	struct pollfd fds[2] = { { .fd = b->stop, .events = POLLIN } };
	int timeout_ms;
	size_t n;

	while (!b->closing) {
		timeout_ms = rest(b, stdio_call_due(b));
		n = 1;
		if (stdio_line_wants(&in))
			fds[n++] = (struct pollfd){ .fd = b->in, .events = POLLIN };
		stdio_http_turn(b->http, fds, n, timeout_ms);
		if (fds[0].revents)
			b->closing = true;
		if (n > 1 && fds[1].revents)
			stdio_line_fill(&in);
		take_lines(b, &in, modern);
		stdio_call_sweep(b);
		b->closing = b->closing || in.ended;
	}
	free(in.at);
}

static void
hang_up(struct stdio_bridge *b)
{
	struct stdio_call *c;

	for (c = b->first; c; c = c->next)
		stdio_call_end(c);
	stdio_call_sweep(b);
	stdio_session_close(b);
	stdio_modern_close(b->modern);
	stdio_http_close(b->http);
}

/* Signals that end us become something to read, and a client that is gone is an error of write(). */
static int
signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || (fd = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		die("mcp-stdio: signals: %s", strerror(errno));
	return fd;
}

/* The URL as it may be printed: queries have been known to hold keys. */
static const char *
place_of(struct arena *mem, const char *url)
{
	return arena_copy(mem, url, strcspn(url, "?"));
}

int
main(int argc, char **argv)
{
	struct stdio_bridge b = { .in = STDIN_FILENO, .out = STDOUT_FILENO };
	struct stdio_args args;
	struct arena mem;

	arena_init(&mem, CHUNK_BYTES, ARGS_MAX);
	stdio_args_read(&args, &mem, argc, argv);
	arena_init(&b.scratch, CHUNK_BYTES, SCRATCH_MAX);
	b.last = &b.first;
	b.url = args.url;
	b.place = place_of(&mem, args.url);
	b.stop = signals();
	b.http = stdio_http_open(args.ca_file, args.header, args.headers);
	b.modern = stdio_modern_open();
	b.session = stdio_session_open(args.sse, &stdio_legacy_stream);
	serve(&b, !args.sse);
	hang_up(&b);
	arena_close(&b.scratch);
	arena_close(&mem);
	return 0;
}
