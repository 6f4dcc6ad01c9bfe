/* prompt: arguments checked, one row asked for, messages filled in. */
#include "prompt.h"
#include "arguments.h"
#include "bind_sql.h"
#include "encode.h"
#include "fail.h"
#include "lists.h"
#include "rpc.h"
#include "template.h"

/* --- prompts/list ----------------------------------------------------------------------- */

int
prompt_run_list(struct request *rq)
{
	return lists_run(rq, "prompts", LISTS_PROMPTS, 0);
}

/* --- prompts/get ------------------------------------------------------------------------ */

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

/* The row that its statement finds; NULL: it has none. */
static int
ask_row(struct request *rq, const struct prompt *p, struct json_object **row)
{
	struct bind_result result;

	*row = NULL;
	if (!p->ask.statement.sql)
		return 0;
	if (bind_sql_ask(rq, &p->ask, rq->values, &result) != 0) {
		if (rq->failed != FAIL_SCOPE)
			return fail_as_params(rq);
		fail_clear(rq);		/* it was lost since the prompt was found */
		return fail(rq, FAIL_DENIED, "Unknown prompt: %s", p->ask.name);
	}
	*row = json_parse(&rq->mem, result.structured, result.structured_len, 64);
	return 0;
}

/* The text with its names filled in, as a JSON string without hidden characters. */
static void
add_filled(struct request *rq, const char *text, struct json_object *row)
{
	struct buf filled;

	buf_init(&filled, &rq->mem, rq->prompt->ask.result_max);
	template_fill(&filled, text, rq->values, row);
	if (filled.full)
		fail(rq, FAIL_PARAMS, "The prompt is larger than what may be sent at once.");
	encode_text(&rq->reply.body, filled.at, filled.len);
}

static void
add_block(struct request *rq, const struct prompt_message *m, struct json_object *row)
{
	struct buf *b = &rq->reply.body;

	if (m->ready) {
		buf_str(b, json_plain(m->ready, NULL));
		return;
	}
	buf_str(b, m->uri ? "{\"type\":\"resource\",\"resource\":{" : "{\"type\":\"text\",");
	if (m->uri) {
		buf_str(b, "\"uri\":");
		add_filled(rq, m->uri, row);
		buf_char(b, ',');
	}
	if (m->uri && m->mime) {
		buf_str(b, "\"mimeType\":");
		buf_json(b, m->mime, strlen(m->mime));
		buf_char(b, ',');
	}
	buf_str(b, "\"text\":");
	add_filled(rq, m->text, row);
	buf_str(b, m->uri ? "}}" : "}");
}

static void
add_messages(struct request *rq, const struct prompt *p, struct json_object *row)
{
	size_t i;

	rpc_member(rq, "messages");
	for (i = 0; i < p->messages; i++) {
		buf_fmt(&rq->reply.body, "%s{\"role\":\"%s\",\"content\":", i ? "," : "[", p->message[i].role);
		add_block(rq, &p->message[i], row);
		buf_char(&rq->reply.body, '}');
	}
	buf_char(&rq->reply.body, ']');
}

int
prompt_run_get(struct request *rq)
{
	const struct prompt *p = rq->prompt;
	struct json_object *row;

	if (take_arguments(rq, p) != 0 || ask_row(rq, p, &row) != 0)
		return -1;
	rpc_result_begin(rq);
	rpc_member(rq, "description");
	buf_json(&rq->reply.body, p->description, strlen(p->description));
	add_messages(rq, p, row);
	rpc_result_end(rq);
	return rq->failed ? -1 : 0;
}
