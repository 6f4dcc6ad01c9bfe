-- Notes that lie in a workspace or in none, as a catalog with workspaces would make them.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'places_tenant') then
		create role places_tenant nologin noinherit;
	end if;
end
$$;

grant places_tenant to mcp_worker;
grant usage on schema mcp to places_tenant;
grant execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) to places_tenant;

create schema places;
grant usage on schema places to places_tenant;

create table places.note (
	tenant_id	uuid not null default mcp.tenant() references mcp.tenant,
	id		uuid not null default gen_random_uuid(),
	workspace_id	uuid default mcp.workspace(),
	text		text not null,
	primary key (tenant_id, id),
	constraint note_workspace_fkey foreign key (tenant_id, workspace_id) references mcp.workspace (tenant_id, id)
);

comment on constraint note_tenant_id_fkey on places.note is 'There is no such tenant.';
comment on constraint note_workspace_fkey on places.note is 'There is no such workspace.';

alter table places.note enable row level security;
alter table places.note force row level security;
create policy tenant on places.note for all to places_tenant
	using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
create policy workspace on places.note as restrictive for all to places_tenant
	using (mcp.workspace() is null or workspace_id = mcp.workspace())
	with check (mcp.workspace() is null or workspace_id = mcp.workspace());

grant select, delete, insert (text) on places.note to places_tenant;

insert into mcp.plan (catalog, name, per_minute, in_flight) values
	('places', 'free', 60, 8), ('places', 'small', 60, 8), ('places', 'large', 100000, 100);
