/*
 * fit: columns against outputSchema, arguments against inputSchema, the statement against grants.
 *
 * Which JSON types a column may have in a schema follows from how the row encoder writes it.
 */
#include "fit.h"
#include "log.h"

/* --- arguments -------------------------------------------------------------------------- */

static const char *
skip_space(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* Behind the end of a comment, literal or quoted name that begins at s; s itself: none does. */
static const char *
skip_quoted(const char *s)
{
	const char *end;

	if (strncmp(s, "--", 2) == 0)
		return s + strcspn(s, "\n");
	if (strncmp(s, "/*", 2) == 0) {
		end = strstr(s + 2, "*/");
		return end ? end + 2 : s + strlen(s);
	}
	if (*s != '\'' && *s != '"')
		return s;
	end = strchr(s + 1, *s);
	return end ? end + 1 : s + strlen(s);
}

/* Behind $1: the literal that names one of its members, or NULL. */
static const char *
member_of(const char *s)
{
	static const char *const operators[] = { "->>", "->", "?", "[" };
	size_t i;

	s = skip_space(s);
	for (i = 0; i < LEN(operators); i++)
		if (strncmp(s, operators[i], strlen(operators[i])) == 0) {
			s = skip_space(s + strlen(operators[i]));
			return *s == '\'' ? s + 1 : NULL;
		}
	return NULL;
}

void
fit_arguments(struct arena *mem, const char *sql, void (*found)(void *ctx, const char *name), void *ctx)
{
	const char *s = sql, *name, *past;

	while (*s) {
		if ((past = skip_quoted(s)) != s) {
			s = past;
		} else if (strncmp(s, "$1", 2) == 0 && !isdigit((unsigned char)s[2])) {
			if ((name = member_of(s + 2)))
				found(ctx, arena_copy(mem, name, strcspn(name, "'")));
			s += 2;
		} else {
			s++;
		}
	}
}

struct asked {
	const struct tool *t;
	struct buf        *says;
};

static void
check_argument(void *ctx, const char *name)
{
	struct asked *a = ctx;

	if (!tool_gives(a->t, name))
		buf_fmt(a->says, "%s: the statement asks for the argument %s, which %s\n", a->t->file, name,
		    a->t->input_schema ? "inputSchema does not have" : "it is not given");
}

/* --- columns ---------------------------------------------------------------------------- */

/* What the row encoder makes of a column. */
static const struct {
	const char *says;
	const char *json[2];	/* types that take it; NULL: any */
} kinds[] = {
	[DB_TEXT]   = { "text",      { "string", "string" } },
	[DB_BOOL]   = { "boolean",   { "boolean", "boolean" } },
	[DB_NUMBER] = { "a number",  { "number", "integer" } },
	[DB_JSON]   = { "json",      { NULL, NULL } },
	[DB_STAMP]  = { "a time",    { "string", "string" } },
	[DB_BYTES]  = { "bytea",     { "string", "string" } },
};

static bool
takes(struct json_object *type, enum db_type column)
{
	const char *name = json_object_get_string(type);

	return strcmp(name, kinds[column].json[0]) == 0 || strcmp(name, kinds[column].json[1]) == 0;
}

/* Does a property's schema take what such a column becomes?  One without a type takes all, false nothing. */
static bool
fits(struct json_object *property, enum db_type column)
{
	struct json_object *type = json_get(property, "type");
	size_t i;

	if (json_object_is_type(property, json_type_boolean))
		return json_object_get_boolean(property);
	if (!type || !kinds[column].json[0])
		return true;
	if (!json_object_is_type(type, json_type_array))
		return takes(type, column);
	for (i = 0; i < json_object_array_length(type); i++)
		if (takes(json_object_array_get_idx(type, i), column))
			return true;
	return false;
}

struct fit {
	const struct tool      *t;
	const struct db_column *column;
	int                     n;
	struct buf             *says;
};

static const struct db_column *
find_column(const struct fit *f, const char *name)
{
	int i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->column[i].name, name) == 0)
			return &f->column[i];
	return NULL;
}

static bool
is_lifted(const struct tool_result *r, const char *name)
{
	int i;

	for (i = 0; i < r->lifts; i++)
		if (strcmp(r->lift[i], name) == 0)
			return true;
	return false;
}

/* What a part of outputSchema refers to, or the part itself. */
static struct json_object *
meant(const struct fit *f, struct json_object *part)
{
	return schema_meant(f->says->mem, f->t->output_schema, part);
}

