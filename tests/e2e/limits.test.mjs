/*
 * limits: a plan is what a tenant gets, no less and hardly more, on however many connections and
 * nodes; and what one tenant loses by it, another does not notice.
 *
 * Bounds are those of the plan "professional": 60 a minute, a bucket of 60.  Time is the client's:
 * a call counts as served when its answer is here, so the server's own clock can only help.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from './lib/tap.mjs';
import { SOAK, private_stack, sleep } from './lib/stack.mjs';
import { bearer, check, initialize, legacy, modern } from './lib/mcp.mjs';
import { more_tools } from './lib/tools.mjs';

const PER_MINUTE = 60;
const PAIRS = SOAK ? 15 : 5;		/* of runs alone and beside somebody who is limited */
const RUN_S = SOAK ? 4 : 2;
const tools = more_tools();
let stack, second;
let names = 0;

before(async () => {
	stack = await private_stack('limits', 40, { settings: tools.settings });
	second = await stack.second();
	await stack.serving();
});
after(() => stack?.down());
after(() => tools.remove());

/* A new tenant has a full bucket. */
const fresh = (plan = 'professional') => stack.new_tenant(`limits-${++names}`, plan);
const a_call = () => modern('tools/call', { name: 'list_pipelines', arguments: { limit: 1 } });

/*
 * `clients` connections per place call for so long, each pausing between calls; gives every answer.
 * The pauses differ, or the connections would fall into step and come all at once.
 */
async function press(places, keys, { seconds, clients = 8, pause_ms = 40 }) {
	const stop_ms = performance.now() + seconds * 1000;
	const answers = [];

	await Promise.all(places.flatMap((to) => Array.from({ length: clients }, async (_, i) => {
		const pool = stack.pool(1, to);
		await sleep(pause_ms * Math.random());
		while (performance.now() < stop_ms) {
			const { headers, body } = a_call();
			answers.push(await pool.send({ path: stack.endpoint, headers: { ...headers, ...bearer(keys[i % keys.length]) },
				body }));
			await sleep(pause_ms * (0.5 + Math.random()));
		}
	})));
	return answers;
}

/* Served by t: at most 60 + t + 1, and from the second second on at least 60 + t - 2. */
function keeps_to_plan(answers, say) {
	const first_ms = Math.min(...answers.map((a) => a.started_ms));
	const served = answers.filter((a) => a.status === 200).map((a) => (a.ended_ms - first_ms) / 1000).sort((a, b) => a - b);
	const last = Math.max(...answers.map((a) => (a.ended_ms - first_ms) / 1000));

	say(`${answers.length} calls in ${last.toFixed(1)} s, ${served.length} served`);
	for (const [i, t] of served.entries())
		assert.ok(i + 1 <= PER_MINUTE + t + 1,
			`${i + 1} were served ${t.toFixed(2)} s after the first call: more than ${(PER_MINUTE + t + 1).toFixed(1)}`);
	for (let t = 2; t <= last - 0.5; t += 0.5) {
		const by_then = served.filter((s) => s <= t).length;
		assert.ok(by_then >= PER_MINUTE + t - 2,
			`${by_then} were served ${t} s after the first call: fewer than ${PER_MINUTE + t - 2}`);
	}
	const odd = answers.filter((a) => a.status !== 200 && a.status !== 429);
	assert.equal(odd.length, 0, `other answers: ${odd[0]?.status} ${odd[0]?.text}`);
	assert.ok(answers.some((a) => a.status === 429), 'some were refused');
	answers.filter((a) => a.status === 429).forEach((a) => refusal(a));
}

/* What a 429 must carry; id: the token of the request. */
function refusal(answer, id = '1') {
	check(answer, { status: 429, code: 429, id, headers: { 'Retry-After': /^[1-9]\d*$/, 'Content-Type': /^application\/json/ } });
	const found = Object.entries(answer.headers).filter(([name]) => /^(x-)?ratelimit-/.test(name));
	for (const kind of ['ratelimit-', 'x-ratelimit-'])
		for (const what of ['limit', 'remaining', 'reset'])
			assert.match(answer.headers[kind + what] ?? '', /^\d+$/, `${kind}${what}; there are ${JSON.stringify(found)}`);
	assert.equal(answer.headers['ratelimit-remaining'], '0', 'nothing remains');
}

test('one node, sixteen connections: 60 and one a second, no more and no less', async (say) => {
	const tenant = await fresh();
	keeps_to_plan(await press([stack.http], [tenant.key], { seconds: 12, clients: 16 }), say);
});

