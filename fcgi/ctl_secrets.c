/* ctl_secrets: one column after the other, row by row in the order of its table's primary key. */
#include "ctl_secrets.h"
#include "ctl_show.h"
#include "log.h"
#include "seal.h"

#define BATCH		"100"		/* rows locked at once */
#define BATCH_BYTES	(128 << 20)
#define FAILED_MAX	(16 << 20)	/* of the report */
#define DEPTH_MAX	64

/* A column that holds sealed texts, with its table's primary key in three forms of SQL. */
struct column {
	const char *catalog;	/* an expression */
	const char *table;	/* an identifier */
	const char *name;	/* the same */
	const char *shown;	/* schema.table */
	const char *path;
	const char *key;	/* its columns: "tenant_id, id" */
	const char *values;	/* the same out of $1, a JSON list: "($1::jsonb->>0)::uuid, ..." */
};

struct rekey {
	struct ctl      *c;
	struct seal_keys keys;
	struct buf       failed;	/* lines, or the members of a JSON list */
	int64_t          rows, texts, anew, bad;	/* bad: rows with a text that nothing opens */

	/* the row in hand */
	const char      *catalog, *tenant;
	const char      *lost;		/* path of the first text that nothing opens */
	bool             changed;
};

static const char columns_sql[] =
	"select coalesce(quote_literal(s.catalog), 'catalog'), format('%I.%I', s.schema_name, s.table_name), quote_ident(s.column_name), "
	"s.schema_name || '.' || s.table_name, s.path, string_agg(quote_ident(a.attname), ', ' order by k.n), "
	"string_agg(format('($1::jsonb->>%s)::%s', k.n - 1, format_type(a.atttypid, a.atttypmod)), ', ' order by k.n) "
	"from mcp.sealed s "
	"join pg_index i on i.indrelid = format('%I.%I', s.schema_name, s.table_name)::regclass and i.indisprimary "
	"cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, n) "
	"join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum "
	"where $1::text is null or s.catalog = $1 or s.catalog is null "
	"group by s.catalog, s.schema_name, s.table_name, s.column_name, s.path order by 4, 3";

/* --- one row ---------------------------------------------------------------------------- */

/* The text as it shall stand there; one that nothing opens stays, and is noted. */
static char *
anew(void *ctx, const char *path, const char *text, size_t n)
{
	struct rekey *r = ctx;
	struct arena *mem = &r->c->mem;
	char *clear, *sealed = arena_copy(mem, text, n);
	size_t len;

	r->texts++;
	clear = seal_is_sealed(text) ? seal_open(mem, &r->keys, r->catalog, r->tenant, path, text, &len) : NULL;
	if (!clear) {
		r->lost = r->lost ? r->lost : path;
		return sealed;
	}
	if (!seal_is_current(&r->keys, text)) {
		sealed = seal_text(mem, &r->keys, r->catalog, r->tenant, path, clear, len);
		r->changed = true;
		r->anew++;
	}
	explicit_bzero(clear, len);
	return sealed;
}

static void
report(struct rekey *r, const struct column *column, const char *key)
{
	bool json = r->c->value[CTL_JSON] != NULL;

	if (json) {
		buf_fmt(&r->failed, "%s{\"table\":\"%s\",\"row\":%s,\"text\":", r->bad ? "," : "", column->shown, key);
		buf_json(&r->failed, r->lost, strlen(r->lost));
		buf_char(&r->failed, '}');
	} else {
		buf_fmt(&r->failed, "%s %s: no key opens %s\n", column->shown, key, r->lost);
	}
	r->bad++;
}

/* cell: key, catalog, tenant, value */
static void
take_row(struct rekey *r, const struct column *column, const char *const *cell)
{
	struct json_object *value = json_parse(&r->c->mem, cell[3], strlen(cell[3]), DEPTH_MAX), *now;

	r->catalog = cell[1];
	r->tenant = cell[2];
	r->lost = NULL;
	r->changed = false;
	r->rows++;
	now = value ? seal_leaves(&r->c->mem, value, column->path, anew, r) : NULL;
	if (!now)
		r->lost = column->path;
	if (r->lost)
		report(r, column, cell[0]);
	if (now && r->changed)
		CTL_SQL(r->c, arena_fmt(&r->c->mem, "update %s set %s = $2::jsonb where (%s) = (%s)", column->table, column->name,
		    column->key, column->values), cell[0], json_plain(now, NULL));
}

