-- Schedules by the names of their pipelines, a page at a time.  See list_schedules.sql for its two conditions.
select
	'planasonix://schedules/' || s.id as uri,
	p.name,
	s.cron_expression || ' ' || s.timezone || case when s.enabled then '' else ', disabled' end as description
from pipeline p
join schedule s on s.pipeline_id = p.id
where p.deleted_at is null
	and p.name >= (select coalesce($1->'cursor'->>0, ''))
	and (p.name, s.id) > (
		select
			coalesce($1->'cursor'->>0, ''),
			coalesce(mcp.uuid(right($1->'cursor'->>1, 36)), '00000000-0000-0000-0000-000000000000'))
order by p.name, s.id
limit ($1->>'limit')::integer