test('two nodes that share Redis count together', async (say) => {
	const tenant = await fresh();
	const places = [stack.http, { host: second.host, port: second.port }];
	const answers = await press(places, [tenant.key], { seconds: 12 });

	keeps_to_plan(answers, say);
});

test('two keys of one tenant share its bucket', async (say) => {
	const tenant = await fresh();
	const { secret } = await stack.new_key(tenant.slug);
	keeps_to_plan(await press([stack.http], [tenant.key, secret], { seconds: 6 }), say);
});

test('Retry-After is the truth: one call later is served', async () => {
	const tenant = await fresh();
	let refused;

	for (let i = 0; i < 80 && !refused; i++) {
		const answer = await stack.call(tenant.key, 'list_pipelines', { limit: 1 });
		refused = answer.status === 429 ? answer : null;
	}
	assert.ok(refused, 'the bucket can be emptied');
	await sleep(Number(refused.headers['retry-after']) * 1000);
	assert.equal((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status, 200);
});

for (const id of ['0', '"a-7"', '9007199254740993'])
	test(`the refusal carries the id ${id}`, async () => {
		const tenant = await fresh();
		const { headers, body } = modern('tools/call', { name: 'list_pipelines', arguments: {} }, { id: 'HERE' });
		const answers = [];

		while (answers.length < 80 && answers.at(-1)?.status !== 429)
			answers.push(await stack.post({ headers, body: body.replace('"HERE"', id) }, { key: tenant.key }));
		const others = answers.slice(0, -1).filter((a) => a.status !== 200);
		assert.equal(others.length, 0,
			`${others.length} of ${answers.length} answers before: ${others[0]?.status} ${others[0]?.text}`);
		refusal(answers.at(-1), id);
	});

test('shaking hands does not eat the plan', async () => {
	const tenant = await fresh();
	const kinds = [initialize(), legacy('ping'), legacy('tools/list', {}), modern('tools/list'), modern('server/discover')];

	for (let i = 0; i < 100; i++)
		assert.equal((await stack.post_in_session(kinds[i % kinds.length], { key: tenant.key })).status, 200);
	const statuses = [];
	for (let i = 0; i < PER_MINUTE; i++)
		statuses.push((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status);
	assert.deepEqual(statuses.filter((s) => s !== 200), [], 'all sixty calls of the plan');
});

test('shaking hands has a limit too, and it is the credential\'s own', async (say) => {
	const tenant = await fresh();
	const pool = stack.pool(8);
	const statuses = await Promise.all(Array.from({ length: 1000 }, () => pool.send({ path: stack.endpoint,
		headers: { ...modern('tools/list').headers, ...bearer(tenant.key) }, body: modern('tools/list').body })));
	const refused = statuses.filter((a) => a.status === 429);

	say(`${refused.length} of 1000 refused`);
	assert.ok(refused.length > 0 && refused.length <= 400, 'about 600 a minute are served');
	refused.forEach((a) => check(a, { status: 429, code: 429, id: '1', headers: { 'Retry-After': /^[1-9]\d*$/ } }));
	assert.equal((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status, 200, 'calls are counted elsewhere');
	assert.equal((await stack.post(modern('tools/list'), { key: stack.key('bench') })).status, 200, 'another key lists');
});

test('what is refused for its name, its method or its form counts like a list', async (say) => {
	const pool = stack.pool(8);
	const kinds = { 'an unknown tool': modern('tools/call', { name: 'no_such_tool', arguments: {} }), 'an unknown method': modern('no/such'),
		'no message': { headers: modern('ping').headers, body: '{' } };

	for (const [kind, { headers, body }] of Object.entries(kinds)) {
		const tenant = await fresh();
		const answers = await Promise.all(Array.from({ length: 700 }, () => pool.send({ path: stack.endpoint,
			headers: { ...headers, ...bearer(tenant.key) }, body })));
		const refused = answers.filter((a) => a.status === 429);

		say(`${kind}: ${refused.length} of 700 answered 429`);
		assert.ok(refused.length > 0 && refused.length <= 100, 'about 600 a minute are answered as they are');
		refused.forEach((a) => check(a, { status: 429, code: 429, headers: { 'Retry-After': /^[1-9]\d*$/ } }));
		assert.equal((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status, 200, 'calls are counted elsewhere');
	}
});

const batch = (n) => ({ headers: legacy('x', {}, { version: null }).headers,
	body: JSON.stringify(Array.from({ length: n }, (_, i) =>
	({ jsonrpc: '2.0', id: i, method: 'tools/call', params: { name: 'list_pipelines', arguments: { limit: 1 } } }))) });

test('a batch counts its number', async () => {
	const tenant = await fresh();
	for (let i = 0; i < 6; i++)
		check(await stack.post_in_session(batch(10), { key: tenant.key }), { status: 200 });
	check(await stack.post_in_session(batch(10), { key: tenant.key }), { status: 429, headers: { 'Retry-After': /^[1-9]\d*$/ } });
});

test('a batch is served whole or not at all', async () => {
	const tenant = await fresh();
	for (let i = 0; i < 5; i++)
		check(await stack.post_in_session(batch(11), { key: tenant.key }), { status: 200 });
	const started_ms = performance.now();		/* 5 are left, and one more each second */
	check(await stack.post_in_session(batch(12), { key: tenant.key }), { status: 429 });

	let served = 0;
	while ((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status === 200)
		served++;
	const gained = (performance.now() - started_ms) / 1000;
	assert.ok(served >= 5, `${served} single calls were served after the refused batch: it took some of the 5`);
	assert.ok(served <= 5 + 1 + Math.ceil(gained) + 1, `${served} single calls were served`);
});

test('a plan that does not include the server: 403 with the catalog\'s sentence', async () => {
	const { key } = await fresh('starter');
	for (const request of [modern('tools/list'), a_call(), initialize()])
		check(await stack.post(request, { key }), { status: 403, code: 403,
			also: ({ json }) => assert.match(json.error.message, /Professional/) });
});

test('a tool\'s own limit: five a minute, the others go on', async () => {
	const tenant = await fresh('enterprise');
	const statuses = [];
	for (let i = 0; i < 8; i++)
		statuses.push(await stack.call(tenant.key, 'rare'));
	assert.deepEqual(statuses.map((a) => a.status).slice(0, 5), [200, 200, 200, 200, 200]);
	statuses.slice(6).forEach((a) => refusal(a));
	assert.equal((await stack.call(tenant.key, 'list_pipelines', { limit: 1 })).status, 200);
	assert.equal((await stack.call(stack.key('bench'), 'rare')).status, 200, 'another tenant calls it');
});

test('calls in flight: what is above the plan is refused, and the place is free again afterwards', async () => {
	const db = await stack.db();
	const tenant = await fresh('premium');
	await db.query("update mcp.plan set in_flight = 2 where catalog = 'planasonix' and name = 'premium'");
	await sleep(1_100);

	const naps = await Promise.all(Array.from({ length: 5 }, () => stack.call(tenant.key, 'nap', { seconds: 1 })));
	const counts = [200, 429].map((status) => naps.filter((a) => a.status === status).length);
	assert.deepEqual(counts, [2, 3], `statuses ${naps.map((a) => a.status)}`);
	naps.filter((a) => a.status === 429).forEach((a) =>
		check(a, { status: 429, code: 429, id: '1', headers: { 'Retry-After': /^[1-9]\d*$/ } }));
	assert.deepEqual((await Promise.all([1, 2].map(() => stack.call(tenant.key, 'nap', { seconds: 0 })))).map((a) => a.status),
		[200, 200]);
});

/*
 * Alternating runs, so that whatever else this machine does falls on both kinds alike.  Where the first pairs leave it
 * open, further ones are taken and all of them count.
 */
test('another tenant\'s p99 stays within half of what it is alone', async (say) => {
	const limited = await fresh();
	const ratios = [];
	const median = () => ratios.sort((a, b) => a - b)[ratios.length >> 1];

	await press([stack.http], [stack.key('globex')], { seconds: 1, clients: 2, pause_ms: 10 });	/* warm */
	while (ratios.length < PAIRS || (median() > 1.5 && ratios.length < 3 * PAIRS)) {
		const alone = await p99_of(stack.key('bench'));
		const [beside] = await Promise.all([p99_of(stack.key('bench')),
			press([stack.http], [limited.key], { seconds: RUN_S, clients: 8, pause_ms: 80 })]);
		ratios.push(beside / alone);
		say(`p99 alone ${alone.toFixed(2)} ms, beside ${beside.toFixed(2)} ms`);
	}
	assert.ok(median() <= 1.5, `median of ${ratios.length} ratios is ${median().toFixed(2)}: ${ratios.map((r) => r.toFixed(2))}`);
}, { timeout_ms: 180_000 });

/* Four clients, each calling every 10 ms at most. */
async function p99_of(key) {
	const answers = await press([stack.http], [key], { seconds: RUN_S, clients: 4, pause_ms: 10 });
	const times = answers.map((a) => a.ended_ms - a.started_ms).sort((a, b) => a - b);

	assert.ok(answers.every((a) => a.status === 200), 'all were served');
	return times[Math.floor(times.length * 0.99)];
}

await run();
