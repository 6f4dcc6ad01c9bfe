/*
 * tool: NAME.json read by a table of members.
 */
#include "tool.h"
#include "shown.h"

#define FILE_MAX	(1 << 20)
#define NAME_MAX_LEN	128

struct load {
	struct arena *mem;
	struct tool  *tool;
	const char  **why;
};

static int
refuse(struct load *l, const char *fmt, ...) printf_like(2, 3);

static int
refuse(struct load *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*l->why = arena_fmt(l->mem, "%s: %s", l->tool->file, arena_vfmt(l->mem, fmt, ap));
	va_end(ap);
	return -1;
}

/* --- members of a shape of their own ---------------------------------------------------- */

int
tool_scope(struct arena *mem, struct json_object *v, struct words *out)
{
	bool one = json_object_is_type(v, json_type_string);
	size_t i, n = one ? 1 : json_is_strings(v) ? json_object_array_length(v) : 0;
	const char **at = arena_take(mem, (n + 1) * sizeof(*at));

	for (i = 0; i < n; i++) {
		at[i] = json_object_get_string(one ? v : json_object_array_get_idx(v, i));
		if (!*at[i] || strpbrk(at[i], " \t\r\n"))
			return -1;	/* the scopes of a caller are words, divided by spaces */
	}
	*out = (struct words){ at, n };
	return n > 0 ? 0 : -1;
}

static int
read_result(struct load *l, struct json_object *v)
{
	const char *why;

	return result_read(l->mem, v, &l->tool->result, &why) == 0 ? 0 : refuse(l, "%s", why);
}

static int
read_scope(struct load *l, struct json_object *v)
{
	if (tool_scope(l->mem, v, &l->tool->scope) == 0)
		return 0;
	return refuse(l, "scope: expected a word, or an array of words of which one is enough");
}

static int
read_writes(struct load *l, struct json_object *v)
{
	if (json_object_is_type(v, json_type_boolean))
		l->tool->writes = json_object_get_boolean(v) ? TOOL_WRITES : TOOL_READS;
	else if (json_object_is_type(v, json_type_string) && strcmp(json_object_get_string(v), "maybe") == 0)
		l->tool->writes = TOOL_MAYBE;
	else
		return refuse(l, "writes: expected true, false or \"maybe\"");
	return 0;
}

static int
read_composed(struct load *l, struct json_object *v)
{
	l->tool->composed = json_object_get_boolean(v);
	return json_object_is_type(v, json_type_boolean) ? 0 : refuse(l, "composed: expected true or false");
}

static int
read_icons(struct load *l, struct json_object *v)
{
	const char *flaw = shown_flaw(l->mem, SHOWN_ICONS, v);

	return flaw ? refuse(l, "icons: %s", flaw) : 0;
}

static int
read_annotations(struct load *l, struct json_object *v)
{
	const char *flaw = shown_flaw(l->mem, SHOWN_HINTS, v);

	return flaw ? refuse(l, "annotations: %s", flaw) : 0;
}

static int
read_args(struct load *l, struct json_object *v)
{
	static const char *const kinds[] = { "seal", "digest", "json" };

	json_object_object_foreach(v, name, kind) {
		const char *word = json_object_is_type(kind, json_type_string) ? json_object_get_string(kind) : "";
		int i;

		for (i = 0; i < (int)LEN(kinds) && strcmp(kinds[i], word) != 0; i++)
			;
		if (i == (int)LEN(kinds))
			return refuse(l, "args.%s: expected \"seal\", \"digest\" or \"json\"", name);
		if (l->tool->args == TOOL_ARGS_MAX)
			return refuse(l, "args: more than %d", TOOL_ARGS_MAX);
		l->tool->arg[l->tool->args++] = (struct tool_arg){ name, (enum tool_arg_kind)i };
	}
	return 0;
}

static int
read_rename(struct load *l, struct json_object *v)
{
	json_object_object_foreach(v, from, to) {
		if (!json_object_is_type(to, json_type_string))
			return refuse(l, "rename.%s: expected the name the other tool has for it", from);
		if (l->tool->renames == TOOL_ARGS_MAX)
			return refuse(l, "rename: more than %d", TOOL_ARGS_MAX);
		l->tool->rename[l->tool->renames++] = (struct tool_rename){ from, json_object_get_string(to) };
	}
	return 0;
}

static const char *const ask_words[] = { "elicitation", "sampling", "roots" };

