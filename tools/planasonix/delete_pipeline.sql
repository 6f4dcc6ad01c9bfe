-- Schedules, runs and alerts stay for whoever restores it; until then every tool looks past them.
update pipeline p
set deleted_at = now(), updated_at = now()
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
returning p.id
