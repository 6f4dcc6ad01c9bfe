/* ctl_key: the secret lives in this process only, and leaves it through one write(). */
#include "ctl_key.h"
#include "catalog.h"
#include "crypt.h"
#include "ctl_show.h"
#include "ctl_tenant.h"
#include "ctl_time.h"
#include "log.h"

#define ALL_SCOPES	"*"
#define PREFIX_SHOWN	12	/* characters of the secret that lists show */
#define STAMP(column)	"to_char(" column ", 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as " column

/* --- create ----------------------------------------------------------------------------- */

static const char *
names_of(struct ctl *c, const struct catalogs *all)
{
	struct words names = { .n = all->n };
	const char **at = arena_zero(&c->mem, (all->n + 1) * sizeof(*at));
	size_t i;

	for (i = 0; i < all->n; i++)
		at[i] = all->at[i].name;
	names.at = at;
	return ctl_args_join(&c->mem, &names);
}

static const struct catalog *
load_catalog(struct ctl *c)
{
	const char *name = c->value[CTL_CATALOG], *why;
	const struct catalog *found;
	struct catalogs all;

	if (catalogs_load(&c->mem, c->cfg.tools, &all, &why) != 0)
		die("%s", why);
	found = catalog_find(&all, name);
	if (!found)
		die("there is no catalog %s in MCP_TOOLS; there is %s", name, names_of(c, &all));
	return found;
}

static bool
has_scope(const struct catalog *catalog, const char *word)
{
	size_t i;

	for (i = 0; i < catalog->scopes.n; i++)
		if (strcmp(catalog->scopes.at[i], word) == 0)
			return true;
	return strcmp(word, ALL_SCOPES) == 0;
}

static void
check_scopes(struct ctl *c, const struct catalog *catalog)
{
	size_t i;

	for (i = 0; i < c->scope.n; i++) {
		const char *word = c->scope.at[i];

		if (!has_scope(catalog, word))
			die("catalog %s has no scope %s; it has %s, and '*' for all of them", catalog->name, word,
			    ctl_args_join(&c->mem, &catalog->scopes));
	}
}

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

static const struct ctl_rows *
insert_key(struct ctl *c, const struct secret *secret)
{
	unsigned char hash[CRYPT_HASH];
	char hex[2 * CRYPT_HASH + 1];

	crypt_sha256(hash, secret->text, strlen(secret->text));
	crypt_hex(hex, hash, sizeof(hash));
	return CTL_SQL(c,
	    "with made as (insert into mcp.credential (catalog, tenant_id, name, prefix, hash, scopes, mode, expires_at) "
	    "select t.catalog, t.id, $3, $4, decode($5, 'hex'), array(select jsonb_array_elements_text($6::jsonb)), $7, "
	    "$8::timestamptz from mcp.tenant t where t.catalog = $1 and t.slug = $2 returning *) "
	    "select id, prefix, catalog, $2 as tenant, name, to_jsonb(scopes) as scopes, mode, " STAMP("expires_at") " from made",
	    c->value[CTL_CATALOG], c->value[CTL_TENANT], c->value[CTL_NAME],
	    arena_copy(&c->mem, secret->text, PREFIX_SHOWN), hex, ctl_args_list(&c->mem, &c->scope), mode_of(c), expiry_of(c));
}

/* The row with the secret behind its second column, where DESIGN 10 shows it. */
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

int
ctl_key_create(struct ctl *c)
{
	const struct catalog *catalog = load_catalog(c);
	const struct ctl_rows *rows;
	struct secret secret;

	check_scopes(c, catalog);
	crypt_key_make(&secret, catalog->prefix);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	rows = insert_key(c, &secret);
	if (rows->n == 0)
		die("catalog %s has no tenant %s", c->value[CTL_CATALOG], c->value[CTL_TENANT]);
	ctl_sql_commit(c);
	show_key(c, rows, &secret);
	explicit_bzero(&secret, sizeof(secret));
	return 0;
}

/* --- list, revoke ----------------------------------------------------------------------- */

int
ctl_key_list(struct ctl *c)
{
	ctl_sql_open(c);
	ctl_sql_begin(c);
	ctl_show_rows(c, CTL_SQL(c,
	    "select c.id, c.prefix, c.catalog, t.slug as tenant, c.name, to_jsonb(c.scopes) as scopes, c.mode, "
	    "case when c.revoked_at is not null then 'revoked' when c.expires_at <= now() then 'expired' else 'ok' end as state, "
	    "to_char(c.expires_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as expires_at, "
	    "to_char(c.revoked_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as revoked_at, "
	    "to_char(c.created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as created_at "
	    "from mcp.credential c join mcp.tenant t on t.id = c.tenant_id "
	    "where ($1::text is null or c.catalog = $1) and ($2::text is null or t.slug = $2) "
	    "order by c.catalog, t.slug, c.created_at, c.id", c->value[CTL_CATALOG], c->value[CTL_TENANT]));
	return 0;
}

int
ctl_key_revoke(struct ctl *c)
{
	const struct ctl_rows *rows;

	if (!crypt_is_uuid(c->operand))
		die("%s is not the id of a key; mcpctl key list shows them", c->operand);
	ctl_sql_open(c);
	ctl_sql_begin(c);
	rows = CTL_SQL(c, "update mcp.credential set revoked_at = coalesce(revoked_at, now()) where id = $1::uuid "
	    "returning id, prefix, catalog, name, " STAMP("revoked_at"), c->operand);
	if (rows->n == 0)
		die("there is no key with the id %s", c->operand);
	ctl_sql_commit(c);
	usleep(CTL_TENANT_SETTLE_US);	/* tools are closed since the commit; lists and the like by now */
	ctl_show_row(c, rows);
	return 0;
}
