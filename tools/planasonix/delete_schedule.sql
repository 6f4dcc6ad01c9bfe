delete from schedule s
using pipeline p
where s.id = mcp.uuid($1->>'schedule_id') and p.id = s.pipeline_id and p.deleted_at is null
returning s.id
