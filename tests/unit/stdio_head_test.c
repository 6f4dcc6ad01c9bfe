/* stdio_head: which texts can stand in a header, and how the others are written. */
#include "tap.h"
#include "stdio_head.h"

static struct arena mem;

static void
test_values(void)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{ "get_pipeline", "get_pipeline" },
		{ "a b\tc", "a b\tc" },
		{ "", "=?base64?" "?=" },
		{ " a", "=?base64?IGE=?=" },
		{ "a ", "=?base64?YSA=?=" },
		{ "\ta", "=?base64?CWE=?=" },
		{ "a\nb", "=?base64?YQpi?=" },
		{ "a\x7f", "=?base64?YX8=?=" },
		{ "M\xc3\xbcnchen", "=?base64?TcO8bmNoZW4=?=" },
		{ "\xc3\xbf\xc3\xbf\xc3\xbe", "=?base64?w7/Dv8O+?=" },
		{ "SGVsbG8=", "SGVsbG8=" },
		{ "=?base64?SGVsbG8=", "=?base64?SGVsbG8=" },
		{ "=?base64?SGVsbG8=?=", "=?base64?PT9iYXNlNjQ/U0dWc2JHOD0/PQ==?=" },
		{ "=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?=" },
		{ "=?base64?=", "=?base64?=" },
	};
	size_t i;

	for (i = 0; i < LEN(cases); i++)
		is_str(stdio_head_value(&mem, cases[i].text, strlen(cases[i].text)), cases[i].value, "%s", cases[i].value);
}

static const char *
name_of(const char *line)
{
	struct stdio_message m;
	struct stdio_flaw flaw;
	const char *name;
	size_t n = 0;

	if (stdio_message_read(&mem, line, strlen(line), &m, &flaw) != 0)
		return flaw.why;
	name = stdio_head_name(&m, &n);
	return name ? arena_copy(&mem, name, n) : NULL;
}

static void
test_names(void)
{
#define ASK(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
	is_str(name_of(ASK("tools/call", "{\"name\":\"t\"}")), "t", "a tool");
	is_str(name_of(ASK("prompts/get", "{\"name\":\"p\"}")), "p", "a prompt");
	is_str(name_of(ASK("resources/read", "{\"uri\":\"a://b\",\"name\":\"x\"}")), "a://b", "a resource");
	is_str(name_of(ASK("tasks/cancel", "{\"taskId\":\"7\"}")), "7", "a task");
	is_str(name_of(ASK("tools/list", "{\"name\":\"t\"}")), NULL, "a list has none");
	is_str(name_of(ASK("tools/call", "{\"name\":7}")), NULL, "a name that is no text");
	is_str(name_of(ASK("tools/call", "{}")), NULL, "no name");
	is_str(name_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}"), NULL, "no params");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_values();
	test_names();
	arena_close(&mem);
	return tap_done();
}
