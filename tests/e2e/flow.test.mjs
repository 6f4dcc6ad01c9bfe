/*
 * flow: what happens between a call and its result, through nginx.
 *
 * Answers that become event streams, progress, log messages by level, cancellation down to PostgreSQL,
 * content and schemas by revision, arguments that headers repeat, trace contexts.  The catalog is one
 * of its own, catalogs/flow, with tools in C that take their time and say what they do.
 */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, must, private_stack, sleep, until } from './lib/stack.mjs';
import { MODERN, NS, bearer, check, initialize, legacy, modern } from './lib/mcp.mjs';

const HOME = path.join(ROOT, 'tests/e2e/catalogs/flow');
const ENDPOINT = '/flow/mcp';
const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', MODERN];
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-11111111111111111111111111111111-2222222222222222-00';

let stack, key, db;

async function serve_flow() {
	const file = path.join(stack.dir, 'nginx/mcp.conf');
	const text = readFileSync(file, 'utf8').replace('location = /planasonix/mcp {', `location = ${ENDPOINT} {
		set $mcp_catalog flow; set $mcp_endpoint mcp; include mcp.params; fastcgi_pass mcp_fast;\n}\n$&`);

	rmSync(file);		/* a link into the tree */
	writeFileSync(file, text);
	await stack.ctl('stop', 'nginx');
	await stack.ctl('start', 'nginx');
}

/* One slow worker: whether it serves the next request at once is seen by asking. */
before(async () => {
	stack = await private_stack('flow', 160, { settings: { MCP_SLOW_WORKERS: 1 } });
	const sql = path.join(stack.dir, 'sql'), tools = `${ROOT}/tools:${HOME}/tools`;
	const ctl = async (...words) => JSON.parse(await must(path.join(ROOT, 'build/mcpctl'), [...words, '--json'],
		{ env: { ...stack.env, MCP_TOOLS: tools, MCP_SQL: sql } }));

	cpSync(path.join(ROOT, 'sql'), sql, { recursive: true });
	cpSync(path.join(HOME, 'sql'), sql, { recursive: true });
	await ctl('migrate', '--catalog', 'flow');
	await stack.configure({ MCP_TOOLS: tools });
	await serve_flow();
	await ctl('tenant', 'add', '--catalog', 'flow', '--slug', 'acme', '--name', 'acme', '--plan', 'large');
	key = (await ctl('key', 'create', '--catalog', 'flow', '--tenant', 'acme', '--name', 'test', '--scope', '*')).secret;
	db = await stack.db('postgres_super');
});
after(() => stack?.down());

/* ---- asking ------------------------------------------------------------------------------------- */

/*
 * Posts and resolves, when the answer's head is there, to { status, headers, frames, ended,
 * leave() }: frames as { at_ms, json, text }, at_ms since the request; comments have no json.
 */
function stream({ headers, body }, more = {}) {
	const began = performance.now();
	const all = { ...headers, ...bearer(key), ...more, 'Content-Length': Buffer.byteLength(body) };

	return new Promise((resolve, refuse) => {
		const request = http.request({ host: stack.http.host, port: stack.http.port, path: ENDPOINT, method: 'POST',
			headers: all, agent: false }, (response) => {
			const got = { status: response.statusCode, headers: response.headers, frames: [], text: '', leave: () => request.destroy() };

			response.setEncoding('utf8');
			response.on('data', (chunk) => {
				got.text += chunk;
				got.frames = [...got.frames, ...frames_of(got, performance.now() - began)];
			});
			got.ended = new Promise((done) => response.on('close', () => done(got)));
			resolve(got);
		});
		request.on('error', refuse);
		request.end(body);
	});
}

/* Those that are whole in the text and were not there before. */
function frames_of(got, at_ms) {
	return got.text.split('\n\n').slice(got.frames.length, -1).map((text) => {
		const data = /^event: message\ndata: (.*)$/.exec(text);
		return { at_ms, text, json: data ? JSON.parse(data[1]) : undefined };
	});
}

