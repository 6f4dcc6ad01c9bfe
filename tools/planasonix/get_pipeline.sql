select
	p.id,
	p.name,
	source.name as source,
	destination.name as destination,
	p.status,
	due.cron_expression as schedule,
	p.last_run_at,
	p.last_run_status
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
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
