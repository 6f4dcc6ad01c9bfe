/* toolkit: what a tool written in C can say; its statements are tested end to end. */
#include "toolkit.h"
#include "ask.h"
#include "fail.h"

static struct request rq;
static char sent[65536];	/* all that went ahead of the result */

static int
keep(void *io, const void *bytes, size_t n)
{
	(void)io;
	snprintf(sent, sizeof(sent), "%.*s", (int)n, (const char *)bytes);
	return 0;
}

/* The message of the last event; "": none was sent since the last look. */
static const char *
said(void)
{
	static char text[65536];
	const char *data = strstr(sent, "data: ");

	snprintf(text, sizeof(text), "%s", data ? data + 6 : "");
	text[strcspn(text, "\n")] = '\0';
	sent[0] = '\0';
	return text;
}

static void
test_progress(void)
{
	toolkit_progress(&rq, 1, 0, NULL);
	is_str(said(), "", "who has no token hears of no progress");
	rq.client.token = json_parse(&rq.mem, "0", 1, 2);
	toolkit_progress(&rq, 0, 3, "Begun.");
	is_str(said(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":0,\"progress\":0,"
	    "\"total\":3,\"message\":\"Begun.\"}}", "a token that is a number, also 0");
	toolkit_progress(&rq, 0, 3, NULL);
	is_str(said(), "", "what does not go on is not told");
	toolkit_progress(&rq, NAN, 0, NULL);
	is_str(said(), "", "nor what is no number");
	rq.client.token = json_parse(&rq.mem, "\"a\"", 3, 2);
	rq.version = "2024-11-05";
	toolkit_progress(&rq, 0.1, 0, "Message.");
	is_str(said(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":\"a\",\"progress\":0.1}}",
	    "a token that is a text; no total, and no message in the first revision");
	rq.version = "2026-07-28";
}

static void
test_many(void)
{
	size_t used = rq.mem.used;
	int i;

	rq.client.level = LEVEL_DEBUG;
	for (i = 1; i <= 100000; i++) {
		toolkit_progress(&rq, i, 100000, "Still there.");
		toolkit_log(&rq, "info", NULL, json_object_new_int(i));
	}
	ok(strstr(said(), "\"data\":100000"), "any number of messages may go");
	is_int((int64_t)(rq.mem.used - used), 0, "and none of them stays");
}

static void
test_log(void)
{
	rq.client.level = LEVEL_WARNING;
	toolkit_log(&rq, "notice", "here", json_object_new_string("x"));
	is_str(said(), "", "below the level");
	toolkit_log(&rq, "error", "here", json_object_new_string("x"));
	is_str(said(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"error\",\"logger\":\"here\","
	    "\"data\":\"x\"}}", "above it");
	toolkit_log(&rq, "warning", NULL, NULL);
	is_str(said(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"warning\",\"data\":null}}",
	    "at it, without logger and data");
	rq.client.level = LEVEL_NONE;
	toolkit_log(&rq, "emergency", NULL, NULL);
	is_str(said(), "", "who wants none hears none");
	toolkit_log(&rq, "loud", NULL, NULL);
	is_int(rq.failed, FAIL_INTERNAL, "a level that is none");
	fail_clear(&rq);
}

static const char *
blocks(void)
{
	const char *text = json_plain(rq.made.blocks, NULL);

	rq.made.blocks = NULL;
	return text;
}

static void
test_blocks(void)
{
	toolkit_text(&rq, "%s %d", "a", 1);
	is_str(blocks(), "[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"a 1\"}}]", "text");
	toolkit_role(&rq, "assistant");
	toolkit_image(&rq, "image/png", "\377\0a", 3);
	toolkit_audio(&rq, "audio/wav", "", 0);
	is_str(blocks(), "[{\"role\":\"assistant\",\"content\":{\"type\":\"image\",\"data\":\"/wBh\",\"mimeType\":\"image/png\"}},"
	    "{\"role\":\"assistant\",\"content\":{\"type\":\"audio\",\"data\":\"\",\"mimeType\":\"audio/wav\"}}]", "bytes as base64, of another role");
	toolkit_link(&rq, "a:b", "B", NULL);
	toolkit_embed(&rq, "a:c", "text/plain", "c");
	is_str(blocks(), "[{\"role\":\"assistant\",\"content\":{\"type\":\"resource_link\",\"uri\":\"a:b\",\"name\":\"B\"}},"
	    "{\"role\":\"assistant\",\"content\":{\"type\":\"resource\",\"resource\":{\"uri\":\"a:c\",\"mimeType\":\"text/plain\",\"text\":\"c\"}}}]",
	    "resources");
	toolkit_role(&rq, "system");
	is_int(rq.failed, FAIL_INTERNAL, "a role that is none");
	fail_clear(&rq);
}

static void
test_sleep(void)
{
	int64_t from = base_now_us();

	is_int(toolkit_sleep(&rq, 30), 0, "a nap");
	ok(base_now_us() - from >= 30000, "takes its time");
	is_int(toolkit_sleep(&rq, -5), 0, "less than none is none");
	rq.made.until_us = base_now_us() + 20000;
	rq.tool = &ask.tool[0];
	is_int(toolkit_sleep(&rq, 5000), -1, "past the end of the call");
	is_int(rq.failed, FAIL_TOOL, "it is given up");
	rq.made.until_us = 0;
	fail_clear(&rq);
	atomic_store(&rq.slot->in_hand, 7);
	atomic_store(&rq.slot->cancelled, 7);
	is_int(toolkit_sleep(&rq, 5000), -1, "a call that the client has cancelled");
	is_int(rq.failed, FAIL_GONE, "is too");
	is_int(toolkit_done(&rq, NULL), -1, "and its result is none any more");
	atomic_store(&rq.slot->cancelled, 0);
	fail_clear(&rq);
}

int
main(void)
{
	struct wire wire = { .read = ask_read };
	struct json_object *rows, *result = json_object_new_object();
	char *bytes;

	ask_init(&rq);
	ask_message(&rq, "{}");
	rq.tool = &ask.tool[0];
	is_int(toolkit_done(&rq, result), 0, "a result");
	ok(rq.made.result == result, "is the request's");
	is_int(toolkit_says(&rq, "%d done", 3), 0, "a sentence");
	is_str(json_plain(rq.made.result, NULL), "{\"message\":\"3 done\"}", "is a message");
	is_int(toolkit_refuse(&rq, "not %s", "so"), -1, "a refusal");
	ok(rq.failed == FAIL_TOOL && strcmp(rq.says, "not so") == 0, "is for the model");
	fail_clear(&rq);
	bytes = toolkit_take(&rq, 1000);
	ok(bytes[0] == 0 && bytes[999] == 0, "memory is cleared");
	ok(toolkit_may(&rq, "a") && !toolkit_may(&rq, "c"), "scopes of the caller");
	rq.who = NULL;
	toolkit_changed(&rq, "tools");
	ok(!toolkit_may(&rq, "a"), "a function that goes on when the credential is gone has none, and ends no worker");
	rq.who = &ask.who;
	is_int(toolkit_rows(&rq, "select 1", NULL, true, &rows, NULL), -1, "a tool that says it only reads");
	is_int(rq.failed, FAIL_INTERNAL, "cannot run a statement that writes");
	fail_clear(&rq);
	is_int(toolkit_rows(&rq, "select 1", NULL, false, &rows, NULL), -1, "without PostgreSQL");
	is_int(rq.failed, FAIL_UNAVAILABLE, "it is away");
	fail_clear(&rq);
	wire.write = keep;
	wire.flush = ask_flush;
	rq.wire = &wire;
	test_progress();
	test_log();
	test_many();
	test_blocks();
	test_sleep();
	return ask_done(&rq);
}
