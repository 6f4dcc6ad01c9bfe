/* ctl_tenant: one statement per command; the generation is raised by triggers (sql/core). */
#include "ctl_tenant.h"
#include "ctl_show.h"
#include "log.h"

/* A tenant as mcpctl shows it. */
#define SHOWN \
	"id, catalog, slug, name, plan, to_jsonb(features) as features, confirm, " \
	CTL_STAMP("suspended_at", "suspended_at") ", " CTL_STAMP("created_at", "created_at")

/* A catalog that migrations made is there, but nobody can be its tenant before it has plans. */
static void
die_without_plans(struct ctl *c)
{
	const struct ctl_rows *rows = CTL_SQL(c, "select 1 from mcp.schema_migration where catalog = $1 limit 1", c->value[CTL_CATALOG]);

	if (rows->n > 0)
		die("catalog %s has no plans: its first migration inserts them into mcp.plan", c->value[CTL_CATALOG]);
	die("there is no catalog %s in this database", c->value[CTL_CATALOG]);
}

/* Dies with the plans there are, unless the catalog has the one that was asked for. */
static void
check_plan(struct ctl *c)
{
	const struct ctl_rows *rows = CTL_SQL(c, "select string_agg(name, ', ' order by per_minute), "
	    "bool_or(name = $2) from mcp.plan where catalog = $1", c->value[CTL_CATALOG], c->value[CTL_PLAN]);

	if (!rows->at[0][0])
		die_without_plans(c);
	if (rows->at[0][1][0] != 't')
		die("catalog %s has no plan %s; it has %s", c->value[CTL_CATALOG], c->value[CTL_PLAN], rows->at[0][0]);
}

/* Commits and shows the tenant that a statement returned; dies if it returned none. */
static int
finish(struct ctl *c, const struct ctl_rows *rows)
{
	if (rows->n == 0)
		die("catalog %s has no tenant %s", c->value[CTL_CATALOG], c->value[CTL_SLUG]);
	ctl_sql_commit(c);
	ctl_show_row(c, rows);
	return 0;
}

int
ctl_tenant_add(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	check_plan(c);
	return finish(c, CTL_SQL(c, "insert into mcp.tenant (catalog, slug, name, plan, features) values ($1, $2, $3, $4, "
	    "array(select jsonb_array_elements_text($5::jsonb))) returning " SHOWN, c->value[CTL_CATALOG], c->value[CTL_SLUG],
	    c->value[CTL_NAME], c->value[CTL_PLAN], ctl_args_list(&c->mem, &c->feature)));
}

int
ctl_tenant_list(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	ctl_show_rows(c, CTL_SQL(c, "select " SHOWN " from mcp.tenant where $1::text is null or catalog = $1 "
	    "order by catalog, slug", c->value[CTL_CATALOG]));
	return 0;
}

int
ctl_tenant_suspend(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	finish(c, CTL_SQL(c, "update mcp.tenant set suspended_at = coalesce(suspended_at, now()) "
	    "where catalog = $1 and slug = $2 returning " SHOWN, c->value[CTL_CATALOG], c->value[CTL_SLUG]));
	usleep(CTL_TENANT_SETTLE_US);
	return 0;
}

int
ctl_tenant_resume(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	return finish(c, CTL_SQL(c, "update mcp.tenant set suspended_at = null where catalog = $1 and slug = $2 returning " SHOWN,
	    c->value[CTL_CATALOG], c->value[CTL_SLUG]));
}

int
ctl_tenant_plan(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	check_plan(c);
	return finish(c, CTL_SQL(c, "update mcp.tenant set plan = $3 where catalog = $1 and slug = $2 returning " SHOWN,
	    c->value[CTL_CATALOG], c->value[CTL_SLUG], c->value[CTL_PLAN]));
}

int
ctl_tenant_feature(struct ctl *c)
{
	if (c->add.n == 0 && c->remove.n == 0)
		ctl_args_usage("mcpctl tenant feature needs --add or --remove");
	ctl_sql_open(c);
	ctl_sql_begin(c);
	finish(c, CTL_SQL(c, "update mcp.tenant set features = array("
	    "select unnest(features) union select jsonb_array_elements_text($3::jsonb) except select jsonb_array_elements_text($4::jsonb) "
	    "order by 1) where catalog = $1 and slug = $2 returning " SHOWN, c->value[CTL_CATALOG], c->value[CTL_SLUG],
	    ctl_args_list(&c->mem, &c->add), ctl_args_list(&c->mem, &c->remove)));
	usleep(CTL_TENANT_SETTLE_US);
	return 0;
}

int
ctl_tenant_confirm(struct ctl *c)
{
	if (strcmp(c->operand, "required") != 0 && strcmp(c->operand, "if_possible") != 0)
		ctl_args_usage("mcpctl tenant confirm: %s is neither required nor if_possible", c->operand);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	finish(c, CTL_SQL(c, "update mcp.tenant set confirm = $3 where catalog = $1 and slug = $2 returning " SHOWN,
	    c->value[CTL_CATALOG], c->value[CTL_SLUG], c->operand));
	usleep(CTL_TENANT_SETTLE_US);
	return 0;
}

const char *
ctl_tenant_find(struct ctl *c)
{
	const struct ctl_rows *rows = CTL_SQL(c, "select id from mcp.tenant where catalog = $1 and slug = $2", c->value[CTL_CATALOG],
	    c->value[CTL_TENANT]);

	if (rows->n == 0)
		die("catalog %s has no tenant %s", c->value[CTL_CATALOG], c->value[CTL_TENANT]);
	return rows->at[0][0];
}
