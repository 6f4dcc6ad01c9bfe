/*
 * mixed: the books balance.
 *
 * Good, bad, denied, limited and abandoned requests together, while workers, the audit process and
 * Redis are killed with -9.  Afterwards: for every X-Request-Id that a client received there is one
 * event with that id and the outcome the client saw; ids nobody received are no more than killed
 * workers and clients who walked away; and no row changed without its event.
 *
 * 2,000 requests; 20,000 with SOAK set.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { SOAK, private_stack, sleep, until } from '../e2e/lib/stack.mjs';
import { UUID, bearer, initialize, legacy, modern } from '../e2e/lib/mcp.mjs';
import { more_tools } from '../e2e/lib/tools.mjs';

const REQUESTS = SOAK ? 20_000 : 2_000;
const CLIENTS = 16;
const WORKER_KILLS = SOAK ? 40 : 8;
const NOISE_PER_S = 5;		/* of 401s: above ten a second from one address they share an event */

const tools = more_tools(['nap']);
let stack, db, keys, pipelines;

before(async () => {
	stack = await private_stack('mixed', 120, { settings: { ...tools.settings, MCP_NODE_PER_MINUTE: 100000000 } });
	db = await stack.db('postgres_super');
	keys = { full: stack.key('bench'), read: stack.key('bench', 'read'), limited: [] };
	for (let i = 0; i < (SOAK ? 3 : 1); i++)
		keys.limited.push((await stack.new_tenant(`mixed-${i}`, 'professional')).key);
	pipelines = (await db.query('select id from planasonix.pipeline where tenant_id = $1 order by name limit 20',
		[stack.tenant('bench').id])).rows.map((r) => r.id);
	await watch_changes();
	await stack.serving();
});
after(() => stack?.down());
after(() => tools.remove());

/* Every change of a pipeline writes down on whose behalf it was made: what the events must account for. */
async function watch_changes() {
	await db.query(`create schema watch;
		create table watch.change (at timestamptz not null default clock_timestamp(), request text, pipeline uuid, tenant uuid);
		create function watch.note() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
		begin
			insert into watch.change (request, pipeline, tenant) values (current_setting('mcp.request', true), new.id, new.tenant_id);
			return null;
		end $$;
		revoke execute on function watch.note() from public;
		create trigger watch_note after update on planasonix.pipeline for each row execute function watch.note()`);
}

