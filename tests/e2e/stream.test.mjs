/*
 * stream: what is held open: subscriptions/listen, the GET stream of older revisions, the transport of
 * 2024-11-05.
 *
 * How they open, what is tagged, who is refused, how they end: by the client, by a credential, by a
 * reload, by a stop, by not reading.  What is told to whom is fanout's matter; how many fit, is
 * faults/streams.
 */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, private_stack, sleep, until } from './lib/stack.mjs';
import { MODERN, NS, bearer, check, initialize, legacy, modern, session_header } from './lib/mcp.mjs';
import { listen, open } from './lib/listen.mjs';

const ACK_MS = 800;		/* as long as the conformance suite waits */
const TOLD_MS = 1500;

let stack, db, redis, key, acme, pipeline;

before(async () => {
	stack = await private_stack('stream', 240, { settings: { MCP_NODE_PER_MINUTE: 1000000 } });
	db = await stack.db('postgres_super');
	redis = stack.redis();
	[key, acme] = [stack.key('acme'), stack.tenant('acme').id];
	const { rows } = await db.query('select id from planasonix.pipeline where tenant_id = $1 order by id limit 1', [acme]);
	pipeline = `planasonix://pipelines/${rows[0].id}`;
	await stack.serving();
});
after(() => stack?.down());

const tools = { toolsListChanged: true };
const tell_tools = (tenant = acme) => db.query('select mcp.list_changed($1, \'tools\')', [tenant]);
const tell_resource = (uri, tenant = acme) => db.query('select mcp.resource_changed($1, $2)', [tenant, uri]);
const heard = (listener, word) => until(`to hear ${word}`, () => listener.heard.includes(word), { timeout_ms: TOLD_MS, every_ms: 10 });
const ended = (listener, timeout_ms = 5000) => until('the end of a stream', () => listener.ended, { timeout_ms, every_ms: 10 });
const tag = (message) => (message.params ?? message.result)._meta[`${NS}subscriptionId`];
const ask = (params, options = {}) => stack.post(modern('subscriptions/listen', params, options), { key, ...options });

/* An event stream of the two older transports. */
const get = async (session, { path = stack.endpoint, ...more } = {}) => {
	const stream = await open(stack.http, path, { headers: { Accept: 'text/event-stream', ...bearer(key), ...(session ? session_header(session) : {}), ...more } }, 'GET');
	stack.clients.push(() => stream.close());
	return stream;
};

/* ---- listens ---------------------------------------------------------------------------------- */

for (const id of [7, 0, 1795185291123, 'listen:0', 'ü"\\'])
	test(`a listen with the id ${JSON.stringify(id)}: acknowledged at once, and every frame carries it`, async () => {
		const from = performance.now();
		const listener = await listen(stack, key, { ...tools, resourceSubscriptions: [pipeline] }, { id });

		assert.ok(performance.now() - from < ACK_MS, 'the acknowledgement took too long');
		assert.deepEqual(listener.honoured, { toolsListChanged: true, resourceSubscriptions: [pipeline] });
		assert.match(listener.response.headers['content-type'], /^text\/event-stream/);
		assert.equal(listener.response.headers['cache-control'], 'no-cache, no-transform');
		assert.equal(listener.response.headers['mcp-session-id'], undefined);
		await tell_tools();
		await tell_resource(pipeline);
		await heard(listener, 'tools');
		await heard(listener, pipeline);
		assert.deepEqual(listener.messages.map(tag), listener.messages.map(() => id));
		listener.close();
	});

test('what is not there or not open to the caller is dropped without a word', async () => {
	const { rows } = await db.query('select id from planasonix.pipeline where tenant_id = $1 limit 1', [stack.tenant('globex').id]);
	const listener = await listen(stack, key, { ...tools, promptsListChanged: false,
		resourceSubscriptions: [`planasonix://pipelines/${rows[0].id}`, 'planasonix://nowhere', pipeline, 'x'.repeat(2000)] });

	assert.deepEqual(listener.honoured, { toolsListChanged: true, resourceSubscriptions: [pipeline] });
	listener.close();
});

