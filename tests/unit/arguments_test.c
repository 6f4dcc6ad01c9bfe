/* arguments: what reaches SQL of what was sent. */
#include "arguments.h"
#include "ask.h"
#include "fail.h"
#include "seal.h"

static struct request rq;
static struct tool tool = { .name = "t", .rows_max = 100 };
static struct bind_args args;

static void
schema(const char *text)
{
	const char *why = "";

	tool.input = schema_compile(&rq.mem, json_parse(&rq.mem, text, strlen(text), 16), &why);
	if (!tool.input)
		bug("%s", why);
}

/* The object SQL sees, or the refusal. */
static const char *
taken(const char *arguments)
{
	char *params = arena_fmt(&rq.mem, "{\"arguments\":%s}", arguments);

	ask_message(&rq, "{}");
	rq.params = json_parse(&rq.mem, params, strlen(params), 32);
	return arguments_take(&rq, &tool, &args) == 0 ? json_plain(args.object, NULL) : rq.says;
}

static void
test_check(void)
{
	schema("{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\",\"default\":7}},"
	    "\"required\":[\"id\"],\"additionalProperties\":false}");
	is_str(taken("{\"id\":\"a\"}"), "{\"id\":\"a\",\"n\":7}", "defaults are filled in");
	is_str(json_plain(args.given, NULL), "{\"id\":\"a\"}", "what was sent stays as it was");
	is_str(taken("{\"n\":3.0,\"id\":\"a\"}"), "{\"n\":3,\"id\":\"a\"}", "a whole number is an integer");
	is_str(taken("{}"), "id is required", "a missing one");
	is_int(rq.failed, FAIL_TOOL, "is for the model to mend");
	is_str(taken("[]"), "Invalid params: arguments must be an object.", "no object");
	is_int(rq.failed, FAIL_PARAMS, "is a broken request");
	ask_message(&rq, "{}");
	is_int(arguments_take(&rq, &tool, &args), -1, "no arguments at all count as none");
	is_str(rq.says, "id is required", "and are checked");
}

static const char *
repeated(const char *text, int times)
{
	struct buf b;

	buf_init(&b, &rq.mem, 1000);
	while (times-- > 0)
		buf_str(&b, text);
	return b.at;
}

static void
test_key(void)
{
	char first[80];

	schema("{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"key\":{\"type\":\"string\"}}}");
	tool.idempotency = "key";
	is_str(taken("{\"id\":\"a\",\"key\":\"k1\"}"), "{\"id\":\"a\"}", "the key is no argument of the statement");
	is_str(args.key, "k1", "but kept");
	snprintf(first, sizeof(first), "%s", args.digest);
	taken("{\"key\":\"k2\",\"id\":\"a\"}");
	is_str(args.digest, first, "the digest is of the other arguments");
	taken("{\"key\":\"k2\",\"id\":\"b\"}");
	ok(strcmp(args.digest, first) != 0, "and differs with them");
	taken("{\"id\":\"b\",\"key\":\"\"}");
	ok(!args.key, "an empty key is none");
	taken(arena_fmt(&rq.mem, "{\"key\":\"%s\"}", repeated("\u00fc", 200)));
	ok(args.key != NULL, "200 characters, whatever their bytes, are a key");
	is_str(taken(arena_fmt(&rq.mem, "{\"key\":\"%s\"}", repeated("x", 201))), "key must have at most 200 characters", "201 are none");
	is_int(rq.failed, FAIL_TOOL, "and the model is told");
	tool.idempotency = NULL;
}

static void
test_convert(void)
{
	static struct seal_keys keys = { .key = { { .key = { .byte = "0123456789abcdef0123456789abcdef", .len = 32 }, .id = "aaaaaaaa" } }, .n = 1 };
	struct json_object *o;
	size_t n;

	rq.seal = &keys;
	schema("{\"type\":\"object\"}");
	tool.arg[0] = (struct tool_arg){ "params", ARG_SEAL };
	tool.arg[1] = (struct tool_arg){ "user", ARG_DIGEST };
	tool.arg[2] = (struct tool_arg){ "doc", ARG_JSON };
	tool.args = 3;
	taken("{\"params\":{\"password\":\"s\",\"port\":5432},\"user\":\"abc\",\"doc\":\"{\\\"a\\\": [1]}\"}");
	o = json_get(args.object, "params");
	ok(o && !strstr(json_plain(args.object, NULL), "\"s\""), "nothing in clear: %s", json_plain(args.object, NULL));
	is_str(seal_open(&rq.mem, &keys, "shop", "t", "params.password", json_get_str(o, "password"), &n), "s", "sealed for this tenant and path");
	is_int(json_get_int(o, "port", 0), 5432, "numbers stay");
	is_str(json_get_str(args.object, "user"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "a digest");
	is_str(json_plain(json_get(args.object, "doc"), NULL), "{\"a\":[1]}", "JSON in a text");
	is_str(taken("{\"doc\":\"{\"}"), "doc must be a text that holds JSON: a member without a name at byte 1.", "that is none");
	tool.args = 0;
}

static void
test_rename(void)
{
	tool.rename[0] = (struct tool_rename){ "job", "run" };
	tool.renames = 1;
	is_str(taken("{\"job\":1,\"x\":2}"), "{\"x\":2,\"run\":1}", "an alias calls its argument otherwise");
	is_str(taken("{\"x\":2}"), "{\"x\":2}", "if it was sent");
	tool.renames = 0;
}

static void
test_page(void)
{
	schema("{\"type\":\"object\",\"properties\":{\"limit\":{\"type\":\"integer\",\"default\":20},\"cursor\":{\"type\":\"string\"}}}");
	tool.result = (struct tool_result){ .kind = RESULT_ROWS, .page = { "id" } };
	is_str(taken("{}"), "{\"limit\":21}", "one row more than asked for");
	is_int(args.limit, 20, "of which so many are kept");
	is_str(taken("{\"limit\":5000}"), "{\"limit\":101}", "rows_max holds");
	is_str(taken("{\"cursor\":\"x\"}"), "cursor is not one that this tool gave out. Call again without it.", "a cursor of somebody else");
	tool.result = (struct tool_result){ .kind = RESULT_ROW };
	taken("{}");
	is_int(args.limit, 1, "one row is one row");
}

int
main(void)
{
	ask_init(&rq);
	test_check();
	test_key();
	test_convert();
	test_rename();
	test_page();
	return ask_done(&rq);
}
