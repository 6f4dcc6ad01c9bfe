/*
 * workers: processes are killed, too slow, or no longer wanted; what that costs is what was in their
 * hand and nothing else.
 *
 * In a stack of its own with tools that sleep in PostgreSQL, so that a request can be caught while
 * a worker has it.  Outages of PostgreSQL and Redis are in outages.test.mjs.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { dial, message } from '../e2e/lib/wire.mjs';
import { alive, private_stack, sleep, until } from '../e2e/lib/stack.mjs';
import { bearer, check, legacy, modern } from '../e2e/lib/mcp.mjs';
import { more_tools } from '../e2e/lib/tools.mjs';

const WORKERS = 6;
const tools = more_tools();
let stack, db, key, pipeline;

before(async () => {
	stack = await private_stack('workers', 80, { settings: { ...tools.settings, MCP_FAST_WORKERS: WORKERS,
		MCP_NODE_PER_MINUTE: 100000000 } });
	db = await stack.db('postgres_super');
	key = stack.key('bench');
	pipeline = (await db.query('select id from planasonix.pipeline where tenant_id = $1 order by name limit 1',
		[stack.tenant('bench').id])).rows[0].id;
	await stack.serving();
});
after(() => stack?.down());
after(() => tools.remove());

const nap = (seconds, options) => stack.call(key, 'nap', { seconds }, options);
const quick = () => stack.call(key, 'list_pipelines', { limit: 1 });
const asleep = async () => (await db.query(`select pid from pg_stat_activity
	where usename = 'mcp_worker' and state = 'active' and query like '%pg_sleep%'`)).rows;
const nobody_sleeps = (timeout_ms) => until('no backend sleeps any more', async () => (await asleep()).length === 0,
	{ timeout_ms });

/* The one worker that has a request in its hand. */
async function busy_worker() {
	await until('a backend sleeps', async () => (await asleep()).length > 0, { timeout_ms: 5_000 });
	const busy = stack.busy();
	assert.equal(busy.length, 1, `busy workers: ${JSON.stringify(busy)}`);
	return busy[0].pid;
}

const full_house = () => until(`${WORKERS} fast workers, a warden and an audit process`, () =>
	stack.workers('fast').length === WORKERS && stack.workers('warden').length === 1 && stack.workers('audit').length === 1,
		{ timeout_ms: 15_000 });

/* The answer of nginx when the worker behind it is gone. */
const lost = { status: 502, code: 502, id: null, nginx: true, headers: { 'Retry-After': /^[1-9]\d*$/, 'X-Request-Id': null } };

test('a worker killed -9 costs the request in its hand and no other', async () => {
	const slow = nap(4);
	const others = [nap(2.5), nap(2.5)];		/* caught by other workers */
	await until('three backends sleep', async () => (await asleep()).length === 3, { timeout_ms: 5_000 });
	const victims = stack.busy().map((p) => p.pid);
	assert.equal(victims.length, 3);

	/* Which of them sleeps longest is not to be seen: kill one, and exactly one answer is lost. */
	const killed_ms = performance.now();
	process.kill(victims[0], 'SIGKILL');
	const answers = await Promise.all([slow, ...others, quick(), quick(), quick(), quick()]);
	assert.deepEqual(answers.map((a) => a.status).filter((s) => s !== 200), [502], `statuses ${answers.map((a) => a.status)}`);
	check(answers.find((a) => a.status === 502), lost);

	const [event, ...more] = await stack.events_where('the dead worker\'s',
		(e) => e.worker === victims[0] && e.outcome === 'internal');
	assert.deepEqual(more, []);
	assert.equal(event.code, 'died');
	assert.equal(event.tool, 'nap');
	assert.equal(event.tenant, stack.tenant('bench').id);
	assert.equal(event.count, 1);
	assert.ok(performance.now() - killed_ms < 20_000);
	await full_house();
});

test('the statement of a dead worker ends by itself', async () => {
	const lost_answer = nap(5);
	process.kill(await busy_worker(), 'SIGKILL');
	check(await lost_answer, lost);
	await nobody_sleeps(2_000);
	await full_house();
});

test('a write whose worker died is not done', async () => {
	await db.query("update planasonix.pipeline set status = 'active', updated_at = '2020-01-01' where id = $1", [pipeline]);
	const lost_answer = stack.call(key, 'nap_and_pause', { pipeline_id: pipeline, seconds: 4 });
	const victim = await busy_worker();

	process.kill(victim, 'SIGKILL');
	check(await lost_answer, lost);
	await nobody_sleeps(2_000);
	const { rows: [row] } = await db.query('select status from planasonix.pipeline where id = $1', [pipeline]);
	assert.equal(row.status, 'active');
	const [event] = await stack.events_where('of the dead worker', (e) => e.worker === victim && e.code === 'died');
	assert.equal(event.tool, 'nap_and_pause');
	const { rows } = await db.query('select from mcp.audit_outbox where id = $1', [event.id]);
	assert.equal(rows.length, 0, 'nothing was written, so nothing is in the outbox');
	await full_house();
});

