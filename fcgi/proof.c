/*
 * proof: a table of questions to the system catalogs, each with the sentence for what it finds.
 *
 * A question asks for what must not be, so an answer without rows is good.  All are asked in one
 * snapshot, with only pg_catalog on the search_path: so nothing can stand in for a system table,
 * and expressions are printed with the schema of every function in them.
 *
 * Another role that the login may become is no finding when it belongs to another catalog: such a
 * role has no attributes, owns nothing and cannot reach this catalog's tables.  Its own proof is
 * made with its own catalog.
 */
#include "proof.h"
#include "fit.h"
#include "log.h"

#define ROWS_MAX 100		/* findings of one question; who has more has read enough */

/* SECURITY DEFINER functions that the login itself is meant to reach, whatever the catalog. */
#define CORE_DEFINERS \
	"[\"mcp.identify(bytea)\", \"mcp.enter(uuid, bigint)\", \"mcp.audit(jsonb)\"," \
	" \"mcp.idempotency_claim(text, text, text)\", \"mcp.idempotency_keep(text, text, jsonb)\"," \
	" \"mcp.idempotency_purge(integer)\", \"mcp.narrow(uuid, uuid)\"," \
	" \"mcp.used(uuid[], timestamp with time zone[], bigint[])\"]"

/* Has the role any privilege on the table, or on a column of it? */
#define MAY(role, table) \
	"(has_table_privilege(" role ", " table ", 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')" \
	" or has_any_column_privilege(" role ", " table ", 'SELECT, INSERT, UPDATE, REFERENCES'))"

/*
 * What all questions start from.  $1: role, $2: schema, $3: shared, $4: definer, $5: core definers.
 *
 *	who	the two roles that count, the login and the catalog's; a superuser has every privilege, which
 *		is one finding and not hundreds
 *	reached	what the catalog's role has any privilege on; those of its schema are not looked at
 *	owned	of that the tables that belong to tenants
 */
#define REACH \
	"with who as (" \
	"	select r.oid, r.rolname, 'role' as kind, r.rolsuper as super from pg_roles r where r.rolname = $1::text" \
	"	union all select r.oid, r.rolname, 'login', r.rolsuper from pg_roles r where r.rolname = session_user), " \
	"word as (select $2::text as schema, array(select jsonb_array_elements_text($3::jsonb)) as shared," \
	"	array(select jsonb_array_elements_text($4::jsonb)) as definer," \
	"	array(select jsonb_array_elements_text($5::jsonb)) as core), " \
	"own as (select c.oid, n.nspname, n.nspname || '.' || c.relname as name, c.relname, c.relkind, c.relispartition," \
	"	c.relrowsecurity, c.relforcerowsecurity, coalesce(c.reloptions, '{}') as reloptions" \
	"	from pg_class c join pg_namespace n on n.oid = c.relnamespace" \
	"	where c.relkind in ('r', 'p', 'v', 'm', 'f')" \
	"	and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'), " \
	"reached as (select own.*, who.rolname, own.name = any (word.shared) as shared from own, who, word" \
	"	where who.kind = 'role' and not who.super and " MAY("who.oid", "own.oid") "), " \
	"owned as (select * from reached" \
	"	where relkind in ('r', 'p') and not relispartition and not shared and nspname <> 'mcp') "

/* Attributes of a role r that make it more than a name for privileges. */
#define ATTRIBUTES \
	"(values ('SUPERUSER', r.rolsuper), ('BYPASSRLS', r.rolbypassrls), ('CREATEROLE', r.rolcreaterole)," \
	" ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication)) as a (attribute, has)"

/* May the role put rows into a table, or change some of it? */
#define MAY_WRITE(role, table) \
	"(has_table_privilege(" role ", " table ", 'INSERT, UPDATE, DELETE')" \
	" or has_any_column_privilege(" role ", " table ", 'INSERT, UPDATE'))"

#define SIGNATURE "n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'"

/* The id of no tenant. */
#define CANARY "6d63702d-6670-4d2d-8000-63616e617279"

#define CANONICAL "'(tenant_id = mcp.tenant())'"

