/* tool_file: NAME.json read by a table of members, and the tool's face made of them. */
#include "tool_file.h"
#include "shown.h"
#include "tool_check.h"

#define FILE_MAX	(1 << 20)
#define NAME_MAX_LEN	128
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* --- members of a shape of their own ---------------------------------------------------- */

static int
read_result(struct tool_read *l, struct json_object *v)
{
	const char *why;

	return result_read(l->mem, v, &l->tool->result, &why) == 0 ? 0 : tool_check_refuse(l, "%s", why);
}

static int
read_scope(struct tool_read *l, struct json_object *v)
{
	if (tool_scope(l->mem, v, &l->tool->scope) == 0)
		return 0;
	return tool_check_refuse(l, "scope: expected a word, or an array of words of which one is enough");
}

static int
read_writes(struct tool_read *l, struct json_object *v)
{
	if (json_object_is_type(v, json_type_boolean))
		l->tool->writes = json_object_get_boolean(v) ? TOOL_WRITES : TOOL_READS;
	else if (json_object_is_type(v, json_type_string) && strcmp(json_object_get_string(v), "maybe") == 0)
		l->tool->writes = TOOL_MAYBE;
	else
		return tool_check_refuse(l, "writes: expected true, false or \"maybe\"");
	return 0;
}

static int
read_composed(struct tool_read *l, struct json_object *v)
{
	l->tool->composed = json_object_get_boolean(v);
	return json_object_is_type(v, json_type_boolean) ? 0 : tool_check_refuse(l, "composed: expected true or false");
}

static int
read_icons(struct tool_read *l, struct json_object *v)
{
	const char *flaw = shown_flaw(l->mem, SHOWN_ICONS, v);

	return flaw ? tool_check_refuse(l, "icons: %s", flaw) : 0;
}

static int
read_annotations(struct tool_read *l, struct json_object *v)
{
	const char *flaw = shown_flaw(l->mem, SHOWN_HINTS, v);

	return flaw ? tool_check_refuse(l, "annotations: %s", flaw) : 0;
}

static int
read_args(struct tool_read *l, struct json_object *v)
{
	static const char *const kinds[] = { "seal", "digest", "json" };

	json_object_object_foreach(v, name, kind) {
		const char *word = json_object_is_type(kind, json_type_string) ? json_object_get_string(kind) : "";
		int i;

		for (i = 0; i < (int)LEN(kinds) && strcmp(kinds[i], word) != 0; i++)
			;
		if (i == (int)LEN(kinds))
			return tool_check_refuse(l, "args.%s: expected \"seal\", \"digest\" or \"json\"", name);
		if (l->tool->args == TOOL_ARGS_MAX)
			return tool_check_refuse(l, "args: more than %d", TOOL_ARGS_MAX);
		l->tool->arg[l->tool->args++] = (struct tool_arg){ name, (enum tool_arg_kind)i };
	}
	return 0;
}

static int
read_rename(struct tool_read *l, struct json_object *v)
{
	json_object_object_foreach(v, from, to) {
		if (!json_object_is_type(to, json_type_string))
			return tool_check_refuse(l, "rename.%s: expected the name the other tool has for it", from);
		if (l->tool->renames == TOOL_ARGS_MAX)
			return tool_check_refuse(l, "rename: more than %d", TOOL_ARGS_MAX);
		l->tool->rename[l->tool->renames++] = (struct tool_rename){ from, json_object_get_string(to) };
	}
	return 0;
}

static int
read_asks(struct tool_read *l, struct json_object *v)
{
	if (tool_asks_read(v, &l->tool->asks) == 0)
		return 0;
	return tool_check_refuse(l, "asks: expected an array of \"elicitation\", \"sampling\", \"roots\"");
}

/* --- the members ------------------------------------------------------------------------ */

enum member_kind { M_TEXT, M_COUNT, M_OBJECT, M_ARRAY, M_OWN };

/* Where a member goes.  FACE: to tools/list as it stands, or it is read elsewhere. */
#define FACE	SIZE_MAX

