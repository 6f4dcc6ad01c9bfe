/*
 * isolation: that a call of catalog planasonix cannot see, change or point at another tenant's rows.
 *
 * Everything is done as the worker's login after SET ROLE, as a call does it.  Where the tools have
 * no grant, one is given in a transaction that is taken back: policies must hold by themselves.
 */

import assert from 'node:assert/strict';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, enter_as, one, rows, state_of, undone } from './cluster.mjs';

const TABLES = ['alert', 'connection', 'pipeline', 'run', 'schedule'];

let owner, worker;

before(async () => {
	owner = await connect_owner();
	worker = await connect('mcp_worker');
});

/* As a call of a tenant, but with every right on every table.  Taken back. */
async function armed(tenant, fn) {
	await undone(owner, async () => {
		await owner.query('grant select, insert, update, delete on all tables in schema planasonix to planasonix_tenant');
		await owner.query('grant planasonix_tenant to mcp_owner');
		await enter_as(owner, tenant);
		await fn(owner);
	});
}

test('every table but the shared one has forced row security and exactly one policy for the tools', async () => {
	assert.deepEqual(await rows(owner, `select c.relname, c.relrowsecurity and c.relforcerowsecurity,
			array(select concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
				pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
				from pg_policy p where p.polrelid = c.oid order by p.polname desc)
		from pg_class c where c.relnamespace = 'planasonix'::regnamespace and c.relkind in ('r', 'p') order by 1`),
	[...TABLES.map((name) => [name, true,
		['tenant * t {planasonix_tenant} (tenant_id = mcp.tenant()) (tenant_id = mcp.tenant())',
			...name === 'run' ? ['executor_reads r t {mcp_executor} true', 'executor_ends w t {mcp_executor} (status = \'running\'::text) true'] : []]]),
	['connection_type', false, []]].sort());
});

test('grants are what the tools and the executor need', async () => {
	const found = await rows(owner, `select g.grantee::regrole::text, c.relname, g.privilege_type, null from pg_class c
			cross join lateral aclexplode(c.relacl) g
			where c.relnamespace = 'planasonix'::regnamespace and g.grantee <> c.relowner
		union all
		select g.grantee::regrole::text, c.relname, g.privilege_type, string_agg(a.attname, ' ' order by a.attname) from pg_class c
			join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) g
			where c.relnamespace = 'planasonix'::regnamespace group by 1, 2, 3`);

	assert.deepEqual(found.map((words) => words.filter(Boolean).join(' ')).sort(), [
		'mcp_executor run SELECT',
		'mcp_executor run UPDATE error_message finished_at rows_loaded status',
		'planasonix_tenant alert SELECT',
		'planasonix_tenant connection DELETE',
		'planasonix_tenant connection INSERT category name params type',
		'planasonix_tenant connection SELECT category created_at id name params tenant_id type updated_at',
		'planasonix_tenant connection UPDATE name params updated_at',
		'planasonix_tenant connection_type SELECT',
		'planasonix_tenant pipeline SELECT',
		'planasonix_tenant pipeline UPDATE deleted_at status updated_at',
		'planasonix_tenant run INSERT parameters pipeline_id',
		'planasonix_tenant run SELECT',
		'planasonix_tenant schedule DELETE',
		'planasonix_tenant schedule INSERT cron_expression frequency next_run_at pipeline_id timezone',
		'planasonix_tenant schedule SELECT',
		'planasonix_tenant schedule UPDATE cron_expression enabled frequency next_run_at timezone updated_at',
	]);
});

test('keys lead with tenant_id, and no row can point into another tenant', async () => {
	assert.deepEqual(await rows(owner, `select conrelid::regclass::text, conname from pg_constraint
		where connamespace = 'planasonix'::regnamespace and contype in ('p', 'u', 'f')
			and conrelid <> 'planasonix.connection_type'::regclass
			and confrelid not in ('planasonix.connection_type'::regclass)
			and (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) <> 'tenant_id'`), []);
	assert.deepEqual(await rows(owner, `select indexrelid::regclass::text from pg_index
		join pg_class c on c.oid = indrelid and c.relnamespace = 'planasonix'::regnamespace
		where c.relname <> 'connection_type'
			and (select attname from pg_attribute where attrelid = indrelid and attnum = indkey[0]) <> 'tenant_id'`), []);
});

for (const tenant of ['', ACME, GLOBEX]) {
	test(`every table shows ${tenant ? 'the rows of its tenant and no others' : 'no row while no tenant is set'}: '${tenant}'`, async () => {
		for (const table of TABLES) {
			const wanted = await one(owner, `select count(*)::int from planasonix.${table} where tenant_id::text = $1`, [tenant]);

			await armed(tenant, async (db) => assert.deepEqual(
				(await rows(db, `select count(*)::int, coalesce(bool_and(tenant_id::text = $1), true) from ${table}`, [tenant]))[0],
				[wanted, true], table));
			assert.ok(!tenant || wanted > 0, `${table} has rows of ${tenant}`);
		}
	});
}

test('as the worker, without a tenant, no table the tools can read has a row', async () => {
	for (const setting of [null, '']) {
		await undone(worker, async () => {
			await worker.query('set local role planasonix_tenant');
			if (setting !== null)
				await worker.query('select set_config(\'mcp.tenant\', $1, true)', [setting]);
			for (const table of ['pipeline', 'run', 'schedule', 'connection'])
				assert.equal(await one(worker, `select count(*)::int from (select id from planasonix.${table}) t`), 0, table);
			assert.equal(await one(worker, 'select count(*) > 0 from planasonix.connection_type'), true);
		});
	}
});

