/* bind_c: what stops the loading of a tools.so, and what a function's end means. */
#include "bind_c.h"
#include "ask.h"
#include "fail.h"

static struct request rq;
static struct prompt prompt;
static char folder[] = "/tmp/bind_c_test.XXXXXX";

/* Builds tools.so of the text with the compiler that built us. */
static void
build(const char *text)
{
	char command[256];
	FILE *f = fopen(arena_fmt(&rq.mem, "%s/t.c", folder), "w");

	fputs(text, f);
	fclose(f);
	snprintf(command, sizeof(command), "cc -shared -fPIC -o %s/tools.so %s/t.c", folder, folder);
	if (system(command) != 0)
		bug("%s failed", command);
}

static const char *
refusal(void)
{
	const char *why = "";

	return bind_c_load(&rq.mem, &ask.all, &why) == 0 ? "" : why;
}

static void
test_load(void)
{
	is_str(refusal(), "", "a catalog without C tools needs no file");
	ask.tool[1].c = "second";
	ask.tool[1].file = "shop/second.json";
	ok(strstr(refusal(), "tools.so"), "no file: %s", refusal());
	build("int x;");
	ok(strstr(refusal(), "TOOLKIT;"), "a file that does not say TOOLKIT;");
	unlink(arena_fmt(&rq.mem, "%s/tools.so", folder));
	build("const int toolkit_version = 99;");
	ok(strstr(refusal(), "built for version 99"), "of another version: %s", refusal());
	unlink(arena_fmt(&rq.mem, "%s/tools.so", folder));
	build("const int toolkit_version = 2;");
	ok(strstr(refusal(), "shop/second.json") && strstr(refusal(), "tool_second"), "a function that is not there");
	unlink(arena_fmt(&rq.mem, "%s/tools.so", folder));
	prompt.ask = (struct tool){ .name = "p", .file = "shop/prompts.json", .c = "first" };
	ask.catalog.prompts = (struct prompts){ &prompt, 1 };
	build("const int toolkit_version = 2; int tool_second(void *rq, void *args) { (void)rq; (void)args; return 0; }");
	ok(strstr(refusal(), "shop/prompts.json") && strstr(refusal(), "prompt_first"), "a prompt's that is not there");
	unlink(arena_fmt(&rq.mem, "%s/tools.so", folder));
	build("const int toolkit_version = 2; int tool_second(void) { return 0; } int prompt_first(void) { return 1; }");
	is_str(refusal(), "", "one that is");
	ok(ask.tool[1].function != NULL && ask.tool[0].function == NULL, "is the tool's");
	ok(prompt.ask.function && prompt.ask.function != ask.tool[1].function, "and one the prompt's");
	ask.catalog.prompts.n = 0;
}

static int
make_message(struct request *r, struct json_object *args)
{
	(void)args;
	r->made.result = json_parse(&r->mem, "{\"message\":\"hello\"}", 19, 4);
	return 0;
}

static int
make_list(struct request *r, struct json_object *args)
{
	(void)args;
	r->made.result = json_parse(&r->mem, "[1]", 3, 4);
	return 0;
}

static int
give_up(struct request *r, struct json_object *args)
{
	(void)r;
	(void)args;
	return -1;
}

static void
test_run(void)
{
	struct bind_args args = { 0 };
	struct bind_result result;
	struct tool tool = { .name = "t", .c = "t", .result_max = 100, .function = make_message };

	ask_message(&rq, "{}");
	is_int(bind_c(&rq, &tool, &args, &result), 0, "a result");
	is_str(result.structured, "{\"message\":\"hello\"}", "as it was made");
	is_str(result.text, "hello", "a lone message is for people too");
	tool.result_max = 5;
	is_int(bind_c(&rq, &tool, &args, &result), -1, "one that is too large");
	is_int(rq.failed, FAIL_TOOL, "is for the model");
	fail_clear(&rq);
	tool.function = make_list;
	tool.result_max = 100;
	is_int(bind_c(&rq, &tool, &args, &result), -1, "a result that is no object");
	is_int(rq.failed, FAIL_INTERNAL, "is a fault of the tool");
	fail_clear(&rq);
	tool.function = give_up;
	is_int(bind_c(&rq, &tool, &args, &result), -1, "an end without a reason");
	is_int(rq.failed, FAIL_INTERNAL, "is a fault of the tool");
	ask.tool[1].c = NULL;
}

int
main(void)
{
	ask_init(&rq);
	if (!mkdtemp(folder))
		return 1;
	ask.catalog.folder = folder;
	test_load();
	test_run();
	unlink(arena_fmt(&rq.mem, "%s/tools.so", folder));
	unlink(arena_fmt(&rq.mem, "%s/t.c", folder));
	rmdir(folder);
	return ask_done(&rq);
}