const whole = async (request, more) => (await stream(request, more)).ended;
const told = ({ frames }) => frames.map(({ json }) => json);
const call = (name, args = {}, more = {}) => modern('tools/call', { name, arguments: args }, more);
const plain = async (name, args, more) => JSON.parse((await whole(call(name, args, more))).text);
const progress_of = (got) => told(got).filter((json) => json?.method === 'notifications/progress').map(({ params }) => params);
const logged_by = (got) => told(got).filter((json) => json?.method === 'notifications/message').map(({ params }) => params);

/* A session of an older revision: { ask(), id }. */
async function open_session(version) {
	const answer = await whole(initialize(version));
	const id = answer.headers['mcp-session-id'];

	assert.equal(JSON.parse(answer.text).result.protocolVersion, version);
	assert.ok(id);
	return { id, ask: (method, params, { id: number = 1, ...more } = {}) =>
		legacy(method, params, { id: number, version, headers: { 'Mcp-Session-Id': id, ...more } }) };
}

const old_call = (session, name, args = {}, { meta, ...more } = {}) =>
	session.ask('tools/call', { name, arguments: args, ...(meta ? { _meta: meta } : {}) }, more);

/* ---- streams ------------------------------------------------------------------------------------ */

test('a call that has nothing to say ahead is answered in JSON', async () => {
	const got = await whole(call('steps'));

	assert.match(got.headers['content-type'], /^application\/json/);
	assert.deepEqual(JSON.parse(got.text).result.structuredContent, { steps: 3 });
	assert.ok(got.headers['content-length']);
});

test('one that has is a stream, whose events leave when they happen', async () => {
	const got = await whole(call('steps', { n: 4, pause_ms: 300 }, { meta: { progressToken: 'a "token"' }, id: 'x/1' }));

	assert.equal(got.status, 200);
	assert.match(got.headers['content-type'], /^text\/event-stream/);
	assert.equal(got.headers['cache-control'], 'no-cache, no-transform');
	assert.equal(got.headers['content-length'], undefined);
	assert.ok(got.headers['x-request-id']);
	assert.doesNotMatch(got.text, /^(id|retry):/m);
	assert.deepEqual(progress_of(got), [0.5, 1, 1.5, 2].map((progress) =>
		({ progressToken: 'a "token"', progress, total: 2, message: 'A step.' })));
	assert.equal(got.frames.length, 5);
	assert.ok(got.frames.every(({ json }) => json), 'every frame is a message');
	const { id, result } = got.frames[4].json;
	assert.equal(id, 'x/1');
	assert.equal(result.resultType, 'complete');
	assert.deepEqual(result.structuredContent, { steps: 4 });
	for (const [i, { at_ms }] of got.frames.slice(1).entries())
		assert.ok(at_ms - got.frames[i].at_ms > 150, `event ${i + 1} came ${at_ms - got.frames[i].at_ms} ms after the one before`);
});

test('the audit has the event, and all its bytes', async () => {
	const got = await whole(call('steps', { n: 4, pause_ms: 0 }, { meta: { progressToken: 1 } }));
	const event = await stack.event(got.headers['x-request-id']);

	assert.equal(event.outcome, 'ok');
	assert.equal(event.pool, 'slow');
	assert.equal(event.bytes_out, told(got).reduce((n, json) => n + Buffer.byteLength(JSON.stringify(json)), 0));
});

test('an error at the end of a stream is its last event', async () => {
	const got = await whole(call('steps', { n: 2, fail: true }, { meta: { progressToken: 0 }, id: 9 }));

	assert.equal(got.status, 200);
	assert.deepEqual(progress_of(got).map(({ progressToken }) => progressToken), [0, 0]);
	assert.equal(got.frames.at(-1).json.id, 9);
	assert.deepEqual(got.frames.at(-1).json.result.isError, true);
	assert.match(got.frames.at(-1).json.result.content[0].text, /stumbled after 2/);
});

test('older clients: a token of either type, and no message of progress for the first revision', async () => {
	for (const version of REVISIONS.slice(0, 4)) {
		const session = await open_session(version);
		const got = await whole(old_call(session, 'steps', { n: 2 }, { meta: { progressToken: 7 } }));

		assert.deepEqual(progress_of(got).map(({ progressToken, progress, message }) => [progressToken, progress, message]),
			[[7, 0.5, version === '2024-11-05' ? undefined : 'A step.'], [7, 1, version === '2024-11-05' ? undefined : 'A step.']]);
		assert.equal(got.headers['mcp-session-id'], undefined);
		assert.equal(got.frames.at(-1).json.result.resultType, undefined);
	}
});

