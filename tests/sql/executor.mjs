/*
 * executor: tests/executor/planasonix.mjs against runs as trigger_pipeline leaves them, and what mcp_executor may touch.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from '../e2e/lib/tap.mjs';
import { ROOT, until } from '../e2e/lib/stack.mjs';
import { ACME, GLOBEX, conninfo, connect, connect_owner, one, rows, state_of, undone } from './cluster.mjs';

const KIND = 'planasonix.trigger_pipeline';

let owner, started = [];

before(async () => {
	owner = await connect_owner();
});
after(() => started.forEach((child) => child.kill('SIGKILL')));

async function start(...words) {
	const child = spawn(process.execPath, [path.join(ROOT, 'tests/executor/planasonix.mjs'), ...words],
		{ env: { ...process.env, EXECUTOR_PG: await conninfo('mcp_executor') }, stdio: 'ignore' });

	started.push(child);
	return child;
}

const stop = (child) => new Promise((resolve) => {
	child.once('exit', (status) => resolve(status));
	child.kill('SIGTERM');
});

/* A run of a pipeline of the tenant's, and word of it; its id. */
async function trigger(tenant) {
	await owner.query('begin');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [tenant]);
	const { rows: [run] } = await owner.query(`insert into planasonix.run (pipeline_id)
		select id from planasonix.pipeline where tenant_id = $1 and deleted_at is null order by id limit 1 returning id, pipeline_id`, [tenant]);
	await owner.query('select mcp.record($1, $2)', [KIND, { run_id: run.id, pipeline_id: run.pipeline_id }]);
	await owner.query('commit');
	return run.id;
}

const run_of = async (id) => (await owner.query('select * from planasonix.run where id = $1', [id])).rows[0];
const ended = (id) => until('the run has ended', async () => (await run_of(id)).status !== 'running');

test('runs that wait and runs that come are ended, of whatever tenant, and nothing is left over', async () => {
	const waiting = await trigger(ACME);
	const child = await start('--delay-ms', '50');

	await ended(waiting);
	const coming = await trigger(GLOBEX);
	await ended(coming);
	for (const id of [waiting, coming]) {
		const run = await run_of(id);
		assert.deepEqual([run.status, run.error_message, run.rows_loaded > 0, run.finished_at > run.started_at], ['success', null, true, true]);
		assert.equal(await one(owner, 'select last_run_status from planasonix.pipeline where tenant_id = $1 and id = $2', [run.tenant_id, run.pipeline_id]), 'success');
	}
	assert.equal(await one(owner, 'select count(*)::int from mcp.outbox'), 0);
	assert.equal(await stop(child), 0);
});

test('each Nth run fails when asked so, and says why', async () => {
	const child = await start('--delay-ms', '0', '--fail-every', '2');
	const found = [];

	for (let i = 0; i < 4; i++) {
		const id = await trigger(ACME);
		await ended(id);
		const { status, error_message } = await run_of(id);
		assert.equal(error_message !== null, status === 'failed');
		found.push(status);
	}
	assert.deepEqual(found, ['success', 'failed', 'success', 'failed']);
	assert.equal(await stop(child), 0);
});

test('two at once end each run once', async () => {
	const children = [await start('--delay-ms', '20'), await start('--delay-ms', '20')];
	const ids = [];

	for (let i = 0; i < 30; i++)
		ids.push(await trigger(i % 2 ? ACME : GLOBEX));
	for (const id of ids)
		await ended(id);
	await until('an empty outbox', async () => await one(owner, 'select count(*)::int from mcp.outbox') === 0);
	for (const child of children)
		assert.equal(await stop(child), 0);
});

test('the executor ends runs that go on, and can touch nothing else of the catalog', async () => {
	const executor = await connect('mcp_executor');
	const run = await trigger(ACME);

	await undone(executor, async () => {
		assert.equal((await executor.query('update planasonix.run set error_message = \'x\' where status <> \'running\'')).rowCount, 0);
		assert.equal((await executor.query('update planasonix.run set rows_loaded = 7 where id = $1', [run])).rowCount, 1);
		assert.deepEqual((await rows(executor, 'select count(distinct tenant_id) > 1 from planasonix.run'))[0], [true]);
		for (const statement of ['update planasonix.run set pipeline_id = pipeline_id', 'update planasonix.run set tenant_id = tenant_id',
			'delete from planasonix.run', 'insert into planasonix.run (pipeline_id) values (gen_random_uuid())', 'select from planasonix.pipeline',
			'select from planasonix.connection', 'select from planasonix.schedule', 'set role planasonix_tenant'])
			assert.equal(await state_of(executor, statement), '42501', statement);
	});
	await owner.query('delete from mcp.outbox');
	await owner.query('delete from planasonix.run where id = $1', [run]);
});
