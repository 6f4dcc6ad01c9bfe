/* mirror: one walk over a schema, and three ways to compare. */
#include "mirror.h"
#include "schema_words.h"

#define KEYWORD "x-mcp-header"
#define PARAM	"HTTP_MCP_PARAM_"	/* what FastCGI puts before a name */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

struct walk {
	struct arena   *mem;
	struct mirrors *out;
	const char     *path[MIRROR_DEPTH];	/* of the schema in hand, as long as it is reached by properties */
	int             depth;
	const char    **why;
};

/* --- reading ---------------------------------------------------------------------------- */

static int
refuse(struct walk *w, const char *what)
{
	*w->why = arena_fmt(w->mem, KEYWORD "%s%s: %s", w->depth > 0 ? " of " : "", w->depth > 0 ? w->path[w->depth - 1] : "", what);
	return -1;
}

static int
read_kind(struct walk *w, struct json_object *schema, enum mirror_kind *kind)
{
	static const char *const names[] = { "string", "integer", "boolean" };
	const char *type = json_get_str(schema, "type");
	int i;

	for (i = 0; type && i < (int)LEN(names); i++)
		if (strcmp(names[i], type) == 0) {
			*kind = (enum mirror_kind)i;
			return 0;
		}
	return refuse(w, "only a property of type string, integer or boolean has it");
}

static const char *
param_of(struct arena *mem, const char *name)
{
	char *param = arena_fmt(mem, PARAM "%s", name), *c;

	for (c = param; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return param;
}

static int
add(struct walk *w, struct json_object *schema, struct json_object *v)
{
	const char *name = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	struct mirror *m = &w->out->at[w->out->n];
	int i;

	if (!*name || strlen(name) > MIRROR_NAME_MAX || strspn(name, LETTERS) != strlen(name))
		return refuse(w, "expected a name of A-Z a-z 0-9 -");
	if (w->out->n == MIRRORS_MAX)
		return refuse(w, "a tool has at most 32 of them");
	*m = (struct mirror){ .name = name, .param = param_of(w->mem, name), .depth = w->depth };
	memcpy(m->path, w->path, sizeof(m->path));
	for (i = 0; i < w->out->n; i++)
		if (strcmp(w->out->at[i].param, m->param) == 0)
			return refuse(w, "another property has this name, and headers do not tell case apart");
	w->out->n++;
	return read_kind(w, schema, &m->kind);
}

static int walk(struct walk *w, struct json_object *schema, bool reached);

/* The properties of an object that is reached by properties are so too. */
static int
walk_properties(struct walk *w, struct json_object *properties)
{
	json_object_object_foreach(properties, name, schema) {
		bool deep = w->depth == MIRROR_DEPTH;
		int got;

		if (!deep)
			w->path[w->depth++] = name;
		got = walk(w, schema, !deep);
		w->depth -= !deep;
		if (got != 0)
			return -1;
	}
	return 0;
}

static int
walk_object(struct walk *w, struct json_object *schema, bool reached)
{
	json_object_object_foreach(schema, name, v) {
		if (strcmp(name, KEYWORD) == 0) {
			if (!reached || w->depth == 0)
				return refuse(w, "it must stand on a property that is reached by properties alone, at most 8 deep");
			if (add(w, schema, v) != 0)
				return -1;
		} else if (reached && strcmp(name, "properties") == 0 && json_object_is_type(v, json_type_object)) {
			if (walk_properties(w, v) != 0)
				return -1;
		} else if (!schema_word_is_value(name) && walk(w, v, false) != 0) {
			return -1;
		}
	}
	return 0;
}

/* reached: from the root by properties alone.  The depth of a file is capped where it is read. */
static int
walk(struct walk *w, struct json_object *schema, bool reached)
{
	size_t i;

	if (json_object_is_type(schema, json_type_object))
		return walk_object(w, schema, reached);
	if (!json_object_is_type(schema, json_type_array))
		return 0;
	for (i = 0; i < json_object_array_length(schema); i++)
		if (walk(w, json_object_array_get_idx(schema, i), false) != 0)
			return -1;
	return 0;
}

int
mirror_read(struct arena *mem, struct json_object *schema, struct mirrors *out, const char **why)
{
	struct mirror all[MIRRORS_MAX + 1];
	struct walk w = { .mem = mem, .out = out, .why = why };

	*out = (struct mirrors){ .at = all };
	if (walk(&w, schema, true) != 0)
		return -1;
	out->at = arena_take(mem, (size_t)(out->n + 1) * sizeof(*out->at));
	memcpy(out->at, all, (size_t)out->n * sizeof(*out->at));
	return 0;
}

/* --- headers ---------------------------------------------------------------------------- */

bool
mirror_note(struct arena *mem, struct mirror_headers *all, const char *param, const char *value)
{
	struct mirror_header *h;

	if (strncmp(param, PARAM, strlen(PARAM)) != 0)
		return false;
	for (h = all->newest; h; h = h->next)
		if (strcmp(h->param, param) == 0) {
			h->twice = true;
			return true;
		}
	if (all->n == MIRROR_HEADERS)
		return true;
	h = arena_take(mem, sizeof(*h));
	*h = (struct mirror_header){ .param = param, .value = value, .next = all->newest };
	all->newest = h;
	all->n++;
	return true;
}

const struct mirror_header *
mirror_header(const struct mirror *m, const struct mirror_headers *all)
{
	const struct mirror_header *h;

	for (h = all->newest; h && strcmp(h->param, m->param) != 0; h = h->next)
		;
	return h;
}

/* --- comparing -------------------------------------------------------------------------- */

struct json_object *
mirror_value(const struct mirror *m, struct json_object *args)
{
	int i;

	for (i = 0; i < m->depth && args; i++)
		args = json_get(args, m->path[i]);
	return args;
}

/* As numbers: 42.0 is 42.  Those that clients annotate are exact as a double. */
static bool
same_number(struct json_object *value, const char *text, size_t len)
{
	char *end;
	double n;

	if (len == 0 || strspn(text, "0123456789+-.eE") != len)
		return false;
	n = strtod(text, &end);
	return *end == '\0' && n == json_object_get_double(value);
}

bool
mirror_shows(const struct mirror *m, struct json_object *value, const char *text, size_t len)
{
	const char *is;

	switch (m->kind) {
	case MIRROR_STRING:
		if (!json_object_is_type(value, json_type_string))
			return true;
		return len == (size_t)json_object_get_string_len(value) && memcmp(json_object_get_string(value), text, len) == 0;
	case MIRROR_INTEGER:
		if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
			return true;
		return same_number(value, text, len);
	default:
		if (!json_object_is_type(value, json_type_boolean))
			return true;
		is = json_object_get_boolean(value) ? "true" : "false";
		return len == strlen(is) && memcmp(is, text, len) == 0;
	}
}
