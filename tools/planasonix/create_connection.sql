-- Only strings are sealed, so nothing else may come in among them.
with given as (
	select mcp.unless(other.name is not null, 'MC422', format('params.%s must be a string', left(other.name, 100)))
	from (select min(key) as name from jsonb_each($1->'params') where jsonb_typeof(value) <> 'string') other
), made as (
	insert into connection (name, type, category, params)
	select $1->>'name', $1->>'type', $1->>'category', $1->'params'
	from given
	returning id, name, type, category, created_at
)
select jsonb_build_object(
	'message', format('Connection %s created successfully.', c.id),
	'connection', jsonb_build_object(
		'id', c.id,
		'name', c.name,
		'type', c.type,
		'category', c.category,
		'created_at', mcp.iso(c.created_at)))
from made c
