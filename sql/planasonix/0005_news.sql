-- Whoever subscribed to a pipeline, a run or a schedule is told when it changes, whoever changes it: a tool, the executor
-- that ends a run, the product itself.
--
-- A statement tells once of each row it changed.  Definer, because tools speak for their own tenant only and an executor
-- for all, and neither needs to be asked.

-- The list of resources is the list of pipelines that are not deleted, by their names.
create function planasonix.pipeline_told() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if tg_op = 'UPDATE' then
		perform mcp.resource_changed(n.tenant_id, 'planasonix://pipelines/' || n.id) from new_rows n;
		perform mcp.list_changed(changed.tenant_id, 'resources')
		from (
			select distinct n.tenant_id
			from new_rows n
			join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
			where (o.name, o.deleted_at is null) is distinct from (n.name, n.deleted_at is null)
		) as changed;
	elsif tg_op = 'INSERT' then
		perform mcp.list_changed(changed.tenant_id, 'resources') from (select distinct tenant_id from new_rows) as changed;
	else
		perform mcp.resource_changed(o.tenant_id, 'planasonix://pipelines/' || o.id) from old_rows o;
		perform mcp.list_changed(changed.tenant_id, 'resources') from (select distinct tenant_id from old_rows) as changed;
	end if;
	return null;
end
$$;

comment on function planasonix.pipeline_told() is 'Tells those who subscribed to the pipelines that the statement changed.';

-- A pipeline shows its newest run.
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

create function planasonix.schedule_told() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform mcp.resource_changed(s.tenant_id, 'planasonix://schedules/' || s.id) from changed s;
	return null;
end
$$;

comment on function planasonix.schedule_told() is 'Tells those who subscribed to the schedules that the statement changed.';

create trigger pipeline_added after insert on planasonix.pipeline
	referencing new table as new_rows for each statement execute function planasonix.pipeline_told();
create trigger pipeline_changed after update on planasonix.pipeline
	referencing old table as old_rows new table as new_rows for each statement execute function planasonix.pipeline_told();
create trigger pipeline_removed after delete on planasonix.pipeline
	referencing old table as old_rows for each statement execute function planasonix.pipeline_told();

do $$
declare
	subject text;
begin
	foreach subject in array array['run', 'schedule'] loop
		execute format('create trigger %1$s_added after insert on planasonix.%1$I'
			' referencing new table as changed for each statement execute function planasonix.%1$s_told()', subject);
		execute format('create trigger %1$s_changed after update on planasonix.%1$I'
			' referencing new table as changed for each statement execute function planasonix.%1$s_told()', subject);
		execute format('create trigger %1$s_removed after delete on planasonix.%1$I'
			' referencing old table as changed for each statement execute function planasonix.%1$s_told()', subject);
	end loop;
end
$$;

grant execute on function mcp.resource_changed(text), mcp.list_changed(text) to planasonix_tenant;
