-- Whether a tool that asks its user first may be called by who cannot be asked.

alter table mcp.tenant
	add column confirm text not null default 'if_possible',
	add constraint tenant_confirm_check check (confirm in ('if_possible', 'required'));

comment on column mcp.tenant.confirm is 'Of tools with "confirm": required refuses clients that cannot ask their user; '
	'if_possible serves them unasked.';

-- As before, and: streams and sessions of the plan, and whether the tenant wants every confirmation.
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
		'streams', l.streams,
		'sessions', l.sessions,
		'confirm', t.confirm,
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
