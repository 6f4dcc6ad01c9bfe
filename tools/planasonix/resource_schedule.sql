select json_build_object(
	'id', s.id,
	'pipeline_id', s.pipeline_id,
	'pipeline_name', p.name,
	'cron_expression', s.cron_expression,
	'frequency', s.frequency,
	'timezone', s.timezone,
	'enabled', s.enabled,
	'next_run_at', mcp.iso(s.next_run_at),
	'last_run_at', mcp.iso(s.last_run_at),
	'last_run_status', s.last_run_status)
from schedule s
join pipeline p on p.id = s.pipeline_id and p.deleted_at is null
where s.id = mcp.uuid($1->>'id')