test('a client that takes no event stream is told nothing ahead', async () => {
	const got = await whole(call('steps', {}, { meta: { progressToken: 1 }, headers: { Accept: 'application/json' } }));

	assert.match(got.headers['content-type'], /^application\/json/);
});

test('in a batch nothing goes ahead', async () => {
	const session = await open_session('2025-03-26');
	const one = (id) => JSON.parse(old_call(session, 'steps', { n: 2 }, { id, meta: { progressToken: id } }).body);
	const { headers } = old_call(session, 'steps');
	const got = await whole({ headers, body: JSON.stringify([one(1), one(2)]) });

	assert.match(got.headers['content-type'], /^application\/json/);
	assert.deepEqual(JSON.parse(got.text).map(({ id, result }) => [id, result.isError ?? false]), [[1, false], [2, false]]);
	assert.ok((await stack.events_where('of the batch', (e) => e.pool === 'slow' && e.protocol === '2025-03-26', { least: 2 })).length >= 2);
});

test('a stream that is silent for 15 s sends a comment', async () => {
	const got = await whole(call('steps', { n: 1, pause_ms: 16_500 }, { meta: { progressToken: 1 } }));

	assert.deepEqual(got.frames.map(({ text }) => text.split('\n')[0]), ['event: message', ': keepalive', 'event: message']);
});

/* ---- log messages ------------------------------------------------------------------------------- */

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const spoken = (got) => logged_by(got).map(({ level, logger, data }) => {
	assert.deepEqual([logger, data], ['flow', level]);
	return level;
});

test('a modern client hears what it asked for in this request, and nothing unasked', async () => {
	assert.match((await whole(call('speak'))).headers['content-type'], /^application\/json/);
	for (const [i, level] of LEVELS.entries())
		assert.deepEqual(spoken(await whole(call('speak', {}, { meta: { [`${NS}logLevel`]: level } }))), LEVELS.slice(i));
});

test('an older one hears from info on, or from the level that its session has set', async () => {
	const session = await open_session('2025-11-25');

	assert.deepEqual(spoken(await whole(old_call(session, 'speak'))), LEVELS.slice(1));
	for (const level of ['debug', 'critical']) {
		assert.deepEqual(JSON.parse((await whole(session.ask('logging/setLevel', { level }))).text).result, {});
		assert.deepEqual(spoken(await whole(old_call(session, 'speak'))), LEVELS.slice(LEVELS.indexOf(level)));
	}
});

test('what is offered is what there is', async () => {
	const { result } = JSON.parse((await whole(modern('server/discover'))).text);

	assert.deepEqual(result.capabilities.logging, {});
	assert.deepEqual(result.capabilities.tools, { listChanged: true });
	assert.deepEqual(JSON.parse((await whole(initialize())).text).result.capabilities.logging, {});
	const other = await stack.post(modern('server/discover'), { key: stack.key('bench') });
	assert.equal(other.json.result.capabilities.logging, undefined, 'a catalog without tools in C does not log');
});

/* ---- cancellation ------------------------------------------------------------------------------- */

const sleeping = async () => (await db.query(
	"select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()")).rows[0].n;
const marks = async (text) => (await db.query('select count(*)::int as n from flow.mark where text = $1', [text])).rows[0].n;
const cancelled = async (tool, since) => (await stack.events_where(`${tool} cancelled`, (event) =>
	event.tool === tool && event.outcome === 'cancelled' && Date.parse(event.at) >= since - 5)).length;

