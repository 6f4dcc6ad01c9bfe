/* telling: the fixtures that say something before their result, or to others. */
#include "toolkit.h"

#define PAUSE_MS 50

int tool_test_tool_with_progress(struct request *rq, struct json_object *args);
int tool_test_tool_with_logging(struct request *rq, struct json_object *args);
int tool_test_logging_tool(struct request *rq, struct json_object *args);
int tool_test_trigger_tool_change(struct request *rq, struct json_object *args);
int tool_test_trigger_prompt_change(struct request *rq, struct json_object *args);

int
tool_test_tool_with_progress(struct request *rq, struct json_object *args)
{
	int i;

	(void)args;
	for (i = 0; i <= 2; i++) {
		toolkit_progress(rq, 50 * i, 100, i < 2 ? "under way" : "all of it");
		if (toolkit_sleep(rq, PAUSE_MS) != 0)
			return -1;
	}
	toolkit_text(rq, "Three notifications were for whoever wanted them.");
	return toolkit_done(rq, NULL);
}

static void
say(struct request *rq, const char *text)
{
	toolkit_log(rq, "info", "conformance", json_object_new_string(text));
}

int
tool_test_tool_with_logging(struct request *rq, struct json_object *args)
{
	static const char *const lines[] = { "Tool execution started", "Tool processing data", "Tool execution completed" };
	size_t i;

	(void)args;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		say(rq, lines[i]);
		if (toolkit_sleep(rq, PAUSE_MS) != 0)
			return -1;
	}
	toolkit_text(rq, "Three messages were logged.");
	return toolkit_done(rq, NULL);
}

int
tool_test_logging_tool(struct request *rq, struct json_object *args)
{
	(void)args;
	say(rq, "Somebody listens");
	toolkit_text(rq, "A message was logged, if anybody wanted it.");
	return toolkit_done(rq, NULL);
}

int
tool_test_trigger_tool_change(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_changed(rq, "tools");
	toolkit_text(rq, "Those who listen were told that the list of tools has changed.");
	return toolkit_done(rq, NULL);
}

int
tool_test_trigger_prompt_change(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_changed(rq, "prompts");
	toolkit_text(rq, "Those who listen were told that the list of prompts has changed.");
	return toolkit_done(rq, NULL);
}
