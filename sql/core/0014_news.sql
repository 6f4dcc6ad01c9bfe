-- What changed, told to whoever listens: NOTIFY mcp_resource, heard by the warden of every node, which lets the streams
-- of that tenant know.  It arrives when the transaction commits, and once, however often it was said in it.
--
-- Catalogs' roles speak for the tenant of their call; executors name the tenant.  A product's own writers are best served
-- by triggers that call the latter form with their owner's rights.
--
-- To tell is never worth a product's own transaction: what depends on its data and cannot be told is passed over.

create function mcp.tell_changed(tenant uuid, member text, value text) returns void
	language plpgsql volatile
	set search_path = pg_catalog, pg_temp
as $$
declare
	whose text := (select t.catalog from mcp.tenant t where t.id = tell_changed.tenant);
begin
	if whose is null then
		return;		-- a product may have more customers than tenants
	end if;
	perform pg_notify('mcp_resource', jsonb_build_object('tenant', tenant, 'catalog', whose, member, value)::text);
end
$$;

comment on function mcp.tell_changed(uuid, text, text) is 'Tells the nodes; the payload stays below what NOTIFY takes, 8000 bytes.';

create function mcp.resource_changed(tenant uuid, uri text) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if uri is null or octet_length(uri) not between 1 and 2048 or uri ~ '[[:cntrl:]]' then
		raise warning using errcode = 'MC422', message = 'The URI of a resource has 1 to 2048 bytes and no control characters.';
		return;
	end if;
	perform mcp.tell_changed(tenant, 'uri', uri);
end
$$;

comment on function mcp.resource_changed(uuid, text) is
	'The resource of that URI is another one for this tenant: its subscribers are told.  For executors and triggers; what cannot be told fails nothing.';

create function mcp.list_changed(tenant uuid, what text) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	if what is null or what not in ('tools', 'prompts', 'resources') then
		raise exception using errcode = 'MC422', message = 'The lists are tools, prompts and resources.';
	end if;
	perform mcp.tell_changed(tenant, 'list', what);
end
$$;

comment on function mcp.list_changed(uuid, text) is
	'This list is another one for this tenant: those who listen are told to fetch it again.  For executors and triggers.';

create function mcp.resource_changed(uri text) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform mcp.resource_changed(mcp.tenant(), uri);
end
$$;

comment on function mcp.resource_changed(text) is
	'The same for the calling tenant.  For catalogs'' roles, by their own migrations.';

create function mcp.list_changed(what text) returns void
	language plpgsql volatile security definer
	set search_path = pg_catalog, pg_temp
as $$
begin
	perform mcp.list_changed(mcp.tenant(), what);
end
$$;

comment on function mcp.list_changed(text) is
	'The same for the calling tenant.  For catalogs'' roles, by their own migrations.';

revoke execute on function mcp.tell_changed(uuid, text, text), mcp.resource_changed(uuid, text), mcp.list_changed(uuid, text),
	mcp.resource_changed(text), mcp.list_changed(text) from public;
grant execute on function mcp.resource_changed(uuid, text), mcp.list_changed(uuid, text) to mcp_executor;
