-- Ids of connections whose name holds, or whose id begins with, what was typed.
select c.id::text
from connection c
where strpos(lower(c.name), lower($1->>'value')) > 0 or starts_with(c.id::text, lower($1->>'value'))
order by c.name, c.id
limit 101
