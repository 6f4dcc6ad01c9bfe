/*
 * roles: what the logins are, and that nobody is granted more than is needed.
 */

import assert from 'node:assert/strict';
import { before, test } from '../e2e/lib/tap.mjs';
import { connect, connect_owner, one, rows, run_roles, state_of, undone } from './cluster.mjs';

let owner, worker;

before(async () => {
	owner = await connect_owner();
	worker = await connect('mcp_worker');
});

test('no login is superuser, passes row security, makes roles or inherits', async () => {
	const found = await rows(owner, `select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolinherit
		from pg_roles where rolname like 'mcp\\_%' or rolname = 'planasonix_tenant' order by 1`);

	assert.deepEqual(found, [
		['mcp_admin', true, false, false, false, false],
		['mcp_executor', true, false, false, false, false],
		['mcp_owner', false, false, true, true, false],
		['mcp_worker', true, false, false, false, false],
		['planasonix_tenant', false, false, false, false, false],
	]);
});

test('a second run of roles.sql repairs what drifted, without a word', async () => {
	const superuser = await connect('postgres');

	await superuser.query('alter role mcp_worker bypassrls createrole inherit');
	await superuser.query('alter role mcp_worker reset plan_cache_mode');
	assert.equal(await run_roles(), '');
	assert.deepEqual(await rows(owner, `select rolbypassrls, rolcreaterole, rolinherit,
			'plan_cache_mode=force_generic_plan' = any (s.setconfig)
		from pg_roles r join pg_db_role_setting s on s.setrole = r.oid where rolname = 'mcp_worker'`),
	[[false, false, false, true]]);
});

test('the worker\'s login keeps arguments and rows out of the log', async () => {
	const wanted = {
		log_parameter_max_length: '0', log_parameter_max_length_on_error: '0', log_error_verbosity: 'terse',
		log_min_error_statement: 'panic',
		plan_cache_mode: 'force_generic_plan', client_connection_check_interval: '500ms', jit: 'off',
		random_page_cost: '1.1', max_parallel_workers_per_gather: '0',
	};

	for (const [name, value] of Object.entries(wanted))
		assert.equal(await one(worker, `select current_setting('${name}')`), value, name);
});

test('mcp_worker owns nothing and can make nothing', async () => {
	assert.equal(await one(owner, `select count(*)::int from pg_shdepend d join pg_roles r on r.oid = d.refobjid
		where r.rolname in ('mcp_worker', 'planasonix_tenant') and d.deptype = 'o'`), 0);
	await undone(worker, async () => {
		assert.equal(await state_of(worker, 'create temporary table t (x int)'), '42501');
		assert.equal(await state_of(worker, 'create table public.t (x int)'), '42501');
		assert.equal(await state_of(worker, 'create table mcp.t (x int)'), '42501');
		assert.equal(await state_of(worker, 'create schema s'), '42501');
		assert.equal(await state_of(worker, 'set role mcp_owner'), '42501');
		assert.equal(await state_of(worker, 'set row_security = off'), null);
	});
});

test('tables of schema mcp are nobody\'s but the owner\'s, and the outbox the executor\'s', async () => {
	assert.deepEqual(await rows(owner, `select c.relname, g.grantee::regrole::text, g.privilege_type
		from pg_class c cross join lateral aclexplode(c.relacl) g
		where c.relnamespace = 'mcp'::regnamespace and g.grantee <> c.relowner`), [
		['outbox', 'mcp_executor', 'SELECT'], ['outbox', 'mcp_executor', 'DELETE']]);
	assert.deepEqual(await rows(owner, `select attrelid::regclass::text, attname, g.grantee::regrole::text, g.privilege_type
		from pg_attribute cross join lateral aclexplode(attacl) g
		where attrelid in (select oid from pg_class where relnamespace = 'mcp'::regnamespace) order by 2`), [
		['mcp.outbox', 'attempts', 'mcp_executor', 'UPDATE'], ['mcp.outbox', 'claimed_at', 'mcp_executor', 'UPDATE']]);

	const tables = await rows(owner, `select oid::regclass::text from pg_class
		where relnamespace = 'mcp'::regnamespace and relkind in ('r', 'p')`);
	assert.ok(tables.length >= 10);
	for (const role of ['none', 'planasonix_tenant']) {
		await undone(worker, async () => {
			await worker.query(`set local role ${role}`);
			for (const [table] of tables)
				assert.equal(await state_of(worker, `select from ${table}`), '42501', `${role} reads ${table}`);
		});
	}
});

test('functions are executable by those they are for, and by nobody else', async () => {
	const may = (role) => rows(owner, `select p.oid::regproc::text from pg_proc p
		where p.pronamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace)
			and has_function_privilege('${role}', p.oid, 'execute') order by 1`).then((found) => found.flat());
	const tools = ['mcp.may', 'mcp.principal', 'mcp.tenant', 'mcp.unless', 'mcp.uuid', 'mcp.workspace'];

	const news = ['mcp.list_changed', 'mcp.resource_changed'];
	const time = ['mcp.cron_check', 'mcp.cron_field', 'mcp.cron_moment', 'mcp.cron_next', 'mcp.cron_parse', 'mcp.cron_wall', 'mcp.iso', 'mcp.zone_check'];

	assert.deepEqual(await may('planasonix_tenant'), [...tools, ...time, ...news, 'mcp.record'].sort());
	assert.deepEqual(await may('mcp_worker'), ['mcp.audit', 'mcp.enter', 'mcp.idempotency_claim', 'mcp.idempotency_keep',
		'mcp.idempotency_purge', 'mcp.identify', 'mcp.narrow', 'mcp.used', ...tools].sort());
	assert.deepEqual(await may('mcp_executor'), ['mcp.claim_outbox', 'mcp.finish_outbox', ...news].sort());
});

test('every definer function pins its search_path, and every function of ours is mcp_owner\'s', async () => {
	assert.deepEqual(await rows(owner, `select p.oid::regproc::text from pg_proc p
		where p.pronamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace)
			and (p.proowner <> 'mcp_owner'::regrole
				or p.prosecdef and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false))`), []);
});

test('every table, column that needs it, function and role says what it is', async () => {
	assert.deepEqual(await rows(owner, `select oid::regclass::text from pg_class
		where relnamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace) and relkind in ('r', 'p')
			and obj_description(oid, 'pg_class') is null
		union all
		select oid::regproc::text from pg_proc
		where pronamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace) and obj_description(oid, 'pg_proc') is null
		union all
		select rolname from pg_roles
		where rolname ~ '^(mcp_|planasonix_tenant)' and shobj_description(oid, 'pg_authid') is null`), []);
});
