/*
 * session: batches, sessions and the older revisions, a row each.
 *
 * A row is a request and what must come back: status, code, id token, headers.  The rows ask the
 * shared stack, as the tenant "bench", whom no limit stops.  What changes a server (Redis that goes
 * away, sessions that expire in two seconds) has a stack of its own.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { exchange, message } from './lib/wire.mjs';
import { example_files, more_tools } from './lib/tools.mjs';
import { must, private_stack, shared_stack, sleep, until } from './lib/stack.mjs';
import { ACCEPT, LEGACY, MODERN, bearer, check, envelope, initialize, legacy, modern, session_header } from './lib/mcp.mjs';

const stack = shared_stack();
const key = stack.key('bench');
const other = stack.key('globex');
const NEWEST = LEGACY[0];
const ANSWER_MS = 5_000;	/* whatever is away */

const bent = (request, headers, more = {}) => ({ ...request, headers: { ...request.headers, ...headers }, ...more });
const raw = (body, headers = {}) => ({ headers: { 'Content-Type': 'application/json', Accept: ACCEPT, ...headers }, body });
const good = (extra = {}) => ({ status: 200, code: null, headers: { 'Content-Type': /^application\/json/ }, ...extra });
const plain = (id, method, params) => ({ jsonrpc: '2.0', id, method, params });
const told = (method, params) => ({ jsonrpc: '2.0', method, params });
const list = (options) => legacy('tools/list', {}, options);
const ping = (options) => legacy('ping', undefined, options);
const call = (args = { limit: 1 }) => legacy('tools/call', { name: 'list_pipelines', arguments: args });
const bare = (headers = {}) => ({ headers: { Accept: ACCEPT, ...headers }, body: '' });
const taken = { status: 202, empty: true };

const missing = (id = '1') => ({ status: 400, code: -32000, id, also: ({ json }) =>
	assert.match(json.error.message, /Mcp-Session-Id header is required/) });
const unknown = (id = '1') => ({ status: 404, code: -32001, id, also: ({ json }) =>
	assert.equal(json.error.message, 'Session not found') });

/* A header that names a session of the key: the one of that revision, or a new one. */
const inside = async (version = NEWEST) => session_header(await stack.session(key, version));
const fresh = (version = NEWEST, options) => stack.new_session(key, version, options);

const send = (request, options = {}) => stack.post(request, { key, ...options });

/* As it stands. */
function row(name, request, want, options = {}) {
	test(name, async () => check(await send(request, options), want));
}

/* In a session of that revision. */
function row_inside(name, request, want, { version, ...options } = {}) {
	test(name, async () => check(await send(bent(request, await inside(version)), options), want));
}

/* ---- 1.5 batches ------------------------------------------------------------------------------ */

const BATCH = '2025-03-26';
const batch = (messages, headers = {}) => raw(JSON.stringify(messages), headers);
const row_batch = (name, messages, want) => row_inside(name, batch(messages), want, { version: BATCH });

row_batch('batch [] is 400', [], { status: 400, code: -32600, id: null });
row_batch('a batch with a scalar is 400', [plain(1, 'ping'), 5], { status: 400, code: -32600, id: null });
row_batch('a batch nested in a batch is 400', [[plain(1, 'ping')]], { status: 400, code: -32600, id: null });
row_batch('a batch with a modern claim is 400', [plain(1, 'tools/list', { _meta: envelope() })],
	{ status: 400, code: -32600, id: null });
row('a batch under a modern header is 400', batch([plain(1, 'ping')], { 'MCP-Protocol-Version': MODERN }),
	{ status: 400, code: -32600, id: null });
for (const more of [[], [plain(2, 'ping')]])
	row(`a batch of initialize and ${more.length} more is 400`, batch([JSON.parse(initialize(BATCH).body), ...more]),
		{ status: 400, code: -32600, id: null, headers: { 'Mcp-Session-Id': null } });
row_batch('a batch of 51 is 400', Array.from({ length: 51 }, (_, i) => plain(i, 'ping')), { status: 400, code: -32600, id: null });
for (const version of ['2025-06-18', '2025-11-25']) {
	row_inside(`a batch under the header ${version} is 400`, batch([plain(1, 'ping')], { 'MCP-Protocol-Version': version }),
		{ status: 400, code: -32600, id: null }, { version: BATCH });
	row_inside(`a batch in a session of ${version} is 400`, batch([plain(1, 'ping')]), { status: 400, code: -32600, id: null }, { version });
	row_inside(`a batch in a session of ${version} is 400, whatever the header`,
		batch([plain(1, 'ping')], { 'MCP-Protocol-Version': BATCH }), { status: 400, code: -32600, id: null }, { version });
}
row('a batch without a session is 400', batch([plain(1, 'ping')]), missing(null));
row('a batch of notifications without a session is 400', batch([told('notifications/initialized')]), missing(null));
row('a batch in an unknown session is 404', batch([plain(1, 'ping')], session_header('A'.repeat(43))), unknown(null));
row_batch('a batch of notifications and responses is 202',
	[told('notifications/initialized'), { jsonrpc: '2.0', id: 3, result: {} }], taken);
