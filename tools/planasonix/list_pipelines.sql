-- Pipelines by name, a page at a time.  Without a cursor the page starts before every name, so that the index always has
-- a place to start from; and the place is a sub-select, because row security lets only what it knows to be leakproof
-- into an index condition, which coalesce is not.
select
	(select mcp.tenant()) as org,
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
		select
			coalesce($1->'cursor'->>0, ''),
			coalesce(mcp.uuid($1->'cursor'->>1), '00000000-0000-0000-0000-000000000000'))
order by p.name, p.id
limit ($1->>'limit')::integer
