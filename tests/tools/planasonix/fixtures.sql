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
