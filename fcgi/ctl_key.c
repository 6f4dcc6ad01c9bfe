/* ctl_key: the secret lives in this process only, and leaves it through one write(). */
#include "ctl_key.h"
#include "cidr.h"
#include "crypt.h"
#include "ctl_principal.h"
#include "ctl_scope.h"
#include "ctl_show.h"
#include "ctl_tenant.h"
#include "ctl_time.h"
#include "ctl_workspace.h"
#include "log.h"

#define PREFIX_SHOWN	12	/* characters of the secret that lists show */
#define PER_MINUTE_MAX	1000000
#define OVERLAP		"24h"

/* A key as mcpctl shows it; c and t are its table and its tenant's. */
#define IDENTITY	"c.id, c.prefix, c.catalog, t.slug as tenant, c.name, to_jsonb(c.scopes) as scopes, c.mode"
#define STATE \
	"case when c.revoked_at is not null then 'revoked' when c.expires_at <= now() then 'expired' else 'ok' end"
#define BOUNDS \
	"(select p.name from mcp.principal p where p.id = c.principal_id) as principal, " \
	"array_to_json(array(select w.slug from mcp.workspace_access a join mcp.workspace w on w.id = a.workspace_id " \
	"where a.credential_id = c.id order by a.is_default desc, w.slug))::jsonb as workspaces, " \
	"to_jsonb(c.addresses::text[]) as addresses, c.per_minute"
#define MADE \
	"select " IDENTITY ", " CTL_STAMP("c.expires_at", "expires_at") ", " BOUNDS \
	" from mcp.credential c join mcp.tenant t on t.id = c.tenant_id where c.id = $1::uuid"

/* --- create ----------------------------------------------------------------------------- */

static const char *
mode_of(struct ctl *c)
{
	const char *mode = c->value[CTL_MODE] ? c->value[CTL_MODE] : "full";

	if (strcmp(mode, "full") != 0 && strcmp(mode, "read") != 0)
		ctl_args_usage("--mode is full or read, not %s", mode);
	return mode;
}

/* NULL: it never expires. */
static const char *
expiry_of(struct ctl *c)
{
	char stamp[BASE_STAMP_MAX];

	if (!c->value[CTL_EXPIRES])
		return NULL;
	if (ctl_time_parse(stamp, c->value[CTL_EXPIRES], base_wall_us()) != 0)
		ctl_args_usage("--expires is 90d, 12h, 30m, 45s or an RFC 3339 time, not %s", c->value[CTL_EXPIRES]);
	return arena_str(&c->mem, stamp);
}

/* NULL: what the plan allows. */
static const char *
limit_of(struct ctl *c)
{
	int64_t n;

	if (c->value[CTL_LIMIT] && base_number(c->value[CTL_LIMIT], 1, PER_MINUTE_MAX, &n) != 0)
		ctl_args_usage("--limit is a number from 1 to %d, not %s", PER_MINUTE_MAX, c->value[CTL_LIMIT]);
	return c->value[CTL_LIMIT];
}

static const char *
addresses_of(struct ctl *c)
{
	struct cidr net;
	size_t i;

	for (i = 0; i < c->address.n; i++)
		if (cidr_parse(&net, c->address.at[i]) != 0)
			ctl_args_usage("--address is a network such as 192.0.2.0/24 or 2001:db8::/32, not %s", c->address.at[i]);
	return ctl_args_list(&c->mem, &c->address);
}

/* What a key's secret is stored as. */
static const char *
hash_of(struct ctl *c, const struct secret *secret)
{
	unsigned char hash[CRYPT_HASH];
	char hex[2 * CRYPT_HASH + 1];

	crypt_sha256(hash, secret->text, strlen(secret->text));
	crypt_hex(hex, hash, sizeof(hash));
	return arena_str(&c->mem, hex);
}