for (const version of [null, BATCH])
	test(`a batch ${version ? `under ${version}` : 'without a version'} answers each request once`, async () => {
		const answer = await send(batch([plain(0, 'ping'), told('notifications/initialized'), plain('two', 'no/such'),
			plain(3, 'tools/call', { name: 'list_pipelines', arguments: { limit: 1 } }),
			plain(4, 'tools/call', { name: 'no_such' }), plain(5, 'tools/list')],
		{ ...await inside(BATCH), ...(version ? { 'MCP-Protocol-Version': version } : {}) }));

		check(answer, { status: 200 });
		assert.ok(Array.isArray(answer.json), 'an array answers an array');
		const by_id = new Map(answer.json.map((one) => [one.id, one]));
		assert.deepEqual([...by_id.keys()].sort(), [0, 3, 4, 5, 'two'].sort(), 'ids');
		assert.equal(answer.json.length, 5);
		assert.deepEqual(by_id.get(0).result, {});
		assert.equal(by_id.get('two').error.code, -32601);
		assert.equal(JSON.parse(by_id.get(3).result.content[0].text).count, 1);
		assert.equal(by_id.get(4).error.code, -32602);
		assert.ok(by_id.get(5).result.tools.length > 0);
	});
row_batch('a batch of 50 is served', Array.from({ length: 50 }, (_, i) => plain(i, 'ping')), { status: 200,
	also: ({ json }) => assert.deepEqual(json.map((one) => one.id).sort((a, b) => a - b),
		Array.from({ length: 50 }, (_, i) => i)) });
row_batch('a broken member of a batch does not disturb the others',
	[plain(1, 'ping'), { jsonrpc: '1.0', id: 2, method: 'ping' }, plain(3, 'ping')], { status: 200, also: ({ json }) =>
		assert.deepEqual(json.map((one) => [one.id, one.error?.code ?? null]).sort(), [[1, null], [2, -32600], [3, null]]) });

/* ---- 1.6 the beginning ------------------------------------------------------------------------ */

for (const version of [...LEGACY, '2024-11-05'])
	row(`initialize ${version} is echoed, and begins a session`, initialize(version),
		good({ id: '1', headers: { 'Mcp-Session-Id': /^[A-Za-z0-9_-]{43}$/ }, also: ({ json: { result } }) => {
			assert.equal(result.protocolVersion, version);
			assert.ok(result.serverInfo?.name && result.serverInfo?.version, 'serverInfo');
			assert.ok(result.capabilities?.tools, 'capabilities.tools');
			assert.ok(!('resultType' in result) && !('ttlMs' in result), 'no modern members');
		} }));
for (const version of ['2024-10-07', '1999-01-01', '2026-07-28', '2099-01-01', ''])
	row(`initialize ${version || 'with an empty version'} is answered with another version`, initialize(version),
		good({ id: '1', also: ({ json }) => assert.equal(json.result.protocolVersion, NEWEST) }));
row('initialize without a version is 200 -32602, and no session', legacy('initialize', {}, { version: null }),
	{ status: 200, code: -32602, id: '1', headers: { 'Mcp-Session-Id': null } });
row('initialize under a version header', bent(initialize(), { 'MCP-Protocol-Version': NEWEST }),
	good({ id: '1', headers: { 'Mcp-Session-Id': /./ } }));
row('initialize with Mcp-Method is still of the older era', bent(initialize(), { 'Mcp-Method': 'initialize' }), good({ id: '1' }));
row_inside('initialize in a session that lives is 400', initialize(), { status: 400, code: -32600, id: '1',
	headers: { 'Mcp-Session-Id': null } });
row('initialize in an unknown session is 404', bent(initialize(), session_header('x')), unknown());
test('every session has another id', async () => {
	const ids = await Promise.all(Array.from({ length: 20 }, () => fresh()));
	assert.equal(new Set(ids).size, 20);
});

/* ---- 1.6 who may be in a session -------------------------------------------------------------- */