for (const [name, params, want] of [
	['M32: no notifications', {}, { code: -32602 }],
	['M32: notifications that are no object', { notifications: [tools] }, { code: -32602 }],
	['a switch that is none', { notifications: { toolsListChanged: 'yes' } }, { code: -32602 }],
	['resources that are no list', { notifications: { resourceSubscriptions: 'a' } }, { code: -32602 }],
	['resources that are no texts', { notifications: { resourceSubscriptions: [1] } }, { code: -32602 }],
	['101 resources', { notifications: { resourceSubscriptions: Array(101).fill(0).map((_, i) => `a:${i}`) } }, { code: -32602 }],
	['tasks of a client without them', { notifications: { taskIds: ['a'] } }, { status: 400, code: -32021 }],
])
	test(`${name}: ${want.status ?? 200} ${want.code}`, async () => {
		const answer = await ask(params, { id: 'm' });

		check(answer, { status: 200, id: '"m"', ...want });
		if (want.code === -32021)
			assert.deepEqual(answer.json.error.data.requiredCapabilities, { extensions: { [`${NS}tasks`]: {} } });
	});

for (const filter of [{}, { toolsListChanged: false }, { resourceSubscriptions: ['planasonix://nowhere'] }])
	test(`M33: nothing of ${JSON.stringify(filter)} is honoured: acknowledged, then the result, then the end`, async () => {
		const listener = await listen(stack, key, filter, { id: 'none' });

		await ended(listener);
		assert.deepEqual(listener.honoured, {});
		assert.equal(listener.messages.length, 2);
		assert.equal(listener.messages[1].id, 'none');
		assert.equal(listener.result.resultType, 'complete');
		assert.equal(listener.result._meta[`${NS}serverInfo`].name, 'planasonix');
		assert.equal(tag(listener.messages[1]), 'none');
	});

test('M34: a plan\'s number of streams, over all workers; who leaves makes room', async () => {
	const tenant = await stack.new_tenant('streams-three', 'premium');
	const refused = () => stack.post(modern('subscriptions/listen', { notifications: tools }, { id: 'four' }), { key: tenant.key });

	await db.query('update mcp.plan set streams = 3 where catalog = \'planasonix\' and name = \'premium\'');
	const three = await Promise.all([1, 2, 3].map((id) => listen(stack, tenant.key, tools, { id })));
	for (let i = 0; i < 4; i++)
		check(await refused(), { status: 200, code: -32603, id: '"four"', also: ({ json }) => assert.match(json.error.message, /^Subscription limit reached/) });
	three[1].close();
	const again = await until('room', () => listen(stack, tenant.key, tools).catch(() => null));
	for (const listener of [...three, again])
		listener.close();
	await db.query('update mcp.plan set streams = 100 where catalog = \'planasonix\' and name = \'premium\'');
});

test('a stream beyond the plan leaves nothing behind that keeps the next one out', async () => {
	const tenant = await stack.new_tenant('streams-one', 'premium');
	const sessions = async () => (await Promise.all((await redis.send('KEYS', `mcp:${tenant.id}:sessions:*`)).map((name) => redis.send('ZCARD', name))))
		.reduce((sum, n) => sum + n, 0);
	const refused = async (session, path) => check(await stack.post({ headers: { Accept: 'text/event-stream', ...session_header(session) }, body: '' },
		{ key: tenant.key, method: 'GET', path }), { status: 429, code: -32603, id: null });

	await db.query('update mcp.plan set streams = 1 where catalog = \'planasonix\' and name = \'premium\'');
	const session = await stack.new_session(tenant.key);
	const only = await listen(stack, tenant.key, tools);
	await refused(session, stack.endpoint);
	for (let i = 0; i < 3; i++)
		await refused(undefined, '/planasonix/sse');
	await until('the sessions of refused streams to be over', async () => await sessions() === 1, { timeout_ms: TOLD_MS });
	only.close();
	const stream = await until('room', async () => {
		const got = await get(session, { ...bearer(tenant.key) });
		return got.status === 200 ? got : null;
	}, { timeout_ms: 2000 });
	stream.close();
	await db.query('update mcp.plan set streams = 100 where catalog = \'planasonix\' and name = \'premium\'');
});

