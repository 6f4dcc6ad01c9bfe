-- Ids of pipelines whose name holds, or whose id begins with, what was typed.  The scope stands here because a prompt for
-- those who may only see schedules proposes them too.
select p.id::text
from pipeline p
where (select mcp.may('pipelines:read')) and p.deleted_at is null
	and (strpos(lower(p.name), lower($1->>'value')) > 0 or starts_with(p.id::text, lower($1->>'value')))
order by p.name, p.id
limit 101
