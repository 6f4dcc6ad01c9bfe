-- Ids of schedules whose pipeline's name holds, or whose id begins with, what was typed.
select s.id::text
from schedule s
join pipeline p on p.id = s.pipeline_id and p.deleted_at is null
where strpos(lower(p.name), lower($1->>'value')) > 0 or starts_with(s.id::text, lower($1->>'value'))
order by p.name, s.id
limit 101
