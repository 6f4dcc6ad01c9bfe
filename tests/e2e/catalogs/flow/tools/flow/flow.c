/* flow: tools that take their time and say what they do, for tests/e2e/flow.test.mjs. */
#include "toolkit.h"

TOOLKIT;

static int64_t
number(struct json_object *args, const char *name)
{
	return json_object_get_int64(json_object_object_get(args, name));
}

int
tool_steps(struct request *rq, struct json_object *args)
{
	struct json_object *result = json_object_new_object();
	int64_t n = number(args, "n"), i;

	json_object_object_add(result, "steps", json_object_new_int64(n));
	for (i = 1; i <= n; i++) {
		toolkit_progress(rq, (double)i / 2, (double)n / 2, "A step.");
		if (toolkit_sleep(rq, number(args, "pause_ms")) != 0)
			return -1;
	}
	toolkit_progress(rq, 0.5, 0, "This goes backwards and is not told.");
	if (json_object_get_boolean(json_object_object_get(args, "fail")))
		return toolkit_refuse(rq, "It stumbled after %d steps.", (int)n);
	return toolkit_done(rq, result);
}

int
tool_speak(struct request *rq, struct json_object *args)
{
	static const char *const levels[] = { "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency" };
	size_t i;

	(void)args;
	for (i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		toolkit_log(rq, levels[i], "flow", json_object_new_string(levels[i]));
	return toolkit_says(rq, "Spoken.");
}

int
tool_show(struct request *rq, struct json_object *args)
{
	struct json_object *result = json_object_new_object();

	(void)args;
	json_object_object_add(result, "kinds", json_object_new_int(5));
	toolkit_text(rq, "%s", "A text: ä.");
	toolkit_image(rq, "image/png", "png", 3);
	toolkit_audio(rq, "audio/wav", "wav", 3);
	toolkit_link(rq, "flow://link", "Link", "text/plain");
	toolkit_embed(rq, "flow://embedded", "text/plain", "embedded");
	return toolkit_done(rq, result);
}

int
tool_listing(struct request *rq, struct json_object *args)
{
	struct json_object *list = json_object_new_array();

	(void)args;
	json_object_array_add(list, json_object_new_int(1));
	return toolkit_done(rq, list);
}

int
tool_broken(struct request *rq, struct json_object *args)
{
	struct json_object *result = json_object_new_object();

	(void)args;
	json_object_object_add(result, "count", json_object_new_string("many"));
	return toolkit_done(rq, result);
}

int
tool_rows(struct request *rq, struct json_object *args)
{
	static const char sql[] = "select n, pg_catalog.pg_sleep(($1->>'seconds')::int) is null as slept "
		"from generate_series(1, ($1->>'rows')::int) n";
	struct json_object *rows;
	bool cut;

	if (toolkit_rows(rq, sql, args, false, &rows, &cut) != 0)
		return -1;
	return toolkit_says(rq, "%zu rows%s", json_object_array_length(rows), cut ? ", and there are more" : "");
}
