-- What the stories of catalog planasonix are told with.  Lives and dies with the session that plays them.

-- A moment as answers write it; the session's time zone is UTC.
create function pg_temp.iso(moment timestamptz) returns text
	language sql
	return replace(to_jsonb(moment)#>>'{}', '+00:00', 'Z');

-- A new pipeline of a tenant, last touched at the start of 2026.
create function pg_temp.pipeline(tenant uuid, standing text, named text default 'Story', deleted boolean default false) returns uuid
	language sql
begin atomic
	insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id, status, updated_at, deleted_at)
	select tenant, named, p.source_connection_id, p.dest_connection_id, standing, '2026-01-01T00:00:00Z',
		case when deleted then now() end
	from planasonix.pipeline p
	where p.tenant_id = tenant
	limit 1
	returning id;
end;

-- What happened to a pipeline: its status, and whether it was touched since pg_temp.pipeline made it.
create function pg_temp.state(which uuid) returns text
	language sql
	return (
		select status || case when updated_at > '2026-01-01T00:00:00Z' then ', touched' else ', untouched' end
		from planasonix.pipeline
		where id = which);

create function pg_temp.forget(which uuid) returns void
	language sql
begin atomic
	delete from mcp.outbox where payload->>'pipeline_id' = which::text;
	delete from planasonix.alert where pipeline_id = which;
	delete from planasonix.schedule where pipeline_id = which;
	delete from planasonix.run where pipeline_id = which;
	delete from planasonix.pipeline where id = which;
end;

-- What list_pipelines should show of a tenant, all pages together.
create function pg_temp.shown(tenant uuid)
	returns table (id uuid, name text, source text, destination text, status text, schedule text, last_run_at text, last_run_status text)
	language sql
begin atomic
	select p.id, p.name, source.name, destination.name, p.status,
		(select s.cron_expression from planasonix.schedule s
			where s.tenant_id = tenant and s.pipeline_id = p.id and s.enabled order by s.next_run_at, s.id limit 1),
		pg_temp.iso(p.last_run_at), p.last_run_status
	from planasonix.pipeline p
	join planasonix.connection source on source.tenant_id = tenant and source.id = p.source_connection_id
	join planasonix.connection destination on destination.tenant_id = tenant and destination.id = p.dest_connection_id
	where p.tenant_id = tenant and p.deleted_at is null
	order by p.name, p.id;
end;

-- What get_run_history should show of a pipeline.
create function pg_temp.runs(which uuid, most integer)
	returns table (id uuid, status text, started_at text, finished_at text, rows_loaded bigint, error_message text)
	language sql
begin atomic
	select r.id, r.status, pg_temp.iso(r.started_at), pg_temp.iso(r.finished_at), r.rows_loaded, r.error_message
	from planasonix.run r
	where r.pipeline_id = which
	order by r.started_at desc, r.id
	limit most;
end;

-- A new schedule of a pipeline: half past six in Berlin, last touched and due at the start of 2026.
create function pg_temp.schedule(which uuid, standing boolean default true) returns uuid
	language sql
begin atomic
	insert into planasonix.schedule (tenant_id, pipeline_id, cron_expression, frequency, timezone, enabled, next_run_at, updated_at)
	select p.tenant_id, p.id, '30 6 * * *', 'daily', 'Europe/Berlin', standing,
		case when standing then timestamptz '2026-01-02T05:30:00Z' end, '2026-01-01T00:00:00Z'
	from planasonix.pipeline p
	where p.id = which
	returning id;
end;

-- What happened to a schedule: how it stands, and whether it was touched since pg_temp.schedule made it.
create function pg_temp.schedule_state(which uuid) returns text
	language sql
	return (
		select concat_ws(', ', case when enabled then 'enabled' else 'disabled' end, cron_expression, frequency, timezone,
			case
				when next_run_at is null then 'not due'
				when next_run_at = mcp.cron_next(cron_expression, timezone, now()) then 'due as it says'
				when next_run_at = '2026-01-02T05:30:00Z' then 'due as before' end,
			case when updated_at > '2026-01-01T00:00:00Z' then 'touched' else 'untouched' end)
		from planasonix.schedule
		where id = which);

-- What list_schedules should show of a tenant, all pages together.
create function pg_temp.schedules(tenant uuid)
	returns table (id uuid, pipeline_id uuid, pipeline_name text, cron_expression text, frequency text, timezone text, enabled boolean,
		next_run_at text, last_run_at text, last_run_status text)
	language sql
begin atomic
	select s.id, s.pipeline_id, p.name, s.cron_expression, s.frequency, s.timezone, s.enabled,
		pg_temp.iso(s.next_run_at), pg_temp.iso(s.last_run_at), s.last_run_status
	from planasonix.schedule s
	join planasonix.pipeline p on p.tenant_id = s.tenant_id and p.id = s.pipeline_id
	where s.tenant_id = tenant and p.deleted_at is null
	order by p.name, s.id;
end;

-- What list_connectors should show of a tenant, all pages together.
create function pg_temp.connectors(tenant uuid) returns table (id uuid, name text, type text, kind text)
	language sql
begin atomic
	select c.id, c.name, c.category, c.type
	from planasonix.connection c
	where c.tenant_id = tenant
	order by c.name, c.id;
end;

-- A new connection of a tenant, which no pipeline uses.  Its params look sealed and are not.
create function pg_temp.connection(tenant uuid) returns uuid
	language sql
begin atomic
	insert into planasonix.connection (tenant_id, name, type, category, params, updated_at)
	values (tenant, 'Story', 'postgres', 'source', '{"host": "stored host", "user": "stored user"}', '2026-01-01T00:00:00Z')
	returning id;
end;

-- A pipeline that uses a connection.
create function pg_temp.used(which uuid, deleted boolean default false) returns uuid
	language sql
begin atomic
	insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id, deleted_at)
	select c.tenant_id, 'Story', c.id, c.id, case when deleted then now() end
	from planasonix.connection c
	where c.id = which
	returning id;
end;

-- Name, and the params as they are known: stored as they were, or sealed since.
create function pg_temp.connection_state(which uuid) returns text
	language sql
	return (
		select name || ': ' || coalesce(string_agg(key || ' ' || case when value = 'stored ' || key then 'as before' else 'changed' end, ', ' order by key), '')
		from planasonix.connection c
		left join lateral jsonb_each_text(c.params) on true
		where id = which
		group by name);

-- How often a text is found in what the database keeps of tenants: rows, entries, audit events, results.
create function pg_temp.found(text text) returns bigint
	language sql
begin atomic
	select count(*) from (
		select to_jsonb(c) from planasonix.connection c
		union all select to_jsonb(r) from planasonix.run r where r.parameters is not null
		union all select to_jsonb(o) from mcp.outbox o
		union all select to_jsonb(a) from mcp.audit_outbox a
		union all select to_jsonb(i) from mcp.idempotency i
	) kept (row)
	where strpos(kept.row::text, text) > 0;
end;

create function pg_temp.forget_connection(which uuid) returns void
	language sql
begin atomic
	delete from planasonix.pipeline where source_connection_id = which or dest_connection_id = which;
	delete from planasonix.connection where id = which;
end;

create function pg_temp.forget_key(which text) returns void
	language sql
begin atomic
	delete from mcp.idempotency where key = which;
end;
