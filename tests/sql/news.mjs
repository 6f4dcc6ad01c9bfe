/*
 * news: what changes is told to those who listen, once per transaction, for the right tenant, whoever changes it.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, enter_as, one, rows, state_of, undone } from './cluster.mjs';

let owner, executor, worker, ears;
let heard = [];

before(async () => {
	[owner, executor, worker, ears] = [await connect_owner(), await connect('mcp_executor'), await connect('mcp_worker'), await connect('mcp_worker')];
	ears.on('notification', ({ channel, payload }) => heard.push([channel, JSON.parse(payload)]));
	await ears.query('listen mcp_resource');
});

/* What is heard of a transaction, sorted; a round trip of the listener's own comes behind it. */
async function told(client, fn) {
	heard = [];
	await client.query('begin');
	const got = await fn();
	await client.query('commit');
	await ears.query('select 1');
	await sleep(50);
	assert.ok(heard.every(([channel]) => channel === 'mcp_resource'));
	return { got, news: heard.map(([, news]) => news.uri ?? `list ${news.list}`).sort(), payloads: heard.map(([, news]) => news) };
}

const acme_pipeline = () => one(owner, 'select id from planasonix.pipeline where tenant_id = $1 and deleted_at is null order by id limit 1', [ACME]);

test('an executor names the tenant, and the nodes hear of which catalog it is', async () => {
	const { payloads } = await told(executor, () => executor.query('select mcp.resource_changed($1, $2), mcp.list_changed($1, $3)', [ACME, 'x://1', 'tools']));

	assert.deepEqual(payloads.sort((a, b) => 'uri' in a ? -1 : 1), [
		{ tenant: ACME, catalog: 'planasonix', uri: 'x://1' }, { tenant: ACME, catalog: 'planasonix', list: 'tools' }]);
});

test('a tool speaks for the tenant of its call, and for no other', async () => {
	const { payloads } = await told(worker, async () => {
		await enter_as(worker, GLOBEX);
		await worker.query('select mcp.resource_changed($1)', ['x://2']);
	});

	assert.deepEqual(payloads, [{ tenant: GLOBEX, catalog: 'planasonix', uri: 'x://2' }]);
	await undone(worker, async () => {
		await enter_as(worker, GLOBEX);
		assert.equal(await state_of(worker, 'select mcp.resource_changed($1, $2)', [ACME, 'x://3']), '42501');
		assert.equal(await state_of(worker, 'select mcp.list_changed($1, $2)', [ACME, 'tools']), '42501');
		assert.equal(await state_of(worker, 'select mcp.tell_changed($1, $2, $3)', [ACME, 'uri', 'x']), '42501');
	});
});

test('what is said often in a transaction is told once, and what is taken back never', async () => {
	const { news } = await told(executor, async () => {
		for (let i = 0; i < 5; i++)
			await executor.query('select mcp.resource_changed($1, $2)', [ACME, 'x://often']);
	});

	assert.deepEqual(news, ['x://often']);
	heard = [];
	await undone(executor, () => executor.query('select mcp.resource_changed($1, $2)', [ACME, 'x://never']));
	await ears.query('select 1');
	assert.deepEqual(heard, []);
});

test('what cannot be told fails no transaction of a product', async () => {
	const none = '00000000-0000-4000-8000-000000000000';
	const { news } = await told(executor, async () => {
		for (const uri of [null, '', 'x'.repeat(2049), 'ä'.repeat(1025), 'x'.repeat(9000), 'x://a\nb'])
			await executor.query('select mcp.resource_changed($1, $2)', [ACME, uri]);
		for (const tenant of [none, null])
			await executor.query("select mcp.resource_changed($1, 'x://1'), mcp.list_changed($1, 'tools')", [tenant]);
		await executor.query('select mcp.resource_changed($1, $2)', [ACME, 'x://after']);
	});

	assert.deepEqual(news, ['x://after']);
});

test('no unknown list', () => undone(executor, async () => {
	for (const list of [null, '', 'Tools', 'everything'])
		assert.equal(await state_of(executor, 'select mcp.list_changed($1, $2)', [ACME, list]), 'MC422', list);
}));

