/* schema_read: one function per kind of value. */
#include "schema_read.h"
#include "metaschema.h"

int
schema_read_refuse(struct schema_read *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*l->why = arena_fmt(l->mem, "%s: %s", l->at[0] ? l->at : "the root", arena_vfmt(l->mem, fmt, ap));
	va_end(ap);
	return -1;
}

static int
read_type_name(struct schema_read *l, struct schema_node *n, struct json_object *v)
{
	const char *name = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	enum schema_type type = schema_word_type(name);

	if (n->types & type)
		return schema_read_refuse(l, "type names %s twice", name);
	n->types |= type;
	return type ? 0 : schema_read_refuse(l, "unknown type \"%.100s\"", name);
}

int
schema_read_type(struct schema_read *l, struct schema_node *n, struct json_object *v)
{
	size_t i;

	if (!json_object_is_type(v, json_type_array))
		return read_type_name(l, n, v);
	for (i = 0; i < json_object_array_length(v); i++)
		if (read_type_name(l, n, json_object_array_get_idx(v, i)) != 0)
			return -1;
	return n->types ? 0 : schema_read_refuse(l, "type must name at least one type");
}

int
schema_read_enum(struct schema_read *l, struct schema_values *to, struct json_object *v)
{
	int64_t work = INT64_MAX;

	if (!json_object_is_type(v, json_type_array))
		return schema_read_refuse(l, "enum must be an array");
	to->limited = true;
	to->list = v;
	to->set = schema_value_set(l->mem, v, &work);
	return 0;
}

int
schema_read_number(struct schema_read *l, const struct schema_word *w, struct schema_number *to, struct json_object *v)
{
	struct schema_number zero = { .there = true, .whole = true };

	*to = schema_value_number(v);
	if (!to->there || (w->kind == WORD_STEP && schema_value_compare(*to, zero) <= 0))
		return schema_read_refuse(l, "%s must be a number, multipleOf one above 0", w->name);
	return 0;
}

int
schema_read_count(struct schema_read *l, const struct schema_word *w, int64_t *to, struct json_object *v)
{
	struct schema_number n = schema_value_number(v);

	if (!n.there || !schema_value_whole(n, to) || *to < 0)
		return schema_read_refuse(l, "%s must be an integer from 0", w->name);
	return 0;
}

int
schema_read_flag(struct schema_read *l, const struct schema_word *w, bool *to, struct json_object *v)
{
	*to = json_object_get_boolean(v);
	return json_object_is_type(v, json_type_boolean) ? 0 : schema_read_refuse(l, "%s must be true or false", w->name);
}

int
schema_read_pattern(struct schema_read *l, struct schema_texts *to, struct json_object *v)
{
	const char *why;

	if (!json_object_is_type(v, json_type_string))
		return schema_read_refuse(l, "pattern must be a string");
	to->pattern_text = json_object_get_string(v);
	to->pattern = pattern_compile(l->mem, to->pattern_text, &why);
	return to->pattern ? 0 : schema_read_refuse(l, "%s", why);
}

int
schema_read_names(struct schema_read *l, const char *word, struct json_object **to, struct json_object *v)
{
	int64_t work = INT64_MAX;
	struct schema_set set;

	*to = v;
	if (!json_is_strings(v))
		return schema_read_refuse(l, "%s must be an array of strings", word);
	set = schema_value_set(l->scratch, v, &work);
	return schema_value_twice(&set, &work) ? schema_read_refuse(l, "%s names a member twice", word) : 0;
}

/* --- dialects ---------------------------------------------------------------------------- */

/* The metaschema with that $id among the document's own $defs, or NULL. */
static struct json_object *
own_metaschema(struct schema_read *l, const char *uri)
{
	struct json_object *defs = json_get(l->document, "$defs");

	if (!json_object_is_type(defs, json_type_object))
		return NULL;
	json_object_object_foreach(defs, name, v) {
		const char *id = json_get_str(v, "$id");

		(void)name;
		if (id && strcmp(id, uri) == 0)
			return json_get(v, "$vocabulary");
	}
	return NULL;
}

static int
read_vocabularies(struct schema_read *l, struct json_object *all, unsigned *out)
{
	*out = SCHEMA_CORE;
	if (!json_object_is_type(all, json_type_object))
		return schema_read_refuse(l, "$vocabulary must be an object");
	json_object_object_foreach(all, uri, needed) {
		unsigned bit = schema_word_vocabulary(uri);

		*out |= bit;
		if (!bit && json_object_get_boolean(needed))
			return schema_read_refuse(l, "the vocabulary %.200s is not known here", uri);
	}
	return 0;
}

int
schema_read_dialect(struct schema_read *l, struct json_object *v, unsigned *out)
{
	const char *uri = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	size_t n = strlen(METASCHEMA_URI);
	struct json_object *own;

	*out = SCHEMA_ALL;
	if (!json_object_is_type(v, json_type_string))
		return schema_read_refuse(l, "$schema must be a string");
	if (strncmp(uri, METASCHEMA_URI, n) == 0 && (!uri[n] || strcmp(uri + n, "#") == 0))
		return 0;
	own = own_metaschema(l, uri);
	if (own)
		return read_vocabularies(l, own, out);
	return schema_read_refuse(l, "$schema \"%.200s\" is a dialect that is not known here; leave it out, or write %s", uri, METASCHEMA_URI);
}
