/* opening: a request with its ticket becomes a stream; without it, or without room, a refusal that is recorded. */
#include "streaming.h"
#include "fail.h"
#include "opening.h"

static struct stream *
request(int *peer, const char *ticket, const char *body)
{
	struct stream *s = streaming_accept(peer);

	streaming_request(ticket, body);
	if (send(*peer, records.out, records.len, 0) != (ssize_t)records.len)
		abort();
	opening_read(&streaming.all, s, streaming.cfg.streams_max);
	streaming_heard(*peer);
	return s;
}

static bool
logged(const char *what)
{
	static char text[1 << 16];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%016x.log", streaming.log, 1);
	fd = open(path, O_RDONLY);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, what);
}

static void
close_one(struct stream *s, int peer)
{
	streams_close(&streaming.all, s, NULL);
	streams_sweep(&streaming.all);
	close(peer);
}

static void
test_open(void)
{
	int peer;
	struct stream *s = request(&peer, streaming_ticket(STREAMING_FACTS), STREAMING_BODY);

	is_int(s->stage, STREAM_OPEN, "a ticket opens");
	ok(strstr(records.text, "Content-Type: text/event-stream\r\n"), "an event stream");
	ok(strstr(records.text, "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"), "that nobody keeps back");
	ok(strstr(records.text, "\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"shop://b\"]}"),
	    "and is acknowledged as far as the ticket honours it");
	is_int(s->caller.seen[LISTS_TOOLS], 42, "what its caller sees is known");
	is_str(s->caller.address, "192.0.2.1", "and where it comes from");
	ok(logged("\"method\":\"subscriptions/listen\",\"outcome\":\"ok\""), "its opening is an event");
	close_one(s, peer);
}

static void
test_nothing(void)
{
	int peer;
	struct stream *s = request(&peer, streaming_ticket("{\"kind\":0,\"catalog\":\"shop\",\"id\":\"7\",\"uris\":\"00\",\"tenant\":\"t\",\"credential\":\"c\","
	    "\"version\":\"2026-07-28\",\"streams\":2,\"hash\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}"), STREAMING_BODY);

	ok(strstr(records.text, "\"notifications\":{}"), "nothing is honoured, which is acknowledged");
	ok(strstr(records.text, "\"id\":7,\"result\":{\"resultType\":\"complete\""), "and the result follows");
	ok(records.ended, "with the end");
	close_one(s, peer);
}

static void
refused(const char *name, const char *ticket, const char *body, const char *status, const char *says)
{
	int peer;
	struct stream *s = request(&peer, ticket, body);

	ok(strstr(records.text, status) == records.text, "%s: %s", name, status);
	ok(strstr(records.text, says), "%s: %s", name, says);
	ok(records.ended && s->stage == STREAM_CLOSED, "%s: and it ends", name);
	close_one(s, peer);
}

static void
test_refused(void)
{
	refused("no ticket", NULL, STREAMING_BODY, "Status: 403 ", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":403,\"message\":\"Forbidden.\"}}");
	refused("a ticket of another body", streaming_ticket(STREAMING_FACTS), "{}", "Status: 403 ", "\"code\":403");
	refused("a catalog that is not here", streaming_ticket("{\"kind\":0,\"catalog\":\"mart\"}"), STREAMING_BODY, "Status: 403 ", "\"code\":403");
	refused("facts that lack something", streaming_ticket("{\"kind\":0,\"catalog\":\"shop\"}"), STREAMING_BODY, "Status: 403 ", "\"code\":403");
	ok(logged("\"outcome\":\"denied\",\"code\":\"403\""), "a refusal is an event");
}

/* Every stream worker was away that long: the client is told to come again, not that it may not. */
static void
test_late(void)
{
	static char ticket[TICKET_MAX + 1];

	snprintf(ticket, sizeof(ticket), "%s", streaming_ticket(STREAMING_FACTS));
	usleep(TICKET_LIFE_US);
	refused("a ticket that nobody took in time", ticket, STREAMING_BODY, "Status: 503 ", "\"code\":503");
	ok(strstr(records.text, "Retry-After: 1\r\n"), "and when to come again");
}

static void
test_caps(void)
{
	struct stream *s[4];
	int peer[4], i;

	for (i = 0; i < 2; i++)
		s[i] = request(&peer[i], streaming_ticket(STREAMING_FACTS), STREAMING_BODY);
	refused("one more than the plan has", streaming_ticket(STREAMING_FACTS), STREAMING_BODY, "Status: 200 ",
	    "{\"jsonrpc\":\"2.0\",\"id\":\"l:1\",\"error\":{\"code\":-32603,\"message\":\"Subscription limit reached");
	ok(logged("\"outcome\":\"rate_limited\",\"code\":\"-32603\""), "which is an event, too");
	for (; i < 4; i++)
		s[i] = streaming_open(&peer[i], NULL);
	refused("one more than the worker has", streaming_ticket(STREAMING_FACTS), STREAMING_BODY, "Status: 200 ", "\"code\":-32603");
	close_one(s[3], peer[3]);
	for (i = 0; i < 3; i++)
		close_one(s[i], peer[i]);
	s[0] = request(&peer[0], streaming_ticket(STREAMING_FACTS), STREAMING_BODY);
	is_int(s[0]->stage, STREAM_OPEN, "what is left can be taken");
	close_one(s[0], peer[0]);
}

int
main(void)
{
	streaming_init();
	test_open();
	test_nothing();
	test_refused();
	test_late();
	test_caps();
	is_int(streaming.all.n, 0, "nothing is left");
	return streaming_done();
}
