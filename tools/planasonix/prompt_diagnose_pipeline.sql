select
	p.id,
	json_build_object(
		'pipeline', json_build_object('id', p.id, 'name', p.name, 'source', source.name, 'destination', destination.name,
			'status', p.status, 'last_run_at', mcp.iso(p.last_run_at), 'last_run_status', p.last_run_status),
		'schedules', case when mcp.may('schedules:read') then (
			select coalesce(json_agg(json_build_object('cron_expression', s.cron_expression, 'timezone', s.timezone,
				'enabled', s.enabled, 'next_run_at', mcp.iso(s.next_run_at)) order by s.next_run_at, s.id), '[]')
			from (select * from schedule where pipeline_id = p.id order by next_run_at, id limit 50) s) end,
		'runs', (
			select coalesce(json_agg(json_build_object('id', r.id, 'status', r.status, 'started_at', mcp.iso(r.started_at),
				'finished_at', mcp.iso(r.finished_at), 'rows_loaded', r.rows_loaded,
				'error_message', left(r.error_message, 1000)) order by r.started_at desc, r.id), '[]')
			from (select * from run where pipeline_id = p.id order by started_at desc, id limit 20) r),
		'alerts', (
			select coalesce(json_agg(json_build_object('kind', a.kind, 'fired_at', mcp.iso(a.fired_at)) order by a.fired_at desc), '[]')
			from (select * from alert where pipeline_id = p.id order by fired_at desc limit 10) a)
	) as report
from pipeline p
join connection source on source.id = p.source_connection_id
join connection destination on destination.id = p.dest_connection_id
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
