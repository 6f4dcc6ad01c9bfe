/* result: one of four kinds, and what a list may have besides. */
#include "result.h"

struct reading {
	struct arena *mem;
	const char  **why;
};

static int
refuse(struct reading *in, const char *fmt, ...) printf_like(2, 3);

static int
refuse(struct reading *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*in->why = arena_vfmt(in->mem, fmt, ap);
	va_end(ap);
	return -1;
}

static int
read_page(struct reading *in, struct tool_result *r, struct json_object *page)
{
	size_t i, n = json_is_strings(page) ? json_object_array_length(page) : 0;

	if (n == 0 || n > TOOL_PAGE_MAX)
		return refuse(in, "result.page: expected 1 to %d column names", TOOL_PAGE_MAX);
	for (i = 0; i < n; i++)
		r->page[i] = json_object_get_string(json_object_array_get_idx(page, i));
	return 0;
}

static int
read_lift(struct reading *in, struct tool_result *r, struct json_object *lift)
{
	if (!json_object_is_type(lift, json_type_object) || json_object_object_length(lift) > TOOL_LIFT_MAX)
		return refuse(in, "result.lift: expected an object of at most %d columns with their values for an empty result", TOOL_LIFT_MAX);
	json_object_object_foreach(lift, name, usual) {
		r->lift[r->lifts] = name;
		r->lift_usual[r->lifts++] = arena_str(in->mem, json_plain(usual, NULL));
	}
	return 0;
}

static int
read_member(struct reading *in, struct tool_result *r, const char *name, struct json_object *v)
{
	if (strcmp(name, "page") == 0)
		return read_page(in, r, v);
	if (strcmp(name, "lift") == 0)
		return read_lift(in, r, v);
	if (strcmp(name, "row") == 0 || strcmp(name, "json") == 0) {
		r->kind = name[0] == 'r' ? RESULT_ROW : RESULT_JSON;
		return json_object_get_boolean(v) ? 0 : refuse(in, "result.%s: expected true", name);
	}
	if (!json_object_is_type(v, json_type_string) || json_object_get_string_len(v) == 0)
		return refuse(in, "result.%s: expected a text", name);
	if (strcmp(name, "rows") == 0) {
		r->kind = RESULT_ROWS;
		r->rows = json_object_get_string(v);
		return 0;
	}
	if (strcmp(name, "done") == 0) {
		r->kind = RESULT_DONE;
		r->done = json_object_get_string(v);
		return 0;
	}
	return refuse(in, "result: unknown member \"%s\"", name);
}

int
result_read(struct arena *mem, struct json_object *v, struct tool_result *out, const char **why)
{
	int kinds = !!json_get(v, "rows") + !!json_get(v, "row") + !!json_get(v, "json") + !!json_get(v, "done");
	struct reading in = { mem, why };

	if (kinds != 1)
		return refuse(&in, "result: expected exactly one of rows, row, json, done");
	json_object_object_foreach(v, name, member)
		if (read_member(&in, out, name, member) != 0)
			return -1;
	if (out->kind != RESULT_ROWS && (out->page[0] || out->lifts))
		return refuse(&in, "result: page and lift go with rows");
	return 0;
}
