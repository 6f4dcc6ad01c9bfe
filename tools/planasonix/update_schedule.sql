-- What was not given is taken from the row itself, not from a copy read before: of two changes at once none is lost.
with given as (
	select
		mcp.uuid($1->>'schedule_id') as id,
		asked.*,
		mcp.unless(flaw.cron is not null, 'MC422', flaw.cron),
		mcp.unless(flaw.zone is not null, 'MC422', flaw.zone)
	from (values (nullif($1->>'cron_expression', ''), nullif($1->>'frequency', ''), nullif($1->>'timezone', ''))) as asked (cron, frequency, zone)
	cross join lateral (
		select
			case when asked.cron is not null then mcp.cron_check(asked.cron) end as cron,
			case when asked.zone is not null then mcp.zone_check(asked.zone) end as zone
	) flaw
)
update schedule s
set cron_expression = coalesce(given.cron, s.cron_expression),
	frequency = coalesce(given.frequency, s.frequency),
	timezone = coalesce(given.zone, s.timezone),
	next_run_at = case
		when s.enabled and coalesce(given.cron, given.zone) is not null
			then mcp.cron_next(coalesce(given.cron, s.cron_expression), coalesce(given.zone, s.timezone), now())
		else s.next_run_at end,
	updated_at = now()
from given, pipeline p
where s.id = given.id and p.id = s.pipeline_id and p.deleted_at is null
returning jsonb_build_object(
	'message', format('Schedule %s updated successfully.', s.id),
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
