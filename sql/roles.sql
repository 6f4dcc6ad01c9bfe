-- roles: who may log in, and what each of them is.
--
-- Run once per cluster and database by a superuser: psql -d mcp -f sql/roles.sql.  A second run repairs what drifted
-- and changes nothing else.  Tables and their grants are the migrations' business (mcpctl migrate); so is the one
-- group role per catalog (planasonix_tenant, ...), which mcp_owner makes and hands to mcp_worker.
--
-- No passwords here: unix sockets with peer or pg_ident, or `alter role ... password` by the operator.

\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;

begin;

do $$
declare
	wanted name;
begin
	foreach wanted in array array['mcp_owner', 'mcp_admin', 'mcp_worker', 'mcp_executor'] loop
		if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
			execute format('create role %I', wanted);
		end if;
	end loop;
end
$$;

-- CREATEROLE for the catalogs' group roles, BYPASSRLS so that definer functions and migrations see every tenant.
alter role mcp_owner nologin nosuperuser bypassrls createrole nocreatedb noreplication noinherit;
-- NOINHERIT on the three logins: what they may do beyond their own grants they must ask for with SET ROLE, by name.
alter role mcp_admin login nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit;
alter role mcp_worker login nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit;
alter role mcp_executor login nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit;

grant mcp_owner to mcp_admin;

comment on role mcp_owner is 'Owns every table and definer function; reached only through SET ROLE by mcp_admin.';
comment on role mcp_admin is 'Login of mcpctl.';
comment on role mcp_worker is 'Login of the worker pools; owns nothing, becomes one catalog''s role for each call.';
comment on role mcp_executor is 'Login of the product''s own programs that carry out what tools record.';

-- Arguments of tools, and rows quoted by the DETAIL of an error, are tenants' data: they stay out of the server's log.
alter role mcp_worker set log_parameter_max_length = 0;
alter role mcp_worker set log_parameter_max_length_on_error = 0;
alter role mcp_worker set log_error_verbosity = terse;
-- Nor does a refusal's statement need to be there: it is a file in tools/, and every id not found would repeat it.
alter role mcp_worker set log_min_error_statement = panic;
-- Every statement is prepared once and its plan must do for every tenant; five trial plannings would only cost.
alter role mcp_worker set plan_cache_mode = force_generic_plan;
-- Tools look up few rows by index, in memory.  The default of 4 is a spinning disk's and has small tables read whole, the
-- rows of all tenants through the policy one by one (measured: get_pipeline 215 us, so 59); and neither compiling a
-- plan nor waking parallel workers pays for calls of this size.
alter role mcp_worker set random_page_cost = 1.1;
alter role mcp_worker set jit = off;
alter role mcp_worker set max_parallel_workers_per_gather = 0;
-- The statement of a dead worker ends by itself.
alter role mcp_worker set client_connection_check_interval = '500ms';

revoke all on database :"DBNAME" from public;
grant connect, create, temporary on database :"DBNAME" to mcp_owner;
grant connect on database :"DBNAME" to mcp_admin, mcp_worker, mcp_executor;
revoke all on schema public from public;

commit;