/* The same run every time: a small generator of numbers from 0 to 1. */
function numbers(seed) {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

const chance = numbers(20261120);
const pick = (list) => list[Math.floor(chance() * list.length)];
const call = (name, args, options) => modern('tools/call', { name, arguments: args }, options);
const raw = (body) => ({ headers: legacy('x').headers, body });

/* [share, kind, what to send]: key, request, and abort_ms for those who walk away. */
const KINDS = [
	[20, 'read', () => ({ key: keys.full, request: call('list_pipelines', { limit: 5 }) })],
	[8, 'read one', () => ({ key: keys.full, request: call('get_pipeline', { pipeline_id: pick(pipelines) }) })],
	[4, 'older read', () => ({ key: keys.read, request: legacy('tools/call',
		{ name: 'get_run_history', arguments: { pipeline_id: pick(pipelines) } }) })],
	[10, 'write', () => ({ key: keys.full, request: call(pick(['pause_pipeline', 'resume_pipeline']),
		{ pipeline_id: pick(pipelines) }) })],
	[3, 'older write', () => ({ key: keys.full, request: legacy('tools/call',
		{ name: pick(['pause_pipeline', 'resume_pipeline']), arguments: { pipeline_id: pick(pipelines) } }) })],
	[4, 'list', () => ({ key: keys.full, request: modern('tools/list') })],
	[2, 'handshake', () => ({ key: keys.full, request: pick([initialize(), legacy('ping'), modern('server/discover')]) })],
	[2, 'notification', () => ({ key: keys.full, request: raw('{"jsonrpc":"2.0","method":"notifications/initialized"}') })],
	[4, 'not found', () => ({ key: keys.full, request: call('get_pipeline', { pipeline_id: 'x' }) })],
	[3, 'write not found', () => ({ key: keys.full, request: call('pause_pipeline',
		{ pipeline_id: '00000000-0000-4000-8000-000000000000' }) })],
	[3, 'bad argument', () => ({ key: keys.full, request: call('get_pipeline', {}) })],
	[3, 'bad JSON', () => ({ key: keys.full, request: raw('{"jsonrpc":"2.0","id":1,') })],
	[2, 'bad header', () => ({ key: keys.full, request: call('list_pipelines', {}, { headers: { 'Mcp-Name': 'other' } }) })],
	[2, 'unknown method', () => ({ key: keys.full, request: pick([modern('no/such'), legacy('no/such')]) })],
	[2, 'unknown tool', () => ({ key: keys.full, request: call('no_such_tool', {}) })],
	[1, 'bad type', () => ({ key: keys.full, request: { ...modern('tools/list'),
		headers: { ...modern('tools/list').headers, 'Content-Type': 'text/plain' } } })],
	[5, 'denied write', () => ({ key: keys.read, request: call('pause_pipeline', { pipeline_id: pick(pipelines) }) })],
	[1, 'noise', () => ({ key: pick(['noise', stack.key('acme', 'revoked'), stack.key('acme', 'expired')]),
		request: modern('tools/list') })],
	[12, 'limited', () => ({ key: pick(keys.limited), request: call('list_pipelines', { limit: 1 }) })],
	[4, 'gone while it sleeps', () => ({ key: keys.full, request: call('nap', { seconds: 0.5 }), abort_ms: 20 + 200 * chance() })],
	[4, 'gone', () => ({ key: keys.full, request: call(pick(['list_pipelines', 'pause_pipeline']),
		{ pipeline_id: pick(pipelines) }), abort_ms: 1 + 4 * chance() })],
	[2, 'slow', () => ({ key: keys.full, request: call('nap', { seconds: 0.05 }) })],
];
const SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);
let noise_at_ms = 0;

function next_request() {
	let at = chance() * SHARES;
	const [, kind, make] = KINDS.find(([share]) => (at -= share) < 0) ?? KINDS[0];

	if (kind !== 'noise')
		return { kind, ...make() };
	if (performance.now() < noise_at_ms)
		return next_request();
	noise_at_ms = performance.now() + 1000 / NOISE_PER_S;
	return { kind, ...make() };
}

/* The outcome as a client would name it that knows the outcomes. */
function outcome_seen({ status, json }) {
	const text = json?.result?.isError ? json.result.content[0].text : '';

	if (status === 401 || status === 403 || /^Insufficient permissions/.test(text))
		return 'denied';
	if (status === 429)
		return 'rate_limited';
	if (status === 503)
		return 'unavailable';
	if (text)
		return 'tool_error';
	if (json?.error?.code === -32603)
		return 'internal';
	if (status >= 400 || json?.error)
		return 'bad_request';
	return 'ok';
}

const seen = [];		/* { id, outcome, kind } of each answer that a worker gave */
const tally = { sent: 0, walked_away: 0, lost: 0, broken: [] };
let workers_killed = 0;

async function one_client() {
	const pool = stack.pool(1);

	while (tally.sent < REQUESTS) {
		tally.sent++;
		const { kind, key, request, abort_ms } = next_request();
		try {
			const session = await stack.session_for(request, key).catch(() => ({}));	/* its worker was killed */
			const answer = await pool.send({ path: stack.endpoint, headers: { ...request.headers, ...bearer(key), ...session },
				body: request.body, abort_ms });
			if (answer.status === 404 && session['Mcp-Session-Id'])	/* Redis was killed, and has forgotten */
				stack.forget_sessions();
			const id = answer.headers['x-request-id'];
			if (UUID.test(id ?? ''))
				seen.push({ id, outcome: outcome_seen(answer), kind });
			else if (answer.status === 502)
				tally.lost++;
			else
				tally.broken.push(`${kind}: ${answer.status} without an id: ${answer.text.slice(0, 200)}`);
		} catch (trouble) {
			if (trouble.name === 'AbortError')
				tally.walked_away++;
			else
				tally.broken.push(`${kind}: ${trouble.message}`);
		}
	}
	pool.close();
}

