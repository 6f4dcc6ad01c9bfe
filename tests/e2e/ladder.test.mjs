/*
 * ladder: every decision between a connection and a handler, one row each.
 *
 * The rows follow the protocol's order: transport (method, type, length, host, origin, credential),
 * shape, era, the modern table.  A row is a request and what must come back: status, code, id token,
 * headers.  Only reading calls of the tenant "bench", whom no limit stops; batches, sessions and the
 * older revisions are in session.test.mjs, hostile bytes in hostile.test.mjs, limits in
 * limits.test.mjs.
 */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, run, test } from './lib/tap.mjs';
import { exchange, message } from './lib/wire.mjs';
import { shared_stack } from './lib/stack.mjs';
import { ACCEPT, MODERN, NS, bearer, check, envelope, initialize, modern } from './lib/mcp.mjs';

const stack = shared_stack();
const key = stack.key('bench');
const JSON_TYPE = { 'Content-Type': 'application/json' };
const allows = { Allow: 'GET, POST, DELETE' };

/* One request over TLS.  headers with value null are left out; a list sends one line per member. */
async function send({ method = 'POST', path = stack.endpoint, headers = {}, body = '', credential = bearer(key),
	version = '1.1' }) {
	const all = { Host: `${stack.tls.host}:${stack.tls.port}`, ...credential, 'Content-Length': Buffer.byteLength(body),
		...headers };
	const rows = Object.entries(all).filter(([, value]) => value !== null)
		.flatMap(([name, value]) => [value].flat().map((v) => [name, v]));

	return exchange(stack.tls, message(`${method} ${path} HTTP/${version}`, [...rows, ['Connection', 'close']], body));
}

/* An older request in a session of the key. */
const in_session = (request) => async () => bent(request, await stack.session_for(request, key));

function row(name, request, want) {
	test(name, async () => check(await send(await (typeof request === 'function' ? request() : request)), want));
}

/* A request with some of its headers replaced; null removes one. */
const bent = (request, headers, more = {}) => ({ ...request, headers: { ...request.headers, ...headers }, ...more });
const raw = (body, headers = {}) => ({ headers: { ...JSON_TYPE, Accept: ACCEPT, ...headers }, body });
const raw_modern = (body, method = 'tools/list') =>
	raw(body, { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': method });

const list = () => modern('tools/list');
const call = (args = { limit: 1 }, options) => modern('tools/call', { name: 'list_pipelines', arguments: args }, options);

const CONNECTION_TYPES = 'planasonix://connection-types';
const read = (uri = CONNECTION_TYPES) => modern('resources/read', { uri });
const prompt = (args = { pipeline_id: 'x' }) => modern('prompts/get', { name: 'diagnose_pipeline', arguments: args });

const good = (extra = {}) => ({ status: 200, code: null, headers: { 'Content-Type': /^application\/json/ }, ...extra });

/* ---- transport: path, host, origin ------------------------------------------------------------ */

row('an unknown path is 404', { ...list(), path: '/nosuch/mcp' }, { status: 404, nginx: true });
row('the default endpoint /mcp serves the same catalog', { ...list(), path: '/mcp' }, good());
for (const path of ['/.well-known/oauth-protected-resource', `/.well-known/oauth-protected-resource${stack.endpoint}`,
	'/.well-known/oauth-authorization-server', '/.well-known/openid-configuration',
		`${stack.endpoint}/.well-known/openid-configuration`])
	row(`without OAuth ${path} is 404, not 401`, { method: 'GET', path, credential: {}, headers: { 'Content-Length': null } },
		{ status: 404, nginx: true });

row('Host of somebody else is 403', bent(list(), { Host: 'evil.example' }), { status: 403, code: 403, id: null });
row('Host that only begins like ours is 403', bent(list(), { Host: `${stack.tls.host}.evil.example` }),
	{ status: 403, code: 403, id: null });
row('Host without port is ours', bent(list(), { Host: stack.tls.host }), good());
row('no Host in HTTP/1.0 is refused', bent(list(), { Host: null }, { version: '1.0' }), { status: [400, 403], nginx: true });
row('Origin not on the list is 403', bent(list(), { Origin: 'https://evil.example' }), { status: 403, code: 403, id: null });
row('Origin null is 403', bent(list(), { Origin: 'null' }), { status: 403, code: 403, id: null });
row('Origin not on the list is 403 for GET', { method: 'GET', headers: { Origin: 'https://evil.example', 'Content-Length': null } },
	{ status: 403, code: 403, id: null });
row('Origin not on the list is 403 before the credential is looked at',
	bent(list(), { Origin: 'https://evil.example' }, { credential: {} }), { status: 403, code: 403, id: null });

/* ---- transport: HTTP method, content type, length --------------------------------------------- */

for (const method of ['GET', 'DELETE']) {
	row(`M30 ${method} under a modern header is 405`,
		{ method, headers: { 'MCP-Protocol-Version': MODERN, 'Content-Length': null } },
		{ status: 405, code: -32600, id: null, headers: allows });
	row(`${method} without a credential is 401, not 405`,
		{ method, credential: {}, headers: { Accept: ACCEPT, 'Content-Length': null } },
		{ status: 401, code: 401, id: null, headers: { 'WWW-Authenticate': /^Bearer\b/ } });
}
for (const method of ['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND'])
	row(`M31 ${method} is 405 with Allow`, { ...list(), method },
		{ status: 405, code: method === 'HEAD' ? null : -32600, id: null, headers: allows, empty: method === 'HEAD' });

for (const type of [null, 'text/plain', 'application/jsonx', 'application/json-rpc', 'text/json',
	'application/x-www-form-urlencoded',
	'application/json, text/plain', ''])
	row(`Content-Type ${type === null ? 'missing' : `"${type}"`} is 415`, bent(list(), { 'Content-Type': type }),
		{ status: 415, id: null });
for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8',
	'application/json ; a="b"'])
	row(`Content-Type "${type}" is served`, bent(list(), { 'Content-Type': type }), good());