static const struct question {
	const char *sql;	/* behind REACH; a row is a finding */
	const char *says;	/* each %s is the next column */
} questions[] = {
	/* --- the roles --- */
	{ "select $1 where not exists (select from who where kind = 'role')",
	  "role %s: does not exist (mcpctl migrate makes it)" },
	{ "select w.kind, w.rolname, a.attribute, w.rolname, lower(a.attribute) from who w join pg_roles r using (oid)"
	  " cross join lateral " ATTRIBUTES " where a.has",
	  "%s %s: has %s (alter role %s no%s)" },
	{ "select w.kind, w.rolname, w.rolname from who w join pg_roles r using (oid) where w.kind = 'role' and r.rolcanlogin",
	  "%s %s: may log in by itself (alter role %s nologin)" },
	{ "select w.kind, w.rolname, w.rolname from who w join pg_roles r using (oid) where w.kind = 'login' and r.rolinherit",
	  "%s %s: inherits what it should have to ask for (alter role %s noinherit)" },
	{ "select w.kind, w.rolname, case when d.dbid in (0, b.oid) then pg_describe_object(d.classid, d.objid, d.objsubid)"
	  " else 'an object in another database' end"
	  " from who w join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = w.oid and d.deptype = 'o'"
	  " join pg_database b on b.datname = current_database()",
	  "%s %s: owns %s; row security and grants do not bind an owner" },
	{ "select w.rolname, g.rolname from who w join pg_auth_members m on m.member = w.oid join pg_roles g on g.oid = m.roleid"
	  " where w.kind = 'role'",
	  "role %s: is a member of %s; what a catalog may is granted to its role directly" },
	{ "select l.rolname, w.rolname, w.rolname, l.rolname from who w, who l where w.kind = 'role' and l.kind = 'login'"
	  " and not pg_has_role(l.oid, w.oid, 'MEMBER')",
	  "login %s: cannot become %s (grant %s to %s)" },
	{ "select l.rolname, r.rolname, coalesce(a.attribute, 'a meaning to PostgreSQL itself')"
	  " from who l join pg_roles r on not l.super and r.oid <> l.oid and r.rolname <> $1 and pg_has_role(l.oid, r.oid, 'MEMBER')"
	  " left join lateral (select attribute from (select * from " ATTRIBUTES " union all values ('LOGIN', r.rolcanlogin),"
	  " ('objects of its own', exists (select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass"
	  " and d.refobjid = r.oid and d.deptype = 'o'))) as x (attribute, has) where x.has limit 1) a on true"
	  " where l.kind = 'login' and (a.attribute is not null or r.rolname ~ '^pg_')",
	  "login %s: may become %s, which has %s" },
	{ "select l.rolname, r.rolname, o.name from word, who l"
	  " join pg_roles r on not l.super and r.oid <> l.oid and r.rolname <> $1 and pg_has_role(l.oid, r.oid, 'MEMBER')"
	  " join own o on true where l.kind = 'login' and not r.rolsuper and " MAY("r.oid", "o.oid")
	  " and (o.nspname = word.schema or o.oid in (select oid from owned))",
	  "login %s: may become %s, which can reach %s too" },

	/* --- what is no table --- */
	{ "select b.datname, w.kind, w.rolname, p.privilege from pg_database b, who w, (values ('CREATE'), ('TEMPORARY')) p (privilege)"
	  " where b.datname = current_database() and not w.super and has_database_privilege(w.oid, b.oid, p.privilege)",
	  "database %s: %s %s has %s on it" },
	{ "select n.nspname, w.kind, w.rolname from pg_namespace n, who w where n.nspname !~ '^pg_(toast|temp)'"
	  " and not w.super and has_schema_privilege(w.oid, n.oid, 'CREATE')",
	  "schema %s: %s %s may create objects in it" },
	{ "select x.kind, x.name, w.kind, w.rolname from who w, lateral ("
	  " select 'foreign server' as kind, srvname as name from pg_foreign_server where has_server_privilege(w.oid, oid, 'USAGE')"
	  " union all select 'foreign-data wrapper', fdwname from pg_foreign_data_wrapper"
	  " where has_foreign_data_wrapper_privilege(w.oid, oid, 'USAGE')) x where not w.super",
	  "%s %s: %s %s may use it" },
	{ "select o.oid::text, w.kind, w.rolname from who w, pg_largeobject_metadata o"
	  " where exists (select from aclexplode(o.lomacl) a where a.grantee in (0, w.oid))",
	  "large object %s: %s %s may reach it; large objects have no row security" },
	{ "select t.name, w.kind, w.rolname from who w, unnest('{pg_authid, pg_largeobject, pg_statistic, pg_statistic_ext_data,"
	  " pg_user_mapping}'::name[]) as t (name) where not w.super and " MAY("w.oid", "('pg_catalog.' || t.name)::regclass"),
	  "system table pg_catalog.%s: %s %s may read it; it shows values of all tenants, or secrets" },

	/* --- which tables --- */
	{ "select o.name, w.kind, w.rolname from own o, who w where o.nspname = 'mcp' and " MAY("w.oid", "o.oid")
	  " and not w.super",
	  "table %s: %s %s has privileges on it; schema mcp is reached through its functions only" },
	{ "select o.name, w.rolname from own o, who w where o.nspname <> 'mcp' and w.kind = 'login' and " MAY("w.oid", "o.oid")
	  " and not w.super",
	  "table %s: login %s has privileges on it without any catalog's role" },
	{ "select name, rolname from reached where relkind = 'f'",
	  "foreign table %s: role %s may reach it; a foreign table has no row security" },
	{ "select name, rolname from reached where relkind = 'm'",
	  "materialized view %s: role %s may reach it; a materialized view has no row security" },
	{ "select name, name from reached where relkind = 'v' and not exists (select from unnest(reloptions) o"
	  " where o in ('security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'))",
	  "view %s: reads with its owner's rights (alter view %s set (security_invoker))" },
	{ "select name, rolname, rolname from reached where relispartition",
	  "partition %s: role %s may reach it past the policy of its table (revoke all on it from %s)" },
	{ "select r.name, r.rolname, p.privilege from reached r, (values ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) p (privilege)"
	  " where r.relkind in ('r', 'p') and (has_table_privilege(r.rolname, r.oid, p.privilege)"
	  " or p.privilege = 'REFERENCES' and has_any_column_privilege(r.rolname, r.oid, p.privilege))",
	  "table %s: role %s has %s on it, which row security does not bind" },
	{ "select name from reached r where relkind in ('r', 'p') and exists (select from pg_rewrite w where w.ev_class = r.oid)",
	  "table %s: has rewrite rules, which act with its owner's rights" },

	/* --- shared tables --- */
	{ "select w.name from word, unnest(word.shared) as w (name) where not exists (select from reached where name = w.name)"
	  " and not exists (select from who where super)",
	  "catalog.json: shared names %s, but there is no table of this name that the role may read" },
	{ "select name, rolname from reached where shared and " MAY_WRITE("rolname", "oid"),
	  "table %s: is shared by all tenants, but role %s may write it" },
	{ "select r.name from reached r join pg_attribute a on a.attrelid = r.oid and a.attname = 'tenant_id'"
	  " and not a.attisdropped where r.shared",
	  "table %s: is on the list shared of catalog.json, but has a column tenant_id" },

	/* --- tables of tenants --- */
	{ "select name, name from owned where not relrowsecurity",
	  "table %s: row security is not enabled (alter table %s enable row level security)" },
	{ "select name, name from owned where not relforcerowsecurity",
	  "table %s: row security is not forced (alter table %s force row level security)" },
	{ "select name from owned o where not exists (select from pg_attribute a where a.attrelid = o.oid"
	  " and a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype and a.attnotnull and not a.attisdropped)",
	  "table %s: has no column tenant_id of type uuid, not null" },
	{ "select o.name, count(p.oid)::text, o.rolname from owned o left join pg_policy p on p.polrelid = o.oid and p.polpermissive"
	  " and (0 = any (p.polroles) or exists (select from unnest(p.polroles) g where g <> 0 and pg_has_role(o.rolname, g, 'MEMBER')))"
	  " group by o.name, o.rolname having count(p.oid) <> 1",
	  "table %s: has %s permissive policies that apply to role %s; one is wanted" },
	{ "select o.name, p.polname, o.rolname from owned o join pg_policy p on p.polrelid = o.oid and p.polpermissive"
	  " where p.polroles <> array[o.rolname::regrole::oid] and (0 = any (p.polroles)"
	  " or exists (select from unnest(p.polroles) g where g <> 0 and pg_has_role(o.rolname, g, 'MEMBER')))",
	  "table %s: its policy %s applies to others than role %s too" },
	{ "select o.name, p.polname from owned o join pg_policy p on p.polrelid = o.oid and p.polpermissive"
	  " where o.rolname::regrole::oid = any (p.polroles) and p.polcmd <> '*'",
	  "table %s: its policy %s is not for all commands" },
	{ "select o.name, p.polname, x.what, coalesce(pg_get_expr(x.expression, o.oid), 'missing')"
	  " from owned o join pg_policy p on p.polrelid = o.oid and p.polpermissive"
	  " cross join lateral (values ('using', p.polqual), ('with check', p.polwithcheck)) x (what, expression)"
	  " where o.rolname::regrole::oid = any (p.polroles)"
	  " and pg_get_expr(x.expression, o.oid) is distinct from " CANONICAL,
	  "table %s: in its policy %s, %s is %s, and not (tenant_id = mcp.tenant())" },
	{ "select o.name, i.indexrelid::regclass::text from owned o join pg_index i on i.indrelid = o.oid"
	  " and (i.indisunique or i.indisexclusion)"
	  " left join pg_attribute a on a.attrelid = o.oid and a.attnum = i.indkey[0]"
	  " where a.attname is distinct from 'tenant_id'",
	  "table %s: its unique index %s does not lead with tenant_id, so a conflict tells of another tenant's rows" },
	{ "select o.name, f.conname from owned o join pg_constraint f on f.conrelid = o.oid and f.contype = 'f'"
	  " join pg_attribute there on there.attrelid = f.confrelid and there.attname = 'tenant_id' and not there.attisdropped"
	  " join pg_attribute here on here.attrelid = o.oid and here.attname = 'tenant_id'"
	  " where f.conkey[1] <> here.attnum or f.confkey[1] <> there.attnum",
	  "table %s: its foreign key %s does not lead with tenant_id, so a row can point at another tenant's" },

	{ "select distinct k.conrelid::regclass::text, k.conname from owned o join pg_constraint k on k.contype in ('c', 'f', 'u', 'x')"
	  " and (k.conrelid = o.oid and " MAY_WRITE("o.rolname", "o.oid")
	  " or k.confrelid = o.oid and has_table_privilege(o.rolname, o.oid, 'DELETE'))"
	  " where obj_description(k.oid, 'pg_constraint') is null",
	  "table %s: its constraint %s has no comment, which is what a caller is told when it refuses a row" },

	/* --- functions --- */
	{ "select " SIGNATURE ", w.kind, w.rolname, case w.kind when 'role' then 'the list definer of catalog.json' else 'our list' end"
	  " from pg_proc p join pg_namespace n on n.oid = p.pronamespace, who w, word"
	  " where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"
	  " and has_function_privilege(w.oid, p.oid, 'EXECUTE') and not w.super"
	  " and " SIGNATURE " <> all (case w.kind when 'role' then word.definer else word.core end)",
	  "function %s: acts with its owner's rights, %s %s may call it, and it is not on %s" },
	{ "select distinct " SIGNATURE ", o.rolname, o.name from owned o join pg_trigger t on t.tgrelid = o.oid"
	  " join pg_proc p on p.oid = t.tgfoid and p.prosecdef join pg_namespace n on n.oid = p.pronamespace, word"
	  " where n.nspname <> 'pg_catalog' and " MAY_WRITE("o.rolname", "o.oid") " and " SIGNATURE " <> all (word.definer)",
	  "function %s: acts with its owner's rights when role %s writes %s, and is not on the list definer of catalog.json" },
	{ "select " SIGNATURE " from pg_proc p join pg_namespace n on n.oid = p.pronamespace, word"
	  " where p.prosecdef and " SIGNATURE " = any (word.definer || word.core)"
	  " and not exists (select from unnest(p.proconfig) g where g like 'search\\_path=%')",
	  "function %s: acts with its owner's rights and has no search_path of its own" },
	{ "select w.name from word, unnest(word.definer) as w (name) where not exists (select from pg_proc p"
	  " join pg_namespace n on n.oid = p.pronamespace where " SIGNATURE " = w.name)",
	  "catalog.json: definer names %s, but there is no such function (written schema.name(type, type))" },
};

