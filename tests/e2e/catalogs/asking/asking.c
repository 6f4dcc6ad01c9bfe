/* asking: tools that ask their client, for tests/e2e/ask.test.mjs. */
#include "toolkit.h"

TOOLKIT;

static struct json_object *
form_of(const char *field)
{
	struct json_object *form = json_object_new_object(), *fields = json_object_new_object(), *one = json_object_new_object(),
	    *required = json_object_new_array();

	json_object_object_add(one, "type", json_object_new_string("string"));
	json_object_object_add(one, "minLength", json_object_new_int(1));
	json_object_object_add(fields, field, one);
	json_object_array_add(required, json_object_new_string(field));
	json_object_object_add(form, "type", json_object_new_string("object"));
	json_object_object_add(form, "properties", fields);
	json_object_object_add(form, "required", required);
	return form;
}

static struct json_object *
sampling(void)
{
	struct json_object *params = json_object_new_object(), *messages = json_object_new_array(), *message = json_object_new_object(),
	    *content = json_object_new_object();

	json_object_object_add(content, "type", json_object_new_string("text"));
	json_object_object_add(content, "text", json_object_new_string("Say something."));
	json_object_object_add(message, "role", json_object_new_string("user"));
	json_object_object_add(message, "content", content);
	json_object_array_add(messages, message);
	json_object_object_add(params, "messages", messages);
	json_object_object_add(params, "maxTokens", json_object_new_int(50));
	return params;
}

/* Two rounds: the second question needs the first answer. */
int
tool_two_steps(struct request *rq, struct json_object *args)
{
	struct json_object *name, *color, *result = json_object_new_object(), *content;

	(void)args;
	name = toolkit_form(rq, "name", "Your name?", form_of("name"));
	if (!name)
		return toolkit_wait(rq);
	color = toolkit_form(rq, "color", "Your color?", form_of("color"));
	if (!color)
		return toolkit_wait(rq);
	if (json_object_object_get_ex(name, "content", &content))
		json_object_object_add(result, "name", json_object_get(json_object_object_get(content, "name")));
	if (json_object_object_get_ex(color, "content", &content))
		json_object_object_add(result, "color", json_object_get(json_object_object_get(content, "color")));
	return toolkit_done(rq, result);
}

/* All that the client can be asked, in one round. */
int
tool_gather(struct request *rq, struct json_object *args)
{
	struct json_object *result = json_object_new_object(), *answer;
	int missing = 0;

	(void)args;
	if (toolkit_can(rq, "elicitation/create")) {
		answer = toolkit_form(rq, "form", "Your name?", form_of("name"));
		missing |= !answer;
		json_object_object_add(result, "form", json_object_get(answer));
	}
	if (toolkit_can(rq, "sampling/createMessage")) {
		answer = toolkit_ask(rq, "said", "sampling/createMessage", sampling());
		missing |= !answer;
		json_object_object_add(result, "said", json_object_get(answer));
	}
	if (toolkit_can(rq, "roots/list")) {
		answer = toolkit_ask(rq, "roots", "roots/list", NULL);
		missing |= !answer;
		json_object_object_add(result, "roots", json_object_get(answer));
	}
	return missing ? toolkit_wait(rq) : toolkit_done(rq, result);
}

/* Cannot do without. */
int
tool_sample(struct request *rq, struct json_object *args)
{
	struct json_object *answer = toolkit_ask(rq, "said", "sampling/createMessage", sampling());

	(void)args;
	return answer ? toolkit_done(rq, json_object_get(answer)) : toolkit_wait(rq);
}

int
tool_visit(struct request *rq, struct json_object *args)
{
	struct json_object *params = json_object_new_object(), *answer;

	(void)args;
	json_object_object_add(params, "mode", json_object_new_string("url"));
	json_object_object_add(params, "message", json_object_new_string("Please log in."));
	json_object_object_add(params, "url", json_object_new_string("https://login.example.com/"));
	answer = toolkit_ask(rq, "login", "elicitation/create", params);
	return answer ? toolkit_says(rq, "%s", json_object_get_string(json_object_object_get(answer, "action"))) : toolkit_wait(rq);
}

/* Changes something, with what the user says. */
int
tool_switch_pipeline(struct request *rq, struct json_object *args)
{
	struct json_object *answer = toolkit_form(rq, "status", "Which status?", form_of("status")), *content, *rows;

	if (!answer)
		return toolkit_wait(rq);
	if (!json_object_object_get_ex(answer, "content", &content))
		return toolkit_refuse(rq, "No status, no change.");
	json_object_object_add(args, "status", json_object_get(json_object_object_get(content, "status")));
	if (toolkit_rows(rq, "update pipeline set status = $1->>'status' where id = mcp.uuid($1->>'pipeline_id') returning id",
	    args, true, &rows, NULL) != 0)
		return -1;
	return toolkit_says(rq, "%zu switched.", json_object_array_length(rows));
}