const progress = (part) => until(`${part} of the requests`, () => tally.sent >= REQUESTS * part,
	{ timeout_ms: 600_000, every_ms: 20 });

/* Kills one or all processes of the pool; who has just ended by itself (its requests are done) is passed over. */
function kill(pool, { all = false } = {}) {
	for (const { pid } of stack.workers(pool).sort(() => chance() - 0.5))
		try {
			process.kill(pid, 'SIGKILL');
			if (!all)
				return;
		} catch (trouble) {
			if (trouble.code !== 'ESRCH')
				throw trouble;
		}
	assert.ok(all, `a worker of the pool ${pool} is there`);
}

/* Spread over the middle of the run. */
async function killer(say) {
	for (let i = 0; i < WORKER_KILLS; i++) {
		await progress(0.1 + 0.8 * i / WORKER_KILLS);
		kill('fast');
		workers_killed++;
		if (i % 3 === 1)
			kill('audit', { all: true });
		if (i % Math.ceil(WORKER_KILLS / 2) === 2) {
			await stack.ctl('kill9', 'redis');
			await sleep(300);
			await stack.ctl('start', 'redis');
			say(`Redis was away at ${tally.sent} requests`);
		}
	}
}

let events;

test(`${REQUESTS} requests while ${WORKER_KILLS} workers, the audit process and Redis are killed`, async (say) => {
	await Promise.all([killer(say), ...Array.from({ length: CLIENTS }, one_client)]);

	const kinds = [...new Set(seen.map((s) => s.outcome))].map((name) =>
		`${seen.filter((s) => s.outcome === name).length} ${name}`);
	say(`${tally.sent} sent: ${kinds.join(', ')}; ${tally.walked_away} walked away, ${tally.lost} lost to ${workers_killed} killed workers`);
	assert.deepEqual(tally.broken, [], 'requests without a proper answer');
	assert.ok(tally.lost <= workers_killed, `${tally.lost} answers were lost to ${workers_killed} killed workers`);
	for (const outcome of ['ok', 'tool_error', 'denied', 'rate_limited', 'bad_request'])
		assert.ok(seen.some((s) => s.outcome === outcome), `the run contains ${outcome}`);
	assert.ok(tally.walked_away > 0, 'some walked away');
}, { timeout_ms: 900_000 });

test('every answer has exactly one event, with the outcome the client saw', async (say) => {
	await until('all events have been shipped', async () => {
		const ids = new Set((events = await stack.events()).map((e) => e.id));
		return seen.every(({ id }) => ids.has(id));
	}, { timeout_ms: 30_000, every_ms: 500 }).catch(() => {});
	await sleep(1_000);
	events = await stack.events();

	const by_id = new Map();
	for (const event of events)
		by_id.set(event.id, [...(by_id.get(event.id) ?? []), event]);
	const wrong = seen.flatMap(({ id, outcome, kind }) => {
		const found = by_id.get(id) ?? [];
		if (found.length !== 1)
			return `${kind} ${id}: ${found.length} events`;
		return found[0].outcome === outcome ? []
			: `${kind} ${id}: the client saw ${outcome}, the event says ${found[0].outcome} ${found[0].code ?? ''}`;
	});

	say(`${events.length} events for ${seen.length} answers`);
	assert.equal(wrong.length, 0, `${wrong.length} wrong:\n${wrong.slice(0, 20).join('\n')}`);
	assert.equal(new Set(seen.map((s) => s.id)).size, seen.length, 'no id was given twice');
});