/* The tables that the canary visits: their names, as shown and as SQL wants them. */
static const char visited[] =
	"select name, format('%I.%I', nspname, relname) from owned where has_any_column_privilege(rolname, oid, 'SELECT')"
	" and has_schema_privilege(rolname, nspname, 'USAGE') order by name";

struct visit {
	const char   *name, *quoted;
	struct visit *next;
};

struct trial {
	struct db            *db;
	struct arena         *mem;
	const struct catalog *c;
	struct buf           *says;
	size_t                from;		/* where ours begin in it */
	const char           *says_now;		/* sentence of the question in hand */
	int                   found;		/* rows of it so far */
	struct visit         *visit;		/* what the canary has to see */
	struct visit        **last_visit;	/* where the next one goes */
};

/* The words as the text of a JSON array. */
static const char *
list_text(struct arena *mem, const struct words *list)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, 1 << 20);
	for (i = 0; i < list->n; i++) {
		buf_char(&b, i ? ',' : '[');
		buf_json(&b, list->at[i], strlen(list->at[i]));
	}
	buf_str(&b, list->n ? "]" : "[]");
	return b.at;
}

static enum db_outcome
gone(struct trial *p, const struct db_error *e)
{
	buf_cut(p->says, p->from);
	buf_fmt(p->says, "%s\n", e->message ? e->message : "PostgreSQL does not answer");
	return DB_AWAY;
}

