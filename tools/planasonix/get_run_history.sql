-- The newest runs of one pipeline.  No row means that it has never run; that there is no such pipeline must be said
-- aloud, and it always is: runs are looked for per row of asked, so asked is computed first.
with asked as (
	select
		p.id,
		case when given.runs % 1 = 0 and given.runs between 1 and 100 then given.runs else 10 end as runs,
		mcp.unless(p.id is null, 'MC404', 'pipeline not found')
	from (values (mcp.uuid($1->>'pipeline_id'), ($1->>'limit')::numeric)) as given (id, runs)
	left join pipeline p on p.id = given.id and p.deleted_at is null
)
select
	asked.id as pipeline_id,
	newest.*
from asked
cross join lateral (
	select r.id, r.status, r.started_at, r.finished_at, r.rows_loaded, r.error_message
	from run r
	where r.pipeline_id = asked.id
	order by r.started_at desc, r.id
	limit asked.runs
) newest
order by newest.started_at desc, newest.id