/* Leaves in the middle of the call; then the worker must be free at once. */
async function leaves(request, tool) {
	const since = Date.now(), away = new AbortController();
	const url = `${stack.say.http_url}${ENDPOINT}`;
	const asked = fetch(url, { method: 'POST', ...request, headers: { ...request.headers, ...bearer(key) }, signal: away.signal });

	if (tool !== 'steps')
		await until('PostgreSQL is busy', async () => await sleeping() === 1);
	else
		await sleep(400);
	const left = performance.now();
	away.abort();
	await assert.rejects(asked.then((response) => response.text()));
	const [next] = await Promise.all([
		whole(call('steps', { n: 1, pause_ms: 0 })).then(() => performance.now() - left),
		until('the backend is free', async () => await sleeping() === 0, { timeout_ms: 1_000, every_ms: 20 }),
	]);
	assert.ok(next < 1_000, `the next call was answered after ${next} ms`);
	assert.equal(await cancelled(tool, since), 1);
}

test('a modern client that leaves: PostgreSQL stops, nothing is kept, the worker is free, the audit says it', async () => {
	await leaves(call('query', { seconds: 60, mark: 'left' }), 'query');
	assert.equal(await marks('left'), 0);
});

test('the same in a statement of a tool in C', () => leaves(call('rows', { rows: 1, seconds: 60 }), 'rows'));
test('the same while a tool sleeps', () => leaves(call('steps', { pause_ms: 30_000 }), 'steps'));
test('the same in the middle of a stream', () => leaves(call('steps', { pause_ms: 30_000 }, { meta: { progressToken: 1 } }), 'steps'));

test('an older client that leaves has not cancelled: the work goes on', async () => {
	const session = await open_session('2025-11-25');

	for (const meta of [undefined, { progressToken: 1 }]) {
		const mark = `stays ${JSON.stringify(meta)}`, away = new AbortController();
		const request = old_call(session, 'query', { seconds: 2, mark }, { meta });
		const asked = fetch(`${stack.say.http_url}${ENDPOINT}`, { method: 'POST', ...request, headers: { ...request.headers, ...bearer(key) },
			signal: away.signal });

		await until('PostgreSQL is busy', async () => await sleeping() === 1);
		away.abort();
		await assert.rejects(asked);
		await until('it is done', async () => await marks(mark) === 1, { timeout_ms: 4_000 });
	}
});

test('an older client that says so has: no response follows, and nothing is kept', async () => {
	const session = await open_session('2025-11-25');
	const cancel = (requestId) => whole({ headers: session.ask('x').headers,
		body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'enough' } }) });
	const since = Date.now();
	const asked = whole(old_call(session, 'query', { seconds: 60, mark: 'cancelled' }, { id: 'q' }));

	await until('PostgreSQL is busy', async () => await sleeping() === 1);
	for (const other of [1, 'p', null, {}])
		assert.equal((await cancel(other)).status, 202);
	await sleep(300);
	assert.equal(await sleeping(), 1, 'the request of another id is another request');
	assert.equal((await cancel('q')).status, 202);
	await until('the backend is free', async () => await sleeping() === 0, { timeout_ms: 1_000, every_ms: 20 });
	const got = await asked;
	assert.equal(got.status, 200);
	assert.match(got.headers['content-type'], /^text\/event-stream/);
	assert.equal(got.text, '');
	assert.equal(await marks('cancelled'), 0);
	assert.equal(await cancelled('query', since), 1);

	const streaming = await stream(old_call(session, 'steps', { n: 2, pause_ms: 30_000 }, { id: 5, meta: { progressToken: 5 } }));
	await until('a first event', () => streaming.frames.length === 1);
	assert.equal((await cancel(5)).status, 202);
	assert.equal((await streaming.ended).frames.length, 1, 'the stream ends without a response');
});

/* ---- content by revision ------------------------------------------------------------------------ */

/* The answer in that revision, and how the tool is listed there. */
async function in_revision(version, name, args = {}) {
	if (version === MODERN)
		return { result: (await plain(name, args)).result, tool: JSON.parse((await whole(modern('tools/list'))).text).result.tools
			.find((tool) => tool.name === name) };
	const session = await open_session(version);
	return { result: JSON.parse((await whole(old_call(session, name, args))).text).result,
		tool: JSON.parse((await whole(session.ask('tools/list', {}))).text).result.tools.find((tool) => tool.name === name) };
}

