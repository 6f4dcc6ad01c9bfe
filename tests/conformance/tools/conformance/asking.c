/* asking: the fixtures that need something of the client. */
#include "toolkit.h"

#define TEXT_SCHEMA(name) "{\"type\":\"object\",\"properties\":{\"" name "\":{\"type\":\"string\"}},\"required\":[\"" name "\"]}"

int tool_test_sampling(struct request *rq, struct json_object *args);
int tool_test_elicitation(struct request *rq, struct json_object *args);
int tool_test_elicitation_sep1034_defaults(struct request *rq, struct json_object *args);
int tool_test_elicitation_sep1330_enums(struct request *rq, struct json_object *args);
int tool_test_missing_capability(struct request *rq, struct json_object *args);
int tool_test_streaming_elicitation(struct request *rq, struct json_object *args);
int tool_test_input_required_result_elicitation(struct request *rq, struct json_object *args);
int tool_test_input_required_result_sampling(struct request *rq, struct json_object *args);
int tool_test_input_required_result_list_roots(struct request *rq, struct json_object *args);
int tool_test_input_required_result_request_state(struct request *rq, struct json_object *args);
int tool_test_input_required_result_multiple_inputs(struct request *rq, struct json_object *args);
int tool_test_input_required_result_multi_round(struct request *rq, struct json_object *args);
int tool_test_input_required_result_tampered_state(struct request *rq, struct json_object *args);
int tool_test_input_required_result_capabilities(struct request *rq, struct json_object *args);
int prompt_test_input_required_result_prompt(struct request *rq, struct json_object *args);

/* --- what they share -------------------------------------------------------------------- */

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, name, &v);
	return v;
}

static const char *
text_of(struct json_object *o, const char *name)
{
	struct json_object *v = member(o, name);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

static struct json_object *
form(struct request *rq, const char *key, const char *message, const char *schema)
{
	return toolkit_form(rq, key, message, json_tokener_parse(schema));
}

static struct json_object *
sample(struct request *rq, const char *key, const char *prompt, int most)
{
	struct json_object *params = json_object_new_object(), *list = json_object_new_array();
	struct json_object *message = json_object_new_object(), *block = json_object_new_object();

	json_object_object_add(block, "type", json_object_new_string("text"));
	json_object_object_add(block, "text", json_object_new_string(prompt));
	json_object_object_add(message, "role", json_object_new_string("user"));
	json_object_object_add(message, "content", block);
	json_object_array_add(list, message);
	json_object_object_add(params, "messages", list);
	json_object_object_add(params, "maxTokens", json_object_new_int(most));
	return toolkit_ask(rq, key, "sampling/createMessage", params);
}

/* The text a model has answered with; its content is one block or several. */
static const char *
sampled(struct json_object *answer)
{
	struct json_object *content = member(answer, "content");

	if (json_object_is_type(content, json_type_array))
		content = json_object_array_get_idx(content, 0);
	return text_of(content, "text");
}

/* What a user has written into a field of the form; "" if there is nothing. */
static const char *
filled(struct json_object *answer, const char *field)
{
	return text_of(member(answer, "content"), field);
}

static int
say(struct request *rq, const char *what, const char *value)
{
	toolkit_text(rq, "%s%s", what, value);
	return toolkit_done(rq, NULL);
}

static int
say_answer(struct request *rq, struct json_object *answer)
{
	struct json_object *content = member(answer, "content");

	toolkit_text(rq, "The user's answer: action=%s, content=%s", text_of(answer, "action"),
	    content ? json_object_to_json_string_ext(content, JSON_C_TO_STRING_PLAIN) : "{}");
	return toolkit_done(rq, NULL);
}

/* --- one question ----------------------------------------------------------------------- */

int
tool_test_sampling(struct request *rq, struct json_object *args)
{
	struct json_object *answer = sample(rq, "reply", text_of(args, "prompt"), 100);

	return answer ? say(rq, "LLM response: ", sampled(answer)) : toolkit_wait(rq);
}

int
tool_test_elicitation(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "user", text_of(args, "message"),
	    "{\"type\":\"object\",\"properties\":{"
	    "\"username\":{\"type\":\"string\",\"description\":\"User's response\"},"
	    "\"email\":{\"type\":\"string\",\"description\":\"User's email address\"}},"
	    "\"required\":[\"username\",\"email\"]}");

	return answer ? say_answer(rq, answer) : toolkit_wait(rq);
}

int
tool_test_elicitation_sep1034_defaults(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "details", "Please review these details.",
	    "{\"type\":\"object\",\"properties\":{"
	    "\"name\":{\"type\":\"string\",\"description\":\"User name\",\"default\":\"John Doe\"},"
	    "\"age\":{\"type\":\"integer\",\"description\":\"User age\",\"default\":30},"
	    "\"score\":{\"type\":\"number\",\"description\":\"User score\",\"default\":95.5},"
	    "\"status\":{\"type\":\"string\",\"description\":\"User status\",\"enum\":[\"active\",\"inactive\",\"pending\"],\"default\":\"active\"},"
	    "\"verified\":{\"type\":\"boolean\",\"description\":\"Verification status\",\"default\":true}},"
	    "\"required\":[]}");

	(void)args;
	return answer ? say_answer(rq, answer) : toolkit_wait(rq);
}

