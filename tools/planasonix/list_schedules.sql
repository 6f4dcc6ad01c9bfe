-- Schedules by the names of their pipelines, a page at a time.  The first condition is for the index on names, where
-- the page starts; the second for schedules of one name.  See list_pipelines.sql for the sub-selects.
select
	s.id,
	s.pipeline_id,
	p.name as pipeline_name,
	s.cron_expression,
	s.frequency,
	s.timezone,
	s.enabled,
	s.next_run_at,
	s.last_run_at,
	s.last_run_status
from pipeline p
join schedule s on s.pipeline_id = p.id
where p.deleted_at is null
	and p.name >= (select coalesce($1->'cursor'->>0, ''))
	and (p.name, s.id) > (
		select
			coalesce($1->'cursor'->>0, ''),
			coalesce(mcp.uuid($1->'cursor'->>1), '00000000-0000-0000-0000-000000000000'))
order by p.name, s.id
limit ($1->>'limit')::integer
