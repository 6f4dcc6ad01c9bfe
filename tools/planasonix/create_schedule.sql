with given as (
	select
		mcp.uuid($1->>'pipeline_id') as pipeline_id,
		asked.*,
		mcp.unless(cron_flaw is not null, 'MC422', cron_flaw),
		mcp.unless(zone_flaw is not null, 'MC422', zone_flaw)
	from (values ($1->>'cron_expression', $1->>'frequency', coalesce(nullif($1->>'timezone', ''), 'UTC'))) as asked (cron, frequency, zone)
	cross join lateral mcp.cron_check(asked.cron) as cron_flaw
	cross join lateral mcp.zone_check(asked.zone) as zone_flaw
), made as (
	insert into schedule (pipeline_id, cron_expression, frequency, timezone, next_run_at)
	select p.id, given.cron, given.frequency, given.zone, mcp.cron_next(given.cron, given.zone, now())
	from given
	join pipeline p on p.id = given.pipeline_id and p.deleted_at is null
	returning *
)
select jsonb_build_object(
	'message', format('Schedule %s created successfully.', s.id),
	'schedule', jsonb_build_object(
		'id', s.id,
		'pipeline_id', s.pipeline_id,
		'pipeline_name', p.name,
		'cron_expression', s.cron_expression,
		'frequency', s.frequency,
		'timezone', s.timezone,
		'enabled', s.enabled,
		'next_run_at', mcp.iso(s.next_run_at),
		'last_run_at', mcp.iso(s.last_run_at),
		'last_run_status', s.last_run_status))
from made s
join pipeline p on p.id = s.pipeline_id
