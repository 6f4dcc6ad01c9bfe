/* ctl_principal: one statement per command; names are a tenant's own, and people may share one. */
#include "ctl_principal.h"
#include "ctl_scope.h"
#include "ctl_show.h"
#include "ctl_tenant.h"
#include "log.h"

/* A principal and a role as mcpctl shows them; p and r are their tables. */
#define PRINCIPAL_SHOWN \
	"p.id, p.name, p.kind, array_to_json(array(select r.name from mcp.membership m join mcp.role r on r.id = m.role_id " \
	"where m.principal_id = p.id order by 1))::jsonb as roles, " \
	CTL_STAMP("p.disabled_at", "disabled_at") ", " CTL_STAMP("p.created_at", "created_at")
#define ROLE_SHOWN \
	"r.id, r.name, to_jsonb(r.scopes) as scopes, (select count(*) from mcp.membership m where m.role_id = r.id) as principals, " \
	CTL_STAMP("r.created_at", "created_at")

/* Commits, waits until methods without SQL know too, and shows the row. */
static int
finish(struct ctl *c, const struct ctl_rows *rows, bool settle)
{
	ctl_sql_commit(c);
	if (settle)
		usleep(CTL_TENANT_SETTLE_US);
	ctl_show_row(c, rows);
	return 0;
}

static const char *
begin(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	return ctl_tenant_find(c);
}

const char *
ctl_principal_find(struct ctl *c, const char *tenant, const char *name)
{
	const struct ctl_rows *rows = CTL_SQL(c, "select id from mcp.principal "
	    "where tenant_id = $1::uuid and (name = $2 or id = mcp.uuid($2))", tenant, name);

	if (rows->n == 0)
		die("tenant %s has no principal %s", c->value[CTL_TENANT], name);
	if (rows->n > 1)
		die("tenant %s has %zu principals called %s; give the id, mcpctl principal list shows it", c->value[CTL_TENANT], rows->n, name);
	return rows->at[0][0];
}

static const char *
find_role(struct ctl *c, const char *tenant, const char *name)
{
	const struct ctl_rows *rows = CTL_SQL(c, "select id from mcp.role where tenant_id = $1::uuid and name = $2", tenant, name);

	if (rows->n == 0)
		die("tenant %s has no role %s", c->value[CTL_TENANT], name);
	return rows->at[0][0];
}

/* --- principals ------------------------------------------------------------------------- */

static const struct ctl_rows *
show_principal(struct ctl *c, const char *id)
{
	return CTL_SQL(c, "select " PRINCIPAL_SHOWN " from mcp.principal p where p.id = $1::uuid", id);
}

static void
grant(struct ctl *c, const char *tenant, const char *principal, const char *role)
{
	CTL_SQL(c, "insert into mcp.membership (tenant_id, principal_id, role_id) values ($1::uuid, $2::uuid, $3::uuid) "
	    "on conflict do nothing", tenant, principal, find_role(c, tenant, role));
}

int
ctl_principal_add(struct ctl *c)
{
	const char *tenant = begin(c), *id;
	size_t i;

	id = CTL_SQL(c, "insert into mcp.principal (tenant_id, name) values ($1::uuid, $2) returning id", tenant,
	    c->value[CTL_NAME])->at[0][0];
	for (i = 0; i < c->role.n; i++)
		grant(c, tenant, id, c->role.at[i]);
	return finish(c, show_principal(c, id), false);
}

int
ctl_principal_list(struct ctl *c)
{
	const char *tenant = begin(c);

	ctl_show_rows(c, CTL_SQL(c, "select " PRINCIPAL_SHOWN " from mcp.principal p where p.tenant_id = $1::uuid "
	    "order by p.name, p.created_at, p.id", tenant));
	return 0;
}

int
ctl_principal_disable(struct ctl *c)
{
	const char *tenant = begin(c), *id = ctl_principal_find(c, tenant, c->value[CTL_NAME]);

	CTL_SQL(c, "update mcp.principal set disabled_at = coalesce(disabled_at, now()) where id = $1::uuid", id);
	return finish(c, show_principal(c, id), true);
}

int
ctl_principal_enable(struct ctl *c)
{
	const char *tenant = begin(c), *id = ctl_principal_find(c, tenant, c->value[CTL_NAME]);

	CTL_SQL(c, "update mcp.principal set disabled_at = null where id = $1::uuid", id);
	return finish(c, show_principal(c, id), true);
}

/* --- roles ------------------------------------------------------------------------------ */

static const struct ctl_rows *
show_role(struct ctl *c, const char *id)
{
	return CTL_SQL(c, "select " ROLE_SHOWN " from mcp.role r where r.id = $1::uuid", id);
}

int
ctl_role_add(struct ctl *c)
{
	const char *tenant;

	ctl_scope_check(c, ctl_scope_catalog(c, c->value[CTL_CATALOG]));
	tenant = begin(c);
	return finish(c, show_role(c, CTL_SQL(c, "insert into mcp.role (tenant_id, name, scopes) values ($1::uuid, $2, "
	    "array(select jsonb_array_elements_text($3::jsonb))) returning id", tenant, c->value[CTL_NAME],
	    ctl_args_list(&c->mem, &c->scope))->at[0][0]), false);
}

int
ctl_role_list(struct ctl *c)
{
	const char *tenant = begin(c);

	ctl_show_rows(c, CTL_SQL(c, "select " ROLE_SHOWN " from mcp.role r where r.tenant_id = $1::uuid order by r.name", tenant));
	return 0;
}

int
ctl_role_scopes(struct ctl *c)
{
	const char *tenant, *id;

	ctl_scope_check(c, ctl_scope_catalog(c, c->value[CTL_CATALOG]));
	tenant = begin(c);
	id = find_role(c, tenant, c->value[CTL_NAME]);
	CTL_SQL(c, "update mcp.role set scopes = array(select jsonb_array_elements_text($2::jsonb)) where id = $1::uuid", id,
	    ctl_args_list(&c->mem, &c->scope));
	return finish(c, show_role(c, id), true);
}

int
ctl_role_grant(struct ctl *c)
{
	const char *tenant = begin(c), *id = ctl_principal_find(c, tenant, c->value[CTL_PRINCIPAL]);

	grant(c, tenant, id, c->value[CTL_NAME]);
	return finish(c, show_principal(c, id), true);
}

int
ctl_role_revoke(struct ctl *c)
{
	const char *tenant = begin(c), *id = ctl_principal_find(c, tenant, c->value[CTL_PRINCIPAL]);

	CTL_SQL(c, "delete from mcp.membership where tenant_id = $1::uuid and principal_id = $2::uuid and role_id = $3::uuid",
	    tenant, id, find_role(c, tenant, c->value[CTL_NAME]));
	return finish(c, show_principal(c, id), true);
}
