-- Who may call: plans, tenants, their principals, roles and workspaces, and the credentials that requests present.
--
-- No role but mcp_owner is granted anything on these tables.  Workers reach them through the definer functions of
-- 0004_calls.sql and 0005_audit.sql, operators through mcpctl.  Every change here raises tenant.generation
-- (0003_generation.sql).

-- What comes later in schema mcp or in a catalog's schema is executable by those it is granted to, and nobody else.
alter default privileges revoke execute on functions from public;

create table mcp.plan (
	catalog		text not null,
	name		text not null,
	per_minute	integer not null,
	burst		integer,
	in_flight	integer not null,
	switches	jsonb not null default '{}',
	primary key (catalog, name),
	constraint plan_per_minute_check check (per_minute > 0),
	constraint plan_burst_check check (burst > 0),
	constraint plan_in_flight_check check (in_flight > 0),
	constraint plan_switches_check check (jsonb_typeof(switches) = 'object')
);

comment on table mcp.plan is 'What tenants of one catalog can subscribe to: how many calls, and which switches.';
comment on column mcp.plan.per_minute is 'Tokens a tenant''s bucket gains per minute.';
comment on column mcp.plan.burst is 'Size of the bucket; NULL: as many as per_minute.';
comment on column mcp.plan.in_flight is 'Calls of one tenant that may run at once, per pool and node.';
comment on column mcp.plan.switches is 'Further properties of the plan, by name; an object.';

create table mcp.tenant (
	id		uuid primary key default gen_random_uuid(),
	catalog		text not null,
	slug		text not null,
	number		bigint,
	name		text not null,
	plan		text not null,
	features	text[] not null default '{}',
	suspended_at	timestamptz,
	generation	bigint not null default 1,
	created_at	timestamptz not null default now(),
	constraint tenant_slug_key unique (catalog, slug),
	constraint tenant_number_key unique (catalog, number),
	constraint tenant_catalog_key unique (catalog, id),
	constraint tenant_plan_fkey foreign key (catalog, plan) references mcp.plan (catalog, name) on update cascade,
	constraint tenant_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
	constraint tenant_name_check check (length(name) between 1 and 200),
	constraint tenant_features_check check (array_position(features, null) is null)
);

create index tenant_plan_idx on mcp.tenant (catalog, plan);

comment on table mcp.tenant is 'A customer of one catalog: owner of rows, holder of a plan.';
comment on column mcp.tenant.slug is 'The name operators and addresses use; a DNS label.';
comment on column mcp.tenant.number is 'Account number, for catalogs whose addresses carry one.';
comment on column mcp.tenant.features is 'Switches this tenant has, out of the catalog''s.';
comment on column mcp.tenant.suspended_at is 'Not NULL: every call is refused with the catalog''s sentence.';
comment on column mcp.tenant.generation is 'Raised in the same transaction as any change to who may do what here; mcp.enter compares it.';
comment on constraint tenant_catalog_key on mcp.tenant is 'Lets a credential prove that its tenant is of its catalog.';

create table mcp.principal (
	id		uuid primary key default gen_random_uuid(),
	tenant_id	uuid not null references mcp.tenant,
	kind		text not null default 'person',
	name		text not null,
	email		text,
	disabled_at	timestamptz,
	created_at	timestamptz not null default now(),
	constraint principal_tenant_key unique (tenant_id, id),
	constraint principal_email_key unique (tenant_id, email),
	constraint principal_kind_check check (kind in ('person', 'service')),
	constraint principal_name_check check (length(name) between 1 and 200)
);

comment on table mcp.principal is 'A person or service of a tenant, on whose behalf credentials act.';
comment on column mcp.principal.disabled_at is 'Not NULL: its credentials count as revoked.';

create table mcp.role (
	id		uuid primary key default gen_random_uuid(),
	tenant_id	uuid not null references mcp.tenant,
	name		text not null,
	scopes		text[] not null default '{}',
	created_at	timestamptz not null default now(),
	constraint role_tenant_key unique (tenant_id, id),
	constraint role_name_key unique (tenant_id, name),
	constraint role_name_check check (length(name) between 1 and 100),
	constraint role_scopes_check check (array_position(scopes, null) is null)
);

comment on table mcp.role is 'A set of scopes under a name, as one tenant defines it.';
comment on column mcp.role.scopes is 'Words, or the one word * for all of the catalog''s.';