static const char *
prefix_of(struct ctl *c, const struct secret *secret)
{
	return arena_copy(&c->mem, secret->text, PREFIX_SHOWN);
}

/* The row with the secret behind its second column. */
static void
show_key(struct ctl *c, const struct ctl_rows *rows, const struct secret *secret)
{
	const char *open = c->value[CTL_JSON] ? ",\"secret\":\"" : "secret      ", *close = c->value[CTL_JSON] ? "\"" : "\n";
	struct buf before, after;

	buf_init(&before, &c->mem, 1 << 20);
	buf_init(&after, &c->mem, 1 << 20);
	buf_str(&before, c->value[CTL_JSON] ? "{" : "");
	ctl_show_columns(c, &before, rows, 0, 0, 2);
	buf_str(&before, open);
	buf_str(&after, close);
	ctl_show_columns(c, &after, rows, 0, 2, rows->columns);
	buf_str(&after, c->value[CTL_JSON] ? "}\n" : "");
	ctl_show_text(before.at, before.len);
	ctl_show_text(secret->text, strlen(secret->text));
	ctl_show_text(after.at, after.len);
}

/* Commits, and shows the key this once. */
static void
hand_out(struct ctl *c, const char *id, struct secret *secret)
{
	const struct ctl_rows *rows = CTL_SQL(c, MADE, id);

	ctl_sql_commit(c);
	show_key(c, rows, secret);
	explicit_bzero(secret, sizeof(*secret));
}

int
ctl_key_create(struct ctl *c)
{
	const struct catalog *catalog = ctl_scope_catalog(c, c->value[CTL_CATALOG]);
	const char *mode = mode_of(c), *expires = expiry_of(c), *addresses = addresses_of(c), *limit = limit_of(c);
	const char *tenant, *principal = NULL, *id;
	struct secret secret;

	ctl_scope_check(c, catalog);
	crypt_key_make(&secret, catalog->prefix);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	tenant = ctl_tenant_find(c);
	if (c->value[CTL_PRINCIPAL])
		principal = ctl_principal_find(c, tenant, c->value[CTL_PRINCIPAL]);
	id = CTL_SQL(c,
	    "insert into mcp.credential (catalog, tenant_id, name, prefix, hash, scopes, mode, expires_at, principal_id, addresses, per_minute) "
	    "values ($1, $2::uuid, $3, $4, decode($5, 'hex'), array(select jsonb_array_elements_text($6::jsonb)), $7, "
	    "$8::timestamptz, $9::uuid, array(select jsonb_array_elements_text($10::jsonb)::cidr), $11::integer) returning id",
	    c->value[CTL_CATALOG], tenant, c->value[CTL_NAME], prefix_of(c, &secret), hash_of(c, &secret),
	    ctl_args_list(&c->mem, &c->scope), mode, expires, principal, addresses, limit)->at[0][0];
	ctl_workspace_bind(c, tenant, id);
	hand_out(c, id, &secret);
	return 0;
}

/* --- rotate ----------------------------------------------------------------------------- */

/* The time from which on the old secret is worth nothing. */
static const char *
end_of_old(struct ctl *c)
{
	const char *span = c->value[CTL_OVERLAP] ? c->value[CTL_OVERLAP] : OVERLAP;
	char stamp[BASE_STAMP_MAX];

	if (!isdigit((unsigned char)span[0]) || strchr(span, 'T') || ctl_time_parse(stamp, span, base_wall_us()) != 0)
		ctl_args_usage("--overlap is 24h, 30m or 0s, not %s", span);
	return arena_str(&c->mem, stamp);
}

static const struct ctl_rows *
find_key(struct ctl *c)
{
	const struct ctl_rows *rows;

	if (!crypt_is_uuid(c->operand))
		die("%s is not the id of a key; mcpctl key list shows them", c->operand);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	rows = CTL_SQL(c, "select c.catalog, " STATE " from mcp.credential c where c.id = $1::uuid for update", c->operand);
	if (rows->n == 0)
		die("there is no key with the id %s", c->operand);
	return rows;
}

