-- Where sealed texts lie, and the secrets that tenants give us for systems we call in their name.
--
-- A sealed text is encrypted before SQL sees it, bound to catalog, tenant and path (DESIGN 5); PostgreSQL holds no key.
-- mcp.sealed names every column that holds some, so that `mcpctl secrets rekey` finds them all: a migration that makes
-- such a column adds its row.

create table mcp.sealed (
	catalog		text,
	schema_name	name not null,
	table_name	name not null,
	column_name	name not null,
	path		text not null,
	primary key (schema_name, table_name, column_name),
	constraint sealed_path_check check (path ~ '^[a-z][a-z0-9_]*$')
);

comment on table mcp.sealed is 'Columns of type jsonb whose string leaves are sealed.  Their tables have a column tenant_id.';
comment on column mcp.sealed.catalog is 'What the seals are bound to; NULL: the table has a column catalog that says it.';
comment on column mcp.sealed.path is 'How the path of each leaf begins: the argument it came in as.  params, then params.host.';

create table mcp.upstream_secret (
	catalog		text not null,
	tenant_id	uuid not null,
	upstream	text not null,
	secrets		jsonb not null,
	created_at	timestamptz not null default now(),
	updated_at	timestamptz not null default now(),
	primary key (tenant_id, upstream),
	constraint upstream_secret_tenant_fkey foreign key (catalog, tenant_id) references mcp.tenant (catalog, id) on delete cascade,
	constraint upstream_secret_upstream_check check (upstream ~ '^[a-z][a-z0-9_]{0,62}$'),
	constraint upstream_secret_secrets_check check (jsonb_typeof(secrets) = 'object')
);

comment on table mcp.upstream_secret is 'A tenant''s own keys for an upstream, where the operator''s do not serve all tenants.';
comment on column mcp.upstream_secret.upstream is 'Its name in MCP_UPSTREAMS.';
comment on column mcp.upstream_secret.secrets is 'Sealed, by name.';

insert into mcp.sealed (catalog, schema_name, table_name, column_name, path) values
	(null, 'mcp', 'upstream_secret', 'secrets', 'secrets');