test('the longest URI of the worst characters fits', async () => {
	const worst = '"'.repeat(2048);
	const { news } = await told(executor, () => executor.query('select mcp.resource_changed($1, $2)', [ACME, worst]));

	assert.deepEqual(news, [worst]);
});

test('a run that begins, and ends by an executor, tells of itself and of its pipeline', async () => {
	const id = await acme_pipeline();
	const begun = await told(owner, () => one(owner, 'insert into planasonix.run (tenant_id, pipeline_id) values ($1, $2) returning id', [ACME, id]));
	const both = [`planasonix://pipelines/${id}`, `planasonix://pipelines/${id}/runs/${begun.got}`];

	assert.deepEqual(begun.news, both);
	assert.ok(begun.payloads.every(({ tenant, catalog }) => tenant === ACME && catalog === 'planasonix'));
	const ended = await told(executor, () => executor.query(`update planasonix.run set status = 'success', finished_at = now()
		where tenant_id = $1 and id = $2`, [ACME, begun.got]));
	assert.deepEqual(ended.news, both);
	const gone = await told(owner, () => owner.query('delete from planasonix.run where tenant_id = $1 and id = $2', [ACME, begun.got]));
	assert.deepEqual(gone.news, both);
});

test('a pipeline tells when a tool pauses it, and the list when what stands in it changes', async () => {
	const id = await acme_pipeline();
	const uri = `planasonix://pipelines/${id}`;
	const was = await one(owner, 'select status from planasonix.pipeline where tenant_id = $1 and id = $2', [ACME, id]);
	const set = (status) => told(worker, async () => {
		await enter_as(worker, ACME);
		await worker.query('update planasonix.pipeline set status = $1, updated_at = now() where id = $2', [status, id]);
	});
	const change = (what, value) => told(owner, () => owner.query(`update planasonix.pipeline set ${what} where tenant_id = $2 and id = $3`, [value, ACME, id]));

	await set('active');
	assert.deepEqual((await set('paused')).news, ['list resources', uri]);
	assert.deepEqual((await set('paused')).news, [uri]);
	assert.deepEqual((await set(was)).news.at(-1), uri);
	assert.deepEqual((await change('last_run_status = $1', 'success')).news, [uri]);
	assert.deepEqual((await change('deleted_at = $1', new Date())).news, ['list resources', uri]);
	assert.deepEqual((await change('deleted_at = $1', null)).news, ['list resources', uri]);
	assert.deepEqual((await change('name = name || $1', '!')).news, ['list resources', uri]);
	assert.deepEqual((await change('name = rtrim(name, $1)', '!')).news, ['list resources', uri]);
});

test('a schedule tells of itself and of its pipeline, and of the list when what stands in it changes', async () => {
	const [[id, pipeline]] = await rows(owner, 'select id, pipeline_id from planasonix.schedule where tenant_id = $1 and enabled order by id limit 1', [ACME]);
	const set = (what) => told(owner, () => owner.query(`update planasonix.schedule set ${what} where tenant_id = $1 and id = $2`, [ACME, id]));
	const both = [`planasonix://pipelines/${pipeline}`, `planasonix://schedules/${id}`];

	assert.deepEqual((await set('enabled = false')).news, ['list resources', ...both]);
	assert.deepEqual((await set('enabled = true')).news, ['list resources', ...both]);
	assert.deepEqual((await set('next_run_at = now()')).news, both);
	const made = await told(owner, () => one(owner, `insert into planasonix.schedule (tenant_id, pipeline_id, cron_expression, frequency)
		values ($1, $2, '0 0 * * *', 'daily') returning id`, [ACME, pipeline]));
	assert.deepEqual(made.news, ['list resources', both[0], `planasonix://schedules/${made.got}`]);
	const gone = await told(owner, () => owner.query('delete from planasonix.schedule where tenant_id = $1 and id = $2', [ACME, made.got]));
	assert.deepEqual(gone.news, made.news);
});
