/*
 * proof: everything that the proof of isolation must find, found: one break at a time.
 *
 * Each case breaks a database that is proven, asks mcpctl check, and mends it.  `finds` is the whole
 * answer, line for line, so that a break is told once and in the right words; `among` lists lines
 * of an answer that has more, because one mistake opened many doors.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { Cluster } from './lib/cluster.mjs';

const ACME = 'a0c3e000-0000-4000-8000-000000000001';

/* A table of a catalog as it should be, with rows, that no tool has any grant on. */
const MEMO = `create table planasonix.memo (
		tenant_id uuid not null default mcp.tenant() references mcp.tenant, id uuid not null default gen_random_uuid(),
		kind text not null, fired_at timestamptz not null default now(), primary key (tenant_id, id));
	alter table planasonix.memo owner to mcp_owner;
	alter table planasonix.memo enable row level security, force row level security;
	create policy tenant on planasonix.memo to planasonix_tenant using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
	insert into planasonix.memo (tenant_id, kind) select id, 'sla_breached' from mcp.tenant`;

const cluster = new Cluster('proof');
let root, tools;

before(async () => {
	await cluster.start();
	await cluster.json('migrate', '--demo');
	root = await cluster.connect('postgres');
	await root.query(MEMO);
	tools = path.join(cluster.copy('tools'), 'planasonix');
});
after(() => cluster.stop());