test('each revision gets the content it knows', async () => {
	const KINDS = { '2024-11-05': ['text', 'image', 'resource', 'text', 'resource', 'text'],
		'2025-03-26': ['text', 'image', 'audio', 'text', 'resource', 'text'] };

	for (const version of REVISIONS) {
		const { result, tool } = await in_revision(version, 'show');
		const structured = version >= '2025-06-18';

		assert.deepEqual(result.content.map(({ type }) => type),
			KINDS[version] ?? ['text', 'image', 'audio', 'resource_link', 'resource', 'text'], version);
		assert.equal(result.content[0].text, 'A text: ä.');
		assert.deepEqual(result.content[1], { type: 'image', data: 'cG5n', mimeType: 'image/png' });
		assert.deepEqual(result.content[4], { type: 'resource', resource: { uri: 'flow://embedded', mimeType: 'text/plain', text: 'embedded' } });
		assert.deepEqual(JSON.parse(result.content[5].text), { kinds: 5 });
		assert.deepEqual(result.structuredContent, structured ? { kinds: 5 } : undefined);
		assert.equal('outputSchema' in tool, structured);
		assert.equal('title' in tool, structured);
		assert.deepEqual(tool.inputSchema.properties.anything, version === MODERN ? true : {});
	}
});

test('a result that is a list is for the newest revision alone; others have its text', async () => {
	for (const version of REVISIONS) {
		const { result, tool } = await in_revision(version, 'listing');

		assert.deepEqual(result.structuredContent, version === MODERN ? [1] : undefined, version);
		assert.deepEqual(JSON.parse(result.content[0].text), [1]);
		assert.equal('outputSchema' in tool, version === MODERN);
	}
});

test('M25 a result that is not as promised is kept back, and the log says where', async () => {
	check(await stack.post(call('broken'), { key, path: ENDPOINT }), { status: 200, code: -32603, id: '1',
		also: ({ json }) => assert.equal(json.error.message, 'Internal error') });
	await until('a line in the log', () => /broken: the result is not as outputSchema says: .*count/.test(stack.log()));
});

test('rows are cut where the file says', async () => {
	assert.equal((await plain('rows', { rows: 10 })).result.content[0].text, '10 rows');
	assert.equal((await plain('rows', { rows: 11 })).result.content[0].text, '10 rows, and there are more');
});

/* ---- arguments that headers repeat -------------------------------------------------------------- */

