-- Planasonix, the ETL control plane: connections, pipelines from one to another, their runs, schedules and alerts.
--
-- Every table but connection_type belongs to tenants: row security is forced, one policy lets a call see and write
-- the rows of its tenant, and all keys lead with tenant_id, so that no row can point across tenants.  Grants say what
-- the tools need and no more; a tool that needs more brings its grant in its own migration.
--
-- mcp_owner owns all of it.  Foreign keys and definer functions act as mcp_owner, who passes row security.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'planasonix_tenant') then
		create role planasonix_tenant nologin noinherit;
	end if;
end
$$;

comment on role planasonix_tenant is 'What a worker is while it runs a tool of catalog planasonix.';

grant planasonix_tenant to mcp_worker;

grant usage on schema mcp to planasonix_tenant;
grant execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) to planasonix_tenant;

create schema planasonix;
comment on schema planasonix is 'The ETL control plane that catalog planasonix publishes.';
grant usage on schema planasonix to planasonix_tenant;

create table planasonix.connection_type (
	id		text primary key,
	name		text not null,
	category	text not null,
	description	text not null,
	required_params	text[] not null default '{}'
);

comment on table planasonix.connection_type is 'Kinds of systems that can be connected; shared by all tenants.';
comment on column planasonix.connection_type.id is 'The word that connections name as their type.';
comment on column planasonix.connection_type.category is 'database, warehouse, storage, stream or application.';
comment on column planasonix.connection_type.required_params is 'Names a connection of this type must have among its params.';

create table planasonix.connection (
	id		uuid not null default gen_random_uuid(),
	tenant_id	uuid not null default mcp.tenant() references mcp.tenant,
	name		text not null,
	type		text not null references planasonix.connection_type,
	category	text not null,
	params		jsonb not null default '{}',
	created_at	timestamptz not null default now(),
	updated_at	timestamptz not null default now(),
	primary key (tenant_id, id),
	constraint connection_name_check check (length(name) between 1 and 200),
	constraint connection_category_check check (category in ('source', 'destination')),
	constraint connection_params_check check (jsonb_typeof(params) = 'object')
);

create index connection_name_idx on planasonix.connection (tenant_id, name, id);

comment on table planasonix.connection is 'A system of the tenant''s that pipelines read from or write to.';
comment on column planasonix.connection.params is 'Sealed string by string before they reach the database; never part of an answer.';
comment on constraint connection_tenant_id_fkey on planasonix.connection is 'This organization does not exist any more.';
comment on constraint connection_type_fkey on planasonix.connection is
	'This connection type does not exist. list_connection_types shows those that do.';
comment on constraint connection_name_check on planasonix.connection is 'A connection name has 1 to 200 characters.';
comment on constraint connection_category_check on planasonix.connection is
	'The category of a connection is source or destination.';
comment on constraint connection_params_check on planasonix.connection is 'The params of a connection are an object.';

create table planasonix.pipeline (
	id			uuid not null default gen_random_uuid(),
	tenant_id		uuid not null default mcp.tenant() references mcp.tenant,
	name			text not null,
	source_connection_id	uuid not null,
	dest_connection_id	uuid not null,
	status			text not null default 'paused',
	nodes			jsonb not null default '[]',
	edges			jsonb not null default '[]',
	last_run_at		timestamptz,
	last_run_status		text,
	deleted_at		timestamptz,
	created_at		timestamptz not null default now(),
	updated_at		timestamptz not null default now(),
	primary key (tenant_id, id),
	constraint pipeline_source_fkey foreign key (tenant_id, source_connection_id)
		references planasonix.connection (tenant_id, id),
	constraint pipeline_dest_fkey foreign key (tenant_id, dest_connection_id)
		references planasonix.connection (tenant_id, id),
	constraint pipeline_name_check check (length(name) between 1 and 200),
	constraint pipeline_status_check check (status in ('active', 'paused', 'error')),
	constraint pipeline_nodes_check check (jsonb_typeof(nodes) = 'array'),
	constraint pipeline_edges_check check (jsonb_typeof(edges) = 'array')
);