test('idle workers killed -9 cost nothing', async () => {
	const started = new Date().toISOString();

	for (const { pid } of stack.workers('fast').slice(0, 3))
		process.kill(pid, 'SIGKILL');
	for (let i = 0; i < 40; i++)
		assert.equal((await quick()).status, 200);
	await full_house();
	await sleep(500);
	const events = (await stack.events()).filter((e) => e.at > started && e.code === 'died');
	assert.deepEqual(events, [], 'no event for a worker that had nothing to do');
});

test('the warden killed -9: it is there again, and revocation is still heard of', async () => {
	const [{ pid }] = stack.workers('warden');
	const tenant = await stack.new_tenant('warded', 'internal');
	const list = async () => (await stack.post(modern('tools/list'), { key: tenant.key })).status;

	assert.equal(await list(), 200);
	process.kill(pid, 'SIGKILL');
	await db.query('update mcp.tenant set suspended_at = now() where id = $1', [tenant.id]);
	await sleep(1_100);
	for (let i = 0; i < 2 * WORKERS; i++)
		assert.equal(await list(), 403);
	await full_house();
});

test('the audit process killed -9, again and again: every event once', async () => {
	const ids = [];

	for (let round = 0; round < 4; round++) {
		const [{ pid: victim }] = await until('an audit process',
			() => stack.workers('audit').length === 1 && stack.workers('audit'));
		const wave = Array.from({ length: 60 }, () => quick());
		process.kill(victim, 'SIGKILL');
		ids.push(...(await Promise.all(wave)).map((a) => a.headers['x-request-id']));
		await until('a new audit process', () => stack.workers('audit').some((p) => p.pid !== victim));
	}
	await stack.events_where('of the last call', (e) => e.id === ids.at(-1));
	const count = new Map();
	for (const { id } of await stack.events())
		count.set(id, (count.get(id) ?? 0) + 1);
	assert.deepEqual(ids.filter((id) => count.get(id) !== 1), [], 'ids with no event or more than one');
});

/* Sends a call and walks away after so long. */
async function walk_away(request, after_ms) {
	const socket = dial(stack.http);
	const rows = Object.entries({ Host: `${stack.http.host}:${stack.http.port}`, ...bearer(key), ...request.headers,
		...await stack.session_for(request, key), 'Content-Length': Buffer.byteLength(request.body) });

	socket.on('error', () => {});
	socket.write(message(`POST ${stack.endpoint} HTTP/1.1`, rows, request.body));
	await sleep(after_ms);
	socket.destroy();
}

const since = async (fn) => {
	const known = new Set((await stack.events()).map((e) => e.id));
	return (e) => !known.has(e.id) && fn(e);
};

test('a modern client that goes away cancels: the backend is free within two seconds', async () => {
	const news = await since((e) => e.tool === 'nap');
	await walk_away(modern('tools/call', { name: 'nap', arguments: { seconds: 4.5 } }), 400);
	await nobody_sleeps(2_000);
	await until('no worker is busy', () => stack.busy().length === 0, { timeout_ms: 2_000 });
	const [event, ...more] = await stack.events_where('cancelled', news);

	assert.equal(event.outcome, 'cancelled');
	assert.ok(event.duration_us < 3_000_000, `after ${event.duration_us} us`);
	assert.deepEqual(more, []);
});

test('a write that was cancelled is not done', async () => {
	await db.query("update planasonix.pipeline set status = 'active' where id = $1", [pipeline]);
	const news = await since((e) => e.tool === 'nap_and_pause');
	await walk_away(modern('tools/call', { name: 'nap_and_pause', arguments: { seconds: 4.5, pipeline_id: pipeline } }), 400);
	await nobody_sleeps(2_000);
	const [event] = await stack.events_where('cancelled', news);

	assert.equal(event.outcome, 'cancelled');
	assert.equal((await db.query('select status from planasonix.pipeline where id = $1', [pipeline])).rows[0].status, 'active');
	assert.equal((await db.query('select from mcp.audit_outbox where id = $1', [event.id])).rowCount, 0);
});

test('a client of an older revision that goes away does not cancel', async () => {
	await db.query("update planasonix.pipeline set status = 'active' where id = $1", [pipeline]);
	const news = await since((e) => e.tool === 'nap_and_pause');
	await walk_away(legacy('tools/call', { name: 'nap_and_pause', arguments: { seconds: 1.5, pipeline_id: pipeline } }), 300);
	const [event] = await stack.events_where('ok', news);

	assert.equal(event.outcome, 'ok');
	assert.ok(event.duration_us >= 1_400_000, `after ${event.duration_us} us`);
	assert.equal((await db.query('select status from planasonix.pipeline where id = $1', [pipeline])).rows[0].status, 'paused');
	assert.equal((await db.query('select from mcp.audit_outbox where id = $1', [event.id])).rowCount, 1);
});

