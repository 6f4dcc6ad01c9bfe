update pipeline p
set status = 'active', updated_at = case p.status when 'active' then p.updated_at else now() end
where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
returning p.id
