-- What policies and the SQL of tools may ask: whose call is this, may it, and what to say when it may not.
--
-- The worker states tenant, workspace, principal and scopes as settings of the transaction before it takes on the
-- catalog's role (DESIGN 5).  The one-expression functions have parsed bodies: their names were resolved here and now,
-- no search_path can bend them, and the planner can still inline them into index conditions.

create function mcp.tenant() returns uuid
	language sql stable parallel safe
	return nullif(current_setting('mcp.tenant', true), '')::uuid;

comment on function mcp.tenant() is 'The tenant of this call; NULL outside of one, so that policies let nothing through.';

create function mcp.workspace() returns uuid
	language sql stable parallel safe
	return nullif(current_setting('mcp.workspace', true), '')::uuid;

comment on function mcp.workspace() is 'The workspace this call narrowed itself to; NULL: the whole tenant.';

create function mcp.principal() returns uuid
	language sql stable parallel safe
	return nullif(current_setting('mcp.principal', true), '')::uuid;

comment on function mcp.principal() is 'On whose behalf this call is made; NULL: the tenant''s.';

create function mcp.may(scope text) returns boolean
	language sql stable parallel safe
	return coalesce(string_to_array(current_setting('mcp.scopes', true), ' ') && array[scope, '*'], false);

comment on function mcp.may(text) is 'Whether the scopes of this call hold the word, or *.';

create function mcp.uuid(word text) returns uuid
	language sql immutable parallel safe
	return case when word ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' then word::uuid end;

comment on function mcp.uuid(text) is 'The id a caller wrote, or NULL when it cannot be one: such an id finds nothing.';

-- Volatile, so that the planner neither drops nor repeats nor hoists it.
create function mcp.unless(bad boolean, state text, sentence text, detail jsonb default null, hint text default null)
	returns void
	language plpgsql volatile parallel safe
	set search_path = pg_catalog, pg_temp
as $$
begin
	if not coalesce(bad, false) then
		return;
	end if;
	raise exception using errcode = state, message = sentence, detail = coalesce(detail::text, ''),
		hint = coalesce(hint, '');
end
$$;

comment on function mcp.unless(boolean, text, text, jsonb, text) is
	'Ends the call with this SQLSTATE and sentence when bad is true; NULL is not bad.';

revoke execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) from public;
grant usage on schema mcp to mcp_worker;
grant execute on function mcp.tenant(), mcp.workspace(), mcp.principal(), mcp.may(text), mcp.uuid(text),
	mcp.unless(boolean, text, text, jsonb, text) to mcp_worker;