static const struct member {
	const char      *name;
	enum member_kind kind;
	size_t           at;
	int64_t          least, most;
	int            (*read)(struct tool_read *l, struct json_object *v);	/* of M_OWN, and further of the others */
} members[] = {
	{ "title",        M_TEXT,   FACE, 0, 0, NULL },
	{ "description",  M_TEXT,   FACE, 0, 0, NULL },
	{ "inputSchema",  M_OBJECT, offsetof(struct tool, input_schema), 0, 0, NULL },
	{ "outputSchema", M_OBJECT, offsetof(struct tool, output_schema), 0, 0, NULL },
	{ "composed",     M_OWN,    FACE, 0, 0, read_composed },
	{ "annotations",  M_OBJECT, FACE, 0, 0, read_annotations },
	{ "icons",        M_ARRAY,  FACE, 0, 0, read_icons },
	{ "scope",        M_OWN,    FACE, 0, 0, read_scope },
	{ "feature",      M_TEXT,   offsetof(struct tool, feature), 0, 0, NULL },
	{ "writes",       M_OWN,    FACE, 0, 0, read_writes },
	{ "confirm",      M_TEXT,   offsetof(struct tool, confirm), 0, 0, NULL },
	{ "asks",         M_OWN,    FACE, 0, 0, read_asks },
	{ "idempotency",  M_TEXT,   offsetof(struct tool, idempotency), 0, 0, NULL },
	{ "args",         M_OBJECT, FACE, 0, 0, read_args },
	{ "rename",       M_OBJECT, FACE, 0, 0, read_rename },
	{ "timeout_ms",   M_COUNT,  offsetof(struct tool, timeout_ms), 1, 300000, NULL },
	{ "result_max",   M_COUNT,  offsetof(struct tool, result_max), 256, 1 << 20, NULL },
	{ "rows_max",     M_COUNT,  offsetof(struct tool, rows_max), 1, 100000, NULL },
	{ "limit",        M_COUNT,  offsetof(struct tool, per_minute), 1, 1000000, NULL },
	{ "result",       M_OBJECT, FACE, 0, 0, read_result },
	{ "none",         M_TEXT,   offsetof(struct tool, result.none), 0, 0, NULL },
	{ "sql",          M_TEXT,   FACE, 0, 0, NULL },
	{ "c",            M_TEXT,   offsetof(struct tool, c), 0, 0, NULL },
};

