-- Deleted pipelines count: people can restore them.  One that is drawn at this moment is stopped by its foreign key.
with asked as (
	select
		c.id,
		mcp.unless(used.pipelines > 0, 'MC409',
			format('This connection cannot be deleted: it is in use by %s %s%s.', used.pipelines,
				case used.pipelines when 1 then 'pipeline' else 'pipelines' end,
				case when used.deleted > 0 then format(', %s of them deleted but restorable', used.deleted) else '' end),
			jsonb_build_object('pipelines', used.pipelines, 'deleted', used.deleted))
	from connection c
	cross join lateral (
		select count(*) as pipelines, count(p.deleted_at) as deleted
		from pipeline p
		where p.source_connection_id = c.id or p.dest_connection_id = c.id
	) used
	where c.id = mcp.uuid($1->>'connection_id')
)
delete from connection c
using asked
where c.id = asked.id
returning c.id
