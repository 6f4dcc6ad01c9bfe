-- Each string of params comes sealed by itself, so joining two objects merges them key by key.
with given as (
	select
		mcp.uuid($1->>'connection_id') as id,
		mcp.unless(other.name is not null, 'MC422', format('params.%s must be a string', left(other.name, 100)))
	from (select min(key) as name from jsonb_each($1->'params') where jsonb_typeof(value) <> 'string') other
)
update connection c
set name = coalesce(nullif($1->>'name', ''), c.name),
	params = c.params || coalesce($1->'params', '{}'),
	updated_at = now()
from given
where c.id = given.id
returning jsonb_build_object(
	'message', format('Connection %s updated successfully.', c.id),
	'connection', jsonb_build_object(
		'id', c.id,
		'name', c.name,
		'type', c.type,
		'category', c.category,
		'created_at', mcp.iso(c.created_at)))
