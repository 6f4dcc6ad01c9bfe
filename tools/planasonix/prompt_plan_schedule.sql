select
	p.id,
	json_build_object(
		'pipeline', json_build_object('id', p.id, 'name', p.name, 'status', p.status),
		'schedules', (
			select coalesce(json_agg(json_build_object('id', s.id, 'cron_expression', s.cron_expression, 'frequency', s.frequency,
				'timezone', s.timezone, 'enabled', s.enabled, 'next_run_at', mcp.iso(s.next_run_at)) order by s.next_run_at, s.id), '[]')
			from schedule s
			where s.pipeline_id = p.id)
	) as report
from pipeline p
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
