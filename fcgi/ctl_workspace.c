/* ctl_workspace: one statement per command. */
#include "ctl_workspace.h"
#include "ctl_show.h"
#include "ctl_tenant.h"
#include "log.h"

#define SHOWN "id, slug, name, " CTL_STAMP("created_at", "created_at")

int
ctl_workspace_add(struct ctl *c)
{
	const struct ctl_rows *rows;

	ctl_sql_open(c);
	ctl_sql_begin(c);
	rows = CTL_SQL(c, "insert into mcp.workspace (tenant_id, slug, name) values ($1::uuid, $2, $3) returning " SHOWN,
	    ctl_tenant_find(c), c->value[CTL_SLUG], c->value[CTL_NAME]);
	ctl_sql_commit(c);
	ctl_show_row(c, rows);
	return 0;
}

int
ctl_workspace_list(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	ctl_show_rows(c, CTL_SQL(c, "select " SHOWN " from mcp.workspace where tenant_id = $1::uuid order by slug", ctl_tenant_find(c)));
	return 0;
}

void
ctl_workspace_bind(struct ctl *c, const char *tenant, const char *key)
{
	size_t i;

	for (i = 0; i < c->workspace.n; i++)
		if (CTL_SQL(c, "insert into mcp.workspace_access (tenant_id, credential_id, workspace_id, is_default) "
		    "select tenant_id, $2::uuid, id, $4::boolean from mcp.workspace where tenant_id = $1::uuid "
		    "and (slug = $3 or id = mcp.uuid($3)) order by slug = $3 desc limit 1 returning workspace_id",
		    tenant, key, c->workspace.at[i], i == 0 ? "true" : "false")->n == 0)
			die("tenant %s has no workspace %s", c->value[CTL_TENANT], c->workspace.at[i]);
}
