/* offer: entries read by the tables of their files. */
#include "offer.h"
#include "crypt.h"
#include "log.h"
#include "shown.h"
#include "utf8.h"

int
offer_refuse(struct offer_load *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*l->why = arena_fmt(l->mem, "%s: %s%s%s", l->file, l->entry ? l->entry : "", l->entry ? ": " : "",
	    arena_vfmt(l->mem, fmt, ap));
	va_end(ap);
	return -1;
}

int
offer_list(struct offer_load *l, struct json_object *source, const char *list, struct json_object **out, size_t *n)
{
	size_t i;

	*out = NULL;
	*n = 0;
	if (!json_object_object_get_ex(source, list, out))
		return 0;
	if (!json_object_is_type(*out, json_type_array))
		return offer_refuse(l, "%s: expected an array", list);
	*n = json_object_array_length(*out);
	for (i = 0; i < *n; i++)
		if (!json_object_is_type(json_object_array_get_idx(*out, i), json_type_object))
			return offer_refuse(l, "%s[%zu]: expected an object", list, i);
	return 0;
}

/* --- members ---------------------------------------------------------------------------- */

static const struct offer_member *
find_member(const struct offer_member *table, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static bool
has_kind(enum offer_kind kind, struct json_object *v)
{
	static const enum json_type type[] = {
		json_type_string, json_type_int, json_type_boolean, json_type_object, json_type_object, json_type_array, json_type_array
	};

	return kind == OFFER_SCOPE || json_object_is_type(v, type[kind]);
}

/* What goes out as it stands, and has a form that clients look at. */
static const char *
flaw_of(struct offer_load *l, const struct offer_member *m, struct json_object *v)
{
	if (m->kind == OFFER_ICONS)
		return shown_flaw(l->mem, SHOWN_ICONS, v);
	return m->kind == OFFER_ANNOTATIONS ? shown_flaw(l->mem, SHOWN_ANNOTATIONS, v) : NULL;
}

static int
read_member(struct offer_load *l, const struct offer_member *m, struct json_object *v, void *into)
{
	static const char *const says[] = { "a text", "an integer", "true or false", "an object", "an object", "an array", "an array" };
	int64_t n = json_object_get_int64(v);
	const char *text, *flaw;
	char *field = (char *)into + m->at;

	if (!has_kind(m->kind, v))
		return offer_refuse(l, "%s: expected %s", m->name, says[m->kind]);
	if (m->kind == OFFER_COUNT && (n < m->least || n > m->most))
		return offer_refuse(l, "%s: expected %" PRId64 " to %" PRId64, m->name, m->least, m->most);
	if (m->kind == OFFER_TEXT && json_object_get_string_len(v) == 0)
		return offer_refuse(l, "%s: is empty", m->name);
	if ((flaw = flaw_of(l, m, v)))
		return offer_refuse(l, "%s: %s", m->name, flaw);
	if (m->at == OFFER_SHOWN || m->at == OFFER_READ)
		return 0;
	switch (m->kind) {
	case OFFER_TEXT:
		text = json_object_get_string(v);
		memcpy(field, &text, sizeof(text));
		return 0;
	case OFFER_COUNT:
		memcpy(field, &n, sizeof(n));
		return 0;
	case OFFER_FLAG:
		*(bool *)(void *)field = json_object_get_boolean(v);
		return 0;
	case OFFER_SCOPE:
		if (tool_scope(l->mem, v, (struct words *)(void *)field) != 0)
			return offer_refuse(l, "scope: expected a word, or an array of words of which one is enough");
		return 0;
	default:
		bug("%s: a member of this kind has no field", m->name);
	}
}

int
offer_members(struct offer_load *l, const struct offer_member *table, size_t n, struct json_object *source, void *into,
    struct json_object **face)
{
	size_t i;

	*face = json_keep(l->mem, json_object_new_object());
	json_object_object_foreach(source, name, v) {
		const struct offer_member *m = find_member(table, n, name);

		if (!m)
			return offer_refuse(l, "unknown member \"%s\"", name);
		if (read_member(l, m, v, into) != 0)
			return -1;
	}
	/* In the table's order, whatever the file's is. */
	for (i = 0; i < n; i++) {
		struct json_object *given = json_get(source, table[i].name);

		if (table[i].needed && !given)
			return offer_refuse(l, "%s: must be there", table[i].name);
		if (given && table[i].at == OFFER_SHOWN)
			json_object_object_add(*face, table[i].name, json_object_get(given));
	}
	return 0;
}

/* --- statements ------------------------------------------------------------------------- */

void
offer_tool(struct offer_load *l, struct tool *t, const char *name)
{
	t->catalog = l->catalog;
	t->name = name;
	t->file = arena_fmt(l->mem, "%s: %s", l->file, name);
	t->timeout_ms = 5000;
	t->result_max = 256 << 10;
	t->rows_max = 100;	/* contents of a resource, proposals of a completion (MCP: 100 at most) */
	t->result.kind = RESULT_CONTENTS;
}

/* A schema that knows these names: fit looks there for what a statement asks for. */
static struct schema *
schema_of(struct offer_load *l, struct json_object *names)
{
	struct json_object *source = json_keep(l->mem, json_object_new_object()), *properties = json_object_new_object();

	json_object_object_add(source, "type", json_object_new_string("object"));
	json_object_object_add(source, "properties", properties);
	json_object_object_foreach(names, name, v) {
		(void)v;
		json_object_object_add(properties, name, json_object_new_object());
	}
	return schema_compile(l->mem, source, l->why);
}

int
offer_statement(struct offer_load *l, struct tool *t, const char *stem, struct json_object *names, enum result_kind kind)
{
	if (strchr(stem, '/'))
		return offer_refuse(l, "\"%s\": expected the stem of an SQL file in the same folder", stem);
	t->file = arena_fmt(l->mem, "%s/%s.sql", l->folder, stem);
	t->result.kind = kind;
	t->input = schema_of(l, names);
	if (!t->input)
		return -1;
	return tool_statement(l->mem, l->folder, stem, &t->statement, l->why) == 0 ? 0 : offer_refuse(l, "%s", *l->why);
}

int
offer_completion(struct offer_load *l, struct completion *c, const struct tool *like, const char *argument,
    const char *stem, struct json_object *names)
{
	struct json_object *all = json_keep(l->mem, json_object_new_object());

	json_object_object_foreach(names, name, v) {
		(void)v;
		json_object_object_add(all, name, NULL);
	}
	json_object_object_add(all, "value", NULL);
	*c = (struct completion){ .argument = argument, .ask = *like };
	c->ask.result = (struct tool_result){ .kind = RESULT_TEXTS };	/* no row is no proposal, whatever it means to the entry */
	return offer_statement(l, &c->ask, stem, all, RESULT_TEXTS);
}

const char *
offer_file(struct offer_load *l, const char *name, bool binary, size_t *size)
{
	char *bytes;

	if (strchr(name, '/') || name[0] == '.') {
		offer_refuse(l, "\"%s\": expected the name of a file in the same folder", name);
		return NULL;
	}
	bytes = json_file_text(l->mem, arena_fmt(l->mem, "%s/%s", l->folder, name), OFFER_FILE_MAX, size, l->why);
	if (!bytes)
		offer_refuse(l, "%s", *l->why);
	if (!bytes || binary)
		return bytes ? crypt_base64(l->mem, bytes, *size) : NULL;
	if (strlen(bytes) == *size && utf8_valid(bytes, *size))
		return bytes;
	offer_refuse(l, "%s: is no text in UTF-8", name);
	return NULL;
}