test('a stream worker that dies takes its streams with it, and gives their seats back', async () => {
	const tenant = await stack.new_tenant('streams-dead', 'premium');
	const open_two = () => Promise.all([1, 2].map((id) => listen(stack, tenant.key, tools, { id }))).catch(() => null);

	await db.query('update mcp.plan set streams = 2 where catalog = \'planasonix\' and name = \'premium\'');
	const streams = await until('two streams', open_two);
	for (const { pid } of stack.workers('stream'))
		process.kill(pid, 'SIGKILL');
	for (const listener of streams)
		await ended(listener);
	const next = await until('two others', open_two);
	for (const listener of next)
		listener.close();
	await db.query('update mcp.plan set streams = 100 where catalog = \'planasonix\' and name = \'premium\'');
});

test('each opening and each refusal is an event, whose id the answer carries', async () => {
	const listener = await listen(stack, key, tools);
	const event = await stack.event(listener.response.headers['x-request-id']);
	const refused = await ask({}, {});

	assert.deepEqual([event.pool, event.method, event.outcome, event.tenant, event.protocol, event.client],
		['stream', 'subscriptions/listen', 'ok', acme, MODERN, 'mcp-fpm-tests/1']);
	assert.equal((await stack.event(refused.headers['x-request-id'])).outcome, 'bad_request');
	listener.close();
});

/* ---- how they end ----------------------------------------------------------------------------- */

async function ends_gracefully(listener, id) {
	await ended(listener);
	assert.equal(listener.messages.at(-1).id, id);
	assert.equal(listener.result.resultType, 'complete');
	assert.equal(tag(listener.messages.at(-1)), id);
}

test('a credential that is revoked ends its streams, and no other\'s', async () => {
	const other = await listen(stack, key, tools);
	const { id, secret } = await stack.new_key('acme');
	const listener = await listen(stack, secret, tools, { id: 'r' });

	await stack.mcpctl('key', 'revoke', id);
	await ends_gracefully(listener, 'r');
	assert.equal(other.ended, false);
	other.close();
});

test('a credential that expires ends its streams at that time', async () => {
	const { id, secret } = await stack.new_key('acme');

	await db.query('update mcp.credential set expires_at = now() + interval \'3 s\' where id = $1', [id]);
	const from = performance.now();
	const listener = await listen(stack, secret, tools, { id: 'e' });

	await ends_gracefully(listener, 'e');
	assert.ok(performance.now() - from > 2000, 'it ended too early');
	assert.ok(performance.now() - from < 5000, 'it ended too late');
});

test('a reload ends every stream with its result, and the next generation takes new ones', async () => {
	const listeners = await Promise.all([1, 2, 3, 4].map((id) => listen(stack, key, tools, { id })));
	const session = await stack.new_session(key);
	const stream = await get(session);

	assert.equal((await stack.reload()).status, 0);
	for (const [i, listener] of listeners.entries())
		await ends_gracefully(listener, i + 1);
	await ended(stream);
	const next = await listen(stack, key, tools);
	await tell_tools();
	await heard(next, 'tools');
	const again = await get(session);
	assert.equal(again.status, 200);
	again.close();
	next.close();
});

test('a reload with another list: who asked is told before the end', async () => {
	const folder = path.join(stack.dir, 'tools');
	const file = path.join(folder, 'planasonix/list_pipelines.json');

	cpSync(path.join(ROOT, 'tools'), folder, { recursive: true });
	await stack.configure({ MCP_TOOLS: folder, MCP_SQL: path.join(ROOT, 'sql') });
	const listener = await listen(stack, key, tools, { id: 'l' });
	const prompts = await listen(stack, key, { promptsListChanged: true }, { id: 'p' });
	const tool = JSON.parse(readFileSync(file, 'utf8'));
	writeFileSync(file, JSON.stringify({ ...tool, description: `${tool.description} Changed.` }));
	assert.equal((await stack.reload()).status, 0);
	await ends_gracefully(listener, 'l');
	await ends_gracefully(prompts, 'p');
	assert.deepEqual([listener.heard, prompts.heard], [['tools'], []]);
});

test('a stop, too; and none is left behind', async () => {
	const listener = await listen(stack, key, tools, { id: 's' });
	const from = performance.now();

	await stack.ctl('stop', 'fpm');
	await ends_gracefully(listener, 's');
	assert.ok(performance.now() - from < 10_000, 'the stop took too long');
	await stack.ctl('start', 'fpm');
	await stack.serving();
});

