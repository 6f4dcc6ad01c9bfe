select json_build_object('count', count(*), 'types', coalesce(json_agg(json_build_object(
	'id', t.id,
	'name', t.name,
	'category', t.category,
	'description', t.description,
	'required_params', t.required_params) order by t.name, t.id), '[]'))
from connection_type t