#define BRANCHES_DEEP 8		/* allOf within allOf */

/*
 * The property in an object schema or in what it is composed of; NULL: there is none.  Of several
 * the first counts: whether a value fits all of them only the value can tell.
 */
static struct json_object *
find_property(const struct fit *f, struct json_object *into, const char *name, int deep)
{
	static const char *const words[] = { "allOf", "anyOf", "oneOf" };
	struct json_object *o = meant(f, into), *found = json_get(json_get(o, "properties"), name);
	size_t i, k;

	/* What stands beside a $ref holds too. */
	if (!found && o != into)
		found = json_get(json_get(into, "properties"), name);
	for (i = 0; !found && deep < BRANCHES_DEEP && i < LEN(words); i++) {
		struct json_object *branches = json_get(o, words[i]);

		for (k = 0; !found && json_object_is_type(branches, json_type_array) && k < json_object_array_length(branches); k++)
			found = find_property(f, json_object_array_get_idx(branches, k), name, deep + 1);
	}
	return found ? meant(f, found) : NULL;
}

/* What the columns are compared with, as its author knows it. */
static const char *
target(const struct fit *f)
{
	return f->t->result.columns.n ? "resources/list" : "outputSchema";
}

/* One column, and the object schema of outputSchema it goes into. */
static void
check_column(const struct fit *f, const struct db_column *column, struct json_object *into)
{
	struct json_object *property = find_property(f, into, column->name, 0);

	if (find_column(f, column->name) != column)
		buf_fmt(f->says, "%s: the statement has two columns called %s\n", f->t->file, column->name);
	else if (!property)
		buf_fmt(f->says, "%s: the statement has the column %s, which %s does not have\n", f->t->file, column->name, target(f));
	else if (!fits(property, column->type))
		buf_fmt(f->says, "%s: the column %s is %s, which %s does not take there\n", f->t->file, column->name,
		    kinds[column->type].says, target(f));
}

/* What outputSchema promises of a row is a column.  lifted: of the top level beside a list. */
static void
check_required(const struct fit *f, struct json_object *into, bool lifted)
{
	struct json_object *required = json_get(meant(f, into), "required");
	size_t i, n = json_is_strings(required) ? json_object_array_length(required) : 0;

	for (i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(required, i));

		if (lifted && (strcmp(name, f->t->result.rows) == 0 || strcmp(name, "count") == 0))
			continue;
		if (!find_column(f, name) || is_lifted(&f->t->result, name) != lifted)
			buf_fmt(f->says, "%s: %s requires %s, which is not among the statement's columns%s\n", f->t->file,
			    target(f), name, lifted ? " that are lifted" : "");
	}
}

static void
check_named(const struct fit *f, const char *name, const char *where)
{
	if (!find_column(f, name))
		buf_fmt(f->says, "%s: result.%s names %s, which is not among the statement's columns\n", f->t->file, where, name);
}

static void
check_rows(const struct fit *f)
{
	const struct tool_result *r = &f->t->result;
	struct json_object *top = f->t->output_schema;
	struct json_object *item = json_get(find_property(f, top, r->rows, 0), "items");
	int i;

	for (i = 0; i < TOOL_PAGE_MAX && r->page[i]; i++)
		check_named(f, r->page[i], "page");
	for (i = 0; i < r->lifts; i++)
		check_named(f, r->lift[i], "lift");
	if (!top)
		return;
	for (i = 0; i < f->n; i++)
		check_column(f, &f->column[i], is_lifted(r, f->column[i].name) ? top : item);
	check_required(f, item, false);
	check_required(f, top, true);
}

/* The one column that a resource's contents or a completion's proposals are taken from. */
static void
check_elements(const struct fit *f)
{
	bool contents = f->t->result.kind == RESULT_CONTENTS;
	const struct db_column *held = NULL;
	int i, n = 0;

	for (i = 0; i < f->n; i++) {
		const char *name = f->column[i].name;

		if (contents && (strcmp(name, "uri") == 0 || strcmp(name, "mime_type") == 0))
			continue;
		held = &f->column[i];
		n++;
	}
	if (n != 1)
		buf_fmt(f->says, "%s: the statement must have one column%s\n", f->t->file, contents ? " beside uri and mime_type" : "");
	else if (held->type != DB_TEXT && !(contents && (held->type == DB_JSON || held->type == DB_BYTES)))
		buf_fmt(f->says, "%s: the column %s is %s, and not text%s\n", f->t->file, held->name, kinds[held->type].says,
		    contents ? ", json or bytea" : "");
}