const REQUESTS = [['ping', ping()], ['tools/list', list()], ['tools/call', call()], ['an unknown method', legacy('no/such')],
	['a call of an unknown tool', legacy('tools/call', { name: 'no_such' })], ['tools/call without params', legacy('tools/call')]];

for (const [what, request] of REQUESTS) {
	row(`${what} without a session is 400`, request, missing());
	row(`${what} in an unknown session is 404`, bent(request, session_header('A'.repeat(43))), unknown());
	row(`${what} in something that is no session id is 404`, bent(request, session_header('never seen')), unknown());
	test(`${what} in the session of another principal is 404`, async () =>
		check(await send(bent(request, await inside()), { key: other }), unknown()));
	test(`${what} in a session that was ended is 404`, async () => {
		const session = session_header(await fresh());

		check(await send(bare(session), { method: 'DELETE' }), { status: 200, empty: true });
		check(await send(bent(request, session)), unknown());
	});
}
test('a session is of its key, not of its tenant', async () =>
	check(await send(bent(ping(), await inside()), { key: stack.key('bench', 'read') }), unknown()));
row('an id of 8000 characters is 404', bent(ping(), session_header('A'.repeat(8000))), unknown());
row('an id that would be another key is 404', bent(ping(), session_header('../bench:bucket')), unknown());
row('a session id without a credential is 401', bent(ping(), session_header('A'.repeat(43))),
	{ status: 401, code: 401, id: null }, { key: undefined });
row('M29 a modern request in an unknown session is served', bent(modern('tools/list'), session_header('x')),
	good({ headers: { 'Mcp-Session-Id': null } }));
test('a session survives that it is used by many at once', async () => {
	const session = session_header(await fresh());
	const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => send(bent(i % 2 ? call() : ping(), session))));

	answers.forEach((answer) => check(answer, good({ id: '1', headers: { 'Mcp-Session-Id': null } })));
});

/* ---- 1.6 revisions ---------------------------------------------------------------------------- */

for (const version of [...LEGACY, null])
	row_inside(`tools/list, version ${version ?? 'not said'}`, list({ version }),
		good({ id: '1', also: ({ json: { result } }) => {
			assert.ok(result.tools.length > 0);
			assert.ok(!('resultType' in result) && !('ttlMs' in result) && !('cacheScope' in result), 'no modern members');
		} }));
for (const version of LEGACY) {
	row_inside(`a session of ${version} takes the header of another older revision`, ping({ version: '2024-11-05' }), good({ id: '1' }),
		{ version });
	test(`without a header the revision is the one agreed on: ${version}`, async () => {
		const answer = await send(bent(ping({ version: null }), await inside(version)));

		check(answer, good({ id: '1' }));
		assert.equal((await stack.event(answer.headers['x-request-id'])).protocol, version);
	});
}
for (const version of ['2024-01-01', '1.0', 'xxx', '2024-10-07'])
	row_inside(`MCP-Protocol-Version ${version} is 400`, list({ version }),
		{ status: 400, code: version < MODERN ? -32000 : -32602, id: '1' });
row('MCP-Protocol-Version 2024-01-01 is 400 without a session too', list({ version: '2024-01-01' }), { status: 400, code: -32000, id: '1' });

/* ---- 1.6 requests ----------------------------------------------------------------------------- */

row_inside('ping', ping(), good({ id: '1', also: ({ json }) => assert.deepEqual(json.result, {}) }));
test('ping, tools/list and tools/call before notifications/initialized are served', async () => {
	const session = session_header(await fresh());
	for (const request of [ping(), list(), call()])
		check(await send(bent(request, session)), good({ id: '1' }));
	check(await send(bent(raw(JSON.stringify(told('notifications/initialized'))), session)), taken);
	check(await send(bent(list(), session)), good({ id: '1' }));
});
row_inside('an unknown method is 200 -32601', legacy('no/such'), { status: 200, code: -32601, id: '1' });
row_inside('server/discover without envelope is 200 -32601', legacy('server/discover'), { status: 200, code: -32601, id: '1' });
row_inside('an unknown tool is 200 -32602', legacy('tools/call', { name: 'no_such' }), { status: 200, code: -32602, id: '1' });
row_inside('tools/call without params is 200 -32602', legacy('tools/call'), { status: 200, code: -32602, id: '1' });
row_inside('tools/call', call({ limit: 2 }), good({ also: ({ json }) =>
	assert.equal(json.result.structuredContent.pipelines.length, 2) }));
row_inside('params.task is ignored', legacy('tools/call', { name: 'list_pipelines', arguments: { limit: 2 }, task: { ttl: 1000 } }),
	good({ also: ({ json }) => assert.ok(json.result.structuredContent) }));
