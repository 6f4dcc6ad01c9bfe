/* prompt: arguments checked, one row asked for, messages filled in. */
#include "prompt.h"
#include "adapt.h"
#include "arguments.h"
#include "bind_c.h"
#include "bind_sql.h"
#include "encode.h"
#include "fail.h"
#include "lists.h"
#include "mrtr.h"
#include "rpc.h"
#include "template.h"

/* --- prompts/list ----------------------------------------------------------------------- */

int
prompt_run_list(struct request *rq)
{
	return lists_run(rq, "prompts", LISTS_PROMPTS, 0);
}

/* --- before ----------------------------------------------------------------------------- */

int
prompt_find(struct request *rq)
{
	const char *name = json_get_str(rq->params, "name");

	if (!name)
		return fail(rq, FAIL_PARAMS, "Invalid params: name must be a string.");
	rq->prompt = catalog_prompt(rq->catalog, name);
	if (!rq->prompt)
		return fail(rq, FAIL_PARAMS, "Unknown prompt: %.128s", name);
	rq->tool = &rq->prompt->ask;
	slot_put(rq->slot->event.tool, sizeof(rq->slot->event.tool), rq->tool->name);
	if (catalog_forbids(rq->tool, rq->who, arguments_given(rq), &rq->mem))
		return fail(rq, FAIL_DENIED, "Unknown prompt: %.128s", name);
	/* Who may have to wait for a person waits where others are not kept from their work. */
	if (rq->era == ERA_LEGACY && !rq->batch && rq->tool->asks)
		rq->place = POOL_SLOW;
	return 0;
}

/* params.arguments: texts that the prompt knows, and all that it needs. */
static int
take_arguments(struct request *rq, const struct prompt *p)
{
	struct json_object *sent;
	int i;

	if (json_object_object_get_ex(rq->params, "arguments", &sent) && !json_object_is_type(sent, json_type_object))
		return fail(rq, FAIL_PARAMS, "Invalid params: arguments must be an object.");
	rq->values = arguments_given(rq);
	arguments_note(rq, rq->values);
	json_object_object_foreach(rq->values, name, value) {
		if (!prompt_file_argument(p, name))
			return fail(rq, FAIL_PARAMS, "Invalid params: %.128s is not an argument of this prompt.", name);
		if (!json_object_is_type(value, json_type_string))
			return fail(rq, FAIL_PARAMS, "Invalid params: %s must be a string.", name);
	}
	for (i = 0; i < p->args; i++)
		if (p->arg[i].required && !json_get(rq->values, p->arg[i].name))
			return fail(rq, FAIL_PARAMS, "Invalid params: %s is required.", p->arg[i].name);
	return 0;
}

/* What a tool's caller would read as a result; a scope that was lost since the prompt was found hides it. */
static int
settle_failure(struct request *rq)
{
	if (rq->failed != FAIL_SCOPE)
		return fail_as_params(rq);
	fail_clear(rq);
	return fail(rq, FAIL_DENIED, "Unknown prompt: %s", rq->prompt->ask.name);
}

/* --- its messages, from the file and a row ---------------------------------------------- */

/* The row that its statement finds; NULL: it has none. */
static int
ask_row(struct request *rq, const struct prompt *p, struct json_object **row)
{
	struct bind_result result;

	*row = NULL;
	if (!p->ask.statement.sql)
		return 0;
	if (bind_sql_ask(rq, &p->ask, rq->values, &result) != 0)
		return settle_failure(rq);
	*row = json_parse(&rq->mem, result.structured, result.structured_len, 64);
	return 0;
}

/* The text with its names filled in, without hidden characters. */
static struct json_object *
filled(struct request *rq, const char *text, struct json_object *row)
{
	struct buf raw, clean;
	size_t most = rq->prompt->ask.result_max;

	buf_init(&raw, &rq->mem, most);
	template_fill(&raw, text, rq->values, row);
	if (raw.full)
		fail(rq, FAIL_PARAMS, "The prompt is larger than what may be sent at once.");
	buf_init(&clean, &rq->mem, 6 * most + 2);
	encode_text(&clean, raw.at, raw.len);
	return json_object_get(json_parse(&rq->mem, clean.at, clean.len, 2));
}

static struct json_object *
block_of(struct request *rq, const struct prompt_message *m, struct json_object *row)
{
	struct json_object *block, *resource;

	if (m->ready)
		return m->ready;
	block = json_keep(&rq->mem, json_object_new_object());
	json_object_object_add(block, "type", json_object_new_string(m->uri ? "resource" : "text"));
	if (!m->uri) {
		json_object_object_add(block, "text", filled(rq, m->text, row));
		return block;
	}
	json_object_object_add(block, "resource", resource = json_object_new_object());
	json_object_object_add(resource, "uri", filled(rq, m->uri, row));
	if (m->mime)
		json_object_object_add(resource, "mimeType", json_object_new_string(m->mime));
	json_object_object_add(resource, "text", filled(rq, m->text, row));
	return block;
}

static void
add_message(struct request *rq, const char *role, struct json_object *block)
{
	struct buf *b = &rq->reply.body;

	buf_fmt(b, "%s{\"role\":\"%s\",\"content\":", b->at[b->len - 1] == '[' ? "" : ",", role);
	buf_str(b, json_plain(adapt_block(&rq->mem, block, rq->version), NULL));
	buf_char(b, '}');
}

/* --- prompts/get ------------------------------------------------------------------------ */

static void
begin_messages(struct request *rq, const struct prompt *p)
{
	rpc_result_begin(rq);
	rpc_member(rq, "description");
	buf_json(&rq->reply.body, p->description, strlen(p->description));
	rpc_member(rq, "messages");
	buf_char(&rq->reply.body, '[');
}

static int
end_messages(struct request *rq)
{
	buf_char(&rq->reply.body, ']');
	rpc_result_end(rq);
	return rq->failed ? -1 : 0;
}

static int
run_messages(struct request *rq, const struct prompt *p)
{
	struct json_object *row;
	size_t i;

	if (ask_row(rq, p, &row) != 0)
		return -1;
	begin_messages(rq, p);
	for (i = 0; i < p->messages; i++)
		add_message(rq, p->message[i].role, block_of(rq, &p->message[i], row));
	return end_messages(rq);
}

/* Written in C: the blocks it leaves are its messages. */
static int
run_function(struct request *rq, const struct prompt *p)
{
	struct bind_args args = { .given = rq->values, .object = rq->values };
	struct bind_result result;
	size_t i;

	if (bind_c(rq, &p->ask, &args, &result) != 0)
		return settle_failure(rq);
	if (!result.blocks)
		return fail(rq, FAIL_INTERNAL, "%s: ended without a message", p->ask.name);
	begin_messages(rq, p);
	for (i = 0; i < json_object_array_length(result.blocks); i++) {
		struct json_object *one = json_object_array_get_idx(result.blocks, i);

		add_message(rq, json_get_str(one, "role"), json_get(one, "content"));
	}
	return end_messages(rq);
}

int
prompt_run_get(struct request *rq)
{
	const struct prompt *p = rq->prompt;

	if (mrtr_begin(rq) != 0 || take_arguments(rq, p) != 0)
		return -1;
	return p->ask.c ? run_function(rq, p) : run_messages(rq, p);
}
