/*
 * demo: that it is there, the same each time, and left alone by a second load.
 */

import assert from 'node:assert/strict';
import { before, test } from '../e2e/lib/tap.mjs';
import { connect, connect_owner, load_demo, one, rows } from './cluster.mjs';

let owner, admin;

before(async () => {
	owner = await connect_owner();
	admin = await connect('mcp_admin');
});

async function digest() {
	const tables = (await rows(owner, `select oid::regclass::text from pg_class where relkind = 'r'
		and relnamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace) order by 1`)).flat();

	const found = {};
	for (const table of tables)
		found[table] = await one(owner, `select md5(string_agg(t.xmin || ' ' || t, chr(10) order by t::text)) from ${table} t`);
	return found;
}

test('a second load changes nothing, not even a row version', async () => {
	const before_it = await digest();

	await load_demo(admin);
	assert.deepEqual(await digest(), before_it);
});

test('tenants, pipelines, runs and their corners are there', async () => {
	assert.deepEqual(await rows(owner, `select t.slug, t.plan,
			count(*) filter (where p.deleted_at is null) >= 40 or t.slug = 'initech',
			bool_or(p.status = 'active') and bool_or(p.status = 'paused') and bool_or(p.status = 'error'),
			bool_or(p.deleted_at is not null), bool_or(p.last_run_at is null and p.deleted_at is null)
		from mcp.tenant t join planasonix.pipeline p on p.tenant_id = t.id group by t.id order by t.slug`), [
		['acme', 'professional', true, true, true, true],
		['bench', 'internal', true, true, false, false],
		['globex', 'enterprise', true, true, true, true],
		['initech', 'premium', true, true, true, true],
	]);
	assert.ok(await one(owner, 'select count(*)::int from planasonix.run') >= 2000);
	assert.equal(await one(owner, `select count(*)::int from planasonix.pipeline p join mcp.tenant t on t.id = p.tenant_id
		where t.slug = 'bench'`), 200);
});

test('ids follow from names: the same on every machine', async () => {
	assert.equal(await one(owner, `select p.id from planasonix.pipeline p join mcp.tenant t on t.id = p.tenant_id
		where t.slug = 'acme' and p.name = 'Salesforce accounts to S3 lake'`), '71831cfd-d335-530d-a4a4-0f9f0139fc74');
});

test('what happened to a pipeline agrees with its runs', async () => {
	assert.deepEqual(await rows(owner, `select p.name from planasonix.pipeline p
		left join lateral (select started_at, status from planasonix.run r
			where r.tenant_id = p.tenant_id and r.pipeline_id = p.id order by started_at desc, id limit 1) r on true
		where (p.last_run_at, p.last_run_status) is distinct from (r.started_at, r.status)`), []);
	assert.equal(await one(owner, 'select count(*)::int from planasonix.run where started_at > now() or finished_at > now()'), 0);
	assert.equal(await one(owner, `select count(*)::int from planasonix.run
		where (status = 'failed') <> (error_message is not null)`), 0);
});
