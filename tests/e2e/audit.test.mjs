/*
 * audit: what an event says, that a refusal has one too, and what must never stand in any of them.
 *
 * Reads the stream mcp:audit and mcp.audit_outbox as a consumer would.  That no event is lost or
 * doubled when things die is the business of tests/faults.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from './lib/tap.mjs';
import { private_stack, sleep } from './lib/stack.mjs';
import { UUID, bearer, initialize, legacy, modern } from './lib/mcp.mjs';

const ALWAYS = ['v', 'id', 'at', 'node', 'worker', 'seq', 'count', 'pool', 'outcome', 'duration_us', 'redis_us', 'sql_us',
	'upstream_us', 'bytes_in', 'bytes_out', 'ip'];
const SOMETIMES = ['catalog', 'tenant', 'workspace', 'principal', 'credential', 'credential_name', 'method', 'tool', 'code',
	'args_digest', 'protocol', 'client', 'trace'];
const PRIVATE = 'a-private-argument-4711';

let stack, db, key, pipeline;

before(async () => {
	stack = await private_stack('audit', 140);
	db = await stack.db();
	key = stack.key('bench');
	pipeline = (await db.query('select id from planasonix.pipeline where tenant_id = $1 limit 1',
		[stack.tenant('bench').id])).rows[0].id;
	await stack.serving();
});
after(() => stack?.down());

const event_of = async (answer) => stack.event(answer.headers['x-request-id']);
const post = (request, options = {}) => stack.post_in_session(request, { key, ...options });
const a_call = (name, args, options) => modern('tools/call', { name, arguments: args }, options);

test('an event says who, what, how it ended, and what it took', async () => {
	const request = a_call('get_pipeline', { pipeline_id: pipeline },
		{ headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
	const sent_ms = Date.now();
	const answer = await post(request);
	const took_us = (Date.now() - sent_ms + 1) * 1000;
	const event = await event_of(answer);
	const { rows: [credential] } = await db.query("select id, name from mcp.credential where tenant_id = $1 and name = 'full'",
		[stack.tenant('bench').id]);

	assert.deepEqual(Object.keys(event).filter((name) => ![...ALWAYS, ...SOMETIMES].includes(name)), [],
		'members the event does not have');
	assert.deepEqual(ALWAYS.filter((name) => !(name in event)), [], 'members that are missing');
	assert.equal(event.v, 1);
	assert.match(event.id, UUID);
	assert.match(event.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
	assert.ok(Math.abs(Date.parse(event.at) - sent_ms) < 2_000, `at ${event.at}`);
	assert.deepEqual([event.catalog, event.tenant, event.credential, event.credential_name],
		['planasonix', stack.tenant('bench').id, credential.id, 'full']);
	assert.deepEqual([event.method, event.tool, event.outcome, event.count, event.pool],
		['tools/call', 'get_pipeline', 'ok', 1, 'fast']);
	assert.ok(stack.workers('fast').some((p) => p.pid === event.worker), `worker ${event.worker}`);
	assert.equal(event.bytes_in, Buffer.byteLength(request.body));
	assert.equal(event.bytes_out, Buffer.byteLength(answer.text));
	assert.equal(event.protocol, '2026-07-28');
	assert.match(event.client, /mcp-fpm-tests/);
	assert.equal(event.ip, '127.0.0.1');
	assert.match(event.trace, /0af7651916cd43dd8448eb211c80319c/);
	assert.match(event.args_digest, /^[0-9a-f]{16,}$/);
	assert.ok(event.sql_us > 0 && event.sql_us <= event.duration_us && event.duration_us <= took_us,
		`sql ${event.sql_us}, duration ${event.duration_us}, seen ${took_us}`);
});

test('the digest of arguments: the same for the same, another for others', async () => {
	const digest = async (args) => (await event_of(await post(a_call('get_pipeline', args)))).args_digest;
	const [one, again, other] = [await digest({ pipeline_id: 'x' }), await digest({ pipeline_id: 'x' }),
		await digest({ pipeline_id: 'y' })];

	assert.equal(one, again);
	assert.notEqual(one, other);
});

/* [what, the request, outcome] */
const OUTCOMES = [
	['a read', () => [a_call('list_pipelines', { limit: 1 })], 'ok'],
	['a handshake', () => [initialize()], 'ok'],
	['a list', () => [legacy('tools/list', {})], 'ok'],
	['a notification', () => [{ headers: legacy('x').headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' }],
		'ok'],
	['an unknown id', () => [a_call('get_pipeline', { pipeline_id: 'x' })], 'tool_error'],
	['a missing argument', () => [a_call('get_pipeline', {})], 'tool_error'],
	['a write under a read key', () => [a_call('pause_pipeline', { pipeline_id: pipeline }), { key: stack.key('bench', 'read') }],
		'denied'],
	['a revoked key', () => [modern('tools/list'), { key: stack.key('acme', 'revoked') }], 'denied'],
	['noise for a key', () => [modern('tools/list'), { key: 'noise' }], 'denied'],
	['no key', () => [modern('tools/list'), { key: undefined }], 'denied'],
	['bad JSON', () => [{ headers: legacy('x').headers, body: '{' }], 'bad_request'],
	['an unknown method', () => [modern('no/such')], 'bad_request'],
	['an unknown tool', () => [a_call('no_such', {})], 'bad_request'],
	['a wrong header', () => [a_call('list_pipelines', {}, { headers: { 'Mcp-Name': 'other' } })], 'bad_request'],
	['another media type', () => [{ ...modern('tools/list'), headers: { 'Content-Type': 'text/plain' } }], 'bad_request'],
	['another origin', () => [modern('tools/list', {}, { headers: { Origin: 'https://evil.example' } })], 'bad_request'],
	['a body that is too large', () => [{ headers: legacy('x').headers, body: `"${'x'.repeat((1 << 20) - 1)}"` }], 'bad_request'],
];

for (const [what, ask, outcome] of OUTCOMES)
	test(`${what} has its event: ${outcome}`, async () => {
		const event = await event_of(await post(...ask()));

		assert.equal(event.outcome, outcome);
		assert.equal(event.count, 1);
		if (outcome !== 'ok' && outcome !== 'tool_error')
			assert.ok(event.code, 'a refusal names its code');
	});

test('each message of a batch has an event', async () => {
	const known = new Set((await stack.events()).map((e) => e.id));
	const messages = [{ jsonrpc: '2.0', id: 1, method: 'ping' },
		{ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'list_pipelines', arguments: { limit: 1 } } },
		{ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'get_pipeline', arguments: {} } },
			{ jsonrpc: '2.0', id: 4, method: 'no/such' }];

	await post({ headers: legacy('x', {}, { version: null }).headers, body: JSON.stringify(messages) });
	const news = await stack.events_where('of the batch', (e) => !known.has(e.id) && e.method !== 'initialize', { least: 4 });
	assert.deepEqual(news.map((e) => e.outcome).sort(), ['bad_request', 'ok', 'ok', 'tool_error']);
	assert.equal(new Set(news.map((e) => e.id)).size, 4);
	assert.deepEqual(news.map((e) => e.method).sort(), ['no/such', 'ping', 'tools/call', 'tools/call']);
});

