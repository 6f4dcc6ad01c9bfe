/* prompt_file: what in prompts.json stops a start, and what comes of the rest. */
#include "prompt_file.h"
#include "folder.h"

#define FILE "prompts.json"
#define PROMPT(members) "{\"prompts\":[{\"name\":\"p\",\"description\":\"d\"" members "}]}"
#define TEXT(text) ",\"messages\":[{\"role\":\"user\",\"text\":\"" text "\"}]"
#define ARGS ",\"arguments\":[{\"name\":\"a\",\"required\":true,\"complete\":\"get\"},{\"name\":\"b\",\"title\":\"B\"}]"

static void
test_file(void)
{
	folder_refuses(FILE, "7", "expected an object");
	folder_refuses(FILE, "{\"prompt\":[]}", "unknown member \"prompt\"");
	folder_refuses(FILE, "{\"prompts\":{}}", "prompts: expected an array");
	folder_refuses(FILE, PROMPT(TEXT("x") ",\"colour\":1"), "p: unknown member \"colour\"");
	folder_refuses(FILE, "{\"prompts\":[{\"name\":\"p\"" TEXT("x") "}]}", "description: must be there");
	folder_refuses(FILE, "{\"prompts\":[{\"description\":\"d\"" TEXT("x") "}]}", "name: must be there");
	folder_refuses(FILE, PROMPT(TEXT("x") ",\"icons\":[{}]"), "p: icons: [0].src is required");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"text\":\"x\",\"mimeType\":\"text/plain\"}]"), "mimeType: goes with resource");
	folder_refuses(FILE, PROMPT(""), "exactly one of messages, c");
	folder_refuses(FILE, PROMPT(TEXT("x") ",\"c\":\"p\""), "exactly one of messages, c");
	folder_refuses(FILE, PROMPT(",\"c\":\"a b\""), "c: expected a name");
	folder_refuses(FILE, PROMPT(",\"c\":\"p\",\"sql\":\"get\""), "no sql beside it");
	folder_refuses(FILE, PROMPT(",\"c\":\"p\",\"asks\":[\"money\"]"), "asks: goes with c");
	folder_refuses(FILE, PROMPT(TEXT("x") ",\"asks\":[\"roots\"]"), "asks: goes with c");
	folder_refuses(FILE, PROMPT(TEXT("x") ",\"none\":\"not found\""), "none: goes with sql");
	folder_refuses(FILE, "{\"prompts\":[{\"name\":\"p\",\"description\":\"d\"" TEXT("x") "},{\"name\":\"p\",\"description\":\"d\"" TEXT("x") "}]}",
	    "p: stands in the file twice");
}

static void
test_arguments(void)
{
	folder_refuses(FILE, PROMPT(",\"arguments\":[7]" TEXT("x")), "arguments: expected objects");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{}]" TEXT("x")), "name: must be there");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{\"name\":\"a b\"}]" TEXT("x")), "\"a b\": expected a name");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{\"name\":\"value\"}]" TEXT("x")), "other than value");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{\"name\":\"a\"},{\"name\":\"a\"}]" TEXT("x")), "a stands there twice");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{\"name\":\"a\",\"required\":1}]" TEXT("x")), "required: expected true or false");
	folder_refuses(FILE, PROMPT(",\"arguments\":[{\"name\":\"a\",\"type\":1}]" TEXT("x")), "unknown member \"type\"");
}

static void
test_messages(void)
{
	folder_put("get.sql", "select 1");
	folder_refuses(FILE, PROMPT(",\"messages\":[]"), "messages: expected 1 to 64");
	folder_refuses(FILE, PROMPT(",\"messages\":[7]"), "messages: expected objects");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"text\":\"x\"}]"), "role: must be there");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"system\",\"text\":\"x\"}]"), "\"user\" or \"assistant\"");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\"}]"), "exactly one of text, file, image, audio");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"text\":\"x\",\"image\":\"x\"}]"), "exactly one of");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"image\":\"x\"}]"), "mimeType: goes with image");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"image\":\"x\",\"resource\":\"a:b\"}]"), "resource: goes with text or file");
	folder_refuses(FILE, PROMPT(TEXT("{a")), "text: a brace is not closed");
	folder_refuses(FILE, PROMPT(TEXT("{a}")), "{a} is neither an argument nor");
	folder_refuses(FILE, PROMPT(TEXT("{row.a}")), "{row.a} is neither");
	folder_refuses(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"text\":\"x\",\"resource\":\"{u}\"}]"), "resource: {u} is neither");
	folder_put(FILE, PROMPT(",\"messages\":[{\"role\":\"user\",\"file\":\"gone.md\"}]"));
	ok(strstr(folder_refusal(), "gone.md: No such file"), "a text that is not there: %s", folder_refusal());
}

static void
test_loaded(void)
{
	const struct prompt *p;

	folder_put("text.md", "Of {a}: {row.x}, {row.y}, {row.x}");
	folder_put("x.bin", "\x01");
	folder_put(FILE, "{\"prompts\":[{\"name\":\"z\",\"description\":\"d\",\"c\":\"z\",\"asks\":[\"elicitation\"]},"
	    "{\"name\":\"p\",\"description\":\"d\",\"scope\":\"s\",\"sql\":\"get\",\"none\":\"nothing\"" ARGS ",\"messages\":["
	    "{\"role\":\"user\",\"file\":\"text.md\"},{\"role\":\"assistant\",\"image\":\"x.bin\",\"mimeType\":\"image/png\"}]}]}");
	is_str(folder_refusal(), "", "a whole file loads");
	is_int(folder.all.at[0].prompts.n, 2, "two prompts");
	p = catalog_prompt(&folder.all.at[0], "p");
	ok(p == &folder.all.at[0].prompts.at[0], "sorted, and found by name");
	ok(!catalog_prompt(&folder.all.at[0], "q"), "another is not");
	is_str(p->face, "{\"name\":\"p\",\"description\":\"d\",\"arguments\":[{\"name\":\"a\",\"required\":true},{\"name\":\"b\",\"title\":\"B\"}]}",
	    "its face");
	ok(p->arg[0].required && !p->arg[1].required, "who is required");
	ok(p->arg[0].complete && !p->arg[1].complete, "and what is completed");
	ok(tool_gives(&p->arg[0].complete->ask, "b") && tool_gives(&p->arg[0].complete->ask, "value"), "with the other arguments");
	is_int(p->ask.result.columns.n, 2, "two columns are wanted");
	is_str(p->ask.result.none, "nothing", "the sentence when there is no row");
	is_str(p->message[0].text, "Of {a}: {row.x}, {row.y}, {row.x}", "a text from its file");
	is_str(json_plain(p->message[1].ready, NULL), "{\"type\":\"image\",\"data\":\"AQ==\",\"mimeType\":\"image/png\"}", "an image");
	p = catalog_prompt(&folder.all.at[0], "z");
	ok(p->messages == 0 && tool_asks(&p->ask, "elicitation/create") && !tool_asks(&p->ask, "roots/list"), "one written in C");
	ok(folder.all.at[0].speaks, "a catalog with C speaks");
	is_int(folder.all.at[0].scopes.n, 1, "its scope is the catalog's");
}

int
main(void)
{
	folder_init();
	test_file();
	test_arguments();
	test_messages();
	test_loaded();
	return folder_done();
}
