-- Catalog flow, for the tests of what happens between a call and its result: a role, one table, plans.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'flow_tenant') then
		create role flow_tenant nologin noinherit;
	end if;
end
$$;

grant flow_tenant to mcp_worker;
grant usage on schema mcp to flow_tenant;
grant execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) to flow_tenant;

create schema flow;
grant usage on schema flow to flow_tenant;

create table flow.mark (
	tenant_id	uuid not null default mcp.tenant() references mcp.tenant,
	id		uuid not null default gen_random_uuid(),
	text		text not null,
	primary key (tenant_id, id)
);

comment on constraint mark_tenant_id_fkey on flow.mark is 'There is no such tenant.';

alter table flow.mark enable row level security;
alter table flow.mark force row level security;
create policy tenant on flow.mark for all to flow_tenant
	using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());

grant select, insert (text) on flow.mark to flow_tenant;

insert into mcp.plan (catalog, name, per_minute, in_flight) values ('flow', 'large', 100000, 100);
