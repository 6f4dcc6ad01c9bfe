/* toolkit: thin over what SQL tools are made of; the same transaction, the same encoder. */
#include "toolkit.h"
#include "bind_sql.h"
#include "fail.h"

#define SENTENCE_MAX 1024

int
toolkit_done(struct request *rq, struct json_object *result)
{
	rq->made = json_keep(&rq->mem, result);
	return 0;
}

int
toolkit_says(struct request *rq, const char *fmt, ...)
{
	struct json_object *result = json_object_new_object();
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(result, "message", json_object_new_string(text));
	return toolkit_done(rq, result);
}

int
toolkit_refuse(struct request *rq, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail(rq, FAIL_TOOL, "%s", text);
}

int
toolkit_rows(struct request *rq, const char *sql, struct json_object *args, bool writes, struct json_object **rows)
{
	/* The tool in hand, with this statement in place of its own. */
	struct tool tool = *rq->tool;
	struct bind_args given = { .given = args, .object = args, .limit = tool.rows_max };
	struct bind_result result;

	tool.writes = writes ? tool.writes : TOOL_READS;
	if (writes && tool.writes == TOOL_READS)
		return fail(rq, FAIL_INTERNAL, "%s: a statement writes, but the tool's file says it does not", tool.name);
	tool.result = (struct tool_result){ .kind = RESULT_ROWS, .rows = "rows" };
	tool.statement = (struct db_statement){ .sql = sql, .n = 1, .json = true };
	if (!args)
		given.given = given.object = json_keep(&rq->mem, json_object_new_object());
	if (bind_sql(rq, &tool, &given, &result) != 0)
		return -1;
	*rows = json_get(json_parse(&rq->mem, result.structured, result.structured_len, 64), "rows");
	return 0;
}

void *
toolkit_take(struct request *rq, size_t n)
{
	return arena_zero(&rq->mem, n);
}

bool
toolkit_may(struct request *rq, const char *scope)
{
	struct words one = { &scope, 1 };
	struct tool asks = { .scope = one };

	return !catalog_forbids(&asks, rq->who, NULL, &rq->mem);
}
