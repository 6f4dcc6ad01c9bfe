-- What the tools for health, triggering, schedules and connections need beyond those that only look and pause; and the
-- executor's way to the runs.

grant execute on function mcp.iso(timestamptz), mcp.zone_check(text), mcp.cron_field(text, text, integer, integer, text[]),
	mcp.cron_parse(text), mcp.cron_wall(bigint[], timestamp), mcp.cron_moment(timestamp, text),
	mcp.cron_next(text, text, timestamptz), mcp.cron_check(text), mcp.record(text, jsonb) to planasonix_tenant;

grant select on planasonix.alert to planasonix_tenant;
grant update (deleted_at) on planasonix.pipeline to planasonix_tenant;
grant insert (pipeline_id, parameters) on planasonix.run to planasonix_tenant;
grant insert (pipeline_id, cron_expression, frequency, timezone, next_run_at),
	update (cron_expression, frequency, timezone, enabled, next_run_at, updated_at), delete
	on planasonix.schedule to planasonix_tenant;
-- params may be read, because that is what merging takes.  They are sealed, and no tool returns them.
grant select (params), insert (name, type, category, params), update (name, params, updated_at), delete
	on planasonix.connection to planasonix_tenant;

insert into mcp.sealed (catalog, schema_name, table_name, column_name, path) values
	('planasonix', 'planasonix', 'connection', 'params', 'params');

-- Merging key by key lets params grow call by call.
alter table planasonix.connection add constraint connection_params_size_check check (octet_length(params::text) <= 65536);
comment on constraint connection_params_size_check on planasonix.connection is
	'The params of a connection are too large; together they have at most 64 kB.';
alter table planasonix.run add constraint run_parameters_size_check check (octet_length(parameters::text) <= 65536);
comment on constraint run_parameters_size_check on planasonix.run is
	'The params of a run are too large; together they have at most 64 kB.';

-- An executor carries out runs of all tenants.  One that has ended is history, and not its to change.
create policy executor_reads on planasonix.run for select to mcp_executor using (true);
create policy executor_ends on planasonix.run for update to mcp_executor using (status = 'running') with check (true);
grant usage on schema planasonix to mcp_executor;
grant select, update (status, finished_at, rows_loaded, error_message) on planasonix.run to mcp_executor;