create index pipeline_name_idx on planasonix.pipeline (tenant_id, name, id) where deleted_at is null;
create index pipeline_source_idx on planasonix.pipeline (tenant_id, source_connection_id);
create index pipeline_dest_idx on planasonix.pipeline (tenant_id, dest_connection_id);

comment on table planasonix.pipeline is 'Moves data from one connection to another, on a schedule or when asked.';
comment on column planasonix.pipeline.nodes is 'Steps of the graph, as the designer draws them.';
comment on column planasonix.pipeline.edges is 'Arrows between the steps.';
comment on column planasonix.pipeline.last_run_at is 'Start of the newest run; kept by the trigger on run.';
comment on column planasonix.pipeline.last_run_status is 'Status of the newest run; kept by the trigger on run.';
comment on column planasonix.pipeline.deleted_at is 'Not NULL: deleted for every tool, recoverable in the product.';
comment on constraint pipeline_tenant_id_fkey on planasonix.pipeline is 'This organization does not exist any more.';
comment on constraint pipeline_source_fkey on planasonix.pipeline is
	'The source connection does not exist, or a pipeline still uses it.';
comment on constraint pipeline_dest_fkey on planasonix.pipeline is
	'The destination connection does not exist, or a pipeline still uses it.';
comment on constraint pipeline_name_check on planasonix.pipeline is 'A pipeline name has 1 to 200 characters.';
comment on constraint pipeline_status_check on planasonix.pipeline is 'The status of a pipeline is active, paused or error.';
comment on constraint pipeline_nodes_check on planasonix.pipeline is 'The nodes of a pipeline are an array.';
comment on constraint pipeline_edges_check on planasonix.pipeline is 'The edges of a pipeline are an array.';

create table planasonix.run (
	id		uuid not null default gen_random_uuid(),
	tenant_id	uuid not null default mcp.tenant(),
	pipeline_id	uuid not null,
	status		text not null default 'running',
	trigger		text not null default 'manual',
	started_at	timestamptz not null default now(),
	finished_at	timestamptz,
	rows_loaded	bigint not null default 0,
	error_message	text,
	parameters	jsonb,
	primary key (tenant_id, id),
	constraint run_pipeline_fkey foreign key (tenant_id, pipeline_id) references planasonix.pipeline (tenant_id, id),
	constraint run_status_check check (status in ('running', 'success', 'failed')),
	constraint run_trigger_check check (trigger in ('schedule', 'manual')),
	constraint run_finished_check check ((finished_at is null) = (status = 'running') and finished_at >= started_at),
	constraint run_rows_check check (rows_loaded >= 0),
	constraint run_parameters_check check (jsonb_typeof(parameters) = 'object')
);

create index run_history_idx on planasonix.run (tenant_id, pipeline_id, started_at desc, id);

comment on table planasonix.run is 'One execution of a pipeline.';
comment on column planasonix.run.finished_at is 'NULL while it runs.';
comment on column planasonix.run.error_message is 'Why it failed, in the words of the system that refused.';
comment on column planasonix.run.parameters is 'What the caller handed over when it asked for the run; NULL: nothing.';
comment on constraint run_pipeline_fkey on planasonix.run is 'pipeline not found';
comment on constraint run_status_check on planasonix.run is 'The status of a run is running, success or failed.';
comment on constraint run_trigger_check on planasonix.run is 'A run is triggered by schedule or manual.';
comment on constraint run_finished_check on planasonix.run is 'A run has an end, not before its start, once it does not run any more.';
comment on constraint run_rows_check on planasonix.run is 'A run cannot load fewer than 0 rows.';
comment on constraint run_parameters_check on planasonix.run is 'The parameters of a run are an object.';