row_inside('a bad cursor is 200 -32602', legacy('tools/list', { cursor: 'nonsense' }), { status: 200, code: -32602, id: '1' });
for (const accept of ['application/json', 'text/event-stream', 'text/html', null])
	row_inside(`Accept ${accept ?? 'missing'} is 406`, bent(list(), { Accept: accept }), { status: 406, code: -32000, id: '1' });
for (const accept of ['*/*', 'text/event-stream, application/json', 'application/json;q=0.9, text/event-stream;q=1',
	'Application/JSON,Text/Event-Stream'])
	row_inside(`Accept ${accept} is served`, bent(list(), { Accept: accept }), good({ id: '1' }));
for (const method of ['notifications/initialized', 'notifications/cancelled', 'notifications/no/such', 'notifications/progress',
	'notifications/roots/list_changed']) {
	row_inside(`${method} is 202`, raw(JSON.stringify(told(method))), taken);
	row(`${method} without a session is 400`, raw(JSON.stringify(told(method))), missing(null));
	row(`${method} in an unknown session is 404`, raw(JSON.stringify(told(method)), session_header('A'.repeat(43))), unknown(null));
}
for (const [what, body] of [['response', '{"jsonrpc":"2.0","id":1,"result":{}}'],
	['error', '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}'],
	['response to something else', '{"jsonrpc":"2.0","id":"never asked","result":{"action":"accept"}}']]) {
	row_inside(`a posted ${what} is 202`, raw(body), taken);
	row(`a posted ${what} without a session is 400`, raw(body), missing(null));
}

/* ---- 2.7 level, subscriptions, cancelling ----------------------------------------------------- */

row_inside('logging/setLevel, which this catalog does not promise, is 200 -32601', legacy('logging/setLevel', { level: 'info' }),
	{ status: 200, code: -32601, id: '1' });
test('what the client can do is kept in the session', async () => {
	const redis = stack.redis();
	const bits = async (capabilities) => redis.send('HGET', `mcp:session:${await fresh(NEWEST, { capabilities })}`, 'bits');

	assert.deepEqual([await bits({}), await bits({ elicitation: {} }), await bits({ elicitation: { url: {} }, sampling: { tools: {} }, roots: {} })],
		['0', '1', String(2 + 4 + 8 + 32)]);
	redis.close();
});
for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
	row_inside(`${method} without a uri is 200 -32602`, legacy(method, {}), { status: 200, code: -32602, id: '1' });
	row_inside(`${method} of a uri that is no text is 200 -32602`, legacy(method, { uri: 5 }), { status: 200, code: -32602, id: '1' });
}
for (const requestId of ['never', 5, null, {}, undefined])
	row_inside(`cancelling ${JSON.stringify(requestId) ?? 'nothing'} is 202`,
		raw(JSON.stringify(told('notifications/cancelled', { requestId, reason: 'test' }))), taken);

/* ---- 1.6 GET, DELETE, others ------------------------------------------------------------------ */

for (const method of ['GET', 'DELETE']) {
	row(`${method} without a session is 400`, bare(), missing(null), { method });
	row(`${method} in an unknown session is 404`, bare(session_header('A'.repeat(43))), unknown(null), { method });
	test(`${method} in the session of another principal is 404`, async () =>
		check(await send(bare(await inside()), { method, key: other }), unknown(null)));
	row(`${method} under a modern header without a session is 405`, bare({ 'MCP-Protocol-Version': MODERN }),
		{ status: 405, code: -32600, id: null, headers: { Allow: 'GET, POST, DELETE' } }, { method });
	row(`${method} under a version nobody speaks is 400`, bare({ 'MCP-Protocol-Version': '2024-01-01' }),
		{ status: 400, code: -32000, id: null }, { method });
	row(`${method} without a credential is 401`, bare(), { status: 401, code: 401, id: null }, { method, key: undefined });
}
for (const accept of ['application/json', null])
	row_inside(`GET with Accept ${accept ?? 'missing'} is 406`, bare({ Accept: accept }), { status: 406, code: -32000, id: null },
		{ method: 'GET' });
test('DELETE ends a session: 200, and 404 from then on', async () => {
	const session = session_header(await fresh());

	check(await send(bent(call(), session)), good({ id: '1' }));
	check(await send(bare(session), { method: 'DELETE' }), { status: 200, empty: true });
	check(await send(bare(session), { method: 'DELETE' }), unknown(null));
	check(await send(bent(initialize(), session)), unknown());
});
test('nobody else ends it', async () => {
	const session = session_header(await fresh());

	check(await send(bare(session), { method: 'DELETE', key: other }), unknown(null));
	check(await send(bent(ping(), session)), good({ id: '1' }));
});
for (const method of ['PUT', 'PATCH', 'OPTIONS'])
	row_inside(`${method} is 405`, bare(), { status: 405, code: -32600, id: null, headers: { Allow: 'GET, POST, DELETE' } }, { method });

