-- Revocation that is exact: whatever changes who may do what raises tenant.generation in the same transaction.
--
-- Workers cache identities together with the generation they saw; mcp.enter refuses a call whose generation has moved.
-- So it does not matter who made the change (mcpctl, psql, a trigger), and a lost notification costs nothing: NOTIFY
-- mcp_identity only tells the methods that do not touch PostgreSQL.
--
-- Two rules keep this safe under concurrency.  Only the triggers on mcp.tenant touch the number, and it never falls.
-- Tenants are locked in order of their ids, so that two changes of several tenants wait for each other, but cannot
-- deadlock.

-- The row's own changes.  before: the number; after: the news.
create function mcp.tenant_raise() returns trigger
	language plpgsql
	set search_path = pg_catalog, pg_temp
as $$
declare
	asked bigint := new.generation;
begin
	new.generation := old.generation;
	if new is distinct from old then
		new.generation := old.generation + 1;
	end if;
	new.generation := greatest(new.generation, asked);
	return new;
end
$$;

comment on function mcp.tenant_raise() is 'Raises the generation of a changed tenant; nothing can lower it.';

create function mcp.tenant_tell() returns trigger
	language plpgsql
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform pg_notify('mcp_identity', coalesce(new.id, old.id)::text);
	return null;
end
$$;

comment on function mcp.tenant_tell() is 'Tells the nodes which tenant to forget; once per transaction and tenant.';

create trigger tenant_raise before update on mcp.tenant for each row execute function mcp.tenant_raise();
create trigger tenant_tell after update on mcp.tenant for each row
	when (old.generation is distinct from new.generation) execute function mcp.tenant_tell();
create trigger tenant_tell_new after insert or delete on mcp.tenant for each row execute function mcp.tenant_tell();

create function mcp.raise_generation(tenants uuid[]) returns void
	language sql
	set search_path = pg_catalog, pg_temp
as $$
	with held as (
		select id from mcp.tenant where id = any (tenants) order by id for no key update
	)
	update mcp.tenant t set generation = t.generation + 1 from held where t.id = held.id;
$$;

comment on function mcp.raise_generation(uuid[]) is 'Raises the generation of these tenants by one.';

-- Everything that belongs to a tenant.  One pass per statement, however many rows it changed.  Definer, because
-- whoever may change the row need not be one who may change the tenant.
create function mcp.identity_changed() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if tg_op = 'INSERT' then
		perform mcp.raise_generation(array(select distinct tenant_id from new_rows));
	elsif tg_op = 'DELETE' then
		perform mcp.raise_generation(array(select distinct tenant_id from old_rows));
	elsif tg_op = 'UPDATE' then
		perform mcp.raise_generation(array(select tenant_id from new_rows union select tenant_id from old_rows));
	else
		perform mcp.raise_generation(array(select id from mcp.tenant));
	end if;
	return null;
end
$$;

comment on function mcp.identity_changed() is 'Raises the generation of every tenant whose rows the statement changed.';

create function mcp.plan_changed() returns trigger
	language plpgsql security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform mcp.raise_generation(array(
		select t.id from mcp.tenant t join new_rows n on n.catalog = t.catalog and n.name = t.plan));
	return null;
end
$$;

comment on function mcp.plan_changed() is 'Raises the generation of every tenant on a plan that the statement changed.';

-- A plan that is new has no tenants yet, one that is deleted has none any more.
create trigger plan_changed after update on mcp.plan
	referencing new table as new_rows for each statement execute function mcp.plan_changed();

do $$
declare
	subject text;
begin
	foreach subject in array array['credential', 'principal', 'role', 'membership', 'workspace', 'workspace_access'] loop
		execute format('create trigger %1$s_added after insert on mcp.%1$I'
			' referencing new table as new_rows for each statement execute function mcp.identity_changed()', subject);
		execute format('create trigger %1$s_changed after update on mcp.%1$I'
			' referencing old table as old_rows new table as new_rows'
			' for each statement execute function mcp.identity_changed()', subject);
		execute format('create trigger %1$s_removed after delete on mcp.%1$I'
			' referencing old table as old_rows for each statement execute function mcp.identity_changed()', subject);
		execute format('create trigger %1$s_emptied after truncate on mcp.%1$I'
			' for each statement execute function mcp.identity_changed()', subject);
	end loop;
end
$$;