int
tool_test_elicitation_sep1330_enums(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "choices", "Please choose.",
	    "{\"type\":\"object\",\"properties\":{"
	    "\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"
	    "\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"value1\",\"title\":\"First Option\"},"
	    "{\"const\":\"value2\",\"title\":\"Second Option\"},{\"const\":\"value3\",\"title\":\"Third Option\"}]},"
	    "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"
	    "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"
	    "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]}},"
	    "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\",\"title\":\"First Choice\"},"
	    "{\"const\":\"value2\",\"title\":\"Second Choice\"},{\"const\":\"value3\",\"title\":\"Third Choice\"}]}}},"
	    "\"required\":[]}");

	(void)args;
	return answer ? say_answer(rq, answer) : toolkit_wait(rq);
}

int
tool_test_missing_capability(struct request *rq, struct json_object *args)
{
	struct json_object *answer = sample(rq, "anything", "Say anything.", 20);

	(void)args;
	return answer ? say(rq, "The model said: ", sampled(answer)) : toolkit_wait(rq);
}

int
tool_test_streaming_elicitation(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "user_name", "What is your name?", TEXT_SCHEMA("name"));

	(void)args;
	return answer ? say(rq, "Hello, ", filled(answer, "name")) : toolkit_wait(rq);
}

int
tool_test_input_required_result_elicitation(struct request *rq, struct json_object *args)
{
	return tool_test_streaming_elicitation(rq, args);
}

int
tool_test_input_required_result_sampling(struct request *rq, struct json_object *args)
{
	struct json_object *answer = sample(rq, "capital_question", "What is the capital of France?", 100);

	(void)args;
	return answer ? say(rq, "The model said: ", sampled(answer)) : toolkit_wait(rq);
}

int
tool_test_input_required_result_list_roots(struct request *rq, struct json_object *args)
{
	struct json_object *answer = toolkit_ask(rq, "client_roots", "roots/list", NULL);

	(void)args;
	if (!answer)
		return toolkit_wait(rq);
	toolkit_text(rq, "The client has %zu roots.", json_object_array_length(member(answer, "roots")));
	return toolkit_done(rq, NULL);
}

int
tool_test_input_required_result_request_state(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "confirm", "Please confirm.",
	    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}");

	(void)args;
	return answer ? say(rq, "state-ok", "") : toolkit_wait(rq);
}

int
tool_test_input_required_result_tampered_state(struct request *rq, struct json_object *args)
{
	return tool_test_input_required_result_request_state(rq, args);
}

/* --- several ---------------------------------------------------------------------------- */

int
tool_test_input_required_result_multiple_inputs(struct request *rq, struct json_object *args)
{
	struct json_object *name = form(rq, "user_name", "What is your name?", TEXT_SCHEMA("name"));
	struct json_object *greeting = sample(rq, "greeting", "Generate a greeting", 50);
	struct json_object *roots = toolkit_ask(rq, "client_roots", "roots/list", NULL);

	(void)args;
	if (!name || !greeting || !roots)
		return toolkit_wait(rq);
	toolkit_text(rq, "%s %s (%zu roots)", sampled(greeting), filled(name, "name"),
	    json_object_array_length(member(roots, "roots")));
	return toolkit_done(rq, NULL);
}

int
tool_test_input_required_result_multi_round(struct request *rq, struct json_object *args)
{
	struct json_object *name, *color;

	(void)args;
	if (!(name = form(rq, "step1", "Step 1: What is your name?", TEXT_SCHEMA("name"))))
		return toolkit_wait(rq);
	if (!(color = form(rq, "step2", "Step 2: What is your favorite color?", TEXT_SCHEMA("color"))))
		return toolkit_wait(rq);
	toolkit_text(rq, "%s likes %s.", filled(name, "name"), filled(color, "color"));
	return toolkit_done(rq, NULL);
}

int
tool_test_input_required_result_capabilities(struct request *rq, struct json_object *args)
{
	struct json_object *name = NULL, *word = NULL;
	bool asks_user = toolkit_can(rq, "elicitation/create"), samples = toolkit_can(rq, "sampling/createMessage");

	(void)args;
	if (asks_user)
		name = form(rq, "user_name", "What is your name?", TEXT_SCHEMA("name"));
	if (samples || !asks_user)
		word = sample(rq, "greeting", "Generate a greeting", 50);
	if ((asks_user && !name) || (samples && !word) || (!asks_user && !samples))
		return toolkit_wait(rq);
	toolkit_text(rq, "%s %s", word ? sampled(word) : "Hello", name ? filled(name, "name") : "whoever you are");
	return toolkit_done(rq, NULL);
}

/* --- a prompt --------------------------------------------------------------------------- */

int
prompt_test_input_required_result_prompt(struct request *rq, struct json_object *args)
{
	struct json_object *answer = form(rq, "user_context", "What is this about?", TEXT_SCHEMA("context"));

	(void)args;
	if (!answer)
		return toolkit_wait(rq);
	toolkit_text(rq, "Please answer in this context: %s", filled(answer, "context"));
	return toolkit_done(rq, NULL);
}