static const struct member *
find_member(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static bool
has_kind(enum member_kind kind, struct json_object *v)
{
	static const enum json_type type[] = { json_type_string, json_type_int, json_type_object, json_type_array };

	return kind == M_OWN || json_object_is_type(v, type[kind]);
}

static int
read_count(struct tool_read *l, const struct member *m, struct json_object *v)
{
	int64_t n = json_object_get_int64(v);

	if (n < m->least || n > m->most)
		return tool_check_refuse(l, "%s: expected %" PRId64 " to %" PRId64, m->name, m->least, m->most);
	memcpy((char *)l->tool + m->at, &n, sizeof(n));
	return 0;
}

static int
read_member(struct tool_read *l, const struct member *m, struct json_object *v)
{
	static const char *const says[] = { "a text", "an integer", "an object", "an array" };
	char *field = (char *)l->tool + m->at;

	if (!has_kind(m->kind, v))
		return tool_check_refuse(l, "%s: expected %s", m->name, says[m->kind]);
	if (m->kind == M_TEXT && json_object_get_string_len(v) == 0)
		return tool_check_refuse(l, "%s: is empty", m->name);
	if (m->read)
		return m->read(l, v);
	if (m->at == FACE)
		return 0;
	if (m->kind == M_COUNT)
		return read_count(l, m, v);
	if (m->kind == M_TEXT) {
		const char *text = json_object_get_string(v);

		memcpy(field, &text, sizeof(text));
	} else {
		memcpy(field, &v, sizeof(v));
	}
	return 0;
}

/* --- the tool as clients see it --------------------------------------------------------- */

/* The annotations as they go out: readOnlyHint says what `writes` says.  One of them is also ours to keep. */
static int
add_annotations(struct tool_read *l, struct json_object *face, struct json_object *given)
{
	struct json_object *all = given ? json_object_get(given) : json_object_new_object();
	struct json_object *hint = json_get(all, "readOnlyHint");

	json_object_object_add(face, "annotations", all);
	l->tool->idempotent = json_object_get_boolean(json_get(all, "idempotentHint"));
	if (hint && json_object_get_boolean(hint) != (l->tool->writes == TOOL_READS))
		return tool_check_refuse(l, "annotations: readOnlyHint contradicts writes");
	json_object_object_add(all, "readOnlyHint", json_object_new_boolean(l->tool->writes == TOOL_READS));
	return 0;
}

/* As texts; two that are the same are one. */
static void
keep_faces(struct tool_read *l, struct json_object *face)
{
	const char **kept = l->tool->face, *text;
	struct arena mem;
	int i;

	arena_init(&mem, 16 << 10, 16 * FILE_MAX);
	for (i = 0; i < ADAPT_FACES; i++) {
		text = json_plain(adapt_face(&mem, face, i), NULL);
		kept[i] = i > 0 && strcmp(kept[i - 1], text) == 0 ? kept[i - 1] : arena_str(l->mem, text);
	}
	arena_close(&mem);
}

static int
make_face(struct tool_read *l, struct json_object *source)
{
	static const char *const shown[] = { "title", "description", "inputSchema", "outputSchema", "icons" };
	struct json_object *face = json_keep(l->mem, json_object_new_object()), *v;
	size_t i;

	json_object_object_add(face, "name", json_object_new_string(l->tool->name));
	for (i = 0; i < LEN(shown); i++)
		if ((v = json_get(source, shown[i])))
			json_object_object_add(face, shown[i], json_object_get(v));
	if (add_annotations(l, face, json_get(source, "annotations")) != 0)
		return -1;
	keep_faces(l, face);
	return 0;
}

/* --- the file --------------------------------------------------------------------------- */

static int
read_sql(struct tool_read *l, const char *folder, const char *stem)
{
	if (strchr(stem, '/'))
		return tool_check_refuse(l, "sql: expected the stem of a file in the same folder");
	return tool_statement(l->mem, folder, stem, &l->tool->statement, l->why);
}

static int
read_source(struct tool_read *l, struct json_object *source)
{
	json_object_object_foreach(source, name, v) {
		const struct member *m = find_member(name);

		if (!m)
			return tool_check_refuse(l, "unknown member \"%s\"", name);
		if (read_member(l, m, v) != 0)
			return -1;
	}
	if (!json_get_str(source, "description"))
		return tool_check_refuse(l, "description: must be there");
	if (!l->tool->input_schema)
		return tool_check_refuse(l, "inputSchema: must be there");
	if (l->tool->c && (json_get(source, "result") || l->tool->result.none))
		return tool_check_refuse(l, "%s: a tool written in C makes its own", l->tool->result.none ? "none" : "result");
	return l->tool->c || json_get(source, "result") ? 0 : tool_check_refuse(l, "result: must be there");
}

static bool
good_name(const char *name)
{
	return strlen(name) <= NAME_MAX_LEN && strspn(name, NAME_CHARS ".-") == strlen(name);
}

int
tool_file_load(struct arena *mem, struct tool *t, const char *folder, const char *name, const char **why)
{
	struct tool_read l = { .mem = mem, .tool = t, .why = why };
	struct json_object *source;
	const char *stem;

	t->name = arena_str(mem, name);
	t->file = arena_fmt(mem, "%s/%s.json", folder, name);
	t->timeout_ms = 5000;
	t->result_max = 256 << 10;
	t->rows_max = 1000;
	t->result.kind = RESULT_JSON;	/* of a tool written in C; others say */
	if (!good_name(name))
		return tool_check_refuse(&l, "a tool's name has 1 to %d of A-Z a-z 0-9 _ . -", NAME_MAX_LEN);
	source = json_file(mem, t->file, FILE_MAX, why);
	if (!source)
		return -1;
	if (!json_object_is_type(source, json_type_object))
		return tool_check_refuse(&l, "expected an object");
	if (read_source(&l, source) != 0 || tool_check(&l) != 0)
		return -1;
	stem = json_get_str(source, "sql");
	if (t->c && stem)
		return tool_check_refuse(&l, "sql and c: a tool has one of them");
	if (t->c && strspn(t->c, NAME_CHARS) != strlen(t->c))
		return tool_check_refuse(&l, "c: expected a name of A-Z a-z 0-9 _");
	if (!t->c && read_sql(&l, folder, stem ? stem : name) != 0)
		return -1;
	return make_face(&l, source);
}
