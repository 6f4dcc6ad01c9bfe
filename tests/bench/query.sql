-- list_pipelines for the peers: the columns, order and index of the tool's own SQL, without its
-- cursor.  Each peer prepares it once; @TENANT@ is filled in as a literal, the best case for a planner.
select
	p.id,
	p.name,
	source.name as source,
	destination.name as destination,
	p.status,
	due.cron_expression as schedule,
	p.last_run_at,
	p.last_run_status
from planasonix.pipeline p
join planasonix.connection source on source.tenant_id = p.tenant_id and source.id = p.source_connection_id
join planasonix.connection destination
	on destination.tenant_id = p.tenant_id and destination.id = p.dest_connection_id
left join lateral (
	select s.cron_expression
	from planasonix.schedule s
	where s.tenant_id = p.tenant_id and s.pipeline_id = p.id and s.enabled
	order by s.next_run_at, s.id
	limit 1
) due on true
where p.tenant_id = '@TENANT@' and p.deleted_at is null
order by p.name, p.id
limit $1
