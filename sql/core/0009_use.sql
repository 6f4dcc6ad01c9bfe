-- Last use of credentials, written in batches by a process that no request waits for.
--
-- mcp.credential_use stands apart from mcp.credential, so nothing here raises a generation (0003_generation.sql).

create function mcp.used(credential uuid[], at timestamptz[], times bigint[]) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	-- In order of ids, so that two batches wait for each other and cannot deadlock.
	insert into mcp.credential_use as u (credential_id, last_used_at, use_count)
	select c.id, max(n.at), sum(n.times)
	from unnest(credential, at, times) as n (id, at, times)
	join mcp.credential c on c.id = n.id
	where n.at is not null and n.times > 0
	group by c.id
	order by c.id
	on conflict (credential_id) do update
		set last_used_at = greatest(u.last_used_at, excluded.last_used_at), use_count = u.use_count + excluded.use_count;
end
$$;

comment on function mcp.used(uuid[], timestamptz[], bigint[]) is
	'These credentials were used so many times, the last time then.  Unknown ones are passed over: they were deleted meanwhile.';

revoke execute on function mcp.used(uuid[], timestamptz[], bigint[]) from public;
grant execute on function mcp.used(uuid[], timestamptz[], bigint[]) to mcp_worker;
