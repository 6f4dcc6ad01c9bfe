/*
 * outbox: what tools record is heard of, claimed by one executor at a time, and done exactly once.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, one, rows, state_of, undone } from './cluster.mjs';

const KIND = 'test.thing';

let owner, one_executor, another;

before(async () => {
	[owner, one_executor, another] = [await connect_owner(), await connect('mcp_executor'), await connect('mcp_executor')];
});

/* Records an entry for a tenant, as its tools' statements do; its id. */
async function record(tenant, payload = {}, kind = KIND) {
	await owner.query('begin');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [tenant]);
	const id = await one(owner, 'select mcp.record($1, $2)', [kind, payload]);
	await owner.query('commit');
	return id;
}

const claim = (client, n = 10, lease = '5 minutes', kind = KIND) => client.query('select * from mcp.claim_outbox($1, $2, $3)', [kind, n, lease]).then((found) => found.rows);
const finish = (client, { id, attempts }) => one(client, 'select mcp.finish_outbox($1, $2)', [id, attempts]);
const left = () => one(owner, 'select count(*)::int from mcp.outbox where kind = $1', [KIND]);

async function finish_all(client) {
	for (const entry of await claim(client, 1000, '0 s'))
		assert.equal(await finish(client, entry), true);
	assert.equal(await left(), 0);
}

test('an entry is the calling tenant\'s, and an executor is handed all it needs', async () => {
	const id = await record(GLOBEX, { run_id: 7 });
	const [entry, ...more] = await claim(one_executor);

	assert.deepEqual(more, []);
	assert.deepEqual([entry.id, entry.tenant_id, entry.kind, entry.payload, entry.attempts], [id, GLOBEX, KIND, { run_id: 7 }, 1]);
	assert.ok(entry.claimed_at >= entry.created_at);
	assert.equal(await finish(one_executor, entry), true);
	assert.equal(await left(), 0);
});

test('without a tenant, of no kind, or as no object nothing is recorded', () => undone(owner, async () => {
	assert.equal(await state_of(owner, 'select mcp.record($1, $2)', [KIND, {}]), '23502');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
	for (const kind of ['', 'thing', 'test.', '.thing', 'Test.thing', 'test.thing.', 'test thing', `test.${'x'.repeat(64)}`])
		assert.equal(await state_of(owner, 'select mcp.record($1, $2)', [kind, {}]), '23514', kind);
	for (const payload of ['[]', '"x"', 'null', JSON.stringify({ x: 'x'.repeat(65536) })])
		assert.equal(await state_of(owner, 'select mcp.record($1, $2)', [KIND, payload]), '23514', payload.slice(0, 20));
}));

test('what is rolled back was never recorded, and nobody hears of it; what is committed is heard of once per kind', async () => {
	const heard = [];

	one_executor.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
	await one_executor.query('listen mcp_outbox');
	await undone(owner, async () => {
		await owner.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
		await owner.query('select mcp.record($1, $2)', [KIND, {}]);
	});
	await owner.query('begin');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
	for (const kind of [KIND, KIND, 'test.other'])
		await owner.query('select mcp.record($1, $2)', [kind, {}]);
	await owner.query('commit');
	for (let i = 0; i < 100 && heard.length < 2; i++)
		await sleep(10);
	assert.deepEqual(heard.sort(), ['mcp_outbox test.other', `mcp_outbox ${KIND}`]);
	await one_executor.query('unlisten *');
	await finish_all(one_executor);
	await owner.query('delete from mcp.outbox where kind = \'test.other\'');
});

test('the oldest come first, no more than asked, and only of the kind', async () => {
	const ids = [];
	for (let i = 0; i < 5; i++)
		ids.push(await record(i % 2 ? ACME : GLOBEX, { i }));
	await record(ACME, {}, 'test.other');

	const names = async (n) => (await claim(one_executor, n)).map((entry) => entry.id).sort();
	assert.deepEqual(await names(0), []);
	assert.deepEqual(await names(-1), []);
	assert.deepEqual(await names(2), ids.slice(0, 2).sort());
	assert.deepEqual(await names(100), ids.slice(2).sort());
	assert.deepEqual(await names(100), [], 'all are held');
	await finish_all(one_executor);
	await owner.query('delete from mcp.outbox where kind = \'test.other\'');
});

test('two executors at once share the work and never an entry, whoever is slow to commit', async () => {
	for (let i = 0; i < 20; i++)
		await record(ACME, { i });
	await one_executor.query('begin');
	const mine = await claim(one_executor, 8);
	const theirs = await claim(another, 100);
	await one_executor.query('commit');

	assert.deepEqual([mine.length, theirs.length], [8, 12]);
	assert.equal(new Set([...mine, ...theirs].map(({ id }) => id)).size, 20);
	await finish_all(one_executor);
});

test('a claim that is rolled back, or whose lease ran out, is another\'s; the late one learns that it is too late', async () => {
	await record(ACME);
	await one_executor.query('begin');
	assert.equal((await claim(one_executor)).length, 1);
	await one_executor.query('rollback');

	const [first] = await claim(one_executor);
	assert.deepEqual([first.attempts, await claim(another)], [1, []]);
	await sleep(60);
	const [second] = await claim(another, 10, '50 ms');
	assert.deepEqual([second.id, second.attempts], [first.id, 2]);
	assert.equal(await finish(one_executor, first), false);
	assert.equal(await left(), 1);
	assert.equal(await finish(another, second), true);
	assert.equal(await finish(another, second), false, 'once');
	assert.equal(await finish(another, { id: randomUUID(), attempts: 1 }), false);
});

test('an executor may claim and finish, and nothing else of schema mcp', () => undone(one_executor, async () => {
	const tables = (await rows(owner, `select oid::regclass::text from pg_class where relkind in ('r', 'p')
		and relnamespace = 'mcp'::regnamespace and relname <> 'outbox'`)).flat();

	for (const statement of [...tables.map((table) => `select from ${table}`), 'select mcp.record(\'test.thing\', \'{}\')',
		'insert into mcp.outbox (tenant_id, kind, payload) values (gen_random_uuid(), \'test.thing\', \'{}\')',
		'update mcp.outbox set payload = \'{}\'', 'update mcp.outbox set tenant_id = tenant_id', 'truncate mcp.outbox', 'set role mcp_owner'])
		assert.equal(await state_of(one_executor, statement), '42501', statement);
}));
