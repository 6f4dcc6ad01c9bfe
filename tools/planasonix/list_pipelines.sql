-- Pipelines by name, a page at a time.  No cursor is a place before every name: so the index always has a start.
select
	mcp.tenant() as org,
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
where p.deleted_at is null
	and (p.name, p.id) > (
		coalesce($1->'cursor'->>0, ''),
		coalesce(mcp.uuid($1->'cursor'->>1), '00000000-0000-0000-0000-000000000000'))
order by p.name, p.id
limit ($1->>'limit')::integer