create table planasonix.schedule (
	id		uuid not null default gen_random_uuid(),
	tenant_id	uuid not null default mcp.tenant(),
	pipeline_id	uuid not null,
	cron_expression	text not null,
	frequency	text not null,
	timezone	text not null default 'UTC',
	enabled		boolean not null default true,
	concurrency	text not null default 'skip',
	next_run_at	timestamptz,
	last_run_at	timestamptz,
	last_run_status	text,
	created_at	timestamptz not null default now(),
	updated_at	timestamptz not null default now(),
	primary key (tenant_id, id),
	constraint schedule_pipeline_fkey foreign key (tenant_id, pipeline_id) references planasonix.pipeline (tenant_id, id),
	constraint schedule_cron_check check (length(cron_expression) between 9 and 200),
	constraint schedule_frequency_check check (frequency in ('hourly', 'daily', 'weekly', 'monthly', 'custom')),
	constraint schedule_timezone_check check (length(timezone) between 1 and 64),
	constraint schedule_concurrency_check check (concurrency in ('skip', 'queue', 'allow')),
	constraint schedule_last_run_check check (last_run_status in ('running', 'success', 'failed'))
);

create index schedule_pipeline_idx on planasonix.schedule (tenant_id, pipeline_id, enabled, next_run_at, id);

comment on table planasonix.schedule is 'When a pipeline runs by itself.';
comment on column planasonix.schedule.cron_expression is 'Five fields, read in timezone.';
comment on column planasonix.schedule.concurrency is 'What happens at a time when the last run has not ended.';
comment on column planasonix.schedule.next_run_at is 'NULL: never again, or not enabled.';
comment on constraint schedule_pipeline_fkey on planasonix.schedule is 'pipeline not found';
comment on constraint schedule_cron_check on planasonix.schedule is 'A cron expression has five fields and at most 200 characters.';
comment on constraint schedule_frequency_check on planasonix.schedule is
	'The frequency of a schedule is hourly, daily, weekly, monthly or custom.';
comment on constraint schedule_timezone_check on planasonix.schedule is 'A time zone is an IANA name such as Europe/Berlin.';
comment on constraint schedule_concurrency_check on planasonix.schedule is 'The concurrency of a schedule is skip, queue or allow.';
comment on constraint schedule_last_run_check on planasonix.schedule is 'The status of a run is running, success or failed.';

create table planasonix.alert (
	id		uuid not null default gen_random_uuid(),
	tenant_id	uuid not null default mcp.tenant(),
	pipeline_id	uuid not null,
	kind		text not null,
	fired_at	timestamptz not null default now(),
	primary key (tenant_id, id),
	constraint alert_pipeline_fkey foreign key (tenant_id, pipeline_id) references planasonix.pipeline (tenant_id, id),
	constraint alert_kind_check check (kind in ('run_failed', 'sla_breached', 'rows_dropped'))
);

create index alert_history_idx on planasonix.alert (tenant_id, pipeline_id, fired_at desc);

comment on table planasonix.alert is 'What the observer of pipelines found worth telling.';
comment on constraint alert_pipeline_fkey on planasonix.alert is 'pipeline not found';
comment on constraint alert_kind_check on planasonix.alert is
	'The kind of an alert is run_failed, sla_breached or rows_dropped.';

-- The newest run's start and status on the pipeline itself: lists of pipelines are read far more often than runs
-- begin or end.  Definer, because who records a run need not be one who may change pipelines.
create function planasonix.run_recorded() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	update planasonix.pipeline
	set last_run_at = new.started_at, last_run_status = new.status
	where tenant_id = new.tenant_id and id = new.pipeline_id
		and (last_run_at is null or last_run_at <= new.started_at);
	return null;
end
$$;

comment on function planasonix.run_recorded() is 'Keeps last_run_at and last_run_status of the run''s pipeline.';

create trigger run_recorded after insert or update of status on planasonix.run
	for each row execute function planasonix.run_recorded();

do $$
declare
	subject text;
begin
	foreach subject in array array['connection', 'pipeline', 'run', 'schedule', 'alert'] loop
		execute format('alter table planasonix.%I enable row level security', subject);
		execute format('alter table planasonix.%I force row level security', subject);
		execute format('create policy tenant on planasonix.%I for all to planasonix_tenant'
			' using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant())', subject);
	end loop;
end
$$;

grant select on planasonix.connection_type to planasonix_tenant;
grant select (id, tenant_id, name, type, category, created_at, updated_at) on planasonix.connection to planasonix_tenant;
grant select on planasonix.pipeline, planasonix.run, planasonix.schedule to planasonix_tenant;
grant update (status, updated_at) on planasonix.pipeline to planasonix_tenant;