static void
check_columns(const struct fit *f)
{
	const struct words *wanted = &f->t->result.columns;
	size_t i;

	for (i = 0; i < wanted->n; i++)
		if (!find_column(f, wanted->at[i]))
			buf_fmt(f->says, "%s: the statement has no column %s\n", f->t->file, wanted->at[i]);
}

void
fit_columns(const struct tool *t, const struct db_column *column, int n, struct buf *says)
{
	struct fit f = { t, column, n, says };
	int i;

	if (n == 0) {	/* what it changed would stand, and the answer be that nothing was found */
		buf_fmt(says, "%s: the statement gives no rows; one that changes some ends with returning\n", t->file);
		return;
	}
	check_columns(&f);
	if (t->result.kind == RESULT_CONTENTS || t->result.kind == RESULT_TEXTS)
		check_elements(&f);
	if (t->result.kind == RESULT_ROWS)
		check_rows(&f);
	if (t->result.kind == RESULT_JSON && (n != 1 || column[0].type != DB_JSON))
		buf_fmt(says, "%s: result.json: the statement must have one column, of type json or jsonb\n", t->file);
	if (t->result.kind != RESULT_ROW || !t->output_schema)
		return;
	for (i = 0; i < n; i++)
		check_column(&f, &column[i], t->output_schema);
	check_required(&f, t->output_schema, false);
}

/* --- the statement ---------------------------------------------------------------------- */

/* A plan as JSON, in which texts of the statement's own have their quotes escaped. */
static int
take_plan(void *ctx, const struct db_row *row)
{
	bool *changes = ctx;

	*changes = row->at[0] && strstr(row->at[0], "\"Node Type\": \"ModifyTable\"");
	return 1;
}

/*
 * As the catalog's role: prepared alone first, because a text of several statements must not come
 * as far as the script; then explained, because only the plan's start looks at grants.
 */
static enum db_outcome
describe(struct db *db, struct arena *mem, const struct tool *t, struct db_column *column, int *n, bool *changes,
    struct db_error *e)
{
	struct db_statement plan = { .sql = "explain (format json) execute fit_tool ('{}')", .row = take_plan };
	struct db_call call = { .mem = mem, .client_fd = -1, .main = &plan, .ctx = changes };
	const char *begin = arena_fmt(mem, "begin read only; set local role %s; set local search_path = %s; "
	    "set local plan_cache_mode = force_generic_plan", db_identifier(mem, t->catalog->role), t->catalog->search_path);
	enum db_outcome got = db_script(db, mem, begin, e);

	if (got == DB_DONE)
		got = db_describe(db, mem, t->statement.sql, 1, column, n, e);
	if (got == DB_DONE)
		got = db_script(db, mem, arena_fmt(mem, "prepare fit_tool (jsonb) as %s", t->statement.sql), e);
	if (got != DB_DONE)
		return got;
	got = db_query(db, &call);
	*e = call.error;
	return got;
}

enum db_outcome
fit_tool(struct db *db, struct arena *mem, const struct tool *t, struct buf *says)
{
	struct db_column column[DB_COLUMNS_MAX];
	struct asked asked = { t, says };
	struct db_error e, ignored;
	enum db_outcome got;
	bool changes = false;
	int n = 0;

	if (!t->statement.sql)
		return DB_DONE;		/* written in C: what it asks for is not known before it does */
	fit_arguments(mem, t->statement.sql, check_argument, &asked);
	got = describe(db, mem, t, column, &n, &changes, &e);
	if (got == DB_AWAY || db_script(db, mem, "rollback", &ignored) != DB_DONE)
		return DB_AWAY;
	/* A prepared statement outlives its transaction; it is not there when preparing failed. */
	if (db_script(db, mem, "deallocate fit_tool", &ignored) == DB_AWAY)
		return DB_AWAY;
	if (got == DB_REFUSED)
		buf_fmt(says, "%s: PostgreSQL refuses the statement: %s\n", t->file, e.message);
	else if (changes && t->writes == TOOL_READS)
		buf_fmt(says, "%s: writes: must be true or \"maybe\", as the statement changes rows\n", t->file);
	else
		fit_columns(t, column, n, says);
	return DB_DONE;
}