/* --- questions -------------------------------------------------------------------------- */

static int
add_finding(void *ctx, const struct db_row *row)
{
	struct trial *p = ctx;
	const char *s = p->says_now, *mark;
	int i = 0;

	for (; (mark = strstr(s, "%s")); s = mark + 2, i++) {
		if (i >= row->n)
			bug("\"%s\" wants more columns", p->says_now);
		buf_add(p->says, s, (size_t)(mark - s));
		buf_str(p->says, row->at[i] ? row->at[i] : "?");
	}
	buf_str(p->says, s);
	buf_char(p->says, '\n');
	return ++p->found == ROWS_MAX;
}

static int
add_visit(void *ctx, const struct db_row *row)
{
	struct trial *p = ctx;
	struct visit *v = arena_take(p->mem, sizeof(*v));

	*v = (struct visit){ arena_str(p->mem, row->at[0]), arena_str(p->mem, row->at[1]), NULL };
	*p->last_visit = v;
	p->last_visit = &v->next;
	return 0;
}

/* Rows go to row().  What PostgreSQL refuses to answer is not proven either. */
static enum db_outcome
ask(struct trial *p, const char *sql, int (*row)(void *ctx, const struct db_row *row))
{
	struct db_statement s = {
		.sql = arena_fmt(p->mem, "%s%s", REACH, sql),
		.n = 5,
		.at = { p->c->role, p->c->schema, list_text(p->mem, &p->c->shared), list_text(p->mem, &p->c->definer),
		        CORE_DEFINERS },
		.row = row,
	};
	struct db_call call = { .mem = p->mem, .client_fd = -1, .main = &s, .ctx = p };
	enum db_outcome got = db_query(p->db, &call);

	if (got == DB_AWAY)
		return gone(p, &call.error);
	if (got == DB_REFUSED)
		buf_fmt(p->says, "catalog %s: PostgreSQL does not answer the proof: %s\n", p->c->name, call.error.message);
	return got;
}

