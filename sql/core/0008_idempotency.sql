-- The same key, the same result: a caller that heard no answer may ask again without doing it twice.
--
-- The worker claims the key in the transaction of the call, before the tool's statement, and keeps the result behind it.
-- So a call that fails leaves no claim, and one that comes while the first still runs waits for it at the primary key
-- and then finds its result.  Keys belong to a tenant and a tool and are remembered for 24 hours.

create table mcp.idempotency (
	tenant_id	uuid not null references mcp.tenant,
	tool		text not null,
	key		text not null,
	digest		text not null,
	result		jsonb,
	created_at	timestamptz not null default now(),
	primary key (tenant_id, tool, key),
	constraint idempotency_tool_check check (length(tool) between 1 and 200),
	constraint idempotency_key_check check (length(key) between 1 and 200),
	constraint idempotency_digest_check check (length(digest) between 1 and 128)
);

create index idempotency_created_idx on mcp.idempotency (created_at);

comment on table mcp.idempotency is 'Which keys callers have used, with what, and what came of it.';
comment on column mcp.idempotency.tool is 'Of which catalog follows from the tenant.';
comment on column mcp.idempotency.digest is 'Of the arguments without the key: the same key with others is a mistake.';
comment on column mcp.idempotency.result is 'What the call answered.  NULL: it ended without a result to keep, and may be made again.';
comment on constraint idempotency_key_check on mcp.idempotency is 'An idempotency_key has 1 to 200 characters.';

create function mcp.idempotency_claim(tool text, key text, digest text) returns jsonb
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
declare
	was mcp.idempotency;
begin
	-- Waits while another transaction holds the key.
	insert into mcp.idempotency as i (tenant_id, tool, key, digest)
	values (mcp.tenant(), idempotency_claim.tool, idempotency_claim.key, idempotency_claim.digest)
	on conflict on constraint idempotency_pkey do update
		set digest = excluded.digest, result = null, created_at = excluded.created_at
		where i.result is null or i.created_at < now() - interval '24 hours';
	if found then
		return null;
	end if;

	select i.* into was
	from mcp.idempotency i
	where i.tenant_id = mcp.tenant() and i.tool = idempotency_claim.tool and i.key = idempotency_claim.key;
	if was.digest is distinct from idempotency_claim.digest then
		raise exception using errcode = 'MC409', message = 'idempotency_key was used with other arguments';
	end if;
	return was.result;
end
$$;

comment on function mcp.idempotency_claim(text, text, text) is
	'NULL: the key is new, run the tool.  Else the result of the call that was made with it.  Raises MC409 when that had other arguments.';

create function mcp.idempotency_keep(tool text, key text, result jsonb) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	update mcp.idempotency i
	set result = idempotency_keep.result
	where i.tenant_id = mcp.tenant() and i.tool = idempotency_keep.tool and i.key = idempotency_keep.key and i.result is null;
	if not found then
		raise exception 'no claim to keep this result for';
	end if;
end
$$;

comment on function mcp.idempotency_keep(text, text, jsonb) is 'Keeps the result of a claimed key, in the transaction that claimed it.';

-- skip locked: an old key that is being claimed anew at this moment is in use again.
create function mcp.idempotency_purge(most integer default 10000) returns integer
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
declare
	gone integer;
begin
	with old as materialized (
		select o.tenant_id, o.tool, o.key
		from mcp.idempotency o
		where o.created_at < now() - interval '24 hours'
		order by o.created_at
		limit least(greatest(most, 0), 100000)
		for update skip locked
	)
	delete from mcp.idempotency i
	using old
	where i.tenant_id = old.tenant_id and i.tool = old.tool and i.key = old.key;
	get diagnostics gone = row_count;
	return gone;
end
$$;

comment on function mcp.idempotency_purge(integer) is 'Forgets keys older than 24 hours; how many.';

revoke execute on function mcp.idempotency_claim(text, text, text), mcp.idempotency_keep(text, text, jsonb),
	mcp.idempotency_purge(integer) from public;
grant execute on function mcp.idempotency_claim(text, text, text), mcp.idempotency_keep(text, text, jsonb),
	mcp.idempotency_purge(integer) to mcp_worker;