row('no length at all is 411', bent(list(), { 'Content-Length': null }, { body: '' }), { status: 411, id: null });
test('a chunked body is served', async () => {
	const { headers, body } = list();
	const rows = Object.entries({ Host: `${stack.tls.host}:${stack.tls.port}`, ...bearer(key), ...headers,
		'Transfer-Encoding': 'chunked',
		Connection: 'close' });
	const half = body.length >> 1;
	const chunks = [body.slice(0, half), body.slice(half), ''].map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join('');

	check(await exchange(stack.tls, message(`POST ${stack.endpoint} HTTP/1.1`, rows, chunks)), good());
});
row('a length that is no number is refused', bent(list(), { 'Content-Length': 'ten' }), { status: [400, 411], nginx: true });
row('a negative length is refused', bent(list(), { 'Content-Length': '-5' }), { status: [400, 411], nginx: true });
row('two lengths are refused', bent(list(), { 'Content-Length': ['10', '11'] }), { status: 400, nginx: true });
row('a length shorter than the body cuts the JSON: 400 -32700', () => {
	const { body } = list();
	return bent(list(), { 'Content-Length': body.length - 5 });
}, { status: 400, code: -32700, id: null });
test('a body that never arrives in full leaves the worker free', async () => {
	const { headers, body } = list();
	const rows = Object.entries({ Host: `${stack.tls.host}:${stack.tls.port}`, ...bearer(key), ...headers,
		'Content-Length': body.length + 100 });

	await exchange(stack.tls, message(`POST ${stack.endpoint} HTTP/1.1`, rows, body),
		{ end: true, timeout_ms: 1_000 }).catch(() => {});
	check(await send(list()), good());
});
row('an empty body is 400 -32700', raw(''), { status: 400, code: -32700, id: null });
row('a body just above the limit is 413, by the server itself', raw(`"${'x'.repeat((1 << 20) - 1)}"`), { status: 413, id: null });
row('a body far above the limit is 413 with a JSON body', raw(`"${'x'.repeat(8 << 20)}"`),
	{ status: 413, nginx: true, id: null, also: ({ json }) =>
		assert.ok(json?.error?.message, 'body of 413 is no JSON-RPC error') });

/* ---- transport: credentials ------------------------------------------------------------------- */

row('Authorization: Bearer', list(), good());
row('the word Bearer in any case', { ...list(), credential: { Authorization: `bearer ${key}` } }, good());
row('X-API-Key', { ...list(), credential: { 'X-API-Key': key } }, good());
row('API_KEY', { ...list(), credential: { API_KEY: key } }, good());
row('the same credential in two headers is fine', { ...list(), credential: { ...bearer(key), 'X-API-Key': key } }, good());
row('the same credential in three headers is fine', { ...list(), credential: { ...bearer(key), 'X-API-Key': key, API_KEY: key } },
	good());
row('two different credentials are 400', { ...list(), credential: { ...bearer(key), 'X-API-Key': stack.key('acme') } },
	{ status: 400 });
row('two different credentials are 400, however bad the second', { ...list(), credential: { ...bearer(key), API_KEY: 'noise' } },
	{ status: 400 });
row('a credential in the query string is not looked at',
	{ ...list(), credential: {}, path: `${stack.endpoint}?api_key=${key}&access_token=${key}` },
	{ status: 401, code: 401 });

test('every bad credential gets one and the same 401', async (diag) => {
	const { bad, undo } = await bad_credentials();

	try {
		const answers = [];
		for (const [name, credential] of bad)
			answers.push([name, await send({ ...list(), credential })]);
		for (const [name, answer] of answers) {
			diag(`${name}: ${answer.status}`);
			check(answer, { status: 401, code: 401, id: null, headers: { 'WWW-Authenticate': /^Bearer\b/ } });
			assert.deepEqual(visible(answer), visible(answers[0][1]), `401 of "${name}" differs from that of "${answers[0][0]}"`);
		}
	} finally {
		await undo();
	}
});

/* All that a client sees, but for the clock and the request's own id. */
function visible({ status, all, text, headers }) {
	const id = headers['x-request-id'];
	return { status, text: text.replaceAll(id, 'ID'),
		headers: all.filter(([name]) => !/^(date|x-request-id)$/i.test(name)).map(([n, v]) => `${n}: ${v}`).sort() };
}

