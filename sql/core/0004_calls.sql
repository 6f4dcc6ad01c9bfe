-- The two questions a worker asks for every call: who is this, and is that still so.
--
-- plpgsql, because its plans are kept for the life of the connection; an SQL function would be planned at each call.

create function mcp.identify(hash bytea) returns jsonb
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
		'workspace', null)
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
	where c.hash = identify.hash;

	return identity;
end
$$;

comment on function mcp.identify(bytea) is 'Everything a worker must know about a credential, or NULL when there is none '
	'with this SHA-256.  Scopes are the credential''s, cut down to those of its principal''s roles.';

-- Its own statement, hence its own snapshot: what was committed before the call began is seen.
create function mcp.enter(credential uuid, generation bigint) returns void
	language plpgsql stable security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform from mcp.credential c
	join mcp.tenant t on t.id = c.tenant_id
	where c.id = enter.credential
		and t.generation = enter.generation
		and t.suspended_at is null
		and c.revoked_at is null
		and (c.expires_at is null or c.expires_at > now());
	if not found then
		raise exception using errcode = 'MC401', message = 'the identity is no longer what it was';
	end if;
end
$$;

comment on function mcp.enter(uuid, bigint) is 'Raises MC401 unless the credential is good and its tenant''s generation is '
	'the one the worker knows.  The first statement of every call.';

revoke execute on function mcp.identify(bytea), mcp.enter(uuid, bigint) from public;
grant execute on function mcp.identify(bytea), mcp.enter(uuid, bigint) to mcp_worker;
