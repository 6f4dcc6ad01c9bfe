-- Ids of the newest runs of the pipeline that is chosen already.
select r.id::text
from run r
join pipeline p on p.id = r.pipeline_id and p.deleted_at is null
where r.pipeline_id = mcp.uuid($1->>'id')
	and (starts_with(r.id::text, lower($1->>'value')) or starts_with(r.status, lower($1->>'value')))
order by r.started_at desc, r.id
limit 101