/* ---- 1.6 the stream of a session --------------------------------------------------------------- */

const STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' };

function is_stream(stream) {
	assert.equal(stream.status, 200);
	for (const [name, value] of Object.entries(STREAM))
		assert.equal(stream.headers[name], value, name);
	assert.equal(stream.headers['content-length'], undefined);
}

test('GET is 200 and a stream; a second one is 409 until the first is gone', async () => {
	const session = session_header(await fresh());
	const stream = await stack.open({ headers: session }, { key });

	is_stream(stream);
	check(await send(bare(session), { method: 'GET' }), { status: 409, code: -32000, id: null });
	check(await send(bent(call(), session)), good({ id: '1' }));
	stream.close();
	await until('the session has no stream', async () => {
		const again = await stack.open({ headers: session }, { key });
		again.close();
		return again.status === 200;
	});
});
row_inside('GET with a Last-Event-ID is 400', bare({ 'Last-Event-ID': '5' }), { status: 400, code: -32000, id: null }, { method: 'GET' });
test('DELETE ends the stream too', async () => {
	const session = session_header(await fresh());
	const stream = await stack.open({ headers: session }, { key });

	is_stream(stream);
	check(await send(bare(session), { method: 'DELETE' }), { status: 200, empty: true });
	await stream.end();
	check(await send(bare(session), { method: 'GET' }), unknown(null));
});

/* ---- 2.7 subscriptions ------------------------------------------------------------------------- */

row_inside('resources/subscribe of an unknown resource is 200 -32002', legacy('resources/subscribe', { uri: 'planasonix://pipelines/none' }),
	{ status: 200, code: -32002, id: '1', also: ({ json }) => assert.equal(json.error.data.uri, 'planasonix://pipelines/none') });
test('a session hears of the resources it subscribes to, and of no others', async () => {
	const db = await stack.db();
	const tenant = stack.tenant('bench').id;
	const { rows: [{ id }, { id: untold }] } = await db.query(
		'select id from planasonix.pipeline where tenant_id = $1 order by id limit 2', [tenant]);
	const uri = `planasonix://pipelines/${id}`, session = session_header(await fresh());
	const stream = await stack.open({ headers: session }, { key });
	const ask = async (method, params) => check(await send(bent(legacy(method, params), session)),
		good({ id: '1', also: ({ json }) => assert.deepEqual(json.result, {}) }));
	const touch = (of) => db.query('update planasonix.pipeline set status = status, updated_at = now() where id = $1', [of]);
	const heard = () => stream.events.filter(({ json }) => json.method === 'notifications/resources/updated')
		.map(({ json }) => json.params.uri);

	await ask('resources/subscribe', { uri });
	await touch(untold);
	await touch(id);
	await stream.find('the change', ({ json }) => json.method === 'notifications/resources/updated');
	assert.deepEqual([...new Set(heard())], [uri]);
	await ask('resources/unsubscribe', { uri });
	const count = heard().length;
	await touch(id);
	await sleep(1_500);
	assert.equal(heard().length, count, 'nothing after it has unsubscribed');
	stream.close();
});

before(() => stack.serving());
after(() => stack.down());

/* ---- 1.7 the transport of 2024-11-05 ---------------------------------------------------------- */

