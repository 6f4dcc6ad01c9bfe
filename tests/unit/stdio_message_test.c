/* stdio_message: lines that are messages, lines that are none, answers of servers, errors of ours. */
#include "tap.h"
#include "stdio_message.h"

static struct arena mem;

static void
refused(const char *line, int code, const char *id, const char *name)
{
	struct stdio_message m;
	struct stdio_flaw flaw;
	size_t n;

	is_int(stdio_message_read(&mem, line, strlen(line), &m, &flaw), -1, "%s", name);
	is_int(flaw.code, code, "%s: code", name);
	ok(flaw.why && *flaw.why, "%s: a reason", name);
	is_str(flaw.id ? json_plain(flaw.id, &n) : NULL, id, "%s: id", name);
}

static void
test_refusals(void)
{
	refused("", -32700, NULL, "nothing");
	refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\"}", -32700, NULL, "a name twice");
	refused("\"text\"", -32600, NULL, "no object");
	refused("[]", -32600, NULL, "a batch");
	refused("{\"id\":4,\"method\":\"x\"}", -32600, "4", "no jsonrpc");
	refused("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", -32600, NULL, "id null");
	refused("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"x\"}", -32600, NULL, "id with a fraction");
	refused("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"x\"}", -32600, NULL, "id true");
	refused("{\"jsonrpc\":\"2.0\",\"id\":\"a\"}", -32600, "\"a\"", "neither method nor result");
	refused("{\"jsonrpc\":\"2.0\",\"result\":{}}", -32600, NULL, "a result without an id");
	refused("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":7,\"result\":{}}", -32600, "\"a\"", "a method that is no text");
	refused("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"x\",\"params\":[1]}", -32600, "0", "params as a list");
}

static void
test_reading(void)
{
	static const char line[] = "{\"params\":{\"_meta\":{\"" STDIO_NS "protocolVersion\":\"v\"}},\"id\":9007199254740993,"
	    "\"method\":\"m\",\"jsonrpc\":\"2.0\"}";
	struct stdio_message m;
	struct stdio_flaw flaw;
	size_t n;

	is_int(stdio_message_read(&mem, line, strlen(line), &m, &flaw), 0, "a request");
	is_str(m.method, "m", "method");
	is_str(json_plain(m.id, &n), "9007199254740993", "id to the last digit");
	ok(m.claims, "an envelope");
	is_str(m.version, "v", "version");
}

static void
test_taking(void)
{
	static const char text[] = "{\r\n \"jsonrpc\": \"2.0\",\n \"id\": \"1\", \"result\": {\"a\": \"\\n\"}}";
	struct stdio_message m;

	is_int(stdio_message_take(&mem, text, strlen(text), &m), 0, "what a server wrote over several lines");
	is_str(m.text, "{   \"jsonrpc\": \"2.0\",  \"id\": \"1\", \"result\": {\"a\": \"\\n\"}}", "is one line");
	ok(stdio_message_answers(&m, json_keep(&mem, json_object_new_string("1"))), "it answers \"1\"");
	ok(!stdio_message_answers(&m, json_keep(&mem, json_object_new_int(1))), "and not 1");
	ok(!stdio_message_answers(&m, NULL), "and nobody without an id");
	is_int(stdio_message_take(&mem, "{\"a\":1} x", 9, &m), -1, "something behind it");
	is_int(stdio_message_take(&mem, "{'a':1}", 7, &m), -1, "not JSON");
	is_int(stdio_message_take(&mem, "{\"a\":1}\0x", 9, &m), -1, "something behind a NUL");
	is_int(stdio_message_take(&mem, "{\"a\":\"\n\"}", 9, &m), -1, "a line break inside a string");
	is_int(stdio_message_take(&mem, "{\"a\":\"'\\\"'\"}", 12, &m), 0, "quotes of both kinds inside a string");
	is_int(stdio_message_take(&mem, "{\"a\":\"\xff\"}", 9, &m), -1, "not UTF-8");
	is_int(stdio_message_take(&mem, "[1]", 3, &m), -1, "not an object");
}

static void
test_errors(void)
{
	struct json_object *data = json_keep(&mem, json_tokener_parse("{\"a\":[1]}"));

	is_str(stdio_message_error(&mem, json_keep(&mem, json_object_new_string("\"")), -1, "a \"b\"\n", data),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"\\\"\",\"error\":{\"code\":-1,\"message\":\"a \\\"b\\\"\\n\",\"data\":{\"a\":[1]}}}",
	    "an error with all there is");
	is_str(stdio_message_error(&mem, NULL, 7, "x", NULL), "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":7,\"message\":\"x\"}}",
	    "and with the least");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 24);
	test_refusals();
	test_reading();
	test_taking();
	test_errors();
	arena_close(&mem);
	return tap_done();
}