async function findings(env = {}) {
	const { status, out, err } = await cluster.ctl(['check', '--json'], { env });

	assert.match(out, /^\{/, err);
	const { proven, findings: lines } = JSON.parse(out);
	assert.equal(status, proven ? 0 : 1);
	assert.equal(proven, lines.length === 0);
	return lines;
}

function compare(got, { finds, among }) {
	if (finds)
		assert.deepEqual(got.toSorted(), finds.toSorted());
	for (const line of among ?? [])
		assert.ok(got.includes(line), `${line}\nis not among\n${got.join('\n')}`);
}

/* A break in the database. */
function broken(name, sql, mend, want) {
	test(name, async () => {
		try {
			await root.query(sql);
			compare(await findings(), want);
		} finally {
			await root.query(mend);
		}
		assert.deepEqual(await findings(), [], 'mended again');
	});
}

/* A table of a tenant as it should be, to be bent. */
const table = (name, columns, more = '') => `create table planasonix.${name} (${columns});
	alter table planasonix.${name} enable row level security; alter table planasonix.${name} force row level security;
	create policy tenant on planasonix.${name} to planasonix_tenant using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
	grant select on planasonix.${name} to planasonix_tenant; ${more}`;
const policy = (name, words) => `create policy ${name} on planasonix.memo ${words}`;
const canonical = 'using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant())';

test('the shipped catalogs on the shipped migrations: proven', async () => {
	assert.deepEqual(await findings(), []);
	assert.equal((await cluster.ctl(['check'])).out, 'proven\n');
});

/* ---- roles -------------------------------------------------------------------------------------- */

for (const attribute of ['superuser', 'bypassrls', 'createrole', 'createdb', 'replication'])
	broken(`a login with ${attribute}`, `alter role mcp_worker ${attribute}`, `alter role mcp_worker no${attribute}`,
		{ finds: [`login mcp_worker: has ${attribute.toUpperCase()} (alter role mcp_worker no${attribute})`] });

for (const attribute of ['superuser', 'createrole', 'createdb', 'replication'])
	broken(`a catalog's role with ${attribute}`, `alter role planasonix_tenant ${attribute}`, `alter role planasonix_tenant no${attribute}`,
		{ finds: [`role planasonix_tenant: has ${attribute.toUpperCase()} (alter role planasonix_tenant no${attribute})`] });

broken('a catalog\'s role with bypassrls: the canary sees it too', 'alter role planasonix_tenant bypassrls', 'alter role planasonix_tenant nobypassrls',
	{ finds: ['role planasonix_tenant: has BYPASSRLS (alter role planasonix_tenant nobypassrls)',
		...['alert', 'connection', 'pipeline', 'run', 'schedule'].map((name) => `table planasonix.${name}: role planasonix_tenant sees rows although no tenant is set`)] });

broken('a catalog\'s role that may log in', 'alter role planasonix_tenant login', 'alter role planasonix_tenant nologin',
	{ finds: ['role planasonix_tenant: may log in by itself (alter role planasonix_tenant nologin)'] });

broken('a login that inherits', 'alter role mcp_worker inherit', 'alter role mcp_worker noinherit',
	{ among: ['login mcp_worker: inherits what it should have to ask for (alter role mcp_worker noinherit)',
		'table planasonix.pipeline: login mcp_worker has privileges on it without any catalog\'s role'] });

broken('a login that may become the owner', 'grant mcp_owner to mcp_worker', 'revoke mcp_owner from mcp_worker',
	{ among: ['login mcp_worker: may become mcp_owner, which has BYPASSRLS', 'login mcp_worker: may become mcp_owner, which can reach planasonix.alert too'] });

broken('a login that may read everything', 'grant pg_read_all_data to mcp_worker', 'revoke pg_read_all_data from mcp_worker',
	{ among: ['login mcp_worker: may become pg_read_all_data, which has a meaning to PostgreSQL itself'] });

broken('a login that may become another login', 'grant mcp_executor to mcp_worker', 'revoke mcp_executor from mcp_worker',
	{ finds: ['login mcp_worker: may become mcp_executor, which has LOGIN', 'login mcp_worker: may become mcp_executor, which can reach planasonix.run too'] });

broken('a login that may become a role with a view of its own',
	'create role reporting; grant select on planasonix.pipeline to reporting; grant reporting to mcp_worker',
	'revoke select on planasonix.pipeline from reporting; drop role reporting',
	{ finds: ['login mcp_worker: may become reporting, which can reach planasonix.pipeline too'] });

broken('a role that owns something', 'create role reporting; create schema reports authorization reporting; grant reporting to mcp_worker',
	'drop schema reports; drop role reporting', { finds: ['login mcp_worker: may become reporting, which has objects of its own'] });

broken('another catalog\'s role is nothing bad', 'create role other_tenant nologin noinherit; grant other_tenant to mcp_worker',
	'drop role other_tenant', { finds: [] });

broken('a catalog\'s role in another', 'grant pg_monitor to planasonix_tenant', 'revoke pg_monitor from planasonix_tenant',
	{ among: ['role planasonix_tenant: is a member of pg_monitor; what a catalog may is granted to its role directly'] });

broken('a login that cannot become the role', 'revoke planasonix_tenant from mcp_worker', 'grant planasonix_tenant to mcp_worker',
	{ finds: ['login mcp_worker: cannot become planasonix_tenant (grant planasonix_tenant to mcp_worker)',
		'catalog planasonix: cannot be tried as role planasonix_tenant: permission denied to set role "planasonix_tenant"'] });

broken('a catalog\'s role that owns a table', 'alter table planasonix.memo owner to planasonix_tenant', 'alter table planasonix.memo owner to mcp_owner',
	{ among: ['role planasonix_tenant: owns table planasonix.memo; row security and grants do not bind an owner'] });

broken('a login that owns a schema', 'create schema own authorization mcp_worker', 'drop schema own',
	{ among: ['login mcp_worker: owns schema own; row security and grants do not bind an owner'] });

test('a login that owns something in another database', async () => {
	await root.query('create database elsewhere owner mcp_worker');
	try {
		compare(await findings(), { finds: ['login mcp_worker: owns database elsewhere; row security and grants do not bind an owner'] });
	} finally {
		await root.query('drop database elsewhere');
	}
});

/* ---- what is no table --------------------------------------------------------------------------- */

broken('a role that may make schemas', 'grant create on database mcp to planasonix_tenant', 'revoke create on database mcp from planasonix_tenant',
	{ finds: ['database mcp: role planasonix_tenant has CREATE on it'] });

broken('temporary tables for everybody', 'grant temporary on database mcp to public', 'revoke temporary on database mcp from public',
	{ finds: ['database mcp: role planasonix_tenant has TEMPORARY on it', 'database mcp: login mcp_worker has TEMPORARY on it'] });

broken('a role that may make tables', 'grant create on schema planasonix to planasonix_tenant', 'revoke create on schema planasonix from planasonix_tenant',
	{ finds: ['schema planasonix: role planasonix_tenant may create objects in it'] });

broken('schema public as it was before PostgreSQL 15', 'grant create on schema public to public', 'revoke create on schema public from public',
	{ finds: ['schema public: role planasonix_tenant may create objects in it', 'schema public: login mcp_worker may create objects in it'] });

broken('a foreign server', `create foreign data wrapper w; create server s foreign data wrapper w; grant usage on foreign server s to planasonix_tenant;
	grant usage on foreign data wrapper w to mcp_worker`, 'drop foreign data wrapper w cascade',
{ finds: ['foreign server s: role planasonix_tenant may use it', 'foreign-data wrapper w: login mcp_worker may use it'] });

broken('a large object', 'select lo_create(4242); grant select on large object 4242 to public', 'select lo_unlink(4242)',
	{ finds: ['role planasonix_tenant', 'login mcp_worker'].map((who) => `large object 4242: ${who} may reach it; large objects have no row security`) });

broken('statistics', 'grant select on pg_catalog.pg_statistic to planasonix_tenant', 'revoke select on pg_catalog.pg_statistic from planasonix_tenant',
	{ finds: ['system table pg_catalog.pg_statistic: role planasonix_tenant may read it; it shows values of all tenants, or secrets'] });

/* ---- which tables ------------------------------------------------------------------------------- */

broken('schema mcp, a table', 'grant select on mcp.tenant to planasonix_tenant', 'revoke select on mcp.tenant from planasonix_tenant',
	{ finds: ['table mcp.tenant: role planasonix_tenant has privileges on it; schema mcp is reached through its functions only'] });

broken('schema mcp, a column', 'grant select (id) on mcp.credential to mcp_worker', 'revoke select (id) on mcp.credential from mcp_worker',
	{ finds: ['table mcp.credential: login mcp_worker has privileges on it; schema mcp is reached through its functions only'] });

broken('a table for the login itself', 'grant select on planasonix.pipeline to mcp_worker', 'revoke select on planasonix.pipeline from mcp_worker',
	{ finds: ['table planasonix.pipeline: login mcp_worker has privileges on it without any catalog\'s role'] });

broken('a table for everybody, in another schema', 'create schema lib; create table lib.word (id int primary key); grant select on lib.word to public',
	'drop schema lib cascade',
	{ among: ['table lib.word: row security is not enabled (alter table lib.word enable row level security)',
		'table lib.word: login mcp_worker has privileges on it without any catalog\'s role'] });

broken('a foreign table', `create foreign data wrapper w; create server s foreign data wrapper w;
	create foreign table planasonix.far (tenant_id uuid) server s; grant select on planasonix.far to planasonix_tenant`,
'drop foreign data wrapper w cascade',
{ finds: ['foreign table planasonix.far: role planasonix_tenant may reach it; a foreign table has no row security'] });

broken('a materialized view', `create materialized view planasonix.total as select tenant_id, count(*) from planasonix.run group by 1;
	grant select on planasonix.total to planasonix_tenant`, 'drop materialized view planasonix.total',
{ finds: ['materialized view planasonix.total: role planasonix_tenant may reach it; a materialized view has no row security'] });

broken('a view with its owner\'s rights', 'create view planasonix.total as select count(*) from planasonix.run; grant select on planasonix.total to planasonix_tenant',
	'drop view planasonix.total',
	{ finds: ['view planasonix.total: reads with its owner\'s rights (alter view planasonix.total set (security_invoker))'] });

broken('a view that says security_invoker=false', `create view planasonix.total with (security_invoker = false) as select 1;
	grant select on planasonix.total to planasonix_tenant`, 'drop view planasonix.total',
{ finds: ['view planasonix.total: reads with its owner\'s rights (alter view planasonix.total set (security_invoker))'] });

broken('a view with its caller\'s rights is nothing bad', `create view planasonix.total with (security_invoker) as select count(*) from planasonix.run;
	grant select on planasonix.total to planasonix_tenant`, 'drop view planasonix.total', { finds: [] });

const METRIC = `${table('metric', 'tenant_id uuid not null, at date not null, primary key (tenant_id, at)) partition by range (at')};
	create table planasonix.metric_2026 partition of planasonix.metric for values from ('2026-01-01') to ('2027-01-01');
	insert into planasonix.metric values ('${ACME}', '2026-05-05')`;

broken('partitions behind their table are nothing bad', METRIC, 'drop table planasonix.metric', { finds: [] });

broken('a partition granted directly', `${METRIC}; grant select on planasonix.metric_2026 to planasonix_tenant`, 'drop table planasonix.metric',
	{ finds: ['partition planasonix.metric_2026: role planasonix_tenant may reach it past the policy of its table (revoke all on it from planasonix_tenant)'] });

for (const privilege of ['TRUNCATE', 'REFERENCES', 'TRIGGER'])
	broken(`a table with ${privilege}`, `grant ${privilege} on planasonix.pipeline to planasonix_tenant`,
		`revoke ${privilege} on planasonix.pipeline from planasonix_tenant`,
		{ finds: [`table planasonix.pipeline: role planasonix_tenant has ${privilege} on it, which row security does not bind`] });

broken('a column with REFERENCES', 'grant references (id) on planasonix.pipeline to planasonix_tenant',
	'revoke references (id) on planasonix.pipeline from planasonix_tenant',
	{ finds: ['table planasonix.pipeline: role planasonix_tenant has REFERENCES on it, which row security does not bind'] });

broken('a rewrite rule', 'create rule copy as on update to planasonix.pipeline do also nothing', 'drop rule copy on planasonix.pipeline',
	{ finds: ['table planasonix.pipeline: has rewrite rules, which act with its owner\'s rights'] });

/* ---- shared tables ------------------------------------------------------------------------------ */

broken('a shared table that can be written', 'grant update (name) on planasonix.connection_type to planasonix_tenant',
	'revoke update (name) on planasonix.connection_type from planasonix_tenant',
	{ finds: ['table planasonix.connection_type: is shared by all tenants, but role planasonix_tenant may write it'] });

broken('a shared table of tenants', 'alter table planasonix.connection_type add tenant_id uuid', 'alter table planasonix.connection_type drop tenant_id',
	{ finds: ['table planasonix.connection_type: is on the list shared of catalog.json, but has a column tenant_id',
		'table planasonix.connection: its foreign key connection_type_fkey does not lead with tenant_id, so a row can point at another tenant\'s'] });

broken('a shared table that cannot be read', 'revoke select on planasonix.connection_type from planasonix_tenant',
	'grant select on planasonix.connection_type to planasonix_tenant',
	{ among: ['catalog.json: shared names planasonix.connection_type, but there is no table of this name that the role may read'] });

/* ---- tables of tenants -------------------------------------------------------------------------- */

broken('row security off', 'alter table planasonix.run disable row level security', 'alter table planasonix.run enable row level security',
	{ finds: ['table planasonix.run: row security is not enabled (alter table planasonix.run enable row level security)',
		'table planasonix.run: role planasonix_tenant sees rows although no tenant is set'] });

broken('row security not forced', 'alter table planasonix.run no force row level security', 'alter table planasonix.run force row level security',
	{ finds: ['table planasonix.run: row security is not forced (alter table planasonix.run force row level security)'] });

broken('a column suffices to count as reached', `${table('loose', 'tenant_id uuid not null primary key, n int')};
	revoke select on planasonix.loose from planasonix_tenant; grant select (n) on planasonix.loose to planasonix_tenant;
	alter table planasonix.loose no force row level security`, 'drop table planasonix.loose',
{ finds: ['table planasonix.loose: row security is not forced (alter table planasonix.loose force row level security)'] });

broken('a tenant_id that may be null', table('loose', 'tenant_id uuid, n int'), 'drop table planasonix.loose',
	{ finds: ['table planasonix.loose: has no column tenant_id of type uuid, not null'] });

broken('a tenant_id of another type', `create table planasonix.loose (tenant_id text not null);
	alter table planasonix.loose enable row level security, force row level security;
	create policy tenant on planasonix.loose to planasonix_tenant using (tenant_id = mcp.tenant()::text) with check (tenant_id = mcp.tenant()::text);
	grant select on planasonix.loose to planasonix_tenant`, 'drop table planasonix.loose',
{ finds: ['table planasonix.loose: has no column tenant_id of type uuid, not null',
	...['using', 'with check'].map((what) =>
		`table planasonix.loose: in its policy tenant, ${what} is (tenant_id = (mcp.tenant())::text), and not (tenant_id = mcp.tenant())`)] });

/* memo is not granted to the role, so its policy counts only when it is. */
const GRANT = 'grant select on planasonix.memo to planasonix_tenant';
const REVOKE = 'revoke select on planasonix.memo from planasonix_tenant';

broken('no policy', `${GRANT}; drop policy tenant on planasonix.memo`, `${policy('tenant', `to planasonix_tenant ${canonical}`)}; ${REVOKE}`,
	{ finds: ['table planasonix.memo: has 0 permissive policies that apply to role planasonix_tenant; one is wanted'] });

broken('two policies, both canonical', `${GRANT}; ${policy('second', `to planasonix_tenant ${canonical}`)}`, `drop policy second on planasonix.memo; ${REVOKE}`,
	{ finds: ['table planasonix.memo: has 2 permissive policies that apply to role planasonix_tenant; one is wanted'] });

broken('a policy for everybody', `${GRANT}; ${policy('open', 'for select using (true)')}`, `drop policy open on planasonix.memo; ${REVOKE}`,
	{ finds: ['table planasonix.memo: has 2 permissive policies that apply to role planasonix_tenant; one is wanted',
		'table planasonix.memo: its policy open applies to others than role planasonix_tenant too',
		'table planasonix.memo: role planasonix_tenant sees rows although no tenant is set'] });

broken('a policy for two roles', `${GRANT}; alter policy tenant on planasonix.memo to planasonix_tenant, mcp_executor`,
	`alter policy tenant on planasonix.memo to planasonix_tenant; ${REVOKE}`,
	{ finds: ['table planasonix.memo: its policy tenant applies to others than role planasonix_tenant too'] });

broken('a policy for one command', `${GRANT}; drop policy tenant on planasonix.memo;
	${policy('tenant', 'for update to planasonix_tenant using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant())')}`,
`drop policy tenant on planasonix.memo; ${policy('tenant', `to planasonix_tenant ${canonical}`)}; ${REVOKE}`,
{ finds: ['table planasonix.memo: its policy tenant is not for all commands'] });

broken('a policy that lets all through', `${GRANT}; alter policy tenant on planasonix.memo using (true)`,
	`alter policy tenant on planasonix.memo using (tenant_id = mcp.tenant()); ${REVOKE}`,
	{ finds: ['table planasonix.memo: in its policy tenant, using is true, and not (tenant_id = mcp.tenant())',
		'table planasonix.memo: role planasonix_tenant sees rows although no tenant is set'] });

broken('a policy that lets all in', `${GRANT}; alter policy tenant on planasonix.memo with check (true)`,
	`alter policy tenant on planasonix.memo with check (tenant_id = mcp.tenant()); ${REVOKE}`,
	{ finds: ['table planasonix.memo: in its policy tenant, with check is true, and not (tenant_id = mcp.tenant())'] });

broken('a policy without a check', `${GRANT}; drop policy tenant on planasonix.memo; ${policy('tenant', 'to planasonix_tenant using (tenant_id = mcp.tenant())')}`,
	`drop policy tenant on planasonix.memo; ${policy('tenant', `to planasonix_tenant ${canonical}`)}; ${REVOKE}`,
	{ finds: ['table planasonix.memo: in its policy tenant, with check is missing, and not (tenant_id = mcp.tenant())'] });

broken('a policy with an exception', `${GRANT}; alter policy tenant on planasonix.memo using (tenant_id = mcp.tenant() or kind = 'sla_breached')`,
	`alter policy tenant on planasonix.memo using (tenant_id = mcp.tenant()); ${REVOKE}`,
	{ among: ['table planasonix.memo: in its policy tenant, using is ((tenant_id = mcp.tenant()) OR (kind = \'sla_breached\'::text)), and not (tenant_id = mcp.tenant())'] });

broken('a policy that asks another function', `create function planasonix.tenant() returns uuid language sql stable return mcp.tenant();
	revoke execute on function planasonix.tenant() from public; grant execute on function planasonix.tenant() to planasonix_tenant;
	${GRANT}; alter policy tenant on planasonix.memo using (tenant_id = planasonix.tenant())`,
`alter policy tenant on planasonix.memo using (tenant_id = mcp.tenant()); drop function planasonix.tenant(); ${REVOKE}`,
{ finds: ['table planasonix.memo: in its policy tenant, using is (tenant_id = planasonix.tenant()), and not (tenant_id = mcp.tenant())'] });

broken('a policy that compares with an operator of its own', `create function planasonix.alike(uuid, uuid) returns boolean language sql immutable return true;
	create operator planasonix.= (leftarg = uuid, rightarg = uuid, function = planasonix.alike);
	revoke execute on function planasonix.alike(uuid, uuid) from public; grant execute on function planasonix.alike(uuid, uuid) to planasonix_tenant;
	${GRANT}; alter policy tenant on planasonix.memo using (tenant_id operator(planasonix.=) mcp.tenant())`,
`alter policy tenant on planasonix.memo using (tenant_id = mcp.tenant()); drop function planasonix.alike(uuid, uuid) cascade; ${REVOKE}`,
{ among: ['table planasonix.memo: in its policy tenant, using is (tenant_id OPERATOR(planasonix.=) mcp.tenant()), and not (tenant_id = mcp.tenant())'] });

broken('a restrictive policy is nothing bad', `${GRANT}; ${policy('narrow', 'as restrictive to planasonix_tenant using (fired_at > \'2020-01-01\')')}`,
	`drop policy narrow on planasonix.memo; ${REVOKE}`, { finds: [] });

broken('an executor\'s own policy is nothing bad', `${GRANT}; ${policy('executor', 'to mcp_executor using (true)')}`,
	`drop policy executor on planasonix.memo; ${REVOKE}`, { finds: [] });

broken('a unique index over all tenants', 'create unique index pipeline_id_key on planasonix.pipeline (id)', 'drop index planasonix.pipeline_id_key',
	{ finds: ['table planasonix.pipeline: its unique index planasonix.pipeline_id_key does not lead with tenant_id, so a conflict tells of another tenant\'s rows'] });

broken('a unique index on an expression', 'create unique index by_word on planasonix.pipeline ((tenant_id::text), id)', 'drop index planasonix.by_word',
	{ finds: ['table planasonix.pipeline: its unique index planasonix.by_word does not lead with tenant_id, so a conflict tells of another tenant\'s rows'] });

broken('an exclusion over all tenants', 'alter table planasonix.pipeline add constraint alone exclude using hash (id with =)',
	'alter table planasonix.pipeline drop constraint alone',
	{ among: ['table planasonix.pipeline: its unique index planasonix.alone does not lead with tenant_id, so a conflict tells of another tenant\'s rows'] });

broken('a foreign key over all tenants', `alter table planasonix.pipeline add constraint by_id unique (id);
	${table('note', 'tenant_id uuid not null, id uuid not null, pipeline_id uuid references planasonix.pipeline (id), primary key (tenant_id, id)')}`,
'drop table planasonix.note; alter table planasonix.pipeline drop constraint by_id',
{ among: ['table planasonix.note: its foreign key note_pipeline_id_fkey does not lead with tenant_id, so a row can point at another tenant\'s',
	'table planasonix.pipeline: its unique index planasonix.by_id does not lead with tenant_id, so a conflict tells of another tenant\'s rows'] });

broken('a constraint that has nothing to say to who violates it', 'comment on constraint pipeline_name_check on planasonix.pipeline is null',
	'comment on constraint pipeline_name_check on planasonix.pipeline is \'A pipeline name has 1 to 200 characters.\'',
	{ finds: ['table planasonix.pipeline: its constraint pipeline_name_check has no comment, which is what a caller is told when it refuses a row'] });

broken('a constraint of a table below one that can be emptied', `grant delete on planasonix.pipeline to planasonix_tenant;
	comment on constraint alert_pipeline_fkey on planasonix.alert is null`, `revoke delete on planasonix.pipeline from planasonix_tenant;
	comment on constraint alert_pipeline_fkey on planasonix.alert is 'pipeline not found'`,
{ finds: ['table planasonix.alert: its constraint alert_pipeline_fkey has no comment, which is what a caller is told when it refuses a row'] });

broken('a constraint that no tool can violate is nothing bad', 'comment on constraint alert_kind_check on planasonix.alert is null',
	'comment on constraint alert_kind_check on planasonix.alert is \'The kind of an alert is run_failed, sla_breached or rows_dropped.\'', { finds: [] });

/* ---- functions ---------------------------------------------------------------------------------- */

const PEEK = 'create function planasonix.peek(what text) returns bigint language sql security definer return (select count(*) from planasonix.run)';
const GRANT_PEEK = 'revoke execute on function planasonix.peek(text) from public; grant execute on function planasonix.peek(text) to planasonix_tenant';
const DROP_PEEK = 'drop function planasonix.peek(text)';

broken('a definer function', `${PEEK}; ${GRANT_PEEK}`, DROP_PEEK,
	{ finds: ['function planasonix.peek(text): acts with its owner\'s rights, role planasonix_tenant may call it, and it is not on the list definer of catalog.json'] });

broken('a definer function for everybody', `${PEEK}; grant execute on function planasonix.peek(text) to public`, DROP_PEEK,
	{ finds: ['function planasonix.peek(text): acts with its owner\'s rights, role planasonix_tenant may call it, and it is not on the list definer of catalog.json',
		'function planasonix.peek(text): acts with its owner\'s rights, login mcp_worker may call it, and it is not on our list'] });

broken('a definer procedure', `create procedure planasonix.wipe() language sql security definer begin atomic delete from planasonix.memo; end;
	revoke execute on procedure planasonix.wipe() from public; grant execute on procedure planasonix.wipe() to planasonix_tenant`,
'drop procedure planasonix.wipe()',
{ finds: ['function planasonix.wipe(): acts with its owner\'s rights, role planasonix_tenant may call it, and it is not on the list definer of catalog.json'] });

broken('a function of the login for the role', 'grant execute on function mcp.identify(bytea) to planasonix_tenant',
	'revoke execute on function mcp.identify(bytea) from planasonix_tenant',
	{ finds: ['function mcp.identify(bytea): acts with its owner\'s rights, role planasonix_tenant may call it, and it is not on the list definer of catalog.json'] });

broken('a core function that lost its search_path', 'alter function mcp.enter(uuid, bigint) reset search_path',
	'alter function mcp.enter(uuid, bigint) set search_path = pg_catalog, pg_temp',
	{ finds: ['function mcp.enter(uuid, bigint): acts with its owner\'s rights and has no search_path of its own'] });

broken('a definer function behind a trigger', `create function planasonix.noted() returns trigger language plpgsql security definer
	set search_path = pg_catalog, pg_temp as 'begin return null; end'; revoke execute on function planasonix.noted() from public;
	create trigger noted after insert on planasonix.run for each row execute function planasonix.noted()`, 'drop function planasonix.noted() cascade',
{ finds: ['function planasonix.noted(): acts with its owner\'s rights when role planasonix_tenant writes planasonix.run, and is not on the list definer of catalog.json'] });

/* ---- the canary --------------------------------------------------------------------------------- */

broken('a login with a tenant of its own', `alter role mcp_worker set mcp.tenant = '${ACME}'`, 'alter role mcp_worker reset mcp.tenant',
	{ finds: ['function mcp.tenant(): names a tenant although none is set',
		...['alert', 'connection', 'pipeline', 'run', 'schedule'].map((name) => `table planasonix.${name}: role planasonix_tenant sees rows although no tenant is set`)] });

broken('a function mcp.tenant() that knows better', `create or replace function mcp.tenant() returns uuid language sql stable parallel safe return '${ACME}'::uuid`,
	`create or replace function mcp.tenant() returns uuid language sql stable parallel safe return nullif(current_setting('mcp.tenant', true), '')::uuid`,
	{ among: ['function mcp.tenant(): names a tenant although none is set', 'function mcp.tenant(): does not name the tenant that is set'] });

/* ---- catalogs and tools ------------------------------------------------------------------------- */

const read = (file) => readFileSync(path.join(tools, file), 'utf8');

/* Changes a file of a copy of the catalog; `sql` prepares the database, `mend` mends it. */
function declared(name, file, change, want, sql = 'select 1', mend = 'select 1') {
	test(name, async () => {
		const text = read(file);
		const changed = change(text);

		assert.notEqual(changed, text, 'the test changes nothing');
		writeFileSync(path.join(tools, file), changed);
		try {
			await root.query(sql);
			compare((await findings({ MCP_TOOLS: path.dirname(tools) })).map((line) => line.replace(`${tools}/`, '')), want);
		} finally {
			writeFileSync(path.join(tools, file), text);
			await root.query(mend);
		}
	});
}

const listed = (text) => text.replace('"definer": [', '"definer": ["planasonix.peek(text)", ');

declared('a listed definer function with a search_path', 'catalog.json', listed, { finds: [] },
	`${PEEK.replace('security definer', 'security definer set search_path = pg_catalog, pg_temp')}; ${GRANT_PEEK}`, DROP_PEEK);

declared('a listed definer function without', 'catalog.json', listed,
	{ finds: ['function planasonix.peek(text): acts with its owner\'s rights and has no search_path of its own'] }, `${PEEK}; ${GRANT_PEEK}`, DROP_PEEK);

declared('a listed function that does not exist', 'catalog.json', listed,
	{ finds: ['catalog.json: definer names planasonix.peek(text), but there is no such function (written schema.name(type, type))'] });

declared('a shared table that is not on the list', 'catalog.json', (text) => text.replace('"shared": ["planasonix.connection_type"]', '"shared": []'),
	{ among: ['table planasonix.connection_type: row security is not enabled (alter table planasonix.connection_type enable row level security)'] });

declared('a role that does not exist', 'catalog.json', (text) => text.replace('"planasonix_tenant"', '"nobody_tenant"'),
	{ among: ['role nobody_tenant: does not exist (mcpctl migrate makes it)',
		'catalog.json: shared names planasonix.connection_type, but there is no table of this name that the role may read',
		'catalog planasonix: cannot be tried as role nobody_tenant: role "nobody_tenant" does not exist'] });

declared('an argument that no caller can give', 'get_pipeline.sql', (text) => text.replace("'pipeline_id'", "'pipeline'"),
	{ finds: ['get_pipeline.json: the statement asks for the argument pipeline, which inputSchema does not have'] });

declared('a table that does not exist', 'get_pipeline.sql', (text) => text.replace('from pipeline p', 'from pipelines p'),
	{ finds: ['get_pipeline.json: PostgreSQL refuses the statement: relation "pipelines" does not exist'] });

declared('a table without a grant', 'get_pipeline.sql', (text) => text.replace('p.last_run_status', '(select kind from memo limit 1) as last_run_status'),
	{ finds: ['get_pipeline.json: PostgreSQL refuses the statement: permission denied for table memo'] });

declared('a column without a grant', 'get_pipeline.sql', (text) => text.replace('source.name as source', 'source.params::text as source'),
	{ among: ['get_pipeline.json: PostgreSQL refuses the statement: permission denied for table connection'] },
	'revoke select (params) on planasonix.connection from planasonix_tenant', 'grant select (params) on planasonix.connection to planasonix_tenant');

declared('two statements', 'get_pipeline.sql', (text) => `${text}; drop table planasonix.run`,
	{ finds: ['get_pipeline.json: PostgreSQL refuses the statement: cannot insert multiple commands into a prepared statement'] });

declared('a second parameter', 'get_pipeline.sql', (text) => text.replace('p.deleted_at is null', 'p.deleted_at is null and $2::text is null'),
	{ finds: ['get_pipeline.json: PostgreSQL refuses the statement: wrong number of parameters for prepared statement "fit_tool"'] });

declared('a change in a tool that is said to read', 'pause_pipeline.json', (text) => text.replace('"writes": true', '"writes": false'),
	{ finds: ['pause_pipeline.json: writes: must be true or "maybe", as the statement changes rows'] });

declared('a change in a tool that may do either', 'pause_pipeline.json', (text) => text.replace('"writes": true', '"writes": "maybe"'), { finds: [] });

declared('a column that outputSchema does not have', 'get_pipeline.sql', (text) => text.replace('select', 'select p.created_at,'),
	{ finds: ['get_pipeline.json: the statement has the column created_at, which outputSchema does not have'] });

declared('a column that outputSchema requires', 'get_pipeline.sql', (text) => text.replace('p.last_run_at,', ''),
	{ finds: ['get_pipeline.json: outputSchema requires last_run_at, which is not among the statement\'s columns'] });

declared('a column of another type', 'get_run_history.json', (text) => text.replace('"rows_loaded": { "type": "integer" }', '"rows_loaded": { "type": "string" }'),
	{ finds: ['get_run_history.json: the column rows_loaded is a number, which outputSchema does not take there'] });

declared('a page of a column that is not there', 'list_pipelines.json', (text) => text.replace('"page": ["name", "id"]', '"page": ["title", "id"]'),
	{ finds: ['list_pipelines.json: result.page names title, which is not among the statement\'s columns'] });

test('the copy is as shipped again: proven', async () => {
	assert.deepEqual(await findings({ MCP_TOOLS: path.dirname(tools) }), []);
});

test('two catalogs on one database, one of them broken: told of that one', async () => {
	const two = path.dirname(tools);
	const other = path.join(two, 'other');
	const { cpSync, rmSync } = await import('node:fs');

	cpSync(tools, other, { recursive: true });
	writeFileSync(path.join(other, 'catalog.json'), read('catalog.json').replace('"planasonix_tenant"', '"other_tenant"'));
	const { status, out } = await cluster.ctl(['check', '--catalog', 'other'], { env: { MCP_TOOLS: two } });
	assert.equal(status, 1);
	assert.match(out, /^role other_tenant: does not exist/);
	assert.equal((await cluster.ctl(['check', '--catalog', 'planasonix'], { env: { MCP_TOOLS: two } })).out, 'proven\n');
	rmSync(other, { recursive: true });
});

test('the proof leaves nothing behind on its connection, and no table is touched', async () => {
	const { rows } = await root.query('select count(*)::int as n from pg_stat_activity where application_name = \'mcpctl check\'');

	assert.equal(rows[0].n, 0);
	assert.equal((await root.query('select count(*)::int as n from planasonix.run')).rows[0].n > 0, true);
});

test('no PostgreSQL: a sentence, and no verdict', async () => {
	const { status, out, err } = await cluster.ctl(['check', '--json'], { env: { MCP_PG: 'host=/nowhere dbname=mcp' } });

	assert.equal(status, 1);
	assert.equal(out, '');
	assert.match(err, /^PostgreSQL cannot be asked: .*\/nowhere.*\n$/);
});

await run();