for (const where of ['/planasonix', '']) {
	const sse = { path: `${where}/sse` }, messages = { path: `${where}/messages?sessionId=${'A'.repeat(43)}` };

	row(`POST ${where}/sse is 405`, initialize(), { status: 405, code: -32600, id: null, headers: { Allow: 'GET' } }, sse);
	row(`DELETE ${where}/sse is 405`, bare(), { status: 405, code: -32600, id: null, headers: { Allow: 'GET' } }, { ...sse, method: 'DELETE' });
	row(`GET ${where}/messages is 405`, bare(), { status: 405, code: -32600, id: null, headers: { Allow: 'POST' } }, { ...messages, method: 'GET' });
	row(`POST ${where}/messages in an unknown session is 404`, ping({ version: null }), unknown(), messages);
	row(`POST ${where}/messages of a notification in an unknown session is 404`, raw(JSON.stringify(told('notifications/initialized'))),
		unknown(null), messages);
	row(`POST ${where}/messages without a session is 400`, ping({ version: null }), { status: 400, code: -32000, id: '1' },
		{ path: `${where}/messages` });
	row(`POST ${where}/messages with bad JSON is 400`, raw('{'), { status: 400, code: -32700, id: null }, messages);
	row(`POST ${where}/messages of something that is no message is 400`, raw('{"jsonrpc":"2.0","id":1}'),
		{ status: 400, code: -32600, id: '1' }, messages);
	row(`POST ${where}/messages of a batch is 400`, raw('[]'), { status: 400, code: -32600, id: null }, messages);
	row(`POST ${where}/messages of a modern request is 400`, modern('tools/list'), { status: 400, code: -32600, id: '1' }, messages);
	row(`POST ${where}/messages with another media type is 400`, bent(ping(), { 'Content-Type': 'text/plain' }),
		{ status: 400, code: -32600, id: null }, messages);
	for (const [method, options] of [['GET', sse], ['POST', messages]]) {
		row(`${method} ${options.path.split('?')[0]} from another origin is 403`, bent(ping(), { Origin: 'https://evil.example' }),
			{ status: 403, code: 403, id: null }, { ...options, method });
		row(`${method} ${options.path.split('?')[0]} without a credential is 401`, ping(), { status: 401, code: 401, id: null },
			{ ...options, method, key: undefined });
	}
}
test('a session of Streamable HTTP is none of that transport', async () =>
	check(await send(ping(), { path: `/planasonix/messages?sessionId=${await fresh()}` }), unknown()));

test('GET is the stream, its first event the address; what is posted there is 202 and answered on the stream', async () => {
	for (const where of ['/planasonix', '']) {
		const stream = await stack.open({}, { key, path: `${where}/sse` });

		is_stream(stream);
		const { data } = await stream.find('the address', ({ event }) => event === 'endpoint');
		assert.match(data, new RegExp(`^${where}/messages\\?sessionId=[A-Za-z0-9_-]{43}$`));
		const post = async (request) => check(await send(request, { path: data }), taken);

		await post(initialize('2024-11-05'));
		assert.equal((await stream.answer(1)).result.protocolVersion, '2024-11-05');
		await post(raw(JSON.stringify(told('notifications/initialized'))));
		await post(legacy('ping', undefined, { id: 'two', version: null }));
		assert.deepEqual((await stream.answer('two')).result, {});
		await post(bent(legacy('tools/call', { name: 'list_pipelines', arguments: { limit: 1 } }, { id: 3, version: null }), { Accept: '*/*' }));
		assert.equal(JSON.parse((await stream.answer(3)).result.content[0].text).count, 1);
		await post(legacy('tools/call', { name: 'no_such' }, { id: 4, version: null }));
		assert.equal((await stream.answer(4)).error.code, -32602);
		await post(legacy('no/such', {}, { id: 5, version: null }));
		assert.equal((await stream.answer(5)).error.code, -32601);
		await post(raw('{"jsonrpc":"2.0","id":"never asked","result":{}}'));
		check(await send(ping(), { path: data, key: other }), unknown());
		check(await send(ping({ id: 6, version: '2024-01-01' }), { path: data }), { status: 400, code: -32000, id: '6' });
		assert.equal(stream.events.filter(({ event }) => event === 'message').length, 5, 'one answer each, and nothing else');
		stream.close();
		await until('the session is over with its stream', async () =>
			(await send(ping(), { path: data })).status === 404);
	}
});
for (const version of LEGACY)
	test(`${version} is spoken on the older transport too`, async () => {
		const stream = await stack.open({}, { key, path: '/planasonix/sse' });
		const { data } = await stream.find('the address', ({ event }) => event === 'endpoint');

		check(await send(initialize(version), { path: data }), taken);
		assert.equal((await stream.answer(1)).result.protocolVersion, version);
		check(await send(legacy('tools/list', {}, { id: 2, version }), { path: data }), taken);
		assert.ok((await stream.answer(2)).result.tools.length > 0);
		stream.close();
	});

/* ---- life and death, on a stack of its own ---------------------------------------------------- */

const IDLE_MS = 2_000;
let own, own_key, tools, db, second;

before(async () => {
	tools = more_tools(['nap']);
	for (const [file, text] of Object.entries(example_files()))	/* one of them is written in C, and may log */
		if (file.startsWith('tools/'))
			writeFileSync(path.join(tools.folder, file.slice('tools/'.length)), text);
	await must('make', ['-s', 'tools', `TOOLS=${tools.folder}`]);
	own = await private_stack('session', 200, { settings: { ...tools.settings, MCP_SESSION_IDLE: `${IDLE_MS}ms` } });
	db = await own.db('postgres_super');
	own_key = own.key('bench');
	await own.serving();
});
after(() => tools?.remove());
after(() => own?.down());

