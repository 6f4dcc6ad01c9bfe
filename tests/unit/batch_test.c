/* batch: what is one, what it may hold, and one answer and one event per message. */
#include "batch.h"
#include "ask.h"
#include "audit.h"
#include "fail.h"

#define PING(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define NOTE "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"

static struct request rq;

static int
checked(const char *json, const char *version)
{
	ask_message(&rq, json);
	rq.param[PARAM_VERSION] = version;
	rq.param[PARAM_ACCEPT] = "*/*";
	return batch_check(&rq);
}

static void
test_check(void)
{
	is_int(checked("[" PING("1") "]", NULL), 0, "one message, no version");
	is_int(checked("[" PING("1") "," NOTE "," PING("2") "]", "2025-03-26"), 0, "three messages");
	is_int(checked("[]", NULL), -1, "none");
	is_int(checked("[" PING("1") "," PING("2") "," PING("3") "," PING("4") "]", NULL), -1, "more than MCP_BATCH_MAX");
	is_int(checked("[" PING("1") "]", "2025-06-18"), -1, "a revision without batches");
	is_int(checked("[" PING("1") "]", "2026-07-28"), -1, "the modern one");
	is_int(checked("[1]", NULL), -1, "a number in it");
	is_int(checked("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}," PING("2") "]", NULL), -1, "initialize with others");
	is_int(checked("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":1}}}]", NULL), -1,
	    "a modern claim in it");
	is_int(rq.failed, FAIL_SHAPE, "refused as a request of a wrong shape");
	ask_message(&rq, "[" PING("1") "]");
	rq.param[PARAM_VERSION] = NULL;
	rq.param[PARAM_ACCEPT] = "application/json";
	is_int(batch_check(&rq), -1, "a client that does not take both forms of an answer");
	is_int(rq.failed, FAIL_ACCEPT, "is told so for all of it");
	ask.catalog.batches = false;
	is_int(checked("[" PING("1") "]", NULL), -1, "a catalog without batches");
	ask.catalog.batches = true;
}

static const char *
run(const char *json)
{
	if (checked(json, NULL) != 0)
		return rq.says;
	audit_begin(&rq);
	batch_run(&rq);
	return rq.reply.body.at;
}

static int
events(void)
{
	char path[128];
	char text[65536];
	int fd, n, count = 0, i;

	snprintf(path, sizeof(path), "%s/%016x.log", ask.log, 1);
	fd = open(path, O_RDONLY);
	n = (int)read(fd, text, sizeof(text));
	close(fd);
	for (i = 0; i < n; i++)
		count += text[i] == AUDIT_STARTS;
	return count;
}

static void
test_run(void)
{
	is_str(run("[" PING("1") "," NOTE "," PING("\"b\"") "]"),
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"result\":{}}]", "an answer per request, in order");
	is_int(rq.reply.status, 200, "with 200");
	is_int(events(), 3, "an event per message");
	is_str(run("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nothing\"}," PING("2") "]"),
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method not found: nothing\"}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]", "an error is the message's own");
	is_str(run("[" NOTE "," NOTE "]"), "", "nobody waits for an answer");
	is_int(rq.reply.status, 202, "so 202");
	is_int(events(), 7, "and an event each");
}

static void
test_nobody_any_more(void)
{
	checked("[" PING("1") "," PING("2") "]", NULL);
	rq.who = NULL;		/* as the message before leaves it whose credential was revoked meanwhile */
	audit_begin(&rq);
	batch_run(&rq);
	is_str(rq.reply.body.at, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":401,\"message\":\"Unauthorized\"}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":401,\"message\":\"Unauthorized\"}}]",
	    "what follows a message that found the credential gone is refused, and ends no worker");
}

#define CALL(name) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"" name "\"}}"

static void
test_place(void)
{
	ask.tool[1].timeout_ms = 60000;
	rq.place = POOL_FAST;
	checked("[" PING("1") "," CALL("first") "," CALL("nothing") "]", NULL);
	batch_place(&rq);
	is_int(rq.place, POOL_FAST, "calls that end soon");
	checked("[" CALL("first") "," CALL("second") "]", NULL);
	batch_place(&rq);
	is_int(rq.place, POOL_SLOW, "one that may take long takes all with it");
	rq.place = POOL_FAST;
	ask.tool[1].timeout_ms = 5000;
}

static void
test_admit(void)
{
	int i, refused = 0;

	for (i = 0; i < 1100; i++) {
		checked("[" PING("1") "," PING("2") "]", NULL);
		rq.param[PARAM_SESSION] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";	/* believed, Redis is away */
		refused += batch_admit(&rq) != 0;
	}
	ok(refused >= 600 && refused <= 601, "each message takes a token: of 1000 a minute for 1100 pairs %d were refused", refused);
	is_int(rq.failed, FAIL_RATE, "as too many");
	is_int(rq.slot->event.count, 2, "the one event counts both");
}

int
main(void)
{
	ask_init(&rq);
	test_check();
	ask_silence();
	test_run();
	test_nobody_any_more();
	test_place();
	test_admit();
	return ask_done(&rq);
}
