/* toolkit_ask: the part of toolkit.h that asks the client. */
#include "base.h"	/* first: it says which C library it wants, toolkit.h takes any */
#include "toolkit.h"
#include "fail.h"
#include "mrtr.h"
#include "tool.h"

struct json_object *
toolkit_ask(struct request *rq, const char *key, const char *method, struct json_object *params)
{
	if (!rq->tool || tool_asks(rq->tool, method))
		return mrtr_ask(rq, key, method, params);
	json_keep(&rq->mem, params);
	fail(rq, FAIL_INTERNAL, "%s: asks with %s, but the tool's file does not say so in asks", rq->tool->name, method);
	return NULL;
}

struct json_object *
toolkit_form(struct request *rq, const char *key, const char *message, struct json_object *schema)
{
	struct json_object *params = json_object_new_object();

	json_object_object_add(params, "mode", json_object_new_string("form"));
	json_object_object_add(params, "message", json_object_new_string(message));
	json_object_object_add(params, "requestedSchema", schema);
	return toolkit_ask(rq, key, "elicitation/create", params);
}

bool
toolkit_can(struct request *rq, const char *method)
{
	return mrtr_can(rq, method);
}

int
toolkit_wait(struct request *rq)
{
	return mrtr_wait(rq);
}
