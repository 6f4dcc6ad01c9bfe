/* ctl_sql: transactions as mcp_owner, and PostgreSQL's refusals in an operator's words. */
#include "ctl_sql.h"
#include "log.h"

#define ROWS_MAX 100000		/* of one answer; a list that long is not read by people */

/* What the constraints of schema mcp mean to who typed the command. */
static const struct {
	const char *constraint;
	const char *says;
} refusals[] = {
	{ "credential_name_check", "the name of a key has 1 to 200 characters" },
	{ "principal_name_check",  "the name of a principal has 1 to 200 characters" },
	{ "role_name_check",       "the name of a role has 1 to 100 characters" },
	{ "role_name_key",         "the tenant has a role with this name already" },
	{ "tenant_name_check",     "the name of a tenant has 1 to 200 characters" },
	{ "tenant_plan_fkey",      "the catalog has no such plan" },
	{ "tenant_slug_check",     "a slug has 1 to 63 characters a to z, 0 to 9 and -, with no - at either end" },
	{ "tenant_slug_key",       "the catalog has a tenant with this slug already" },
	{ "workspace_access_pkey", "a workspace was given twice" },
	{ "workspace_name_check",  "the name of a workspace has 1 to 200 characters" },
	{ "workspace_name_key",    "the tenant has a workspace with this name already" },
	{ "workspace_slug_check",  "a slug has 1 to 63 characters a to z, 0 to 9 and -, with no - at either end" },
	{ "workspace_slug_key",    "the tenant has a workspace with this slug already" },
};

struct gather {
	struct ctl      *c;
	struct ctl_rows *rows;
	size_t           room;
};

void
ctl_sql_open(struct ctl *c)
{
	const char *why;

	c->db = db_make(config_need(c->cfg.pg_admin, "PG_ADMIN"), "mcpctl");
	if (db_open(c->db, &c->mem, &why) != DB_DONE)
		die("PostgreSQL cannot be reached: %s", why);
}

static void
give_up(struct ctl *c, const char *what, const struct db_error *e)
{
	size_t i;

	db_close(c->db);	/* rolls back */
	for (i = 0; e->constraint && i < LEN(refusals); i++)
		if (strcmp(refusals[i].constraint, e->constraint) == 0)
			die("%s", refusals[i].says);
	die("%s%s%s%s%s%s", what, e->message ? e->message : "PostgreSQL does not answer", e->detail ? "; " : "",
	    e->detail ? e->detail : "", e->hint ? "; " : "", e->hint ? e->hint : "");
}

void
ctl_sql_script(struct ctl *c, const char *sql, const char *what)
{
	struct db_error e;

	if (db_script(c->db, &c->mem, sql, &e) != DB_DONE)
		give_up(c, what, &e);
}

void
ctl_sql_begin(struct ctl *c)
{
	ctl_sql_script(c, "begin; set local role mcp_owner; set local row_security = off; set local timezone = 'UTC'", "");
}

void
ctl_sql_commit(struct ctl *c)
{
	ctl_sql_script(c, "commit", "");
}

static void
copy_columns(struct ctl *c, struct ctl_rows *rows, const struct db_row *row)
{
	struct db_column *column = arena_take(&c->mem, (size_t)row->n * sizeof(*column) + 1);
	int i;

	for (i = 0; i < row->n; i++)
		column[i] = (struct db_column){ arena_str(&c->mem, row->column[i].name), row->column[i].type };
	rows->column = column;
	rows->columns = row->n;
}

static int
add_row(void *ctx, const struct db_row *row)
{
	struct gather *g = ctx;
	struct arena *mem = &g->c->mem;
	const char **cell = arena_zero(mem, (size_t)row->n * sizeof(*cell) + 1);
	int i;

	if (g->rows->n == 0)
		copy_columns(g->c, g->rows, row);
	if (g->rows->n == g->room) {
		const char ***more = arena_take(mem, (g->room = g->room ? 2 * g->room : 16) * sizeof(*more));

		if (g->rows->n > 0)
			memcpy(more, g->rows->at, g->rows->n * sizeof(*more));
		g->rows->at = more;
	}
	for (i = 0; i < row->n; i++)
		cell[i] = row->at[i] ? arena_copy(mem, row->at[i], (size_t)row->len[i]) : NULL;
	g->rows->at[g->rows->n++] = cell;
	return g->rows->n == ROWS_MAX;
}

const struct ctl_rows *
ctl_sql_rows(struct ctl *c, const char *sql, int n, const char *const *value)
{
	struct gather g = { .c = c, .rows = arena_zero(&c->mem, sizeof(struct ctl_rows)) };
	struct db_statement s = { .sql = sql, .n = n, .row = add_row };
	struct db_call call = { .mem = &c->mem, .client_fd = -1, .main = &s, .ctx = &g };

	if (n > DB_PARAMS_MAX)
		bug("%d parameters", n);
	memcpy(s.at, value, (size_t)n * sizeof(*value));
	if (db_query(c->db, &call) != DB_DONE)
		give_up(c, "", &call.error);
	return g.rows;
}
