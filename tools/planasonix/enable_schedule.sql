update schedule s
set enabled = true,
	next_run_at = case when s.enabled then s.next_run_at else mcp.cron_next(s.cron_expression, s.timezone, now()) end,
	updated_at = case when s.enabled then s.updated_at else now() end
from pipeline p
where s.id = mcp.uuid($1->>'schedule_id') and p.id = s.pipeline_id and p.deleted_at is null
returning s.id