static enum db_outcome
ask_all(struct trial *p)
{
	enum db_outcome got;
	struct db_error e;
	size_t i;

	got = db_script(p->db, p->mem,
	    "begin isolation level repeatable read, read only; set local search_path = pg_catalog, pg_temp", &e);
	if (got != DB_DONE)
		return gone(p, &e);
	for (i = 0; i < LEN(questions) && got == DB_DONE; i++) {
		p->says_now = questions[i].says;
		p->found = 0;
		got = ask(p, questions[i].sql, add_finding);
	}
	if (got == DB_DONE)
		got = ask(p, visited, add_visit);
	if (got != DB_AWAY && db_script(p->db, p->mem, "rollback", &e) != DB_DONE)
		return gone(p, &e);
	return got;
}

/* --- the canary ------------------------------------------------------------------------- */

static int
is_true(void *ctx, const struct db_row *row)
{
	*(bool *)ctx = row->at[0] && row->at[0][0] == 't';
	return 1;
}

/* A condition, in a transaction of its own as the catalog's role.  *holds: it is true. */
static enum db_outcome
try_as_role(struct trial *p, const char *sql, const char *subject, bool *holds)
{
	struct db_statement s = { .sql = sql, .row = is_true };
	struct db_call call = { .mem = p->mem, .client_fd = -1, .main = &s, .ctx = holds };
	struct db_error e;
	enum db_outcome got;

	*holds = false;
	got = db_script(p->db, p->mem, arena_fmt(p->mem, "begin read only; set local search_path = pg_catalog, pg_temp; "
	    "set local role %s", db_identifier(p->mem, p->c->role)), &e);
	if (got == DB_DONE) {
		got = db_query(p->db, &call);
		e = call.error;
	}
	if (got == DB_AWAY)
		return gone(p, &e);
	if (got == DB_REFUSED)
		buf_fmt(p->says, "%s: cannot be tried as role %s: %s\n", subject, p->c->role, e.message);
	return db_script(p->db, p->mem, "rollback", &e) == DB_DONE ? got : gone(p, &e);
}

