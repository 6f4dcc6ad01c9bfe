-- The audit events of calls that write, recorded in the transaction of the write itself: no change without its event.
--
-- The node's log holds the same event; whoever archives both drops the second copy by (id, at).

create table mcp.audit_outbox (
	id		uuid not null,
	at		timestamptz not null,
	tenant_id	uuid,
	event		jsonb not null,
	primary key (id, at)
);

create index audit_outbox_at_idx on mcp.audit_outbox (at);

comment on table mcp.audit_outbox is 'Events of calls that wrote, until the archive has them.';
comment on column mcp.audit_outbox.id is 'The X-Request-Id of the call.';
comment on column mcp.audit_outbox.event is 'The event as DESIGN 7 fixes it.';

create function mcp.audit(event jsonb) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	insert into mcp.audit_outbox (id, at, tenant_id, event)
	values ((event->>'id')::uuid, (event->>'at')::timestamptz, (event->>'tenant')::uuid, event);
end
$$;

comment on function mcp.audit(jsonb) is 'Records the event of the call that this transaction is.';

revoke execute on function mcp.audit(jsonb) from public;
grant execute on function mcp.audit(jsonb) to mcp_worker;
