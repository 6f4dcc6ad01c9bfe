/*
 * outages: PostgreSQL or Redis is away, frozen, or not there yet.
 *
 * Without PostgreSQL every call is a quick 503 that says when to come back; without Redis calls go
 * on under limits of the node, and the audit log waits on disk until everything can be told.  The
 * server is never started anew: it finds back by itself.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { private_stack, sleep, until } from '../e2e/lib/stack.mjs';
import { bearer, check, modern } from '../e2e/lib/mcp.mjs';
import { more_tools } from '../e2e/lib/tools.mjs';

const QUICK_MS = 3_000;		/* "nothing hangs" */
const tools = more_tools();
let stack, key, pipeline;

before(async () => {
	stack = await private_stack('outages', 100, { settings: { ...tools.settings, MCP_NODE_PER_MINUTE: 100000000,
		MCP_AUDIT_MAX: '1m', MCP_AUDIT_SEGMENT: '64k' } });
	key = stack.key('bench');
	const db = await stack.db();
	pipeline = (await db.query('select id from planasonix.pipeline where tenant_id = $1 order by name limit 1',
		[stack.tenant('bench').id])).rows[0].id;
	await db.end();
	await stack.serving();
});
after(() => stack?.down());
after(() => tools.remove());

/* Who calls is asked before the body is read: then there is no id to give back. */
const unavailable = { status: 503, code: 503, headers: { 'Retry-After': /^[1-9]\d*$/, 'Content-Type': /^application\/json/ } };

/* A test during which servers are stopped: whatever becomes of it, they run again afterwards. */
function outage(name, fn) {
	test(name, async (say) => {
		try {
			await fn(say);
		} finally {
			for (const what of ['postgres', 'redis', 'fpm'])
				await stack.ctl('start', what);
			await stack.serving();
		}
	}, { timeout_ms: 120_000 });
}

async function timed(call) {
	const started_ms = performance.now();
	const answer = await call();
	assert.ok(performance.now() - started_ms < QUICK_MS, `answered after ${(performance.now() - started_ms).toFixed(0)} ms`);
	return answer;
}

const read = (options) => timed(() => stack.call(key, 'list_pipelines', { limit: 1 }, options));
const write = () => timed(() => stack.call(key, 'pause_pipeline', { pipeline_id: pipeline }));

/* All ids have exactly one event, with the outcome that fits; waits for the shipper. */
async function all_told(answers) {
	const ids = answers.map((a) => a.headers['x-request-id']);
	await stack.events_where('of the last answer', (e) => e.id === ids.at(-1), { timeout_ms: 30_000 });

	let count;
	await until('every answer has its event', async () => {
		count = new Map();
		for (const e of await stack.events())
			count.set(e.id, (count.get(e.id) ?? 0) + 1);
		return ids.every((id) => count.has(id));
	}, { timeout_ms: 20_000, every_ms: 300 }).catch((trouble) => {
		throw new Error(`${trouble.message}: ${ids.filter((id) => !count.has(id)).length} of ${ids.length} have none`);
	});
	assert.deepEqual(ids.filter((id) => count.get(id) !== 1), [], 'ids with more than one event');
}

for (const how of ['stop', 'kill9'])
	outage(`PostgreSQL away (${how}): 503 with Retry-After, and back by itself`, async () => {
		const master = stack.pids.master;
		const answers = [];

		await stack.ctl(how, 'postgres');
		for (let i = 0; i < 20; i++)
			answers.push(await (i % 4 ? read() : write()));
		answers.forEach((a) => check(a, unavailable));
		check(await timed(() => stack.post(modern('tools/list'), { key: stack.key('acme') })), { status: [200, 503] });
		await stack.ctl('start', 'postgres');
		await stack.serving(20_000);
		assert.equal(stack.pids.master, master, 'the same master');
		const many = await Promise.all(Array.from({ length: 40 }, () => read()));
		assert.deepEqual(many.map((a) => a.status).filter((s) => s !== 200), [], 'every worker has found back');
		await all_told(answers);
		assert.ok((await stack.events()).filter((e) => answers.some((a) => a.headers['x-request-id'] === e.id)).every((e) =>
			e.outcome === 'unavailable'));
	});

outage('PostgreSQL stopped under a call: 503, not a hang', async () => {
	const nap = stack.call(key, 'nap', { seconds: 4 });
	await sleep(500);
	await stack.ctl('stop', 'postgres');
	const answer = await nap;
	check(answer, unavailable);
	await stack.ctl('start', 'postgres');
	await stack.serving(20_000);
	assert.equal((await stack.event(answer.headers['x-request-id'])).outcome, 'unavailable');
});

/* As behind a network that swallows everything: no error, and no answer either. */
outage('PostgreSQL frozen: 503 soon after the tool\'s own limit, and back by itself', async () => {
	const TOOL_MS = 3_000;
	const SLACK_MS = 4_000;		/* to connect anew, and to notice */
	await Promise.all(Array.from({ length: 40 }, () => read()));		/* every worker has a connection */
	const frozen = [stack.pids.postgres, ...stack.children(stack.pids.postgres).map((p) => p.pid)];

	frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'));
	try {
		const started_ms = performance.now();
		const answers = await Promise.all(Array.from({ length: 8 },
			() => stack.call(key, 'list_pipelines', { limit: 1 }, { timeout_ms: 40_000 })));
		const took_ms = performance.now() - started_ms;

		answers.forEach((a) => check(a, unavailable));
		assert.ok(took_ms < TOOL_MS + SLACK_MS, `answered after ${took_ms.toFixed(0)} ms`);
	} finally {
		frozen.forEach((pid) => process.kill(pid, 'SIGCONT'));
	}
});

