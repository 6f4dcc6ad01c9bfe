select
	c.id,
	json_build_object(
		'connection', json_build_object('id', c.id, 'name', c.name, 'type', c.category, 'kind', c.type, 'created_at', mcp.iso(c.created_at)),
		'pipelines', case when mcp.may('pipelines:read') then (
			select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'status', p.status,
				'last_run_at', mcp.iso(p.last_run_at), 'last_run_status', p.last_run_status) order by p.name, p.id), '[]')
			from (
				select *
				from pipeline
				where deleted_at is null and (source_connection_id = c.id or dest_connection_id = c.id)
				order by name, id
				limit 100
			) p) end
	) as report
from connection c
where c.id = mcp.uuid($1->>'connection_id')