/* A client that sends a listen and never reads an answer; resolves to its socket. */
async function deaf(filter) {
	const { headers, body } = modern('subscriptions/listen', { notifications: filter });
	const socket = net.connect({ host: stack.http.host, port: stack.http.port });
	const rows = Object.entries({ Host: `${stack.http.host}:${stack.http.port}`, ...headers, ...bearer(key), 'Content-Length': Buffer.byteLength(body) });

	socket.pause();
	socket.on('error', () => {});
	socket.write(`POST ${stack.endpoint} HTTP/1.1\r\n${rows.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
	stack.clients.push(() => socket.destroy());
	await sleep(500);
	return socket;
}

test('who never reads loses its stream, and costs nobody else anything', async () => {
	const socket = await deaf({ resourceSubscriptions: [pipeline] });
	const good = await listen(stack, key, { resourceSubscriptions: [pipeline] });
	const pad = 'x'.repeat(900);
	const lost = () => stack.log().includes('it does not read');

	let sent = 0;
	while (!lost() && sent < 60_000) {
		for (let i = 0; i < 100; i++)
			await redis.send('PUBLISH', 'mcp:notify', JSON.stringify({ v: 1, kind: 'resource', catalog: 'planasonix', tenant: acme,
				uri: `${pipeline}/${pad}/${sent++}` }));
		await until('the other to hear all', () => good.messages.length === sent + 1, { timeout_ms: 20_000, every_ms: 1 });
	}
	assert.ok(lost(), 'the stream that nobody reads is still open');
	assert.equal(good.ended, false);
	good.close();
	socket.destroy();
});

/* ---- older revisions -------------------------------------------------------------------------- */

test('GET: lists without a tag, and the resources of its session', async () => {
	const session = await stack.new_session(key);
	const stream = await get(session);
	const subscribe = (method) => stack.post(legacy(method, { uri: pipeline }), { key, headers: session_header(session) });

	assert.equal(stream.status, 200);
	assert.match(stream.response.headers['content-type'], /^text\/event-stream/);
	await tell_tools();
	await heard(stream, 'tools');
	assert.deepEqual(stream.messages.map(({ at_ms, ...message }) => message), [{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]);
	check(await subscribe('resources/subscribe'), { status: 200, code: null });
	await tell_resource(`${pipeline}/runs/1`);
	await heard(stream, `${pipeline}/runs/1`);
	check(await subscribe('resources/unsubscribe'), { status: 200, code: null });
	stream.forget();
	await tell_resource(pipeline);
	await tell_tools(stack.tenant('globex').id);
	await sleep(500);
	assert.deepEqual(stream.heard, []);
	stream.close();
});

test('GET: a second one is 409, until the first has left', async () => {
	const session = await stack.new_session(key);
	const first = await get(session);
	const second = () => stack.post({ headers: { Accept: 'text/event-stream', ...session_header(session) }, body: '' }, { key, method: 'GET' });

	for (let i = 0; i < 3; i++)
		check(await second(), { status: 409, code: -32000, id: null });
	first.close();
	const again = await until('room for another', async () => {
		const stream = await get(session);
		return stream.status === 200 ? stream : null;
	}, { timeout_ms: 2000 });
	again.close();
});

test('GET: the claim of a worker that was killed keeps nobody out', async () => {
	const session = await stack.new_session(key);
	const first = await get(session);

	assert.equal(first.status, 200);
	await until('its claim to be held', async () => (await redis.send('GET', `mcp:stream:${session}`)).includes(' '));
	for (const { pid } of stack.workers('stream'))
		process.kill(pid, 'SIGKILL');
	await ended(first);
	const again = await until('another stream', async () => {
		const stream = await get(session);
		return stream.status === 200 ? stream : null;
	}, { timeout_ms: 8000 });
	again.close();
});

test('GET: Last-Event-ID is 400, because nothing is kept', async () => {
	const session = await stack.new_session(key);

	check(await stack.post({ headers: { Accept: 'text/event-stream', 'Last-Event-ID': 'x', ...session_header(session) }, body: '' },
		{ key, method: 'GET' }), { status: 400, code: -32000, id: null });
});

test('2024-11-05: the endpoint first, answers on the stream, and a session as long as that', async () => {
	const stream = await get(null, { path: '/planasonix/sse' });
	const endpoint = await until('the endpoint', () => stream.endpoint, { timeout_ms: TOLD_MS, every_ms: 10 });

	assert.match(endpoint, /^\/planasonix\/messages\?sessionId=[\w-]{43}$/);
	const say = (request) => stack.post(request, { key, path: endpoint });
	const answer = (id) => until(`the answer to ${id}`, () => stream.messages.find((message) => message.id === id), { timeout_ms: TOLD_MS, every_ms: 10 });

	check(await say(initialize('2024-11-05')), { status: 202 });
	assert.equal((await answer(1)).result.protocolVersion, '2024-11-05');
	check(await say(legacy('tools/call', { name: 'list_pipelines', arguments: {} }, { id: 2, version: null })), { status: 202 });
	assert.ok(Array.isArray((await answer(2)).result.content));
	await tell_tools();
	await heard(stream, 'tools');
	stream.close();
	await until('the end of the session', async () => (await say(legacy('ping', {}, { id: 3, version: null }))).status === 404, { timeout_ms: 3000 });
});

/* As many answers as calls may be in flight, in one turn of the worker's loop. */
test('2024-11-05: forty answers at once, and the stream stays', async () => {
	const stream = await get(null, { path: '/planasonix/sse' });
	const endpoint = await until('the endpoint', () => stream.endpoint, { timeout_ms: TOLD_MS, every_ms: 10 });
	const answers = () => stream.messages.filter(({ result }) => result).length;

	await redis.send('EVAL', `for i = 1, 40 do redis.call('PUBLISH', 'mcp:notify', '{"v":1,"kind":"session","session":"' .. ARGV[1] .. '"}\\n'
		.. '{"jsonrpc":"2.0","id":' .. i .. ',"result":{"text":"' .. string.rep('x', 50000) .. '"}}') end`, '0', endpoint.split('=')[1]);
	await until('all of them', () => answers() === 40 || stream.ended, { timeout_ms: 5000, every_ms: 10 });
	assert.deepEqual([answers(), stream.ended], [40, false]);
	stream.close();
});

test('2024-11-05: a stream whose session Redis has lost ends, and its client opens another; others stay', async () => {
	const [lost, kept] = [await get(null, { path: '/planasonix/sse' }), await get(null, { path: '/planasonix/sse' })];
	const endpoint = await until('the endpoints', () => kept.endpoint && lost.endpoint, { timeout_ms: TOLD_MS, every_ms: 10 });

	assert.equal(await redis.send('DEL', `mcp:session:${endpoint.split('=')[1]}`), 1);
	check(await stack.post(legacy('ping', {}, { version: null }), { key, path: endpoint }), { status: 404, code: -32001 });
	await ended(lost, 7000);
	check(await stack.post(legacy('ping', {}, { version: null }), { key, path: kept.endpoint }), { status: 202 });
	assert.equal(kept.ended, false);
	kept.close();
});

/* ---- Redis away ------------------------------------------------------------------------------- */

test('without Redis nothing that is open closes, new ones open, and what was missed is made up for', async () => {
	const listener = await listen(stack, key, tools);
	const stream = await get(await stack.new_session(key));

	await stack.ctl('stop', 'redis');
	const from = performance.now();
	const next = await listen(stack, key, tools, { id: 'away' });
	assert.ok(performance.now() - from < 5000, 'it took too long to open');
	await tell_tools();			/* PostgreSQL's own news need no Redis */
	for (const one of [listener, next, stream]) {
		await heard(one, 'tools');
		one.forget();
	}
	await sleep(6000);
	await stack.ctl('start', 'redis');
	for (const one of [listener, next, stream]) {
		await until('the gap to be closed', () => one.heard.includes('tools'), { timeout_ms: 10_000 });
		assert.equal(one.ended, false);
		one.close();
	}
});

/* ---- a worker's own cap ------------------------------------------------------------------------ */

test('MCP_STREAMS_MAX: beyond it a listen is -32603, and the others stay', async () => {
	await stack.configure({ MCP_STREAMS_MAX: 2, MCP_STREAM_WORKERS: 2 });
	const open_now = [];

	for (let i = 0; i < 4; i++)
		open_now.push(await until('room in one of the workers', () => listen(stack, key, tools, { id: i }).catch(() => null)));
	check(await ask({ notifications: tools }, { id: 5 }), { status: 200, code: -32603, id: '5' });
	await tell_tools();
	for (const listener of open_now)
		await heard(listener, 'tools');
	for (const listener of open_now)
		listener.close();
});

await run(import.meta.url);
