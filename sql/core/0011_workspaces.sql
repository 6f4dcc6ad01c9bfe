-- Workspaces at work: a short name for operators, and what identify tells the workers of them.

alter table mcp.workspace add column slug text;
update mcp.workspace set slug = id::text;
alter table mcp.workspace
	alter column slug set not null,
	alter column slug set default gen_random_uuid()::text,
	add constraint workspace_slug_key unique (tenant_id, slug),
	add constraint workspace_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');

comment on column mcp.workspace.slug is 'The name operators use; a DNS label, unique in its tenant.';

-- A credential bound to none may see the whole tenant.  So what it is bound to must not go away under it.
alter table mcp.workspace_access
	drop constraint workspace_access_workspace_fkey,
	add constraint workspace_access_workspace_fkey foreign key (tenant_id, workspace_id) references mcp.workspace (tenant_id, id);

-- As before, and: the workspaces of a credential that is bound to some, and which of them it takes by itself.
create or replace function mcp.identify(hash bytea) returns jsonb
	language plpgsql stable security definer
	set search_path = pg_catalog, pg_temp
as $$
declare
	identity jsonb;
begin
	select jsonb_build_object(
		'state', case
			when c.revoked_at is not null or p.disabled_at is not null then 'revoked'
			when c.expires_at <= now() then 'expired'
			when t.suspended_at is not null then 'suspended'
			else 'ok' end,
		'credential', c.id,
		'credential_name', c.name,
		'catalog', c.catalog,
		'tenant', t.id,
		'tenant_slug', t.slug,
		'principal', c.principal_id,
		'roles', held.roles,
		'scopes', case
			when c.principal_id is null or '*' = any (held.scopes) then c.scopes
			when '*' = any (c.scopes) then held.scopes
			else array(select unnest(c.scopes) intersect select unnest(held.scopes) order by 1) end,
		'mode', c.mode,
		'addresses', c.addresses::text[],
		'features', t.features,
		'generation', t.generation,
		'expires_at', extract(epoch from c.expires_at)::double precision,
		'credential_per_minute', c.per_minute,
		'plan', t.plan,
		'per_minute', l.per_minute,
		'burst', coalesce(l.burst, l.per_minute),
		'in_flight', l.in_flight,
		'workspaces', coalesce(place.open, '"*"'),
		'workspace', place.usual)
	into identity
	from mcp.credential c
	join mcp.tenant t on t.id = c.tenant_id
	join mcp.plan l on l.catalog = t.catalog and l.name = t.plan
	left join mcp.principal p on p.id = c.principal_id
	cross join lateral (
		select coalesce(array_agg(distinct r.name), '{}') as roles,
			coalesce(array_agg(distinct s.word) filter (where s.word is not null), '{}') as scopes
		from mcp.membership m
		join mcp.role r on r.tenant_id = m.tenant_id and r.id = m.role_id
		left join lateral unnest(r.scopes) as s(word) on true
		where m.tenant_id = c.tenant_id and m.principal_id = c.principal_id
	) as held
	cross join lateral (
		select jsonb_agg(a.workspace_id order by a.workspace_id) as open,
			(array_agg(a.workspace_id) filter (where a.is_default))[1] as usual
		from mcp.workspace_access a
		where a.tenant_id = c.tenant_id and a.credential_id = c.id
	) as place
	where c.hash = identify.hash;

	return identity;
end
$$;

comment on function mcp.identify(bytea) is 'Everything a worker must know about a credential, or NULL when there is none '
	'with this SHA-256.  Scopes are the credential''s, cut down to those of its principal''s roles.  workspaces: the ids of '
	'those it is bound to, or "*"; workspace: the one it takes when the request names none.';

-- For credentials that are bound to none: a tenant may have more workspaces than a worker should remember.
create function mcp.narrow(credential uuid, workspace uuid) returns boolean
	language plpgsql stable security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	return exists (
		select from mcp.credential c
		join mcp.workspace w on w.tenant_id = c.tenant_id
		where c.id = narrow.credential and w.id = narrow.workspace
			and not exists (select from mcp.workspace_access a where a.tenant_id = c.tenant_id and a.credential_id = c.id));
end
$$;

comment on function mcp.narrow(uuid, uuid) is 'Whether a credential that is bound to no workspaces may narrow itself to this one.';

revoke execute on function mcp.narrow(uuid, uuid) from public;
grant execute on function mcp.narrow(uuid, uuid) to mcp_worker;
