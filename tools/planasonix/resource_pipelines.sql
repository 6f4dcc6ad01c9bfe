-- Pipelines by name, a page at a time; the URI of the last one ends with its id.  See list_pipelines.sql for the place
-- where a page starts.
select
	'planasonix://pipelines/' || p.id as uri,
	p.name,
	'Pipeline, ' || p.status as description
from pipeline p
where p.deleted_at is null
	and (p.name, p.id) > (
		select
			coalesce($1->'cursor'->>0, ''),
			coalesce(mcp.uuid(right($1->'cursor'->>1, 36)), '00000000-0000-0000-0000-000000000000'))
order by p.name, p.id
limit ($1->>'limit')::integer
