-- Connections under the names that callers know: type is what they are for, kind the system.  See list_pipelines.sql
-- for the place where a page starts.
select
	c.id,
	c.name,
	c.category as type,
	c.type as kind
from connection c
where (c.name, c.id) > (
	select
		coalesce($1->'cursor'->>0, ''),
		coalesce(mcp.uuid($1->'cursor'->>1), '00000000-0000-0000-0000-000000000000'))
order by c.name, c.id
limit ($1->>'limit')::integer