int
tool_asks_read(struct json_object *v, unsigned *out)
{
	size_t i, w, n = json_is_strings(v) ? json_object_array_length(v) : 0;

	for (i = 0; i < n; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(v, i));

		for (w = 0; w < LEN(ask_words) && strcmp(ask_words[w], word) != 0; w++)
			;
		if (w == LEN(ask_words))
			return -1;
		*out |= 1U << w;
	}
	return n > 0 ? 0 : -1;
}

static int
read_asks(struct load *l, struct json_object *v)
{
	if (tool_asks_read(v, &l->tool->asks) == 0)
		return 0;
	return refuse(l, "asks: expected an array of \"elicitation\", \"sampling\", \"roots\"");
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
	int            (*read)(struct load *l, struct json_object *v);	/* of M_OWN, and further of the others */
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
read_count(struct load *l, const struct member *m, struct json_object *v)
{
	int64_t n = json_object_get_int64(v);

	if (n < m->least || n > m->most)
		return refuse(l, "%s: expected %" PRId64 " to %" PRId64, m->name, m->least, m->most);
	memcpy((char *)l->tool + m->at, &n, sizeof(n));
	return 0;
}

static int
read_member(struct load *l, const struct member *m, struct json_object *v)
{
	static const char *const says[] = { "a text", "an integer", "an object", "an array" };
	char *field = (char *)l->tool + m->at;

	if (!has_kind(m->kind, v))
		return refuse(l, "%s: expected %s", m->name, says[m->kind]);
	if (m->kind == M_TEXT && json_object_get_string_len(v) == 0)
		return refuse(l, "%s: is empty", m->name);
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

/* --- what must hold between members ----------------------------------------------------- */

/* Each {NAME} of a member's text (NULL: it is not there) is an argument. */
static int
check_braces(struct load *l, const char *member, const char *text)
{
	const char *at = text, *end;

	while (at && (at = strchr(at, '{'))) {
		const char *name;

		end = strchr(at, '}');
		if (!end)
			return refuse(l, "%s: a brace is not closed", member);
		name = arena_copy(l->mem, at + 1, (size_t)(end - at - 1));
		if (!schema_has(l->tool->input, name))
			return refuse(l, "%s: inputSchema has no property %s", member, name);
		at = end;
	}
	return 0;
}

static int
check_texts(struct load *l)
{
	const struct tool *t = l->tool;
	size_t i;

	for (i = 0; i < t->scope.n; i++)
		if (check_braces(l, "scope", t->scope.at[i]) != 0)
			return -1;
	for (i = 0; i < (size_t)t->result.lifts; i++)
		if (strncmp(t->result.lift_usual[i], "\"{", 2) == 0 && check_braces(l, "result.lift", t->result.lift_usual[i]) != 0)
			return -1;
	return check_braces(l, "confirm", t->confirm) != 0 ? -1 : check_braces(l, "result.done", t->result.done);
}

/* Is the property of that type?  What its branches alone say of it is not looked at. */
static bool
is_typed(struct load *l, const char *name, const char *type)
{
	struct json_object *root = l->tool->input_schema, *property = json_get(json_get(root, "properties"), name);
	const char *given = property ? json_get_str(schema_meant(l->mem, root, property), "type") : type;

	return given && strcmp(given, type) == 0;
}

/* A key of another type would be no key, and the call made twice. */
static int
check_idempotency(struct load *l)
{
	const struct tool *t = l->tool;

	if (!t->idempotency)
		return 0;
	if (!schema_has(t->input, t->idempotency))
		return refuse(l, "idempotency: inputSchema has no property %s", t->idempotency);
	if (t->writes == TOOL_READS)
		return refuse(l, "idempotency: goes with writes");
	if (t->c)
		return refuse(l, "idempotency: a tool written in C has more than one transaction, and cannot keep a key with them");
	return is_typed(l, t->idempotency, "string") ? 0 : refuse(l, "idempotency: %s must be of type string", t->idempotency);
}

/* Members that name arguments name ones that exist. */
static int
check_names(struct load *l)
{
	const struct tool *t = l->tool;
	int i;

	for (i = 0; i < t->args; i++)
		if (!schema_has(t->input, t->arg[i].name))
			return refuse(l, "args.%s: inputSchema has no such property", t->arg[i].name);
	for (i = 0; i < t->renames; i++)
		if (!schema_has(t->input, t->rename[i].from))
			return refuse(l, "rename.%s: inputSchema has no such property", t->rename[i].from);
	if (t->asks && !t->c)
		return refuse(l, "asks: goes with a tool written in C; for others there is confirm");
	return check_idempotency(l) != 0 ? -1 : check_texts(l);
}

/* Arguments that clients repeat in headers: no secret may be among them, headers are logged by many. */
static int
check_mirrors(struct load *l)
{
	struct tool *t = l->tool;
	const char *why;
	int i, k;

	if (mirror_read(l->mem, t->input_schema, &t->mirrors, &why) != 0)
		return refuse(l, "inputSchema: %s", why);
	for (i = 0; i < t->mirrors.n; i++)
		for (k = 0; k < t->args; k++)
			if (t->arg[k].kind == ARG_SEAL && strcmp(t->arg[k].name, t->mirrors.at[i].path[0]) == 0)
				return refuse(l, "inputSchema: x-mcp-header of %s: a sealed argument must not be in a header", t->arg[k].name);
	return 0;
}

/* Some clients, and the models behind them, drop a tool that has these at the root of its inputSchema. */
static int
check_composed(struct load *l)
{
	static const char *const words[] = { "allOf", "anyOf", "oneOf" };
	size_t i;

	for (i = 0; i < LEN(words) && !l->tool->composed; i++)
		if (json_get(l->tool->input_schema, words[i]))
			return refuse(l, "inputSchema: %s at the root makes some clients drop the tool; put it into a property, or say "
			    "\"composed\": true if that is meant", words[i]);
	return 0;
}

/* What SQL is given where the caller says nothing is checked nowhere else. */
static int
check_defaults(struct load *l)
{
	struct buf says;

	buf_init(&says, l->mem, 1000);
	return schema_defaults_fit(l->tool->input, l->mem, &says) ? 0 : refuse(l, "inputSchema: default: %s", says.at);
}

static int
check_input(struct load *l)
{
	struct tool *t = l->tool;
	const char *type = json_get_str(t->input_schema, "type"), *why;

	if (!type || strcmp(type, "object") != 0)
		return refuse(l, "inputSchema: type must be \"object\"");
	if (check_composed(l) != 0)
		return -1;
	t->input = schema_compile(l->mem, t->input_schema, &why);
	if (!t->input)
		return refuse(l, "inputSchema: %s", why);
	if (t->result.page[0] && (!schema_has(t->input, "limit") || !schema_has(t->input, "cursor")))
		return refuse(l, "inputSchema: a tool with result.page takes limit and cursor");
	if (t->result.page[0] && (!is_typed(l, "limit", "integer") || !is_typed(l, "cursor", "string")))
		return refuse(l, "inputSchema: of a tool with result.page limit is an integer and cursor a string");
	return check_defaults(l) != 0 || check_names(l) != 0 ? -1 : check_mirrors(l);
}

/* Members that we add to a list must be in a closed outputSchema, or the answer would not fit it. */
static int
check_output(struct load *l)
{
	static const char *const added[] = { "count", "truncated", "hint", "next_cursor" };
	struct tool *t = l->tool;
	struct schema *out;
	const char *why;
	size_t i;

	if (!t->output_schema)
		return 0;
	t->output = out = schema_compile(l->mem, t->output_schema, &why);
	if (!out)
		return refuse(l, "outputSchema: %s", why);
	if (t->result.kind == RESULT_DONE && !schema_has(out, "message"))
		return refuse(l, "outputSchema: a done result has the property message");
	if (t->result.kind != RESULT_ROWS)
		return 0;
	if (!schema_has(out, t->result.rows))
		return refuse(l, "outputSchema: has no property %s", t->result.rows);
	for (i = 0; i < LEN(added) - !t->result.page[0]; i++)
		if (!schema_has(out, added[i]))
			return refuse(l, "outputSchema: has no property %s, which this result may carry", added[i]);
	return 0;
}

/* The annotations as they go out: readOnlyHint says what `writes` says.  One of them is also ours to keep. */
static int
add_annotations(struct load *l, struct json_object *face, struct json_object *given)
{
	struct json_object *all = given ? json_object_get(given) : json_object_new_object();
	struct json_object *hint = json_get(all, "readOnlyHint");

	json_object_object_add(face, "annotations", all);
	l->tool->idempotent = json_object_get_boolean(json_get(all, "idempotentHint"));
	if (hint && json_object_get_boolean(hint) != (l->tool->writes == TOOL_READS))
		return refuse(l, "annotations: readOnlyHint contradicts writes");
	json_object_object_add(all, "readOnlyHint", json_object_new_boolean(l->tool->writes == TOOL_READS));
	return 0;
}

/* As texts; two that are the same are one. */
static void
keep_faces(struct load *l, struct json_object *face)
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
make_face(struct load *l, struct json_object *source)
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

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

int
tool_statement(struct arena *mem, const char *folder, const char *stem, struct db_statement *out, const char **why)
{
	static unsigned next_id = 16;	/* ids below are statements of our own */
	size_t len;

	*out = (struct db_statement){ .n = 1, .json = true };
	out->sql = json_file_text(mem, arena_fmt(mem, "%s/%s.sql", folder, stem), FILE_MAX, &len, why);
	if (!out->sql)
		return -1;
	if (strlen(out->sql) != len) {
		*why = arena_fmt(mem, "%s/%s.sql: has a NUL byte in it", folder, stem);
		return -1;
	}
	if (next_id >= DB_STATEMENTS_MAX) {
		*why = arena_fmt(mem, "%s/%s.sql: more statements than the %d this program can hold", folder, stem, DB_STATEMENTS_MAX - 16);
		return -1;
	}
	out->id = next_id++;
	return 0;
}

static int
read_sql(struct load *l, const char *folder, const char *stem)
{
	if (strchr(stem, '/'))
		return refuse(l, "sql: expected the stem of a file in the same folder");
	return tool_statement(l->mem, folder, stem, &l->tool->statement, l->why);
}

static int
read_source(struct load *l, struct json_object *source)
{
	json_object_object_foreach(source, name, v) {
		const struct member *m = find_member(name);

		if (!m)
			return refuse(l, "unknown member \"%s\"", name);
		if (read_member(l, m, v) != 0)
			return -1;
	}
	if (!json_get_str(source, "description"))
		return refuse(l, "description: must be there");
	if (!l->tool->input_schema)
		return refuse(l, "inputSchema: must be there");
	if (l->tool->c && (json_get(source, "result") || l->tool->result.none))
		return refuse(l, "%s: a tool written in C makes its own", l->tool->result.none ? "none" : "result");
	return l->tool->c || json_get(source, "result") ? 0 : refuse(l, "result: must be there");
}

static bool
good_name(const char *name)
{
	return strlen(name) <= NAME_MAX_LEN && strspn(name, NAME_CHARS ".-") == strlen(name);
}

int
tool_load(struct arena *mem, struct tool *t, const char *folder, const char *name, const char **why)
{
	struct load l = { .mem = mem, .tool = t, .why = why };
	struct json_object *source;
	const char *stem;

	t->name = arena_str(mem, name);
	t->file = arena_fmt(mem, "%s/%s.json", folder, name);
	t->timeout_ms = 5000;
	t->result_max = 256 << 10;
	t->rows_max = 1000;
	t->result.kind = RESULT_JSON;	/* of a tool written in C; others say */
	if (!good_name(name))
		return refuse(&l, "a tool's name has 1 to %d of A-Z a-z 0-9 _ . -", NAME_MAX_LEN);
	source = json_file(mem, t->file, FILE_MAX, why);
	if (!source)
		return -1;
	if (!json_object_is_type(source, json_type_object))
		return refuse(&l, "expected an object");
	if (read_source(&l, source) != 0 || check_input(&l) != 0 || check_output(&l) != 0)
		return -1;
	stem = json_get_str(source, "sql");
	if (t->c && stem)
		return refuse(&l, "sql and c: a tool has one of them");
	if (t->c && strspn(t->c, NAME_CHARS) != strlen(t->c))
		return refuse(&l, "c: expected a name of A-Z a-z 0-9 _");
	if (!t->c && read_sql(&l, folder, stem ? stem : name) != 0)
		return -1;
	return make_face(&l, source);
}

bool
tool_gives(const struct tool *t, const char *name)
{
	int i;

	if (t->idempotency && strcmp(t->idempotency, name) == 0)
		return false;
	for (i = 0; i < t->renames; i++) {
		if (strcmp(t->rename[i].to, name) == 0)
			return true;
		if (strcmp(t->rename[i].from, name) == 0)
			return false;
	}
	return schema_has(t->input, name);
}

bool
tool_asks(const struct tool *t, const char *method)
{
	size_t i, n = strcspn(method, "/");

	for (i = 0; i < LEN(ask_words); i++)
		if (strlen(ask_words[i]) == n && strncmp(ask_words[i], method, n) == 0)
			return t->asks >> i & 1;
	return false;
}