static enum db_outcome
visit(struct trial *p, const struct visit *v)
{
	const char *subject = arena_fmt(p->mem, "table %s", v->name);
	bool seen;
	enum db_outcome got = try_as_role(p, arena_fmt(p->mem, "select exists (select from %s)", v->quoted), subject, &seen);

	if (seen)
		buf_fmt(p->says, "%s: role %s sees rows although no tenant is set\n", subject, p->c->role);
	return got;
}

/*
 * What the system catalogs cannot show: that mcp.tenant(), which all policies ask, names the tenant
 * that was set and none when none was; and that every table is empty then.
 */
static enum db_outcome
fly_canary(struct trial *p)
{
	static const char subject[] = "function mcp.tenant()";
	const struct visit *v;
	enum db_outcome got;
	bool holds;

	got = try_as_role(p, "select mcp.tenant() is null", subject, &holds);
	if (got == DB_DONE && !holds)
		buf_fmt(p->says, "%s: names a tenant although none is set\n", subject);
	if (got == DB_DONE)
		got = try_as_role(p, "select mcp.tenant() = '" CANARY "' from set_config('mcp.tenant', '" CANARY "', true)",
		    subject, &holds);
	if (got == DB_DONE && !holds)
		buf_fmt(p->says, "%s: does not name the tenant that is set\n", subject);
	for (v = p->visit; v && got != DB_AWAY; v = v->next)
		got = visit(p, v);
	return got;
}

enum db_outcome
proof_catalog(struct db *db, struct arena *mem, const struct catalog *c, struct buf *says)
{
	struct trial p = { .db = db, .mem = mem, .c = c, .says = says, .from = says->len, .last_visit = &p.visit };
	enum db_outcome got;
	bool able = false;
	size_t i;

	got = ask_all(&p);
	if (got == DB_DONE)
		got = try_as_role(&p, "select true", arena_fmt(mem, "catalog %s", c->name), &able);
	if (able)
		got = fly_canary(&p);
	for (i = 0; i < c->entries && able && got != DB_AWAY; i++)
		if ((got = fit_tool(db, mem, c->entry[i], says)) == DB_AWAY)
			got = gone(&p, &(struct db_error){ .message = "PostgreSQL went away during the proof" });
	if (got == DB_AWAY)
		return DB_AWAY;
	return says->len > p.from || says->full ? DB_REFUSED : DB_DONE;	/* full: a finding may not have fitted */
}
