/* result: the forms an answer may have, and what is none. */
#include "result.h"
#include "tap.h"

static struct arena mem;
static struct tool_result result;

/* "": it is read, into result. */
static const char *
refusal(const char *json)
{
	const char *why = "";

	result = (struct tool_result){ 0 };
	return result_read(&mem, json_parse(&mem, json, strlen(json), 16), &result, &why) == 0 ? "" : why;
}

static void
test_forms(void)
{
	is_str(refusal("{\"rows\":\"books\",\"page\":[\"title\",\"id\"],\"lift\":{\"total\":0}}"), "", "rows");
	is_int(result.kind, RESULT_ROWS, "are a list");
	is_str(result.rows, "books", "of that name");
	is_str(result.page[1], "id", "in the order of these columns");
	ok(!result.page[2], "and no more");
	is_str(result.lift_usual[0], "0", "with what is lifted, and its value without rows");
	is_str(refusal("{\"row\":true}"), "", "a row");
	is_int(result.kind, RESULT_ROW, "is an object");
	is_str(refusal("{\"json\":true}"), "", "json");
	is_int(result.kind, RESULT_JSON, "is one as SQL makes it");
	is_str(refusal("{\"done\":\"Done.\"}"), "", "a sentence");
	is_str(result.done, "Done.", "is kept");
}

static void
test_refusals(void)
{
	is_str(refusal("{}"), "result: expected exactly one of rows, row, json, done", "none");
	is_str(refusal("{\"row\":true,\"json\":true}"), "result: expected exactly one of rows, row, json, done", "two");
	is_str(refusal("{\"row\":false}"), "result.row: expected true", "a row that is none");
	is_str(refusal("{\"rows\":\"\"}"), "result.rows: expected a text", "a list without a name");
	is_str(refusal("{\"done\":7}"), "result.done: expected a text", "a sentence that is a number");
	is_str(refusal("{\"rows\":\"r\",\"colour\":\"x\"}"), "result: unknown member \"colour\"", "a member that is not known");
	is_str(refusal("{\"rows\":\"r\",\"page\":[]}"), "result.page: expected 1 to 4 column names", "a page of no order");
	is_str(refusal("{\"rows\":\"r\",\"page\":[1]}"), "result.page: expected 1 to 4 column names", "or of numbers");
	is_str(refusal("{\"row\":true,\"page\":[\"id\"]}"), "result: page and lift go with rows", "pages of one row");
	ok(strncmp(refusal("{\"rows\":\"r\",\"lift\":[]}"), "result.lift: expected an object", 31) == 0, "a lift that is a list");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 24);
	test_forms();
	test_refusals();
	return tap_done();
}
