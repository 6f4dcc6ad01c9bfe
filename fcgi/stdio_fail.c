/* stdio_fail: from trouble and status to a sentence, once for the client and once for people. */
#include "stdio_fail.h"
#include "stdio_call.h"
#include "stdio_proxy.h"
#include "log.h"

/* Codes that JSON-RPC reserves, down to -32768: an error that has one is about the message, not about the address. */
#define RESERVED_MAX	(-32000)

/* For people; the same sentence twice in a row helps nobody.  A terminal must not obey what a server wrote. */
static void
tell(struct stdio_bridge *b, const char *why)
{
	char said[sizeof(b->said)], *c;

	snprintf(said, sizeof(said), "%s", why);
	for (c = said; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			*c = ' ';
	if (strcmp(b->said, said) == 0)
		return;
	memcpy(b->said, said, sizeof(said));
	log_say("mcp-stdio: %s", said);
}

static const char *
trouble_sentence(const struct stdio_call *c, struct arena *mem)
{
	const struct stdio_answer *a = &c->answer;
	const char *place = c->b->place, *proxy;

	if (c->too_large)
		return arena_fmt(mem, "The answer of %s is larger than %d MB.", place, STDIO_ANSWER_MAX >> 20);
	switch (a->trouble) {
	case STDIO_UNREACHABLE:
		proxy = stdio_http_is_local(c->b->url) ? NULL : stdio_proxy_used(c->b->url, a->why);
		if (proxy)
			return arena_fmt(mem, "%s cannot be reached through the proxy in %s: %s.", place, proxy, a->why);
		return arena_fmt(mem, "%s cannot be reached: %s.", place, a->why);
	case STDIO_UNTRUSTED:
		return arena_fmt(mem, "The certificate of %s is not trusted: %s. --cacert names the authority to trust.",
		    place, a->why);
	case STDIO_SILENT:
		return arena_fmt(mem, "%s has said nothing for too long.", place);
	case STDIO_BROKEN:
		return arena_fmt(mem, "The connection to %s broke off: %s. Whether the request was carried out is not known.",
		    place, a->why);
	case STDIO_MISLED:
		return arena_fmt(mem, "%s names an address to post to that is refused: %s.", place, a->why);
	case STDIO_FINE:
	default:
		return NULL;
	}
}

static const char *
when_again(const struct stdio_answer *a, struct arena *mem)
{
	return a->retry_after_s > 0 ? arena_fmt(mem, "in %d s", a->retry_after_s) : "later";
}

static const char *
status_sentence(const struct stdio_call *c, struct arena *mem)
{
	const struct stdio_answer *a = &c->answer;
	const char *place = c->b->place;

	switch (a->status) {
	case 401:
		return arena_fmt(mem, "%s does not accept the key (401): it is missing, wrong, expired or revoked. "
		    "--key-file or MCPSTDIO_KEY give it.", place);
	case 403:
		return arena_fmt(mem, "%s does not allow this with the key given (403).", place);
	case 404:
		return arena_fmt(mem, "There is no MCP endpoint at %s (404).", place);
	case 405:
		return arena_fmt(mem, "%s does not take MCP messages (405). Is it the address of the other transport?", place);
	case 429:
		return arena_fmt(mem, "%s is asked too often (429); try again %s.", place, when_again(a, mem));
	case 503:
		return arena_fmt(mem, "%s cannot serve this at the moment (503); try again %s.", place, when_again(a, mem));
	default:
		break;
	}
	if (a->status >= 300 && a->status < 400)
		return arena_fmt(mem, "%s leads elsewhere (%ld, to %s): give that address, redirects are not followed.", place,
		    a->status, *a->location ? a->location : "nowhere");
	if (a->status >= 400)
		return arena_fmt(mem, "%s failed with HTTP status %ld.", place, a->status);
	if (*a->type && strcmp(a->type, "application/json") != 0 && strcmp(a->type, "text/event-stream") != 0)
		return arena_fmt(mem, "%s answered with %s: it is no MCP endpoint.", place, a->type);
	return arena_fmt(mem, "The answer of %s ended without a response.", place);
}

bool
stdio_fail_none(const struct stdio_call *c)
{
	return c->answer.trouble == STDIO_FINE && c->answer.status >= 200 && c->answer.status < 300;
}

bool
stdio_fail_final(const struct stdio_call *c)
{
	return c->answer.status >= 300 && c->answer.status < 500 && c->answer.status != 408 && c->answer.status != 429;
}

void
stdio_fail_with(struct stdio_call *c, int code, const char *why, struct json_object *data)
{
	const char *line;

	if (c->ask.id && c->ask.method && !c->answered && !c->own) {
		line = stdio_message_error(&c->mem, c->ask.id, code, why, data);
		stdio_call_write(c->b, line, strlen(line));
	}
	c->answered = true;
	stdio_call_end(c);
}

/* Is the server's error one that people should hear of too?  A 404 may also be about a method or a session. */
static bool
concerns_people(const struct stdio_call *c, int64_t code)
{
	long status = c->answer.status;

	return status == 401 || status == 403 || status == 405 || (status == 404 && code > RESERVED_MAX);
}

/* The server's own error, made the response to this call with everything it says. */
static bool
pass_error(struct stdio_call *c)
{
	struct json_object *error;
	struct stdio_message m;
	const char *why, *line;
	size_t n;

	if (c->streams || !c->body.at || stdio_message_take(&c->attempt, c->body.at, c->body.len, &m) != 0)
		return false;
	error = json_get(m.o, "error");
	why = json_get_str(error, "message");
	if (m.method || !why || !json_object_is_type(json_get(error, "code"), json_type_int))
		return false;
	if (concerns_people(c, json_get_int(error, "code", 0)))
		tell(c->b, arena_fmt(&c->attempt, "%s It says: %.200s", status_sentence(c, &c->attempt), why));
	if (c->ask.id && c->ask.method && !c->own) {
		json_object_object_add(m.o, "id", json_object_get(c->ask.id));
		line = json_plain(m.o, &n);
		stdio_call_write(c->b, line, n);
	}
	stdio_call_end(c);
	return true;
}

void
stdio_fail(struct stdio_call *c)
{
	const char *why;
	int code = -32603;

	if (c->answer.trouble == STDIO_FINE && pass_error(c))
		return;
	why = trouble_sentence(c, &c->attempt);
	if (!why) {
		why = status_sentence(c, &c->attempt);
		if (c->answer.status >= 300)
			code = (int)c->answer.status;	/* as our own server does it: JSON-RPC leaves these numbers free */
	}
	tell(c->b, why);
	stdio_fail_with(c, code, why, NULL);
}
