-- Catalog conformance, the fixtures of the official suite: a role, a schema without tables, plans.
--
-- What its tools answer stands in their files; nothing here belongs to a tenant.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'conformance_tenant') then
		create role conformance_tenant nologin noinherit;
	end if;
end
$$;

comment on role conformance_tenant is 'What a worker is while it runs a tool of catalog conformance.';

grant conformance_tenant to mcp_worker;

grant usage on schema mcp to conformance_tenant;
grant execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) to conformance_tenant;

create schema conformance;
grant usage on schema conformance to conformance_tenant;

comment on schema conformance is 'Fixtures of the MCP conformance suite.';

insert into mcp.plan (catalog, name, per_minute, in_flight) values
	('conformance', 'professional', 60, 16),
	('conformance', 'enterprise', 300, 64),
	('conformance', 'internal', 1000000, 1000);
