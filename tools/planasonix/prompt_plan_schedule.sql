select
	p.id,
	json_build_object(
		'pipeline', json_build_object('id', p.id, 'name', p.name,
			'status', case when mcp.may('pipelines:read') then p.status end),
		'schedules', (
			select coalesce(json_agg(json_build_object('id', s.id, 'cron_expression', s.cron_expression, 'frequency', s.frequency,
				'timezone', s.timezone, 'enabled', s.enabled, 'next_run_at', mcp.iso(s.next_run_at)) order by s.next_run_at, s.id), '[]')
			from (select * from schedule where pipeline_id = p.id order by next_run_at, id limit 50) s)
	) as report
from pipeline p
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