create table mcp.membership (
	tenant_id	uuid not null,
	principal_id	uuid not null,
	role_id		uuid not null,
	created_at	timestamptz not null default now(),
	primary key (tenant_id, principal_id, role_id),
	constraint membership_principal_fkey foreign key (tenant_id, principal_id)
		references mcp.principal (tenant_id, id) on delete cascade,
	constraint membership_role_fkey foreign key (tenant_id, role_id)
		references mcp.role (tenant_id, id) on delete cascade
);

create index membership_role_idx on mcp.membership (tenant_id, role_id);

comment on table mcp.membership is 'Which principal has which role.';

create table mcp.workspace (
	id		uuid primary key default gen_random_uuid(),
	tenant_id	uuid not null references mcp.tenant,
	name		text not null,
	created_at	timestamptz not null default now(),
	constraint workspace_tenant_key unique (tenant_id, id),
	constraint workspace_name_key unique (tenant_id, name),
	constraint workspace_name_check check (length(name) between 1 and 200)
);

comment on table mcp.workspace is 'A part of a tenant that a request may narrow itself to.';

create table mcp.credential (
	id		uuid primary key default gen_random_uuid(),
	catalog		text not null,
	tenant_id	uuid not null,
	principal_id	uuid,
	name		text not null,
	prefix		text not null,
	hash		bytea not null,
	scopes		text[] not null default '{}',
	mode		text not null default 'full',
	addresses	cidr[] not null default '{}',
	per_minute	integer,
	expires_at	timestamptz,
	revoked_at	timestamptz,
	created_at	timestamptz not null default now(),
	constraint credential_hash_key unique (hash),
	constraint credential_tenant_key unique (tenant_id, id),
	constraint credential_tenant_fkey foreign key (catalog, tenant_id) references mcp.tenant (catalog, id),
	constraint credential_principal_fkey foreign key (tenant_id, principal_id) references mcp.principal (tenant_id, id),
	constraint credential_name_check check (length(name) between 1 and 200),
	constraint credential_prefix_check check (length(prefix) between 1 and 16),
	constraint credential_hash_check check (octet_length(hash) = 32),
	constraint credential_mode_check check (mode in ('full', 'read')),
	constraint credential_per_minute_check check (per_minute > 0),
	constraint credential_scopes_check check (array_position(scopes, null) is null),
	constraint credential_addresses_check check (array_position(addresses, null) is null)
);

create index credential_principal_idx on mcp.credential (tenant_id, principal_id) where principal_id is not null;
create index credential_catalog_idx on mcp.credential (catalog, tenant_id, created_at);

comment on table mcp.credential is 'What requests present.  A principal with credentials cannot be deleted, only disabled: '
	'a credential that lost its principal would gain scopes.';
comment on column mcp.credential.principal_id is 'On whose behalf it acts; NULL: on the tenant''s, with its own scopes.';
comment on column mcp.credential.per_minute is 'Calls a minute of this credential alone, inside what the plan allows; NULL: no '
	'limit of its own.';
comment on column mcp.credential.prefix is 'First characters of the secret, for lists; the rest is nowhere.';
comment on column mcp.credential.hash is 'SHA-256 of the whole secret.';
comment on column mcp.credential.scopes is 'Words, or the one word * for all of the catalog''s.';
comment on column mcp.credential.mode is 'read: tools that write are neither listed nor callable.';
comment on column mcp.credential.addresses is 'Networks it may be used from; empty: any.';

create table mcp.workspace_access (
	tenant_id	uuid not null,
	credential_id	uuid not null,
	workspace_id	uuid not null,
	is_default	boolean not null default false,
	primary key (tenant_id, credential_id, workspace_id),
	constraint workspace_access_credential_fkey foreign key (tenant_id, credential_id)
		references mcp.credential (tenant_id, id) on delete cascade,
	constraint workspace_access_workspace_fkey foreign key (tenant_id, workspace_id)
		references mcp.workspace (tenant_id, id) on delete cascade
);

create unique index workspace_access_default_key on mcp.workspace_access (tenant_id, credential_id) where is_default;
create index workspace_access_workspace_idx on mcp.workspace_access (tenant_id, workspace_id);

comment on table mcp.workspace_access is 'Which workspaces a credential may narrow itself to; none: the whole tenant.';
comment on column mcp.workspace_access.is_default is 'Taken when the request names no workspace; at most one per credential.';

create table mcp.credential_use (
	credential_id	uuid primary key references mcp.credential on delete cascade,
	last_used_at	timestamptz not null,
	use_count	bigint not null default 0
);

comment on table mcp.credential_use is 'When a credential was last seen.  Apart from mcp.credential because it is '
	'written often, off the path of requests, and must not raise the generation.';
