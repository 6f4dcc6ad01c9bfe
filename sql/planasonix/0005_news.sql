-- Whoever subscribed to a pipeline, a run or a schedule is told when it changes, whoever changes it: a tool, the executor
-- that ends a run, the product itself.
--
-- A statement tells once of each row it changed.  Definer, because tools speak for their own tenant only and an executor
-- for all, and neither needs to be asked.

-- The list of resources has every pipeline that is not deleted, with its name and status.
create function planasonix.pipeline_told() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if tg_op = 'UPDATE' then
		perform mcp.resource_changed(n.tenant_id, 'planasonix://pipelines/' || n.id) from new_rows n;
		perform mcp.list_changed(t.tenant_id, 'resources')
		from (
			select distinct n.tenant_id
			from new_rows n
			join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
			where (o.name, o.status, o.deleted_at is null) is distinct from (n.name, n.status, n.deleted_at is null)
		) as t;
	elsif tg_op = 'INSERT' then
		perform mcp.list_changed(t.tenant_id, 'resources') from (select distinct tenant_id from new_rows) as t;
	else
		perform mcp.resource_changed(o.tenant_id, 'planasonix://pipelines/' || o.id) from old_rows o;
		perform mcp.list_changed(t.tenant_id, 'resources') from (select distinct tenant_id from old_rows) as t;
	end if;
	return null;
end
$$;

comment on function planasonix.pipeline_told() is 'Tells those who subscribed to the pipelines that the statement changed, or to the list.';

-- A pipeline shows how its runs went.
create function planasonix.run_told() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform mcp.resource_changed(r.tenant_id, 'planasonix://pipelines/' || r.pipeline_id || '/runs/' || r.id) from changed r;
	perform mcp.resource_changed(p.tenant_id, 'planasonix://pipelines/' || p.pipeline_id)
	from (select distinct tenant_id, pipeline_id from changed) as p;
	return null;
end
$$;

comment on function planasonix.run_told() is 'Tells those who subscribed to the runs that the statement changed, or to their pipelines.';

-- A pipeline shows its next schedule, and the list of resources has each with its expression, zone and switch.
create function planasonix.schedule_told() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if tg_op = 'UPDATE' then
		perform mcp.resource_changed(n.tenant_id, uri)
		from new_rows n
		cross join lateral (values ('planasonix://schedules/' || n.id), ('planasonix://pipelines/' || n.pipeline_id)) as of (uri);
		perform mcp.list_changed(t.tenant_id, 'resources')
		from (
			select distinct n.tenant_id
			from new_rows n
			join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
			where (o.cron_expression, o.timezone, o.enabled) is distinct from (n.cron_expression, n.timezone, n.enabled)
		) as t;
	else
		perform mcp.resource_changed(c.tenant_id, uri)
		from changed c
		cross join lateral (values ('planasonix://schedules/' || c.id), ('planasonix://pipelines/' || c.pipeline_id)) as of (uri);
		perform mcp.list_changed(t.tenant_id, 'resources') from (select distinct tenant_id from changed) as t;
	end if;
	return null;
end
$$;

comment on function planasonix.schedule_told() is
	'Tells those who subscribed to the schedules that the statement changed, to their pipelines, or to the list.';

create trigger pipeline_added after insert on planasonix.pipeline
	referencing new table as new_rows for each statement execute function planasonix.pipeline_told();
create trigger pipeline_changed after update on planasonix.pipeline
	referencing old table as old_rows new table as new_rows for each statement execute function planasonix.pipeline_told();
create trigger pipeline_removed after delete on planasonix.pipeline
	referencing old table as old_rows for each statement execute function planasonix.pipeline_told();

create trigger run_added after insert on planasonix.run
	referencing new table as changed for each statement execute function planasonix.run_told();
create trigger run_changed after update on planasonix.run
	referencing new table as changed for each statement execute function planasonix.run_told();
create trigger run_removed after delete on planasonix.run
	referencing old table as changed for each statement execute function planasonix.run_told();
create trigger schedule_added after insert on planasonix.schedule
	referencing new table as changed for each statement execute function planasonix.schedule_told();
create trigger schedule_changed after update on planasonix.schedule
	referencing old table as old_rows new table as new_rows for each statement execute function planasonix.schedule_told();
create trigger schedule_removed after delete on planasonix.schedule
	referencing old table as changed for each statement execute function planasonix.schedule_told();

grant execute on function mcp.resource_changed(text), mcp.list_changed(text) to planasonix_tenant;
