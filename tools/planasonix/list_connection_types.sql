select
	t.id,
	t.name,
	t.category,
	t.description,
	to_jsonb(t.required_params) as required_params
from connection_type t
where (t.name, t.id) > (select coalesce($1->'cursor'->>0, ''), coalesce($1->'cursor'->>1, ''))
order by t.name, t.id
limit ($1->>'limit')::integer