/* A copy with another secret; a key that lives for a time gets that time anew. */
static const char *
copy_key(struct ctl *c, const struct secret *secret, const char *expires)
{
	const char *id = CTL_SQL(c,
	    "insert into mcp.credential (catalog, tenant_id, principal_id, name, prefix, hash, scopes, mode, addresses, per_minute, expires_at) "
	    "select catalog, tenant_id, principal_id, name, $2, decode($3, 'hex'), scopes, mode, addresses, per_minute, "
	    "coalesce($4::timestamptz, now() + (expires_at - created_at)) from mcp.credential where id = $1::uuid returning id",
	    c->operand, prefix_of(c, secret), hash_of(c, secret), expires)->at[0][0];

	CTL_SQL(c, "insert into mcp.workspace_access (tenant_id, credential_id, workspace_id, is_default) "
	    "select tenant_id, $2::uuid, workspace_id, is_default from mcp.workspace_access where credential_id = $1::uuid",
	    c->operand, id);
	return id;
}

int
ctl_key_rotate(struct ctl *c)
{
	const char *end = end_of_old(c), *expires = expiry_of(c), *id;
	const struct ctl_rows *old = find_key(c);
	struct secret secret;

	if (strcmp(old->at[0][1], "ok") != 0)
		die("key %s is %s; mcpctl key create makes a new one", c->operand, old->at[0][1]);
	crypt_key_make(&secret, ctl_scope_catalog(c, old->at[0][0])->prefix);
	id = copy_key(c, &secret, expires);
	CTL_SQL(c, "update mcp.credential set expires_at = least(expires_at, $2::timestamptz) where id = $1::uuid", c->operand, end);
	hand_out(c, id, &secret);
	return 0;
}

/* --- list, revoke ----------------------------------------------------------------------- */

int
ctl_key_list(struct ctl *c)
{
	const char *state = c->value[CTL_STATE];

	if (state && strcmp(state, "ok") != 0 && strcmp(state, "expired") != 0 && strcmp(state, "revoked") != 0)
		ctl_args_usage("--state is ok, expired or revoked, not %s", state);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	ctl_show_rows(c, CTL_SQL(c,
	    "select " IDENTITY ", " STATE " as state, " CTL_STAMP("c.expires_at", "expires_at") ", "
	    CTL_STAMP("c.revoked_at", "revoked_at") ", " CTL_STAMP("c.created_at", "created_at") ", " BOUNDS ", "
	    CTL_STAMP("u.last_used_at", "last_used_at") ", coalesce(u.use_count, 0) as use_count "
	    "from mcp.credential c join mcp.tenant t on t.id = c.tenant_id "
	    "left join mcp.credential_use u on u.credential_id = c.id left join mcp.principal p on p.id = c.principal_id "
	    "where ($1::text is null or c.catalog = $1) and ($2::text is null or t.slug = $2) "
	    "and ($3::text is null or p.name = $3 or p.id = mcp.uuid($3)) and ($4::text is null or " STATE " = $4) "
	    "order by c.catalog, t.slug, c.created_at, c.id", c->value[CTL_CATALOG], c->value[CTL_TENANT], c->value[CTL_PRINCIPAL],
	    state));
	return 0;
}

int
ctl_key_revoke(struct ctl *c)
{
	const struct ctl_rows *rows;

	find_key(c);
	rows = CTL_SQL(c, "update mcp.credential set revoked_at = coalesce(revoked_at, now()) where id = $1::uuid "
	    "returning id, prefix, catalog, name, " CTL_STAMP("revoked_at", "revoked_at"), c->operand);
	ctl_sql_commit(c);
	usleep(CTL_TENANT_SETTLE_US);	/* tools are closed since the commit; lists and the like by now */
	ctl_show_row(c, rows);
	return 0;
}
