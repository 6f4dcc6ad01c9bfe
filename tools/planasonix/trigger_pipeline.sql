-- The run, and word of it to the executor, in one statement: neither is ever without the other.
with started as (
	insert into run (pipeline_id, parameters)
	select p.id, $1->'params'
	from pipeline p
	where p.id = mcp.uuid($1->>'pipeline_id') and p.deleted_at is null
	returning id, pipeline_id, status, started_at
)
select jsonb_build_object(
	'message', format('Pipeline %s triggered successfully.', s.pipeline_id),
	'run', jsonb_build_object('id', s.id, 'pipeline_id', s.pipeline_id, 'status', s.status, 'started_at', mcp.iso(s.started_at)))
from started s
cross join lateral mcp.record('planasonix.trigger_pipeline',
	jsonb_build_object('run_id', s.id, 'pipeline_id', s.pipeline_id)) as entry