test('a tenant that is no uuid is an error, not a way in', () => undone(worker, async () => {
	await enter_as(worker, 'x\' or true --');
	assert.equal(await state_of(worker, 'select from pipeline'), '22P02');
}));

test('row_security = off is an error, not a way in', () => undone(worker, async () => {
	await enter_as(worker, ACME);
	await worker.query('set local row_security = off');
	assert.equal(await state_of(worker, 'select from pipeline'), '42501');
}));

test('rows of another tenant cannot be changed, deleted, taken over or given away', () => armed(ACME, async (db) => {
	for (const table of TABLES) {
		assert.equal((await db.query(`update ${table} set id = id where tenant_id = $1`, [GLOBEX])).rowCount, 0, table);
		assert.equal((await db.query(`delete from ${table} where tenant_id = $1`, [GLOBEX])).rowCount, 0, table);
		assert.equal(await state_of(db, `update ${table} set tenant_id = $1`, [GLOBEX]), '42501', `${table} given away`);
	}
}));

test('rows cannot be made for another tenant, and without a word are the caller\'s own', () => armed(ACME, async (db) => {
	const insert = 'insert into connection (name, type, category';

	assert.equal(await state_of(db, `${insert}, tenant_id) values ('x', 'mysql', 'source', $1)`, [GLOBEX]), '42501');
	assert.equal(await one(db, `${insert}) values ('x', 'mysql', 'source') returning tenant_id`), ACME);
	await db.query('select set_config(\'mcp.tenant\', \'\', true)');
	assert.equal(await state_of(db, `${insert}) values ('x', 'mysql', 'source')`), '42501');
}));

test('a pipeline cannot be drawn between connections of another tenant, nor a run be another\'s pipeline\'s', async () => {
	const theirs = await one(owner, 'select id from planasonix.pipeline where tenant_id = $1 limit 1', [GLOBEX]);
	const their_connection = await one(owner, 'select id from planasonix.connection where tenant_id = $1 limit 1', [GLOBEX]);

	await armed(ACME, async (db) => {
		assert.equal(await state_of(db, `insert into pipeline (name, source_connection_id, dest_connection_id)
			values ('x', $1, $1)`, [their_connection]), '23503');
		for (const table of ['run (pipeline_id)', 'alert (pipeline_id, kind)', 'schedule (pipeline_id, cron_expression, frequency)']) {
			const more = { alert: ', \'run_failed\'', schedule: ', \'0 * * * *\', \'hourly\'' }[table.split(' ')[0]] ?? '';
			assert.equal(await state_of(db, `insert into ${table} values ($1${more})`, [theirs]), '23503', table);
		}
	});
});

test('as a tool the worker cannot touch what the tools have no need of', () => undone(worker, async () => {
	await enter_as(worker, ACME);
	for (const statement of ['update pipeline set name = \'x\'', 'update pipeline set tenant_id = tenant_id', 'delete from run', 'delete from pipeline',
		'insert into run (pipeline_id, status) values (gen_random_uuid(), \'success\')', 'update run set status = \'success\'', 'delete from alert',
		'update connection set type = \'mysql\'', 'update connection set tenant_id = tenant_id', 'update schedule set pipeline_id = pipeline_id',
		'insert into schedule (tenant_id) values (mcp.tenant())', 'insert into alert (pipeline_id) values (gen_random_uuid())',
		'select from mcp.outbox', 'select mcp.claim_outbox(\'x.y\', 1)', 'truncate pipeline', 'update connection_type set name = \'x\'',
		'alter table pipeline disable row level security', 'drop policy tenant on pipeline', 'create table t (x int)',
		'select planasonix.run_recorded()', 'select mcp.raise_generation(\'{}\')', 'select mcp.identify(\'\')'])
		assert.equal(await state_of(worker, statement), '42501', statement);
}));

test('every constraint that a tool could violate has a sentence for it', async () => {
	assert.deepEqual(await rows(owner, `select conrelid::regclass::text, conname from pg_constraint
		where connamespace = 'planasonix'::regnamespace and contype in ('c', 'f', 'u')
			and coalesce(obj_description(oid, 'pg_constraint'), '') = ''`), []);
});

test('the newest run, and only it, shows on its pipeline', () => undone(owner, async () => {
	const id = await one(owner, 'select id from planasonix.pipeline where tenant_id = $1 and last_run_at is null limit 1', [ACME]);
	const run = async (status, started_at) => {
		await owner.query(`insert into planasonix.run (tenant_id, pipeline_id, status, started_at, finished_at)
			values ($1, $2, $3, $4, case when $3 <> 'running' then $4::timestamptz end)`, [ACME, id, status, started_at]);
		return (await rows(owner, `select last_run_status, to_char(last_run_at at time zone 'UTC', 'HH24:MI') from planasonix.pipeline
			where tenant_id = $1 and id = $2`, [ACME, id]))[0];
	};

	assert.deepEqual(await run('failed', '2026-01-01 10:00Z'), ['failed', '10:00']);
	assert.deepEqual(await run('running', '2026-01-01 12:00Z'), ['running', '12:00']);
	assert.deepEqual(await run('success', '2026-01-01 11:00Z'), ['running', '12:00'], 'an older one comes late');
	await owner.query('update planasonix.run set status = \'success\', finished_at = now() where tenant_id = $1 and pipeline_id = $2 '
		+ 'and status = \'running\'', [ACME, id]);
	assert.equal(await one(owner, 'select last_run_status from planasonix.pipeline where tenant_id = $1 and id = $2', [ACME, id]), 'success');
}));
