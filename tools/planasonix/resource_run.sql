select json_build_object(
	'id', r.id,
	'pipeline_id', r.pipeline_id,
	'status', r.status,
	'started_at', mcp.iso(r.started_at),
	'finished_at', mcp.iso(r.finished_at),
	'rows_loaded', r.rows_loaded,
	'error_message', r.error_message)
from run r
join pipeline p on p.id = r.pipeline_id and p.deleted_at is null
where r.pipeline_id = mcp.uuid($1->>'id') and r.id = mcp.uuid($1->>'run_id')
