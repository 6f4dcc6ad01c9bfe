/* stdio_tools: a list of marked properties; small, because few tools mark any. */
#include "stdio_tools.h"
#include "stdio_head.h"

#define CHUNK_BYTES	(8 << 10)
#define BYTES_MAX	(8 << 20)	/* what one server may have us remember */
#define PARAMS_MAX	20000
#define NAME_MAX_BYTES	256
#define SAFE_INTEGER	((INT64_C(1) << 53) - 1)

void
stdio_tools_open(struct stdio_tools *t)
{
	*t = (struct stdio_tools){ 0 };
	arena_init(&t->mem, CHUNK_BYTES, 2 * BYTES_MAX);
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	const char *c;

	for (c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(others, *c))
			return false;
	return c != text && c - text <= NAME_MAX_BYTES;
}

static bool
fits_header(struct json_object *property)
{
	const char *type = json_get_str(property, "type");

	return type && (strcmp(type, "string") == 0 || strcmp(type, "integer") == 0 || strcmp(type, "boolean") == 0);
}

static void
remember(struct stdio_tools *t, const char *tool, const char *header, const char *const *path, int depth)
{
	struct stdio_param *p;
	int i;

	if (t->count >= PARAMS_MAX || t->mem.used > BYTES_MAX || strlen(tool) > NAME_MAX_BYTES)
		return;
	p = arena_zero(&t->mem, sizeof(*p));
	p->tool = arena_str(&t->mem, tool);
	p->header = arena_fmt(&t->mem, "Mcp-Param-%s", header);
	for (i = 0; i < depth; i++) {
		if (strlen(path[i]) > NAME_MAX_BYTES)
			return;
		p->path[i] = arena_str(&t->mem, path[i]);
	}
	p->depth = depth;
	p->next = t->first;
	t->first = p;
	t->count++;
}

/* Marks count only where properties alone lead; an invalid one makes clients drop the tool. */
static void
walk(struct stdio_tools *t, const char *tool, struct json_object *schema, const char **path, int depth)
{
	struct json_object *properties = json_get(schema, "properties");
	const char *header;

	if (depth == (int)LEN(((struct stdio_param *)0)->path) || !json_object_is_type(properties, json_type_object))
		return;
	json_object_object_foreach(properties, name, property) {
		path[depth] = name;
		header = json_get_str(property, "x-mcp-header");
		if (header && is_token(header) && fits_header(property))
			remember(t, tool, header, path, depth + 1);
		walk(t, tool, property, path, depth + 1);
	}
}

static void
forget(struct stdio_tools *t, const char *tool)
{
	struct stdio_param **p = &t->first;

	while (*p) {
		if (strcmp((*p)->tool, tool) == 0) {
			*p = (*p)->next;
			t->count--;
		} else {
			p = &(*p)->next;
		}
	}
}

void
stdio_tools_learn(struct stdio_tools *t, struct json_object *result, bool anew)
{
	const char *path[LEN(((struct stdio_param *)0)->path)], *name;
	struct json_object *tools = json_get(result, "tools"), *tool;
	size_t i;

	if (!json_object_is_type(tools, json_type_array))
		return;
	if (anew) {
		arena_reset(&t->mem);
		t->first = NULL;
		t->count = 0;
	}
	for (i = 0; i < json_object_array_length(tools); i++) {
		tool = json_object_array_get_idx(tools, i);
		name = json_get_str(tool, "name");
		if (!name)
			continue;
		if (t->first)
			forget(t, name);
		walk(t, name, json_get(tool, "inputSchema"), path, 0);
	}
}

static struct json_object *
at_path(const struct stdio_param *p, struct json_object *value)
{
	int i;

	for (i = 0; i < p->depth; i++)
		value = json_get(value, p->path[i]);
	return value;
}

/* NULL: no header is expected for such a value. */
static const char *
header_text(struct arena *mem, struct json_object *value)
{
	int64_t n;

	switch (json_object_get_type(value)) {
	case json_type_string:
		return stdio_head_value(mem, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	case json_type_boolean:
		return json_object_get_boolean(value) ? "true" : "false";
	case json_type_int:
		n = json_object_get_int64(value);
		return n >= -SAFE_INTEGER && n <= SAFE_INTEGER ? arena_fmt(mem, "%" PRId64, n) : NULL;
	case json_type_double:
		return json_object_get_string(value);
	default:
		return NULL;
	}
}

size_t
stdio_tools_headers(const struct stdio_tools *t, struct arena *mem, const char *tool, struct json_object *arguments,
    const char *out[STDIO_TOOLS_PARAMS])
{
	const struct stdio_param *p;
	const char *text;
	size_t n = 0;

	for (p = t->first; p && n < STDIO_TOOLS_PARAMS; p = p->next) {
		if (strcmp(p->tool, tool) != 0)
			continue;
		text = header_text(mem, at_path(p, arguments));
		if (text)
			out[n++] = arena_fmt(mem, "%s: %s", p->header, text);
	}
	return n;
}
