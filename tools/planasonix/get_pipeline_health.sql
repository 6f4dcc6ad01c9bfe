select
	p.id as pipeline_id,
	coalesce(seen.error_rate_7d, 0) as error_rate_7d,
	coalesce(seen.avg_latency_ms, 0) as avg_latency_ms,
	coalesce(seen.rows_last_24h, 0) as rows_last_24h,
	coalesce(seen.error_rate_7d > 0.10, false) as sla_breached,
	(select max(a.fired_at) from alert a where a.pipeline_id = p.id) as last_alert_at
from pipeline p
cross join lateral (
	select
		avg((r.status = 'failed')::integer) filter (where r.started_at > now() - interval '7 days')::float8 as error_rate_7d,
		round(avg(extract(epoch from r.finished_at - r.started_at) * 1000), 3)::float8 as avg_latency_ms,
		sum(r.rows_loaded) filter (where r.started_at > now() - interval '24 hours')::bigint as rows_last_24h
	from (
		select run.status, run.started_at, run.finished_at, run.rows_loaded
		from run
		where run.pipeline_id = p.id
		order by run.started_at desc, run.id
		limit 50
	) r
) seen
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
