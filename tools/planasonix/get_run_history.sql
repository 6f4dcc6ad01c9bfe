-- The newest runs of one pipeline.  No row means that it has never run; a pipeline that is not there must be said
-- aloud, and it is, before any run is looked for: the runs are sought per row of asked.
with asked as (
	select p.id, mcp.unless(p.id is null, 'MC404', 'pipeline not found')
	from (values (mcp.uuid($1->>'pipeline_id'), ($1->>'limit')::numeric)) as given (id, runs)
	left join pipeline p on p.id = given.id and p.deleted_at is null
)
select
	asked.id as pipeline_id,
	r.id,
	r.status,
	r.started_at,
	r.finished_at,
	r.rows_loaded,
	r.error_message
from asked
cross join lateral (
	select *
	from run
	where run.pipeline_id = asked.id
	order by run.started_at desc, run.id
	limit case when ($1->>'limit')::numeric in (select generate_series(1, 100)) then ($1->>'limit')::integer else 10 end
) r
order by r.started_at desc, r.id