/* --- one column ------------------------------------------------------------------------- */

/* A batch behind the key `last` in a transaction of its own.  Its last key, in heap memory; NULL: there was no row. */
static char *
take_batch(struct rekey *r, const struct column *column, const char *last)
{
	const struct ctl_rows *rows;
	char *end = NULL;
	size_t i;

	ctl_sql_begin(r->c);
	rows = CTL_SQL(r->c, arena_fmt(&r->c->mem, "select jsonb_build_array(%s)::text, %s, tenant_id, %s from %s "
	    "where %s is not null and ($2::text is null or %s = $2) and ($1::jsonb is null or (%s) > (%s)) order by %s limit " BATCH " for update",
	    column->key, column->catalog, column->name, column->table, column->name, column->catalog, column->key, column->values,
	    column->key), last, r->c->value[CTL_CATALOG]);
	for (i = 0; i < rows->n; i++)
		take_row(r, column, rows->at[i]);
	if (rows->n > 0 && !(end = strdup(rows->at[rows->n - 1][0])))
		die("there is no memory");
	ctl_sql_commit(r->c);
	return end;
}

/* Each batch has memory of its own: there may be many. */
static void
take_column(struct rekey *r, const struct column *column)
{
	struct arena kept = r->c->mem;
	char *last = NULL, *next;

	do {
		arena_init(&r->c->mem, 1 << 20, BATCH_BYTES);
		next = take_batch(r, column, last);
		arena_close(&r->c->mem);
		free(last);
		last = next;
	} while (last);
	r->c->mem = kept;
}

/* --- the command ------------------------------------------------------------------------ */

static const struct ctl_rows *
find_columns(struct ctl *c)
{
	const struct ctl_rows *rows;

	ctl_sql_begin(c);
	rows = CTL_SQL(c, columns_sql, c->value[CTL_CATALOG]);
	ctl_sql_commit(c);
	return rows;
}

static void
tell(struct rekey *r)
{
	struct buf b;

	buf_init(&b, &r->c->mem, 2 * FAILED_MAX);
	if (r->c->value[CTL_JSON])
		buf_fmt(&b, "{\"rows\":%" PRId64 ",\"texts\":%" PRId64 ",\"rekeyed\":%" PRId64 ",\"failed\":[", r->rows, r->texts, r->anew);
	buf_add(&b, r->failed.at, r->failed.len);
	if (r->c->value[CTL_JSON])
		buf_str(&b, "]}\n");
	else
		buf_fmt(&b, "%" PRId64 " of %" PRId64 " texts in %" PRId64 " rows sealed anew\n", r->anew, r->texts, r->rows);
	ctl_show_text(b.at, b.len);
}

int
ctl_secrets_rekey(struct ctl *c)
{
	static struct rekey r;
	struct arena report_mem;
	const struct ctl_rows *found;
	const char *why;
	size_t i;

	config_need(c->cfg.seal_key, "SEAL_KEY");
	r.c = c;
	if (seal_load(&c->mem, &r.keys, &c->cfg, &why) != 0)
		die("%s", why);
	arena_init(&report_mem, 1 << 16, 4 * FAILED_MAX);
	buf_init(&r.failed, &report_mem, FAILED_MAX);
	ctl_sql_open(c);
	found = find_columns(c);
	for (i = 0; i < found->n; i++) {
		const char *const *at = found->at[i];

		take_column(&r, &(struct column){ at[0], at[1], at[2], at[3], at[4], at[5], at[6] });
	}
	tell(&r);
	explicit_bzero(&r.keys, sizeof(r.keys));
	arena_close(&report_mem);
	return r.bad ? 1 : 0;
}