/* A key with a right checksum that nobody has, and one of another catalog, are made and unmade. */
async function bad_credentials() {
	const slug = `ladder-${crypto.randomBytes(4).toString('hex')}`;
	const tenant = await stack.new_tenant(slug, 'internal');
	const unknown = await stack.new_key(slug);
	const foreign = await stack.new_key(slug);
	const db = await stack.db();

	await db.query('delete from mcp.credential where id = $1', [unknown.id]);
	await move_to_catalog(db, foreign.id, slug);
	return {
		bad: [
			['missing', {}],
			['empty', { Authorization: 'Bearer ' }],
			['another scheme', { Authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` }],
			['noise', bearer('noise')],
			['noise of 4000 bytes', bearer('x'.repeat(4000))],
			['right prefix, wrong checksum', bearer(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)],
			['one more character', bearer(`${key}A`)],
			['unknown', bearer(unknown.secret)],
			['revoked', bearer(stack.key('acme', 'revoked'))],
			['expired', bearer(stack.key('acme', 'expired'))],
			['of another catalog', bearer(foreign.secret)],
			['unknown in X-API-Key', { 'X-API-Key': unknown.secret }],
		],
		undo: async () => {
			await db.query('delete from mcp.credential where id = $1 or tenant_id = $2', [foreign.id, tenant.id]);
			await db.query('delete from mcp.tenant where id = $1 or catalog = $2', [tenant.id, slug]);
			await db.query('delete from mcp.plan where catalog = $1', [slug]);
		},
	};
}

/* A catalog nobody serves gets a plan, a tenant, and this credential. */
async function move_to_catalog(db, credential, catalog) {
	await db.query("insert into mcp.plan (catalog, name, per_minute, in_flight) values ($1, 'internal', 100, 10)", [catalog]);
	const { rows: [{ id }] } = await db.query("insert into mcp.tenant (catalog, slug, name, plan) values ($1, $1, $1, 'internal') returning id",
		[catalog]);
	await db.query('update mcp.credential set catalog = $2, tenant_id = $3 where id = $1', [credential, catalog, id]);
}

/* Whoever is refused before the body is read must not hold a worker: a pool is soon empty. */
for (const [what, request] of [['401', { ...list(), credential: bearer('noise') }],
	['403', bent(list(), { Origin: 'https://evil.example' })],
	['405', { ...list(), method: 'PUT' }], ['415', bent(list(), { 'Content-Type': 'text/plain' })],
		['413', raw(`"${'x'.repeat((1 << 20) + 1)}"`)],
	['401 with a large body', { ...raw(`"${'x'.repeat(900_000)}"`), credential: bearer('noise') }]])
	test(`a ${what} takes no time`, async () => {
		const times = [];
		for (let i = 0; i < 5; i++) {
			const started_ms = performance.now();
			await send(request);
			times.push(performance.now() - started_ms);
		}
		assert.ok(times.sort((a, b) => a - b)[2] < 200, `median of five is ${times[2].toFixed(0)} ms`);
	});

/* ---- transport: headers twice, request ids, TLS ------------------------------------------------ */

for (const [name, values] of [['Authorization', [`Bearer ${key}`, `Bearer ${key}`]], ['X-API-Key', [key, key]],
	['Content-Type', ['application/json', 'application/json']],
	['Origin', ['https://a.example', 'https://b.example']], ['Host', ['localhost', 'localhost']]])
	row(`${name} twice is refused`, bent(list(), { [name]: values }), { status: [400, 403], nginx: true });
for (const [name, values] of [['MCP-Protocol-Version', [MODERN, MODERN]], ['Mcp-Method', ['tools/call', 'tools/call']],
	['Mcp-Name', ['list_pipelines', 'list_pipelines']], ['Mcp-Method', ['tools/call', 'tools/list']]])
	row(`${name} twice (${values.join(', ')}) is 400 -32020 with the id`, bent(call(), { [name]: values }), { status: 400, code: -32020, id: '1' });

test('X-Request-Id is new on every answer', async () => {
	const ids = new Set();
	for (let i = 0; i < 5; i++)
		ids.add((await send(list())).headers['x-request-id']);
	assert.equal(ids.size, 5, `ids: ${[...ids].join(' ')}`);
});
row('an X-Request-Id of the client is not taken over', bent(list(), { 'X-Request-Id': '00000000-0000-4000-8000-000000000000' }),
	good({ headers: { 'X-Request-Id': /^(?!00000000-0000)/ } }));
for (const version of ['TLSv1.2', 'TLSv1.3'])
	test(`${version} is spoken`, async () => {
		const { headers, body } = list();
		const rows = Object.entries({ Host: `${stack.tls.host}:${stack.tls.port}`, ...bearer(key), ...headers,
			'Content-Length': body.length, Connection: 'close' });
		const to = { ...stack.tls, options: { minVersion: version, maxVersion: version } };
		check(await exchange(to, message(`POST ${stack.endpoint} HTTP/1.1`, rows, body)), good());
	});
test('TLS 1.1 is not', async () => {
	const to = { ...stack.tls, options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } };
	await assert.rejects(exchange(to, Buffer.from('GET / HTTP/1.0\r\n\r\n')), /protocol|handshake|ssl|closed/i);
});
test('HTTP/2 is spoken', async () => {
	const http2 = await import('node:http2');
	const { headers, body } = call();
	const session = http2.connect(stack.say.base_url, { ca: stack.ca });
	try {
		const answer = await new Promise((resolve, refuse) => {
			const stream = session.request({ ':method': 'POST', ':path': stack.endpoint, ...bearer(key), ...headers });
			let text = '', head;
			session.on('error', refuse);
			stream.on('error', refuse);
			stream.on('response', (h) => { head = h; });
			stream.on('data', (chunk) => { text += chunk; });
			stream.on('end', () => resolve({ status: head[':status'], headers: head, text, json: JSON.parse(text) }));
			stream.end(body);
		});
		check(answer, good({ id: '1' }));
	} finally {
		session.destroy();
	}
});

/* ---- shape ------------------------------------------------------------------------------------ */

for (const body of ['{', 'nonsense', '{"jsonrpc":"2.0","id":1,"method":"ping"', '{"jsonrpc":"2.0","id":1,}', "{'a':1}",
	'{"a":1} {"b":2}', '// x\n{}']) {
	row(`not JSON: ${body} (older)`, raw(body), { status: 400, code: -32700, id: null });
	row(`not JSON: ${body} (modern header)`, raw_modern(body), { status: 400, code: -32700, id: null });
}
for (const [body, id] of [
	['1', null], ['"text"', null], ['true', null], ['null', null], ['{}', null],
	['{"jsonrpc":"1.0","id":7,"method":"ping"}', '7'],
	['{"id":7,"method":"ping"}', '7'],
	['{"jsonrpc":2.0,"id":7,"method":"ping"}', '7'],
	['{"jsonrpc":"2.0","id":"seven","method":7}', '"seven"'],
	['{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}', '5'],
	['{"jsonrpc":"2.0","id":5,"method":"ping","params":"x"}', '5'],
	['{"jsonrpc":"2.0","id":null,"method":"ping"}', null],
	['{"jsonrpc":"2.0","id":true,"method":"ping"}', null],
	['{"jsonrpc":"2.0","id":{},"method":"ping"}', null],
	['{"jsonrpc":"2.0","id":[1],"method":"ping"}', null],
	['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', null],
	['{"jsonrpc":"2.0","id":9}', '9'],
	['{"jsonrpc":"2.0","id":9,"Method":"ping"}', '9'],
]) {
	row(`not a request: ${body} (older)`, raw(body), { status: 400, code: -32600, id });
	row(`not a request: ${body} (modern header)`, raw_modern(body), { status: 400, code: -32600, id });
}

const TOKENS = ['0', '1', '-1', '2147483648', '4294967296', '1763636363636', '9007199254740991', '9007199254740993',
	'9223372036854775807',
	'"server-discover-probe-1"', '""', '"0"', '"listen:0"', '"\\u00e9\\"\\\\ \\/ \\n"', '"日本 😀"'];
for (const token of TOKENS) {
	row(`id ${token} comes back as it was (older)`, in_session(raw(`{"jsonrpc":"2.0","id":${token},"method":"ping"}`)),
		good({ id: token }));
	row(`id ${token} comes back as it was (older error)`, in_session(raw(`{"method":"no/such","id":${token},"jsonrpc":"2.0"}`)),
		{ status: 200, code: -32601, id: token });
	row(`id ${token} comes back as it was (modern)`, raw_modern(JSON.stringify({ jsonrpc: '2.0', id: 'HERE', method: 'tools/list',
		params: { _meta: envelope() } }).replace('"HERE"', token)), good({ id: token }));
	row(`id ${token} comes back as it was (modern error)`, raw(JSON.stringify({ jsonrpc: '2.0', id: 'HERE', method: 'tools/list',
		params: { _meta: envelope() } }).replace('"HERE"', token)), { status: 400, code: -32020, id: token });
}
row('an id beyond 64 bits is refused', raw(`{"jsonrpc":"2.0","id":${'9'.repeat(40)},"method":"ping"}`),
	{ status: 400, code: [-32600, -32700], id: null });
row('members may stand in any order', bent(call(), {}, { body: JSON.stringify({ params: { arguments: { limit: 1 },
	_meta: envelope(),
	name: 'list_pipelines' }, method: 'tools/call', id: 3, jsonrpc: '2.0' }) }), good({ id: '3' }));
row('unknown members are ignored', bent(list(), {}, { body: JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/list',
	extra: { a: [1] },
	params: { _meta: envelope({ 'x.example/y': 1, traceparent: 'no trace at all' }), other: true } }) }), good({ id: '3' }));
row('names of members are case-sensitive', bent(modern('tools/call', { Name: 'list_pipelines', arguments: {} }), {}),
	{ status: 200, code: -32602, id: '1' });

/* ---- modern: the table ------------------------------------------------------------------------ */

row('M1 tools/list', list(), good({ id: '1', also: ({ json: { result } }) => {
	assert.equal(result.resultType, 'complete');
	assert.equal(result.cacheScope, 'private', 'the list depends on the key: cacheScope');
	assert.ok(Number.isInteger(result.ttlMs) && result.ttlMs >= 0, `ttlMs ${result.ttlMs}`);
	assert.ok(result._meta?.[`${NS}serverInfo`]?.name, '_meta serverInfo');
	assert.ok(result.tools.every((t) => t.inputSchema?.type === 'object'), 'inputSchema of type object');
} }));
row('M1 tools/call', call(), good({ id: '1', also: ({ json: { result } }) => {
	assert.equal(result.resultType, 'complete');
	assert.equal(result.isError ?? false, false);
	assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
	assert.ok(!('ttlMs' in result), 'ttlMs belongs to the cacheable methods only');
} }));
row('M1 server/discover', modern('server/discover'), good({ id: '1', also: ({ json: { result } }) => {
	assert.deepEqual(result.supportedVersions, [MODERN]);
	assert.ok(result.capabilities.tools, 'capabilities.tools');
	assert.deepEqual(result.capabilities, { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true },
		prompts: { listChanged: true }, completions: {} }, 'what this catalog has; no tool of it logs');
	assert.ok(['private', 'public'].includes(result.cacheScope), `cacheScope ${result.cacheScope}`);
	assert.ok(Number.isInteger(result.ttlMs));
	assert.equal(result.resultType, 'complete');
} }));
test('the list is the same three times', async () => {
	const three = [];
	for (let i = 0; i < 3; i++)
		three.push((await send(list())).json.result.tools.map((t) => t.name));
	assert.deepEqual(three[1], three[0]);
	assert.deepEqual(three[2], three[0]);
});
for (const accept of [null, 'text/html', 'application/json', '*/*'])
	row(`M2 Accept ${accept ?? 'missing'} is served`, bent(list(), { Accept: accept }), good({ id: '1' }));
row('M3 no Content-Type', bent(list(), { 'Content-Type': null }), { status: 415, code: -32600, id: null });
row('M3 text/plain', bent(list(), { 'Content-Type': 'text/plain' }), { status: 415, code: -32600, id: null });
row('M4 empty body', raw_modern(''), { status: 400, code: -32700, id: null });
row('M6 []', raw_modern('[]'), { status: 400, code: -32600, id: null });
row('M6 an array with a modern claim', raw(`[${list().body}]`), { status: 400, code: -32600, id: null });
row('M6 an array under a modern header', raw_modern('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'ping'),
	{ status: 400, code: -32600, id: null });
row('M7 no version header', bent(list(), { 'MCP-Protocol-Version': null }), { status: 400, code: -32020, id: '1' });
row('M8 header 2025-11-25, body modern', bent(list(), { 'MCP-Protocol-Version': '2025-11-25' }),
	{ status: 400, code: -32020, id: '1' });

const claims = (version, headers = {}) => bent(modern('tools/list', {}, { meta: { [`${NS}protocolVersion`]: version } }), headers);
for (const version of ['v999.0.0', '2025-11-25', '2099-01-01', '']) {
	row(`M9 header and body say ${version || 'nothing'}`, claims(version, { 'MCP-Protocol-Version': version }), version === ''
		? { status: 400, code: [-32020, -32022], id: '1' }
		: { status: 400, code: -32022, id: '1', also: ({ json: { error } }) =>
			assert.deepEqual(error.data, { supported: [MODERN], requested: version }) });
	row(`M10 header modern, body ${version || 'nothing'}`, claims(version), { status: 400, code: -32020, id: '1' });
}
row('M11 no header, body v999.0.0', claims('v999.0.0', { 'MCP-Protocol-Version': null, 'Mcp-Method': null }),
	{ status: 400, code: -32022, id: '1', also: ({ json: { error } }) =>
		assert.deepEqual(error.data, { supported: [MODERN], requested: 'v999.0.0' }) });
for (const params of [undefined, {}, { _meta: {} }, { _meta: { [`${NS}clientCapabilities`]: {} } }, { _meta: 'x' }])
	row(`M12 modern header, params ${JSON.stringify(params) ?? 'missing'}`,
		raw_modern(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params })),
		{ status: 400, code: -32602, id: '1', also: ({ json: { error } }) =>
			assert.match(error.message, /_meta|protocolVersion/, 'names what is missing') });
for (const meta of [{ [`${NS}clientCapabilities`]: undefined }, { [`${NS}clientCapabilities`]: [] },
	{ [`${NS}clientCapabilities`]: null },
	{ [`${NS}clientCapabilities`]: 'x' }, { [`${NS}protocolVersion`]: 20260728 }, { [`${NS}protocolVersion`]: null },
	{ [`${NS}clientInfo`]: 'x' }, { [`${NS}clientInfo`]: { name: 'x' } }, { [`${NS}clientInfo`]: { name: 1, version: '1' } },
	{ [`${NS}logLevel`]: 'loud' }, { [`${NS}logLevel`]: 3 }])
	row(`M13 envelope with ${Object.entries(meta).map(([n, v]) => `${n.slice(NS.length)} ${JSON.stringify(v) ?? 'missing'}`)}`,
		modern('tools/list', {}, { meta }), { status: 400, code: -32602, id: '1' });
row('M14 no clientInfo', modern('tools/list', {}, { meta: { [`${NS}clientInfo`]: undefined } }), good({ id: '1' }));
row('a known logLevel is served', modern('tools/list', {}, { meta: { [`${NS}logLevel`]: 'debug' } }), good());
row('M15 Mcp-Method missing', bent(list(), { 'Mcp-Method': null }), { status: 400, code: -32020, id: '1' });
row('M15 Mcp-Method of another method', bent(list(), { 'Mcp-Method': 'tools/call' }), { status: 400, code: -32020, id: '1' });
row('M15 Mcp-Method in another case', bent(list(), { 'Mcp-Method': 'Tools/List' }), { status: 400, code: -32020, id: '1' });
for (const method of ['no/such', 'initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe',
	'tasks/result', 'tasks/list',
	'notifications/initialized', 'notifications/roots/list_changed', 'TOOLS/LIST', '', 'tools/list '])
	row(`M16 ${JSON.stringify(method)} with a right envelope is 404`,
		modern(method, {}, { headers: { 'Mcp-Method': method === '' ? null : method } }),
		method === '' || method === 'tools/list '
			? { status: [400, 404], code: [-32601, -32020], id: '1' } : { status: 404, code: -32601, id: '1' });
test('a method of a feature that discover does not declare is 404', async () => {
	const { capabilities } = (await send(modern('server/discover'))).json.result;
	const methods = { resources: ['resources/list', 'resources/templates/list'], prompts: ['prompts/list'] };

	for (const [feature, names] of Object.entries(methods))
		for (const method of names)
			check(await send(modern(method)), capabilities[feature] ? good({ id: '1' }) : { status: 404, code: -32601, id: '1' });
});
row('M17 initialize without envelope under a modern header', raw_modern(initialize().body, 'initialize'),
	{ status: 400, code: -32020, id: '1' });
for (const [what, value] of [['missing', null], ['of another tool', 'get_pipeline'], ['in another case', 'List_Pipelines'],
	['in broken base64', '=?base64?!!!!?='], ['in base64 without padding', '=?base64?bGlzdF9waXBlbGluZXM?='],
		['in base64 of something else', '=?base64?eA==?='],
	['in base64 that is no UTF-8', '=?base64?/w==?='], ['with bytes above ASCII', 'list_pip\u00e9lines'],
		['in base64 without the marks', 'bGlzdF9waXBlbGluZXM=']])
	row(`M18 Mcp-Name ${what}`, bent(call(), { 'Mcp-Name': value }), { status: 400, code: -32020, id: '1' });
for (const [what, value] of [['missing', null], ['of something else', 'planasonix://schedules/x'], ['in broken base64', '=?base64?!!!!?=']])
	row(`M18 Mcp-Name ${what} of resources/read`, bent(read(), { 'Mcp-Name': value }), { status: 400, code: -32020, id: '1' });
for (const [what, value] of [['missing', null], ['of another prompt', 'plan_schedule'], ['in broken base64', '=?base64?!!!!?=']])
	row(`M18 Mcp-Name ${what} of prompts/get`, bent(prompt(), { 'Mcp-Name': value }), { status: 400, code: -32020, id: '1' });
row('Mcp-Name of a resource in base64 is decoded',
	bent(read(), { 'Mcp-Name': `=?base64?${Buffer.from(CONNECTION_TYPES).toString('base64')}?=` }), good());
row('Mcp-Name in base64 with the marks is decoded',
	bent(call(), { 'Mcp-Name': `=?base64?${Buffer.from('list_pipelines').toString('base64')}?=` }), good());
row('Mcp-Name means nothing to tools/list', bent(list(), { 'Mcp-Name': 'anything' }), good());
row('an unknown Mcp-Param-* is ignored', bent(call(), { 'Mcp-Param-Region': 'x' }), good());
row('M19 unknown tool', modern('tools/call', { name: 'no_such_tool', arguments: {} }), { status: 200, code: -32602, id: '1' });
row('M19 a name that is a path', modern('tools/call', { name: '../../etc/passwd', arguments: {} }),
	{ status: 200, code: -32602, id: '1' });
row('M19 no name', modern('tools/call', { arguments: {} }), { status: 200, code: -32602, id: '1' });
row('M19 a name that is no text', modern('tools/call', { name: 5, arguments: {} }), { status: 200, code: -32602, id: '1' });
for (const args of [[], 'x', 5, true])
	row(`M19 arguments ${JSON.stringify(args)}`, call(args), { status: 200, code: -32602, id: '1' });
row('M19 unknown prompt', modern('prompts/get', { name: 'no_such_prompt' }), { status: 200, code: -32602, id: '1' });
row('M19 a prompt without its argument', modern('prompts/get', { name: 'diagnose_pipeline', arguments: {} }),
	{ status: 200, code: -32602, id: '1' });
row('M19 a prompt without arguments', modern('prompts/get', { name: 'diagnose_pipeline' }), { status: 200, code: -32602, id: '1' });
row('M19 a prompt without a name', modern('prompts/get', {}), { status: 200, code: -32602, id: '1' });
for (const args of [[], 'x', { pipeline_id: 5 }])
	row(`M19 arguments of a prompt ${JSON.stringify(args)}`, prompt(args), { status: 200, code: -32602, id: '1' });
row('M19 completion of an unknown prompt', modern('completion/complete', { ref: { type: 'ref/prompt', name: 'no_such_prompt' },
	argument: { name: 'x', value: '' } }), { status: 200, code: -32602, id: '1' });
for (const uri of ['planasonix://pipelines/none', 'planasonix://no/such/thing', 'file:///etc/passwd', 'nonsense', '',
	`planasonix://pipelines/${'x'.repeat(5_000)}`])
	row(`M21 unknown resource "${uri.slice(0, 50)}"`, read(uri), { status: 200, code: -32602, id: '1',
		also: ({ json }) => assert.deepEqual(json.error.data, { uri }) });
row('M21 a resource without a uri', modern('resources/read', {}), { status: 200, code: -32602, id: '1' });
row('M21 a uri that is no text', modern('resources/read', { uri: 5 }), { status: 200, code: -32602, id: '1' });
row('resources/read', read(), good({ id: '1', also: ({ json: { result } }) => {
	assert.equal(result.resultType, 'complete');
	assert.equal(result.contents[0].uri, CONNECTION_TYPES);
	assert.ok(Number.isInteger(result.ttlMs) && ['private', 'public'].includes(result.cacheScope), 'caching');
} }));
row('arguments may be absent', modern('tools/call', { name: 'list_pipelines' }),
	good({ also: ({ json }) => assert.ok(!json.result.isError) }));

const complaint = (pattern) => good({ id: '1', also: ({ json: { result } }) => {
	assert.equal(result.isError, true, 'isError');
	assert.equal(result.content?.length, 1, 'one block');
	assert.match(result.content[0].text, pattern);
	assert.ok(!('structuredContent' in result), 'an error carries no structuredContent');
} });
const tool = (name, args) => modern('tools/call', { name, arguments: args });
row('M20 a missing argument is named', tool('get_pipeline', {}), complaint(/^pipeline_id is required/));
row('M20 an argument of the wrong type is named', tool('get_pipeline', { pipeline_id: 5 }), complaint(/pipeline_id/));
row('M20 null for a text is named', tool('get_pipeline', { pipeline_id: null }), complaint(/pipeline_id/));
row('M20 an object for a text is named', tool('get_pipeline', { pipeline_id: {} }), complaint(/pipeline_id/));
row('M20 a page size that is no integer is named', tool('list_pipelines', { limit: 1.5 }), complaint(/limit/));
row('M20 a page size out of bounds is named', tool('list_pipelines', { limit: 0 }), complaint(/limit/));
row('M20 a page size far out of bounds is named', tool('list_pipelines', { limit: 1e15 }), complaint(/limit/));
row('M20 every offending argument is named at once', tool('list_pipelines', { limit: 'x', cursor: 5 }),
	complaint(/limit[^]*cursor|cursor[^]*limit/));
row('an unknown id is a tool error', tool('get_pipeline', { pipeline_id: crypto.randomUUID() }), complaint(/^pipeline not found/));
row('an impossible id is the same tool error', tool('get_pipeline', { pipeline_id: 'x' }), complaint(/^pipeline not found/));
row('a page cursor nobody gave out is a tool error', tool('list_pipelines', { cursor: 'bm9uc2Vuc2U' }), complaint(/cursor/));
for (const cursor of ['nonsense', 5, {}])
	row(`M22 cursor ${JSON.stringify(cursor)} of tools/list`, modern('tools/list', { cursor }),
		{ status: 200, code: -32602, id: '1' });
for (const method of ['resources/list', 'resources/templates/list', 'prompts/list'])
	for (const cursor of ['nonsense', 5])
		row(`M22 cursor ${JSON.stringify(cursor)} of ${method}`, modern(method, { cursor }), { status: 200, code: -32602, id: '1' });
for (const state of ['nonsense', 'v1.e30.AAAA', '', 5, null])
	row(`M24 requestState ${JSON.stringify(state)} that nobody gave out`, modern('tools/call', { name: 'delete_pipeline',
		arguments: { pipeline_id: crypto.randomUUID() }, requestState: state, inputResponses: { confirm: { action: 'accept' } } }),
	{ status: 200, code: -32602, id: '1' });
test('paging gives every pipeline once, in order', async () => {
	const seen = [];
	for (let cursor; ;) {
		const { json } = await send(call({ limit: 7, ...(cursor ? { cursor } : {}) }));
		const page = json.result.structuredContent;
		assert.equal(page.count, page.pipelines.length);
		assert.ok(page.count <= 7 && page.count > 0, `count ${page.count}`);
		seen.push(...page.pipelines.map((p) => p.id));
		cursor = page.next_cursor;
		if (!cursor)
			break;
		assert.ok(seen.length < 5_000, 'the pages end');
	}
	assert.equal(new Set(seen).size, seen.length, 'no pipeline twice');
	const whole = await send(call({ limit: 100 }));
	assert.deepEqual(seen.slice(0, 100), whole.json.result.structuredContent.pipelines.map((p) => p.id));
});
test('a cursor that was tampered with is refused', async () => {
	const { next_cursor } = (await send(call({ limit: 1 }))).json.result.structuredContent;
	for (const cursor of [`${next_cursor}A`, next_cursor.slice(0, -2), flip(next_cursor), next_cursor.split('').reverse().join('')])
		check(await send(call({ limit: 1, cursor })), complaint(/cursor/));
});
test('a cursor of one tenant is worth nothing to another', async () => {
	const { next_cursor } = (await send(call({ limit: 1 }))).json.result.structuredContent;
	check(await send({ ...call({ limit: 1, cursor: next_cursor }), credential: bearer(stack.key('globex')) }), complaint(/cursor/));
});
const flip = (text) => `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`;

const note = (method, headers = {}, params = { _meta: envelope() }) =>
	raw(JSON.stringify({ jsonrpc: '2.0', method, params }), headers);
const taken = { status: 202, empty: true };
row('M26 a notification with envelope and headers',
	note('notifications/cancelled', { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'notifications/cancelled' }), taken);
row('M26 a notification without envelope', note('notifications/cancelled', { 'MCP-Protocol-Version': MODERN }, { requestId: 1 }),
	taken);
row('M26 a notification without params', note('notifications/initialized', { 'MCP-Protocol-Version': MODERN }, undefined), taken);
row('M26 an unknown notification', note('notifications/no/such', { 'MCP-Protocol-Version': MODERN }), taken);
row('M26 a notification with envelope and no headers', note('notifications/cancelled'), taken);
row('M26 tools/call without an id is only a notification',
	note('tools/call', { 'MCP-Protocol-Version': MODERN }, { _meta: envelope(), name: 'pause_pipeline', arguments: {} }), taken);
row('M27 a notification with a different Mcp-Method',
	note('notifications/cancelled', { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/list' }),
	{ status: 400, code: -32020, id: null });
row('M28 a posted response', raw_modern('{"jsonrpc":"2.0","id":1,"result":{}}'), { status: 400, code: [-32600, -32000], id: null });
row('M28 a posted error', raw_modern('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}'),
	{ status: 400, code: [-32600, -32000], id: null });
row('M29 Mcp-Session-Id and Last-Event-ID are ignored', bent(list(), { 'Mcp-Session-Id': 'x', 'Last-Event-ID': '5' }),
	good({ id: '1', headers: { 'Mcp-Session-Id': null, 'Last-Event-ID': null } }));
for (const params of [{}, { notifications: [] }, { notifications: 'all' }, { notifications: { toolsListChanged: 'yes' } },
	{ notifications: { resourceSubscriptions: 'all' } }, { notifications: { resourceSubscriptions: [5] } }])
	row(`M32 subscriptions/listen with ${JSON.stringify(params)}`, modern('subscriptions/listen', params),
		{ status: 200, code: -32602, id: '1' });
for (const notifications of [{}, { toolsListChanged: false }, { resourceSubscriptions: [] }, { resourceSubscriptions: ['file:///etc/passwd'] },
	{ noSuchThing: true }])
	test(`M33 subscriptions/listen with ${JSON.stringify(notifications)} is acknowledged and ends`, async () => {
		const stream = await stack.open(modern('subscriptions/listen', { notifications }, { id: 'L' }), { key });

		await stream.wait('its end', () => stream.ended);
		assert.equal(stream.status, 200);
		assert.match(stream.headers['content-type'], /^text\/event-stream/);
		const [{ json: said }, { json: end }, ...more] = stream.events;
		assert.equal(said.method, 'notifications/subscriptions/acknowledged');
		assert.equal(said.params._meta[`${NS}subscriptionId`], 'L');
		assert.equal(Object.values(said.params.notifications).flat().filter(Boolean).length, 0, 'nothing is honoured');
		assert.deepEqual([end.id, end.result.resultType, end.result._meta[`${NS}subscriptionId`]], ['L', 'complete', 'L']);
		assert.deepEqual(more, []);
	});
row('M35 padded header values are trimmed', bent(call(), { 'Mcp-Method': '  tools/call \t', 'Mcp-Name': ' \tlist_pipelines  ',
	'MCP-Protocol-Version': `  ${MODERN} ` }), good({ id: '1' }));
row('names of headers in any case', { headers: Object.fromEntries(Object.entries(call().headers).map(([n, v]) =>
	[n.toUpperCase(), v])), body: call().body }, good());
row('modern answers carry no session id', modern('server/discover'), good({ headers: { 'Mcp-Session-Id': null } }));

before(() => stack.serving());
after(() => stack.down());
await run();