test('a write has the same event in the stream and in its transaction', async () => {
	const answer = await post(a_call('resume_pipeline', { pipeline_id: pipeline }));
	const event = await event_of(answer);
	const { rows } = await db.query('select id::text, tenant_id, at, event from mcp.audit_outbox where id = $1', [event.id]);

	assert.equal(answer.json.result.isError ?? false, false);
	assert.equal(rows.length, 1);
	assert.equal(rows[0].tenant_id, stack.tenant('bench').id);
	for (const name of ['id', 'at', 'tenant', 'credential', 'tool', 'outcome', 'args_digest', 'client', 'ip'])
		assert.equal(rows[0].event[name], event[name], name);
});

test('a flood of bad keys is a few events that count them all', async (say) => {
	const known = new Set((await stack.events()).map((e) => e.id));
	const FLOOD = 200;
	const pool = stack.pool(8);
	const { headers, body } = modern('tools/list');

	await sleep(1_100);		/* so that none of what went before is counted with it */
	const statuses = await Promise.all(Array.from({ length: FLOOD },
		() => pool.send({ path: stack.endpoint, headers: { ...headers, ...bearer('noise') }, body })));
	assert.deepEqual(statuses.map((a) => a.status).filter((s) => s !== 401 && s !== 429), []);
	await sleep(1_500);
	await post(modern('tools/list'), { key: 'noise' });		/* what was held back goes with the next one */
	await sleep(1_500);
	const news = (await stack.events()).filter((e) => !known.has(e.id) && ['denied', 'rate_limited'].includes(e.outcome));
	const counted = news.reduce((sum, e) => sum + e.count, 0);

	say(`${news.length} events for ${counted} refusals`);
	assert.equal(counted, FLOOD + 1);
	assert.ok(news.length < FLOOD / 2, 'they are fewer than the requests');
});

test('no secret, no argument and no answer stands in an event, in the log, or in PostgreSQL\'s', async () => {
	await post(a_call('get_pipeline', { pipeline_id: PRIVATE }));
	const answer = await post(a_call('pause_pipeline', { pipeline_id: PRIVATE }), { headers: { 'X-Private': PRIVATE } });
	await event_of(answer);
	const places = { events: JSON.stringify(await stack.events()),
		outbox: JSON.stringify((await db.query('select event from mcp.audit_outbox')).rows),
		server: stack.log(), postgres: stack.log('postgres'), nginx: stack.log('nginx'), access: stack.log('access') };

	for (const [where, text] of Object.entries(places))
		for (const [what, secret] of [['a key', key], ['a revoked key', stack.key('acme', 'revoked')], ['an argument', PRIVATE]])
			assert.ok(!text.includes(secret), `${what} stands in: ${where}`);
	assert.ok(places.server.length > 0 && places.access.length > 0);
});

test('each request is one line of the log, and it is JSON', async () => {
	const answer = await post(a_call('list_pipelines', { limit: 1 }));
	const id = answer.headers['x-request-id'];

	await sleep(200);
	const lines = stack.log().split('\n').filter((line) => line.includes(id));
	assert.equal(lines.length, 1);
	assert.equal(JSON.parse(lines[0]).outcome, 'ok');
});

await run();
