/*
 * idempotency: one key, one effect, one result; also for calls that come at once.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, one, rows, state_of, undone } from './cluster.mjs';

let owner;

before(async () => {
	owner = await connect_owner();
});

/* As a worker: claims the key, acts and keeps the result unless it is there already; what the caller is told. */
async function call(client, key, { tenant = ACME, tool = 'create', digest = 'd', result = { n: key }, act = () => {}, end = 'commit' } = {}) {
	await client.query('begin');
	try {
		await client.query('select set_config(\'mcp.tenant\', $1, true)', [tenant]);
		const was = await one(client, 'select mcp.idempotency_claim($1, $2, $3)', [tool, key, digest]);
		if (was === null) {
			await act();
			await client.query('select mcp.idempotency_keep($1, $2, $3)', [tool, key, JSON.stringify(result)]);
		}
		await client.query(end);
		return was ?? result;
	} catch (trouble) {
		await client.query('rollback');
		throw trouble;
	}
}

test('the first call runs, the same one again is told the first result, and it stays told', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();
	let ran = 0;

	for (const result of [{ first: true }, { second: true }, { third: true }])
		assert.deepEqual(await call(worker, key, { result, act: () => ran++ }), { first: true });
	assert.equal(ran, 1);
});

test('keys are a tenant\'s and a tool\'s: others never see the result', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();

	for (const [tenant, tool] of [[ACME, 'create'], [GLOBEX, 'create'], [ACME, 'trigger'], [GLOBEX, 'trigger']])
		assert.deepEqual(await call(worker, key, { tenant, tool, result: { tenant, tool } }), { tenant, tool });
});

test('the same key with other arguments is refused, and changes nothing', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();

	await call(worker, key);
	await assert.rejects(call(worker, key, { digest: 'other' }), { code: 'MC409', message: 'idempotency_key was used with other arguments' });
	assert.deepEqual(await call(worker, key), { n: key });
});

test('a call that fails leaves no claim; the same key may be used again, for anything', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();

	await call(worker, key, { result: 'lost', end: 'rollback' });
	assert.deepEqual(await call(worker, key, { digest: 'other', result: 'kept' }), 'kept');
});

test('a claim without a result, should one ever be committed, is no result', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();

	await owner.query('insert into mcp.idempotency (tenant_id, tool, key, digest) values ($1, \'create\', $2, \'d\')', [ACME, key]);
	assert.deepEqual(await call(worker, key, { digest: 'other', result: 'kept' }), 'kept');
});

test('after 24 hours a key is new again', async () => {
	const worker = await connect('mcp_worker');
	const key = randomUUID();
	const aged = (hours) => owner.query('update mcp.idempotency set created_at = now() - make_interval(secs => $2) where key = $1', [key, hours * 3600]);

	await call(worker, key, { result: 'old' });
	await aged(23.99);
	assert.equal(await call(worker, key, { result: 'new' }), 'old');
	await aged(24.01);
	assert.equal(await call(worker, key, { digest: 'other', result: 'new' }), 'new');
	assert.equal(await call(worker, key, { digest: 'other', result: 'newer' }), 'new');
});

test('twenty calls at once: one acts, all are told the same', async () => {
	const workers = await Promise.all(Array.from({ length: 20 }, () => connect('mcp_worker')));
	const key = randomUUID();

	await owner.query('create temporary table effect (key text)');
	const told = await Promise.all(workers.map((worker, i) => call(worker, key, { result: { by: i }, act: async () => {
		await sleep(100);
		await owner.query('insert into effect values ($1)', [key]);
	} })));

	assert.equal(await one(owner, 'select count(*)::int from effect where key = $1', [key]), 1);
	assert.deepEqual(new Set(told.map((result) => JSON.stringify(result))).size, 1);
	await Promise.all(workers.map((worker) => worker.end()));
});

test('one that waited for a call that failed acts itself; one with other arguments is refused only then', async () => {
	const [first, second, third] = [await connect('mcp_worker'), await connect('mcp_worker'), await connect('mcp_worker')];

	for (const [end, wanted] of [['rollback', 'second'], ['commit', 'first']]) {
		const key = randomUUID();
		const slow = call(first, key, { result: 'first', act: () => sleep(200), end });
		await sleep(50);
		const waiting = call(second, key, { result: 'second' });
		await slow;
		assert.equal(await waiting, wanted, end);
		await assert.rejects(call(third, key, { digest: 'other' }), { code: 'MC409' });
	}
});

test('keys have 1 to 200 characters, a claim needs a tenant, and a result a claim', () => undone(owner, async () => {
	const claim = (key) => state_of(owner, 'select mcp.idempotency_claim(\'create\', $1, \'d\')', [key]);

	assert.equal(await claim('x'), '23502');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
	assert.deepEqual([await claim(''), await claim('x'.repeat(201)), await claim('名'.repeat(200)), await claim(null)], ['23514', '23514', null, '23502']);
	assert.equal(await state_of(owner, 'select mcp.idempotency_keep(\'create\', \'unclaimed\', \'{}\')'), 'P0001');
}));

test('in a read-only transaction nothing is claimed', async () => {
	const worker = await connect('mcp_worker');

	await undone(worker, async () => {
		await worker.query('set transaction read only');
		await worker.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
		assert.equal(await state_of(worker, 'select mcp.idempotency_claim(\'create\', \'k\', \'d\')'), '25006');
	});
});

test('old keys are purged, as many as asked, and young ones stay', async () => {
	const worker = await connect('mcp_worker');
	const purge = (most) => one(worker, 'select mcp.idempotency_purge($1)', [most]);

	await owner.query('delete from mcp.idempotency');
	await owner.query(`insert into mcp.idempotency (tenant_id, tool, key, digest, result, created_at)
		select $1, 'create', i::text, 'd', '{}', now() - make_interval(hours => i) from generate_series(20, 29) i`, [ACME]);
	assert.deepEqual([await purge(0), await purge(-1), await purge(2), await purge(100), await purge(100)], [0, 0, 2, 4, 0]);
	assert.deepEqual((await rows(owner, 'select key from mcp.idempotency order by 1')).flat(), ['20', '21', '22', '23']);
});