/* An answer of that stack, which must not keep anybody waiting. */
async function timely(request, { key: of = own_key, ...options } = {}) {
	const started_ms = performance.now();
	const answer = await own.post(request, { key: of, timeout_ms: 2 * ANSWER_MS, ...options });
	const took_ms = performance.now() - started_ms;

	assert.ok(took_ms < ANSWER_MS, `answered after ${took_ms.toFixed(0)} ms`);
	return answer;
}

const begin = async (of = own_key) => session_header(await own.new_session(of));

test('a session that nobody uses expires; one that is used does not', async () => {
	const idle = await begin(), used = await begin();
	const stop_ms = performance.now() + 2 * IDLE_MS;

	while (performance.now() < stop_ms) {
		check(await timely(bent(ping(), used)), good({ id: '1' }));
		await sleep(IDLE_MS / 4);
	}
	check(await timely(bent(ping(), idle)), unknown());
	check(await timely(bent(call(), used)), good({ id: '1' }));
});

for (const level of ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'])
	test(`logging/setLevel ${level}`, async () => check(await timely(bent(legacy('logging/setLevel', { level }), await begin())),
		good({ id: '1', also: ({ json }) => assert.deepEqual(json.result, {}) })));
for (const level of ['loud', '', 7, undefined])
	test(`logging/setLevel ${level ?? 'without a level'} is 200 -32602`, async () =>
		check(await timely(bent(legacy('logging/setLevel', { level }), await begin())), { status: 200, code: -32602, id: '1' }));
test('the level is kept in the session', async () => {
	const session = await begin(), redis = own.redis();

	check(await timely(bent(legacy('logging/setLevel', { level: 'error' }), session)), good({ id: '1' }));
	assert.equal(await redis.send('HGET', `mcp:session:${session['Mcp-Session-Id']}`, 'level'), '4');
	redis.close();
});

test('of more sessions than the plan allows one principal, the one unused longest goes', async () => {
	const plan = "catalog = 'planasonix' and name = 'enterprise'";
	const { rows: [{ sessions }] } = await db.query(`select sessions from mcp.plan where ${plan}`);

	try {
		await db.query(`update mcp.plan set sessions = 3 where ${plan}`);
		const { key: of } = await own.new_tenant('crowd', 'enterprise');	/* of whom no worker remembers more */
		const [one, two, three] = [await begin(of), await begin(of), await begin(of)];
		check(await timely(bent(ping(), one), { key: of }), good());
		const four = await begin(of);
		check(await timely(bent(ping(), two), { key: of }), unknown());
		for (const session of [one, three, four])
			check(await timely(bent(ping(), session), { key: of }), good());
		check(await timely(bent(ping(), await begin())), good());	/* of another principal */
	} finally {
		await db.query(`update mcp.plan set sessions = $1 where ${plan}`, [sessions]);
	}
});

test('sessions are of all nodes', async () => {
	const to = second = await own.second();
	const session = await begin();

	check(await timely(bent(call(), session), { to }), good({ id: '1' }));
	check(await timely(bent(ping(), session)), good());		/* so this node remembers it */
	check(await timely(bare(session), { to, method: 'DELETE' }), { status: 200, empty: true });
	check(await timely(bent(call(), session)), unknown());
	await until('this node has forgotten it', async () =>
		(await timely(bent(ping(), session))).status === 404, { timeout_ms: 1_000 });
});

const asleep = async () => (await db.query(
	"select pid from pg_stat_activity where usename = 'mcp_worker' and state = 'active' and query like '%pg_sleep%'")).rowCount;
const nap = (id) => legacy('tools/call', { name: 'nap', arguments: { seconds: 4.5 } }, { id });
const cancelled = (requestId) => raw(JSON.stringify(told('notifications/cancelled', { requestId, reason: 'test' })));

for (const [where, place] of [['', () => undefined], [' on another node', () => second]])
	test(`a call is cancelled by its session and its id alone, posted${where}`, async () => {
		const session = await begin(), foreign = await begin();
		const started_ms = performance.now();
		const sleeping = own.post(bent(nap('nap'), session), { key: own_key });

		await until('a backend sleeps', async () => await asleep() === 1, { timeout_ms: 2_000 });
		check(await timely(bent(cancelled('nap'), foreign), { to: place() }), taken);
		check(await timely(bent(cancelled(1), session), { to: place() }), taken);
		await sleep(500);
		assert.equal(await asleep(), 1, 'another session, or another id, cancels nothing');
		check(await timely(bent(cancelled('nap'), session), { to: place() }), taken);
		const answer = await sleeping;

		assert.ok(performance.now() - started_ms < 4_000, 'it did not sleep to the end');
		assert.equal(await asleep(), 0);
		assert.ok(!answer.text.includes('"id"'), `who cancels gets no response: ${answer.text}`);
		assert.equal((await own.event(answer.headers['x-request-id'])).outcome, 'cancelled');
		check(await timely(bent(cancelled('nap'), session), { to: place() }), taken);	/* too late */
		check(await timely(bent(call(), session)), good({ id: '1' }));
	});

test('a restart of the server ends no session', async () => {
	await own.configure({ MCP_SESSION_IDLE: '1h' });
	const session = await begin();
	await own.ctl('stop', 'fpm');
	await own.ctl('start', 'fpm');
	await own.serving();
	check(await timely(bent(call(), session)), good({ id: '1' }));
});

test('an unknown session costs no token of the plan', async () => {
	const { key: of } = await own.new_tenant('stranger', 'professional');
	const answers = [];

	for (let i = 0; i < 100; i++)
		answers.push(await timely(bent(call(), session_header('A'.repeat(43))), { key: of }));
	answers.forEach((answer) => check(answer, unknown()));
	const served = await timely(bent(call(), await begin(of)), { key: of });
	check(served, good({ id: '1' }));
	assert.equal(Number(served.headers['ratelimit-limit']) - Number(served.headers['ratelimit-remaining']), 1);
});

/* What holds while Redis is away, however it went. */
async function without_redis(session) {
	for (const request of [ping(), list(), call(), legacy('logging/setLevel', { level: 'info' })]) {
		check(await timely(bent(request, session)), good({ id: '1' }));
		check(await timely(request), missing());
	}
	check(await timely(bent(raw(JSON.stringify(told('notifications/initialized'))), session)), taken);
	check(await timely(bent(raw('{"jsonrpc":"2.0","id":1,"result":{}}'), session)), taken);
	const unkept = await begin();
	check(await timely(bent(call(), unkept)), good({ id: '1' }));
	check(await timely(bent(batch([plain(1, 'ping')]), session)), { status: 200 });
	check(await timely(bent(ping(), session_header('no id of ours'))), unknown());
	const stream = await own.open({ headers: session }, { key: own_key });
	is_stream(stream);
	stream.close();
	check(await timely(ping(), { path: `/planasonix/messages?sessionId=${'A'.repeat(43)}` }),
		{ status: 503, code: 503, id: '1', headers: { 'Retry-After': /^[1-9]/ } });
	check(await timely(bare(), { path: '/planasonix/sse', method: 'GET' }),
		{ status: 503, code: 503, id: null, headers: { 'Retry-After': /^[1-9]/ } });
	check(await timely(modern('tools/list')), good({ id: '1' }));
	check(await timely(bare(session), { method: 'DELETE' }), { status: 200, empty: true });
	return unkept;
}

/*
 * Sessions carry on or are not found, those begun meanwhile are not found: then the client begins
 * anew, and with that nothing is different.
 */
async function with_redis(session, unkept) {
	let unseen = 0;
	await until('every worker uses Redis again', async () => {
		unseen = (await timely(bent(ping(), unkept))).status === 404 ? unseen + 1 : 0;
		return unseen > 20;
	}, { timeout_ms: 20_000 });
	const answer = await timely(bent(ping(), session));
	check(answer, answer.status === 200 ? good({ id: '1' }) : unknown());
	check(await timely(bent(call(), await begin())), good({ id: '1' }));
	check(await timely(call()), missing());
}

for (const how of ['stop', 'kill9'])
	test(`Redis away (${how}): everybody is served within ${ANSWER_MS} ms, and sessions are back with it`, async () => {
		const session = await begin();
		let unkept;

		try {
			await own.ctl(how, 'redis');
			unkept = await without_redis(session);
		} finally {
			await own.ctl('start', 'redis');
		}
		await with_redis(session, unkept);
	}, { timeout_ms: 120_000 });

test(`Redis that says nothing: everybody is served within ${ANSWER_MS} ms`, async () => {
	const session = await begin();
	let unkept;

	try {
		process.kill(own.pids.redis, 'SIGSTOP');
		unkept = await without_redis(session);
	} finally {
		process.kill(own.pids.redis, 'SIGCONT');
	}
	await with_redis(session, unkept);
}, { timeout_ms: 120_000 });

await run();
