-- What get_pipeline and get_pipeline_health show, as one document.
select json_build_object(
	'id', p.id,
	'name', p.name,
	'source', source.name,
	'destination', destination.name,
	'status', p.status,
	'schedule', due.cron_expression,
	'last_run_at', mcp.iso(p.last_run_at),
	'last_run_status', p.last_run_status,
	'error_rate_7d', coalesce(seen.error_rate_7d, 0),
	'rows_last_24h', coalesce(seen.rows_last_24h, 0))
from pipeline p
join connection source on source.id = p.source_connection_id
join connection destination on destination.id = p.dest_connection_id
left join lateral (
	select s.cron_expression
	from schedule s
	where s.pipeline_id = p.id and s.enabled
	order by s.next_run_at, s.id
	limit 1
) due on true
cross join lateral (
	select
		avg((r.status = 'failed')::integer) filter (where r.started_at > now() - interval '7 days')::float8 as error_rate_7d,
		sum(r.rows_loaded) filter (where r.started_at > now() - interval '24 hours')::bigint as rows_last_24h
	from (
		select run.status, run.started_at, run.rows_loaded
		from run
		where run.pipeline_id = p.id
		order by run.started_at desc, run.id
		limit 50
	) r
) seen
where p.id = mcp.uuid($1->>'id') and p.deleted_at is null
