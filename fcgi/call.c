/* call: from a name and arguments to a result in the form of the revision spoken. */
#include "call.h"
#include "adapt.h"
#include "arguments.h"
#include "bind_c.h"
#include "bind_sql.h"
#include "catalog.h"
#include "confirm.h"
#include "fail.h"
#include "headers.h"
#include "mrtr.h"
#include "rpc.h"

#define FAST_MS 5000	/* the longest that a tool of the fast pool may take */

/* --- before ----------------------------------------------------------------------------- */

bool
call_is_slow(const struct tool *tool)
{
	return tool->timeout_ms > FAST_MS;
}

/* MCP 2026-07-28, streamable HTTP, "Custom Headers from Tool Parameters". */
static int
check_mirror(struct request *rq, const struct mirror *m, struct json_object *args)
{
	const struct mirror_header *header = mirror_header(m, &rq->mirrored);
	struct json_object *value = mirror_value(m, args);
	const char *text;
	size_t len;

	if (header && header->twice)
		return fail(rq, FAIL_HEADERS, "Header mismatch: Mcp-Param-%s was sent twice.", m->name);
	if (!value)
		return 0;
	if (!header)
		return fail(rq, FAIL_HEADERS, "Header mismatch: Mcp-Param-%s is missing.", m->name);
	text = headers_decoded(rq, header->value, &len);
	if (!text || !mirror_shows(m, value, text, len))
		return fail(rq, FAIL_HEADERS, "Header mismatch: Mcp-Param-%s must be the argument in the body.", m->name);
	return 0;
}

static int
check_mirrors(struct request *rq)
{
	int i;

	for (i = 0; i < rq->tool->mirrors.n && rq->era == ERA_MODERN; i++)
		if (check_mirror(rq, &rq->tool->mirrors.at[i], arguments_given(rq)) != 0)
			return -1;
	return 0;
}

/* Who may have to wait for a person waits where others are not kept from their work. */
static bool
may_wait(const struct request *rq)
{
	return rq->era == ERA_LEGACY && (rq->tool->asks || rq->tool->confirm);
}

int
call_place(struct request *rq)
{
	const char *name = json_get_str(rq->params, "name"), *why;

	if (!name)
		return fail(rq, FAIL_PARAMS, "Invalid params: name must be a string.");
	rq->tool = catalog_tool(rq->catalog, name);
	if (!rq->tool)
		return fail(rq, FAIL_PARAMS, "Unknown tool: %.128s", name);
	slot_put(rq->slot->event.tool, sizeof(rq->slot->event.tool), rq->tool->name);
	why = catalog_forbids(rq->tool, rq->who, arguments_given(rq), &rq->mem);
	if (why)
		return fail(rq, FAIL_SCOPE, "%s", why);
	if (check_mirrors(rq) != 0)
		return -1;
	if (rq->tool->writes != TOOL_READS && atomic_load(&rq->board->audit_full))
		return fail(rq, FAIL_UNAVAILABLE, "The audit log takes no more; nothing may be changed until it does.");
	if (!rq->batch && (call_is_slow(rq->tool) || may_wait(rq)))	/* a batch is placed as a whole */
		rq->place = POOL_SLOW;
	return 0;
}

/* --- the result ------------------------------------------------------------------------- */

static void
add_block(struct request *rq, struct json_object *block)
{
	struct buf *b = &rq->reply.body;
	const char *text;
	size_t len;

	if (b->at[b->len - 1] != '[')
		buf_char(b, ',');
	text = json_plain(adapt_block(&rq->mem, block, rq->version), &len);
	buf_add(b, text, len);
}

/* The structured result once more, for clients that know only text (MCP 2025-06-18, tools). */
static void
add_text(struct request *rq, const struct bind_result *result)
{
	struct buf *b = &rq->reply.body;

	if (b->at[b->len - 1] != '[')
		buf_char(b, ',');
	buf_str(b, "{\"type\":\"text\",\"text\":");
	if (result->text)
		buf_json(b, result->text, strlen(result->text));
	else
		buf_json(b, result->structured, result->structured_len);
	buf_char(b, '}');
}

static void
write_result(struct request *rq, const struct bind_result *result)
{
	size_t i, n = result->blocks ? json_object_array_length(result->blocks) : 0;

	rpc_result_begin(rq);
	rpc_member(rq, "content");
	buf_char(&rq->reply.body, '[');
	for (i = 0; i < n; i++)
		add_block(rq, json_get(json_object_array_get_idx(result->blocks, i), "content"));
	if (result->structured)
		add_text(rq, result);
	buf_char(&rq->reply.body, ']');
	if (result->structured && adapt_structures(rq->version, rq->tool->output_schema)) {
		rpc_member(rq, "structuredContent");
		buf_add(&rq->reply.body, result->structured, result->structured_len);
	}
	rpc_result_end(rq);
}

/* --- the call --------------------------------------------------------------------------- */

static int
run_binding(struct request *rq, const struct bind_args *args, struct bind_result *out)
{
	return rq->tool->c ? bind_c(rq, rq->tool, args, out) : bind_sql(rq, rq->tool, args, out);
}

int
call_run(struct request *rq)
{
	struct bind_result result = { 0 };
	struct bind_args args;

	if (call_is_slow(rq->tool) && rq->grant)
		rq->grant(rq->tool->timeout_ms);
	if (mrtr_begin(rq) != 0 || arguments_take(rq, rq->tool, &args) != 0 || confirm_ask(rq, rq->tool, &args) != 0)
		return -1;
	if (run_binding(rq, &args, &result) != 0)
		return -1;
	write_result(rq, &result);
	return 0;
}
