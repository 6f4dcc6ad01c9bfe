/* toolkit: what a tool written in C can say; its statements are tested end to end. */
#include "toolkit.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

int
main(void)
{
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
	is_int(toolkit_rows(&rq, "select 1", NULL, true, &rows, NULL), -1, "a tool that says it only reads");
	is_int(rq.failed, FAIL_INTERNAL, "cannot run a statement that writes");
	fail_clear(&rq);
	is_int(toolkit_rows(&rq, "select 1", NULL, false, &rows, NULL), -1, "without PostgreSQL");
	is_int(rq.failed, FAIL_UNAVAILABLE, "it is away");
	return ask_done(&rq);
}