test('a tool that is too slow ends at its own limit', async () => {
	const answer = await nap(8, { timeout_ms: 9_000 });
	check(answer, { status: 200, code: null, id: '1', also: ({ json }) => {
		assert.equal(json.result.isError, true);
		assert.match(json.result.content[0].text, /time|long/i);
	} });
	assert.equal((await stack.event(answer.headers['x-request-id'])).outcome, 'tool_error');
});

test('SIGTERM drains: what is in hand is finished, then the master is gone', async () => {
	const slow = [nap(2), nap(2), stack.call(key, 'nap_and_pause', { seconds: 2, pipeline_id: pipeline })];
	await until('three backends sleep', async () => (await asleep()).length === 3, { timeout_ms: 5_000 });
	const { master } = stack.pids;

	process.kill(master, 'SIGTERM');
	await sleep(300);
	const late = await stack.probe();
	assert.ok([502, 503].includes(late.status), `a request after SIGTERM: ${late.status}`);
	assert.match(late.headers['retry-after'] ?? '', /^[1-9]/);
	const answers = await Promise.all(slow);
	assert.deepEqual(answers.map((a) => a.status), [200, 200, 200]);
	await until('the master is gone', () => !alive(master), { timeout_ms: 10_000 });
	await stack.ctl('start', 'fpm');
	await stack.serving();
	for (const { headers } of answers)
		assert.equal((await stack.event(headers['x-request-id'])).outcome, 'ok');
});

test('the master killed -9 takes its workers with it, and a new one starts', async () => {
	const orphans = stack.children().map((p) => p.pid);

	await stack.ctl('kill9', 'fpm');
	await until('no worker is left', () => !orphans.some(alive), { timeout_ms: 10_000 });
	await stack.ctl('start', 'fpm');
	await stack.serving();
});

test('workers retire without losing a request', async () => {
	await stack.configure({ MCP_WORKER_REQUESTS: 20 });
	const first = new Set(stack.workers('fast').map((p) => p.pid));
	const pool = stack.pool(6);
	const request = modern('tools/list');
	const statuses = await Promise.all(Array.from({ length: 1200 },
		() => pool.send({ path: stack.endpoint, headers: { ...request.headers, ...bearer(key) }, body: request.body })
		.then((a) => a.status)));

	assert.deepEqual(statuses.filter((s) => s !== 200), []);
	await until('every worker is new', () => stack.workers('fast').filter((p) => !first.has(p.pid)).length >= WORKERS, { timeout_ms: 5_000 });
	await stack.configure({ MCP_WORKER_REQUESTS: 100000 });
}, { timeout_ms: 60_000 });

test('the watchdog ends a worker that is longer at it than allowed', async () => {
	await stack.configure({ MCP_REQUEST_TIMEOUT: '1500ms' });
	const news = await since((e) => e.tool === 'nap');
	const started_ms = performance.now();
	const answer = await nap(4.5);
	const took_ms = performance.now() - started_ms;

	check(answer, { ...lost, status: [502, 504], code: [502, 504] });
	assert.ok(took_ms > 1_300 && took_ms < 3_500, `after ${took_ms.toFixed(0)} ms`);
	assert.equal((await quick()).status, 200);
	const [event] = await stack.events_where('internal', news);
	assert.equal(event.outcome, 'internal');
	assert.ok(!stack.children().some((p) => p.pid === event.worker), 'its worker is gone');
	await nobody_sleeps(2_000);
	await stack.configure({ MCP_REQUEST_TIMEOUT: '30s' });
}, { timeout_ms: 90_000 });

test('a storm of dying workers is braked, and over when it is over', async (say) => {
	const seen = new Set();
	const stop_ms = performance.now() + 5_000;

	while (performance.now() < stop_ms) {
		for (const { pid, state } of stack.children())
			if (state !== 'Z') {
				seen.add(pid);
				try {
					process.kill(pid, 'SIGKILL');
				} catch { /* gone already */ }
			}
		await sleep(10);
	}
	say(`${seen.size} processes in five seconds`);
	assert.ok(seen.size <= 150, `${seen.size} processes were forked and killed in five seconds: no brake`);
	const calm_ms = performance.now();
	await stack.serving(30_000);
	say(`served again after ${(performance.now() - calm_ms).toFixed(0)} ms`);
	await full_house();
	assert.ok(performance.now() - calm_ms < 30_000);
}, { timeout_ms: 90_000 });

test('after all that, no zombie and no stray process', async () => {
	await full_house();
	assert.deepEqual(stack.children().filter((p) => p.state === 'Z'), []);
	assert.deepEqual([...new Set(stack.children().map((p) => p.name))].sort(),
		['audit', 'fast', 'slow', 'stream', 'warden'].map((pool) => `mcp-fpm ${pool}`));
});

await run();
