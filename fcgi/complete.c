/* complete: find what is completed, then ask its statement. */
#include "complete.h"
#include "bind_sql.h"
#include "fail.h"
#include "rpc.h"

/* What params.ref and params.argument name. */
struct target {
	const struct tool       *owner;		/* of the prompt, template or resource */
	const struct completion *complete;	/* NULL: nothing is proposed for this argument */
};

static int
find_prompt(struct request *rq, const char *name, const char *argument, struct target *out)
{
	const struct prompt *p = catalog_prompt(rq->catalog, name);
	const struct prompt_argument *arg = p ? prompt_file_argument(p, argument) : NULL;

	if (!p)
		return fail(rq, FAIL_PARAMS, "Unknown prompt: %.128s", name);
	*out = (struct target){ .owner = &p->ask, .complete = arg ? arg->complete : NULL };
	if (catalog_forbids(out->owner, rq->who, NULL, &rq->mem))
		return fail(rq, FAIL_DENIED, "Unknown prompt: %.128s", name);
	return 0;
}

static int
find_resource(struct request *rq, const char *uri, const char *argument, struct target *out)
{
	const struct resources *all = &rq->catalog->resources;
	const struct resource *r = NULL;
	size_t i;
	int k;

	for (i = 0; i < all->n && !r; i++)
		if (strcmp(all->at[i].uri, uri) == 0)
			r = &all->at[i];
	if (!r)
		return fail(rq, FAIL_PARAMS, "Unknown resource or template: %.256s", uri);
	*out = (struct target){ .owner = &r->ask };
	for (k = 0; k < r->completions; k++)
		if (strcmp(r->complete[k].argument, argument) == 0)
			out->complete = &r->complete[k];
	if (catalog_forbids(out->owner, rq->who, NULL, &rq->mem))
		return fail(rq, FAIL_DENIED, "Unknown resource or template: %.256s", uri);
	return 0;
}

static int
find_target(struct request *rq, const char *argument, struct target *out)
{
	struct json_object *ref = json_get(rq->params, "ref");
	const char *type = json_get_str(ref, "type"), *name = json_get_str(ref, "name"), *uri = json_get_str(ref, "uri");

	if (type && strcmp(type, "ref/prompt") == 0 && name)
		return find_prompt(rq, name, argument, out);
	if (type && strcmp(type, "ref/resource") == 0 && uri)
		return find_resource(rq, uri, argument, out);
	return fail(rq, FAIL_PARAMS, "Invalid params: ref must be a ref/prompt with a name or a ref/resource with a uri.");
}

/* Is it an argument that the statement may ask for? */
static bool
is_fellow(const struct target *t, const char *name)
{
	return tool_gives(&t->complete->ask, name) && strcmp(name, "value") != 0 && strcmp(name, "uri") != 0;
}

/* $1: what was typed, and what is chosen of the other arguments. */
static int
take_values(struct request *rq, const struct target *t, const char *value, struct json_object **out)
{
	struct json_object *chosen = json_get(json_get(rq->params, "context"), "arguments");

	*out = json_keep(&rq->mem, json_object_new_object());
	json_object_object_add(*out, "value", json_object_new_string(value));
	if (!chosen)
		return 0;
	if (!json_object_is_type(chosen, json_type_object))
		return fail(rq, FAIL_PARAMS, "Invalid params: context.arguments must be an object.");
	json_object_object_foreach(chosen, name, one) {
		if (!json_object_is_type(one, json_type_string))
			return fail(rq, FAIL_PARAMS, "Invalid params: context.arguments must hold strings.");
		if (is_fellow(t, name))
			json_object_object_add(*out, name, json_object_get(one));
	}
	return 0;
}

/* The proposals: none where nothing is declared. */
static int
propose(struct request *rq, const struct target *t, const char *value, struct bind_result *out)
{
	struct json_object *values;

	*out = (struct bind_result){ .structured = "[]", .structured_len = 2 };
	if (!t->complete)
		return 0;
	if (take_values(rq, t, value, &values) != 0)
		return -1;
	if (bind_sql_ask(rq, &t->complete->ask, values, out) == 0)
		return 0;
	if (rq->failed != FAIL_SCOPE)
		return fail_as_params(rq);
	fail_clear(rq);
	return fail(rq, FAIL_DENIED, "Unknown prompt, resource or template");
}

int
complete_run(struct request *rq)
{
	struct json_object *argument = json_get(rq->params, "argument");
	const char *name = json_get_str(argument, "name"), *value = json_get_str(argument, "value");
	struct bind_result proposed;
	struct target target = { 0 };

	if (!name || !value)
		return fail(rq, FAIL_PARAMS, "Invalid params: argument must have name and value, both strings.");
	if (find_target(rq, name, &target) != 0)
		return -1;
	slot_put(rq->slot->event.tool, sizeof(rq->slot->event.tool), target.owner->name);
	if (propose(rq, &target, value, &proposed) != 0)
		return -1;
	rpc_result_begin(rq);
	rpc_member(rq, "completion");
	buf_str(&rq->reply.body, "{\"values\":");
	buf_add(&rq->reply.body, proposed.structured, proposed.structured_len);
	if (!proposed.more)
		buf_fmt(&rq->reply.body, ",\"total\":%" PRId64, proposed.count);
	buf_fmt(&rq->reply.body, ",\"hasMore\":%s}", proposed.more ? "true" : "false");
	rpc_result_end(rq);
	return 0;
}
