with made as (
	insert into flow.mark (text) values ($1->>'mark') returning 1
)
select pg_catalog.pg_sleep(($1->>'seconds')::int), true as done from made
