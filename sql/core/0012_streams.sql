-- How much of what stays open one caller may have: event streams, and sessions of older revisions.

alter table mcp.plan
	add column streams integer not null default 100,
	add column sessions integer not null default 100,
	add constraint plan_streams_check check (streams > 0),
	add constraint plan_sessions_check check (sessions > 0);

comment on column mcp.plan.streams is 'Streams that one principal (or a key without one) may have open at a time, per node.';
comment on column mcp.plan.sessions is 'Sessions of one principal (or a key without one); one more ends the one unused longest.';