outage('a backend ended by an operator: one call, and the worker goes on', async () => {
	const db = await stack.db('postgres_super');
	const nap = stack.call(key, 'nap', { seconds: 4 });
	await until('a backend sleeps', async () => (await db.query(`select pg_terminate_backend(pid) from pg_stat_activity
		where usename = 'mcp_worker' and query like '%pg_sleep%' and state = 'active'`)).rowCount > 0);
	check(await nap, unavailable);
	await db.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'mcp_worker'");
	const statuses = (await Promise.all(Array.from({ length: 40 }, () => read()))).map((a) => a.status);
	assert.deepEqual(statuses.filter((s) => s !== 200), [], 'idle connections that broke are opened anew without anybody noticing');
	await db.end();
});

outage('started without PostgreSQL and Redis: 503 until they are there', async () => {
	for (const what of ['fpm', 'postgres', 'redis'])
		await stack.ctl('stop', what);
	await stack.ctl('start', 'fpm');
	for (let i = 0; i < 10; i++)
		check(await read(), unavailable);
	await stack.ctl('start', 'redis');
	for (let i = 0; i < 5; i++)
		check(await read(), unavailable);
	await stack.ctl('start', 'postgres');
	await stack.serving(20_000);
});

outage('started without Redis alone: served', async () => {
	await stack.ctl('stop', 'fpm');
	await stack.ctl('stop', 'redis');
	await stack.ctl('start', 'fpm');
	await stack.serving(20_000);
	await stack.ctl('start', 'redis');
});

for (const how of ['stop', 'kill9'])
	outage(`Redis away (${how}): calls go on, and no event is lost`, async () => {
		const answers = [];

		answers.push(...await Promise.all(Array.from({ length: 20 }, () => read())));
		await stack.ctl(how, 'redis');
		for (let i = 0; i < 40; i++)
			answers.push(await (i % 4 ? read() : write()));
		await stack.ctl('start', 'redis');
		answers.push(...await Promise.all(Array.from({ length: 20 }, () => read())));
		assert.deepEqual(answers.map((a) => a.status).filter((s) => s !== 200), []);
		await all_told(answers);
	});

outage('Redis away: the plan holds on this node', async () => {
	const tenant = await stack.new_tenant('outage-plan', 'professional');
	await stack.ctl('stop', 'redis');
	try {
		const started_ms = performance.now();
		const answers = [];
		for (let i = 0; i < 90; i++)
			answers.push(await stack.call(tenant.key, 'list_pipelines', { limit: 1 }));
		const served = answers.filter((a) => a.status === 200).length;
		const gained = (performance.now() - started_ms) / 1000;

		assert.ok(served >= 60 && served <= 61 + gained, `${served} of 90 served in ${gained.toFixed(1)} s`);
		answers.filter((a) => a.status !== 200).forEach((a) =>
			check(a, { status: 429, code: 429, id: '1', headers: { 'Retry-After': /^[1-9]\d*$/ } }));
	} finally {
		await stack.ctl('start', 'redis');
	}
});

outage('Redis frozen: a call waits a moment, not for ever', async () => {
	const answers = [];
	process.kill(stack.pids.redis, 'SIGSTOP');
	try {
		for (let i = 0; i < 20; i++)
			answers.push(await timed(() => stack.call(key, 'list_pipelines', { limit: 1 })));
		const started_ms = performance.now();
		answers.push(...await Promise.all(Array.from({ length: 40 }, () => read())));
		assert.ok(performance.now() - started_ms < QUICK_MS, 'forty at once');
	} finally {
		process.kill(stack.pids.redis, 'SIGCONT');
	}
	assert.deepEqual(answers.map((a) => a.status).filter((s) => s !== 200), []);
	await all_told(answers);
});

outage('Redis without its data (a new, empty one): the limits and the stream begin anew', async () => {
	const redis = stack.redis();
	await redis.send('FLUSHALL');
	await redis.send('SCRIPT', 'FLUSH');
	redis.close();
	const answers = await Promise.all(Array.from({ length: 20 }, () => read()));
	assert.deepEqual(answers.map((a) => a.status).filter((s) => s !== 200), []);
	await all_told(answers);
});

outage('the audit log full: writes are refused, reads go on, and afterwards both', async (say) => {
	await stack.ctl('stop', 'redis');
	try {
		const pool = stack.pool(6);
		const request = modern('tools/call', { name: 'list_pipelines', arguments: { limit: 1 } });
		const send = () => pool.send({ path: stack.endpoint, headers: { ...request.headers, ...bearer(key) }, body: request.body });
		let refused, sent = 0;

		for (let round = 0; round < 40 && !refused; round++) {
			const reads = await Promise.all(Array.from({ length: 200 }, send));
			assert.deepEqual(reads.map((a) => a.status).filter((s) => s !== 200), [], `reads after ${sent}`);
			sent += reads.length;
			const answer = await write();
			refused = answer.status === 200 ? null : answer;
		}
		say(`full after ${sent} calls`);
		assert.ok(refused, 'the log of 1 MiB becomes full');
		check(refused, unavailable);
		assert.equal((await read()).status, 200, 'a read is still served');
	} finally {
		await stack.ctl('start', 'redis');
	}
	await until('a write is accepted again', async () => (await write()).status === 200, { timeout_ms: 20_000, every_ms: 300 });
});

await run();
