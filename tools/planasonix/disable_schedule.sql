update schedule s
set enabled = false,
	next_run_at = null,
	updated_at = case when s.enabled then now() else s.updated_at end
from pipeline p
where s.id = mcp.uuid($1->>'schedule_id') and p.id = s.pipeline_id and p.deleted_at is null
returning s.id
