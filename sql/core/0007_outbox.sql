-- What tools record for others to carry out: runs to start, mails and webhooks to send.
--
-- A tool calls mcp.record in the statement that makes the change, so what is to be done and the reason for it are
-- committed together.  Executors, programs of the product's own, log in as mcp_executor, hear NOTIFY mcp_outbox with the
-- kind, and claim rows.  A claim is a lease: an executor that dies loses it and another takes over.  An entry is done
-- when it is gone; what came of it is told by the product's own tables, changed in the same transaction.

create table mcp.outbox (
	id		uuid primary key default gen_random_uuid(),
	tenant_id	uuid not null references mcp.tenant,
	kind		text not null,
	payload		jsonb not null,
	created_at	timestamptz not null default now(),
	claimed_at	timestamptz,
	attempts	integer not null default 0,
	constraint outbox_kind_check check (kind ~ '^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$'),
	constraint outbox_payload_check check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 65536)
);

create index outbox_kind_idx on mcp.outbox (kind, created_at, id);
create index outbox_tenant_idx on mcp.outbox (tenant_id);

comment on table mcp.outbox is 'What is still to be carried out; a row that is done is deleted.';
comment on column mcp.outbox.kind is 'The catalog and what is to be done: planasonix.trigger_pipeline.';
comment on column mcp.outbox.payload is 'What the executor of this kind needs to know; ids rather than copies.';
comment on column mcp.outbox.claimed_at is 'When an executor last took it; NULL: nobody has yet.';
comment on column mcp.outbox.attempts is 'How often it was taken; with the id the proof of a claim.';

create function mcp.outbox_tell() returns trigger
	language plpgsql
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform pg_notify('mcp_outbox', n.kind) from (select distinct kind from new_rows) n;
	return null;
end
$$;

comment on function mcp.outbox_tell() is 'Tells the executors of which kind there is something new.';

create trigger outbox_tell after insert on mcp.outbox
	referencing new table as new_rows for each statement execute function mcp.outbox_tell();

-- Definer, because a catalog's role has nothing to look for in the table itself.
create function mcp.record(kind text, payload jsonb) returns uuid
	language sql volatile security definer
	set search_path = pg_catalog, pg_temp
begin atomic
	insert into mcp.outbox (tenant_id, kind, payload) values (mcp.tenant(), record.kind, record.payload) returning id;
end;

comment on function mcp.record(text, jsonb) is
	'Leaves to the executors of this kind what the calling tenant wants done.  For catalogs'' roles, by their own migrations.';

-- Invoker's rights: what executors may do is what mcp_executor is granted below.
create function mcp.claim_outbox(kind text, n integer, lease interval default interval '5 minutes') returns setof mcp.outbox
	language sql volatile
	set search_path = pg_catalog, pg_temp
begin atomic
	with due as materialized (
		select i.id
		from mcp.outbox i
		where i.kind = claim_outbox.kind
			and (i.claimed_at is null or i.claimed_at < clock_timestamp() - claim_outbox.lease)
		order by i.created_at, i.id
		limit least(greatest(claim_outbox.n, 0), 1000)
		for update skip locked
	)
	update mcp.outbox o
	set claimed_at = clock_timestamp(), attempts = o.attempts + 1
	from due
	where o.id = due.id
	returning o.*;
end;

comment on function mcp.claim_outbox(text, integer, interval) is
	'Takes up to n entries, the oldest first, that nobody holds.  Commit before carrying them out; finish them within the lease.';

create function mcp.finish_outbox(id uuid, attempts integer) returns boolean
	language plpgsql volatile
	set search_path = pg_catalog, pg_temp
as $$
begin
	delete from mcp.outbox o where o.id = finish_outbox.id and o.attempts = finish_outbox.attempts;
	return found;
end
$$;

comment on function mcp.finish_outbox(uuid, integer) is
	'Done, in the transaction that records what came of it.  False: the lease ran out and somebody else has it, so roll back.';

revoke execute on function mcp.outbox_tell(), mcp.record(text, jsonb), mcp.claim_outbox(text, integer, interval),
	mcp.finish_outbox(uuid, integer) from public;
grant usage on schema mcp to mcp_executor;
grant select, delete on mcp.outbox to mcp_executor;
grant update (claimed_at, attempts) on mcp.outbox to mcp_executor;
grant execute on function mcp.claim_outbox(text, integer, interval), mcp.finish_outbox(uuid, integer) to mcp_executor;