test('no event stands in the stream twice', () => {
	const once = new Set();
	const twice = events.map((e) => e.id).filter((id) => once.size === once.add(id).size);
	assert.deepEqual(twice.slice(0, 10), []);
});

test('ids that no client received: at most one per killed worker and one per client that walked away', (say) => {
	const known = new Set(seen.map((s) => s.id));
	const first = Math.min(...events.filter((e) => known.has(e.id)).map((e) => Date.parse(e.at)));
	/* What went before the run (stack and its checks) is not of it. */
	const strangers = events.filter((e) => !known.has(e.id) && Date.parse(e.at) >= first);
	const died = strangers.filter((e) => e.code === 'died');

	say(`${strangers.length} events without an answer: ${died.length} of dead workers, ${strangers.filter((e) => e.outcome === 'cancelled').length} cancelled`);
	assert.ok(died.length <= workers_killed, `${died.length} events of dead workers, ${workers_killed} were killed`);
	assert.ok(died.every((e) => e.outcome === 'internal'));
	assert.ok(died.length >= tally.lost, `${tally.lost} clients lost their answer, ${died.length} events tell of it`);
	assert.ok(strangers.length <= workers_killed + tally.walked_away,
		`${strangers.length} ids nobody received; ${workers_killed} workers were killed and ${tally.walked_away} clients walked away`);
});

test('the numbers of each worker have no gap', () => {
	const gaps = [];
	const by_worker = new Map();

	for (const e of events) {
		const name = `${e.node} ${e.worker}`;
		by_worker.set(name, [...(by_worker.get(name) ?? []), e.seq]);
	}
	for (const [name, seqs] of by_worker) {
		seqs.sort((a, b) => a - b);
		for (let i = 1; i < seqs.length; i++)
			if (seqs[i] !== seqs[i - 1] + 1)
				gaps.push(`worker ${name}: ${seqs[i - 1]} is followed by ${seqs[i]}`);
	}
	assert.deepEqual(gaps.slice(0, 10), []);
});

test('no row changed without its event', async (say) => {
	const { rows: changes } = await db.query('select request, pipeline, tenant from watch.change');
	const { rows: outbox } = await db.query('select id::text, tenant_id, event from mcp.audit_outbox');
	const recorded = new Map(outbox.map((o) => [o.id, o]));
	const changed = new Set(changes.map((c) => c.request));
	const streamed = new Map(events.map((e) => [e.id, e]));

	say(`${changes.length} changes, ${outbox.length} rows in the outbox`);
	assert.ok(changes.length > 0);
	assert.deepEqual(changes.filter((c) => !recorded.has(c.request)), [], 'changes without a row in audit_outbox');
	/* A write that found nothing is recorded as well, for what it is. */
	assert.deepEqual(outbox.filter((o) => changed.has(o.id) !== (o.event.outcome === 'ok')).slice(0, 5), [],
		'rows in audit_outbox that say ok without a change, or the reverse');
	assert.deepEqual(outbox.filter((o) => !/^(pause|resume)_pipeline$/.test(o.event.tool)), [], 'rows of something else');
	const differing = outbox.filter((o) => streamed.has(o.id)
		&& ['tenant', 'credential', 'tool', 'args_digest', 'at'].some((f) => streamed.get(o.id)[f] !== o.event[f]));
	assert.deepEqual(differing.map((o) => [o.event, streamed.get(o.id)]).slice(0, 2), [], 'stream and outbox tell the same');
	assert.deepEqual(outbox.filter((o) => !streamed.has(o.id)).map((o) => o.id), [],
		'rows in the outbox whose event never came to the stream');
	const writes_seen = seen.filter((s) => /write$/.test(s.kind) && s.outcome === 'ok');
	assert.deepEqual(writes_seen.filter((s) => !recorded.has(s.id)), [], 'writes answered ok without a row in audit_outbox');
});

await run();