const REGION = [
	['as it is', { region: 'Hello' }, { 'Mcp-Param-Region': 'Hello' }, true],
	['in base64', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8=?=' }, true],
	['in bad base64: no padding', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8?=' }, false],
	['in bad base64: other characters', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVs!!!bG8=?=' }, false],
	['what looks like base64', { region: 'SGVsbG8=' }, { 'Mcp-Param-Region': 'SGVsbG8=' }, true],
	['half a mark of base64', { region: '=?base64?SGVsbG8=' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8=' }, true],
	['beyond ASCII', { region: 'Zürich' }, { 'Mcp-Param-Region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=` }, true],
	['left out', { region: 'Hello' }, {}, false],
	['different', { region: 'Hello' }, { 'Mcp-Param-Region': 'hello' }, false],
	['another case of the name', { region: 'Hello' }, { 'mcp-param-REGION': 'Hello' }, true],
	['for no argument', {}, { 'Mcp-Param-Region': 'Hello' }, true],
	['for null', { region: null }, { 'Mcp-Param-Region': 'Hello' }, 'of the schema'],
	['unknown', {}, { 'Mcp-Param-Other': 'x' }, true],
	['twice', { region: 'Hello' }, { 'Mcp-Param-Region': ['Hello', 'Hello'] }, false],
	['a number', { shards: 42 }, { 'Mcp-Param-Shard-Count': '42' }, true],
	['a number with a fraction of none', { shards: 42 }, { 'Mcp-Param-Shard-Count': '42.0' }, true],
	['another number', { shards: 42 }, { 'Mcp-Param-Shard-Count': '43' }, false],
	['a boolean', { at: { dry: true } }, { 'Mcp-Param-Dry': 'true' }, true],
	['a boolean in capitals', { at: { dry: true } }, { 'Mcp-Param-Dry': 'True' }, false],
	['one of two', { region: 'a', shards: 1 }, { 'Mcp-Param-Region': 'a' }, false],
];

for (const [name, args, headers, good] of REGION)
	test(`an argument in a header: ${name}`, async () => {
		const got = await whole(call('region', args, { headers }));

		check({ ...got, json: JSON.parse(got.text) }, { status: good ? 200 : 400, code: good ? null : -32020, id: '1' });
		if (good === true)
			assert.ok(!JSON.parse(got.text).result.isError, got.text);
	});

test('an older client need not repeat them', async () => {
	const got = await whole(old_call(await open_session('2025-11-25'), 'region', { region: 'Hello' }));

	assert.equal(JSON.parse(got.text).result.isError, undefined);
});

/* ---- traces ------------------------------------------------------------------------------------- */

test('a trace context is noted, the one in _meta first, and a bad one is nobody\'s trouble', async () => {
	const rows = [
		[{}, { traceparent: PARENT }, PARENT],
		[{ traceparent: OTHER }, { traceparent: PARENT, tracestate: 'a=1', baggage: 'b=2' }, OTHER],
		[{ traceparent: 'nonsense', tracestate: 7, baggage: {} }, { traceparent: PARENT }, PARENT],
		[{}, { traceparent: 'nonsense' }, undefined],
		[{}, { traceparent: [PARENT, OTHER], tracestate: ['a=1', 'b=2'] }, undefined],
		[{}, {}, undefined],
	];

	for (const [meta, headers, wanted] of rows) {
		const got = await whole(call('speak', {}, { meta, headers }));
		assert.equal(got.status, 200, got.text);
		assert.equal((await stack.event(got.headers['x-request-id'])).trace, wanted, JSON.stringify([meta, headers]));
	}
});

/* ---- the official clients ----------------------------------------------------------------------- */

const CLIENTS = [
	['client 2.4, legacy', (log) => connect_new('legacy', log), false],
	['client 2.4, modern', (log) => connect_new({ pin: MODERN }, log), true],
	['sdk 1.32', connect_old, false],
];

async function connect_new(mode, log) {
	const client = new Client({ name: 'mcp-fpm-tests', version: '1' }, { versionNegotiation: { mode } });

	client.setNotificationHandler('notifications/message', ({ params }) => { log.push(params.level); });
	await client.connect(new StreamableHTTPClientTransport(new URL(`${stack.say.http_url}${ENDPOINT}`), { requestInit: { headers: bearer(key) } }));
	return { client, call: (name, args, options) => client.callTool({ name, arguments: args }, options) };
}

async function connect_old(log) {
	const client = new OldClient({ name: 'mcp-fpm-tests', version: '1' });

	client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { log.push(params.level); });
	await client.connect(new OldTransport(new URL(`${stack.say.http_url}${ENDPOINT}`), { requestInit: { headers: bearer(key) } }));
	return { client, call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options) };
}

for (const [name, connect, is_modern] of CLIENTS)
	test(`${name}: progress, log messages, and a call that is broken off`, async () => {
		const log = [], steps = [], since = Date.now();
		const { client, call: ask } = await connect(log);

		try {
			const { structuredContent } = await ask('steps', { n: 3, pause_ms: 20 }, { onprogress: ({ progress }) => steps.push(progress) });
			assert.deepEqual(structuredContent, { steps: 3 });
			assert.deepEqual(steps, [0.5, 1, 1.5]);
			await ask('speak', {});
			assert.deepEqual(log, is_modern ? [] : LEVELS.slice(1));

			const away = new AbortController();
			const asked = ask('query', { seconds: 60, mark: name }, { signal: away.signal });
			asked.catch(() => {});
			await until('PostgreSQL is busy', async () => await sleeping() === 1);
			away.abort();
			await assert.rejects(asked);
			await until('the backend is free', async () => await sleeping() === 0, { timeout_ms: 1_500, every_ms: 20 });
			assert.equal(await cancelled('query', since), 1);
			assert.equal((await ask('steps', { n: 1 }, {})).structuredContent.steps, 1, 'the client goes on');
		} finally {
			await client.close();
		}
		assert.equal(await marks(name), 0);
	});

await run();
