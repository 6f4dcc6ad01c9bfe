/*
 * ask: the server asks back.
 *
 * Modern clients get an input_required result and come again; older ones are asked on the stream of
 * their request.  Planasonix's deletes, whose files have `confirm`, and tools in C, catalogs/asking,
 * built into a copy of tools/.  What a client may send back is tried as bytes; that it works is shown
 * with the official clients.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, must, private_stack, sleep, until } from './lib/stack.mjs';
import { MODERN, NS, bearer, check, legacy, modern } from './lib/mcp.mjs';
import { open } from './lib/listen.mjs';

const ASK_MS = 2000;
const TTL_MS = 3000;
const FORMS = { elicitation: {} };
const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const YES = { action: 'accept', content: { confirm: true } };
const NOTHING_CHANGED = /Nothing was changed\.$/;

const tools = mkdtempSync(path.join(tmpdir(), 'mcp-asking-'));
let stack, db, key, pipeline;

before(async () => {
	cpSync(path.join(ROOT, 'tools'), tools, { recursive: true });
	for (const file of readdirSync(path.join(ROOT, 'tests/e2e/catalogs/asking')))
		cpSync(path.join(ROOT, 'tests/e2e/catalogs/asking', file), path.join(tools, 'planasonix', file));
	await must('make', ['-s', 'tools', `TOOLS=${tools}`], { cwd: ROOT });
	stack = await private_stack('ask', 240, { settings: { MCP_TOOLS: tools, MCP_SQL: path.join(ROOT, 'sql'), MCP_SLOW_WORKERS: 4,
		MCP_ASK_TIMEOUT: `${ASK_MS}ms`, MCP_NODE_PER_MINUTE: 100000000 } });
	db = await stack.db('postgres_super');
	key = stack.key('bench');
	pipeline = (await db.query('select id from planasonix.pipeline where tenant_id = $1 and deleted_at is null limit 1',
		[stack.tenant('bench').id])).rows[0];
});
after(() => stack?.down());
after(() => rmSync(tools, { recursive: true, force: true }));

/* ---- what the tests say ------------------------------------------------------------------------- */

async function new_schedule(tenant = 'bench') {
	const { rows: [{ id }] } = await db.query(`insert into planasonix.schedule (tenant_id, pipeline_id, cron_expression, frequency, timezone, next_run_at)
		select tenant_id, id, '30 2 * * *', 'daily', 'UTC', now() + interval '1 day' from planasonix.pipeline
		where tenant_id = $1 and deleted_at is null limit 1 returning id`, [stack.tenant(tenant).id]);

	return id;
}

const exists = async (id) => (await db.query('select from planasonix.schedule where id = $1', [id])).rowCount === 1;

/* A modern tools/call of a client with these capabilities. */
const call = (name, args, { caps = FORMS, as = key, to, ...more } = {}) =>
	stack.post(modern('tools/call', { name, arguments: args, ...more }, { meta: { [`${NS}clientCapabilities`]: caps } }), { key: as, ...(to ? { to } : {}) });
const remove = (id, more) => call('delete_schedule', { schedule_id: id }, more);

/* The answer asks: its keys and its state. */
function asks(answer, ...keys) {
	check(answer, { status: 200, code: null });
	assert.equal(answer.json.result?.resultType, 'input_required', answer.text);
	assert.deepEqual(Object.keys(answer.json.result.inputRequests).sort(), [...keys].sort());
	assert.ok(answer.json.result._meta[`${NS}serverInfo`]);
	assert.ok(!('ttlMs' in answer.json.result) && !('content' in answer.json.result));
	return answer.json.result.requestState;
}

const text_of = (answer) => (answer.json?.result ?? answer.result ?? answer).content[0].text;

function declines(answer, says = NOTHING_CHANGED) {
	check(answer, { status: 200, code: null });
	assert.equal(answer.json.result.isError, true, answer.text);
	assert.match(text_of(answer), says);
}

const refuses_state = (answer, says) => check(answer, { status: 200, code: -32602, id: '1',
	also: ({ json }) => assert.match(json.error.message, says) });

/* ---- confirm, modern ---------------------------------------------------------------------------- */

test('a delete asks first, in the words of its file, and changes nothing by that', async () => {
	const id = await new_schedule();
	const answer = await remove(id);

	asks(answer, 'confirm');
	assert.deepEqual(answer.json.result.inputRequests.confirm, { method: 'elicitation/create', params: { mode: 'form',
		message: `Delete schedule ${id}? This cannot be undone.`,
		requestedSchema: { type: 'object', properties: { confirm: { type: 'boolean', title: 'Yes, go ahead', default: true } } } } });
	assert.ok(await exists(id));
	assert.equal((await stack.event(answer.headers['x-request-id'])).code, 'input_required');
});

test('all three deletes ask', async () => {
	const { rows: [connection] } = await db.query(`insert into planasonix.connection (tenant_id, name, type, category)
		select tenant_id, 'unused', type, category from planasonix.connection where tenant_id = $1 limit 1 returning id`, [stack.tenant('bench').id]);

	asks(await call('delete_connection', { connection_id: connection.id }), 'confirm');
	asks(await call('delete_pipeline', { pipeline_id: pipeline.id }), 'confirm');
});

test('declined, cancelled, unticked: nothing changes, and the audit says tool_error', async () => {
	const id = await new_schedule();

	for (const answer of [{ action: 'decline' }, { action: 'cancel' }, { action: 'accept', content: { confirm: false } }]) {
		const got = await remove(id, { inputResponses: { confirm: answer }, requestState: asks(await remove(id), 'confirm') });

		declines(got);
		assert.ok(await exists(id), JSON.stringify(answer));
		assert.equal((await stack.event(got.headers['x-request-id'])).outcome, 'tool_error');
	}
});

test('a yes after a no comes too late: the no has used the state up', async () => {
	for (const no of [{ action: 'decline' }, { action: 'cancel' }, { action: 'accept', content: { confirm: false } }]) {
		const id = await new_schedule();
		const requestState = asks(await remove(id), 'confirm');

		declines(await remove(id, { inputResponses: { confirm: no }, requestState }));
		refuses_state(await remove(id, { inputResponses: { confirm: YES }, requestState }), /used/);
		assert.ok(await exists(id), JSON.stringify(no));
	}
});

test('a yes deletes, once: the state is used up', async () => {
	const id = await new_schedule();
	const requestState = asks(await remove(id), 'confirm');
	const done = await remove(id, { inputResponses: { confirm: YES }, requestState });

	check(done, { status: 200, code: null });
	assert.equal(done.json.result.resultType, 'complete');
	assert.match(text_of(done), /deleted successfully/);
	assert.ok(!await exists(id));
	refuses_state(await remove(id, { inputResponses: { confirm: YES }, requestState }), /requestState has been used/);
});

test('of several that come with one state at a time one is served', async () => {
	const id = await new_schedule();
	const requestState = asks(await remove(id), 'confirm');
	const all = await Promise.all(Array.from({ length: 6 }, () => remove(id, { inputResponses: { confirm: YES }, requestState })));

	assert.deepEqual(all.map(({ json }) => json.error?.code ?? 'done').sort(), [-32602, -32602, -32602, -32602, -32602, 'done']);
});

test('an answer without a state, or that is none, is asked for again; what is no object is refused', async () => {
	const id = await new_schedule();

	asks(await remove(id, { inputResponses: { confirm: YES } }), 'confirm');
	const requestState = asks(await remove(id), 'confirm');
	for (const inputResponses of [{}, { wrong: YES }, { confirm: {} }, { confirm: { action: 'perhaps' } },
		...['yes', null].map((confirm) => ({ confirm: { action: 'accept', content: { confirm } } })), { confirm: { action: 'accept', content: null } }])
		asks(await remove(id, { inputResponses, requestState }), 'confirm');
	for (const inputResponses of [null, [], 'yes', 1, { confirm: 12345 }, { confirm: null }, { confirm: 'accept' }])
		refuses_state(await remove(id, { inputResponses, requestState }), /inputResponses/);
	for (const state of [null, 1, {}, [], '', 's1.', 'v1.e30.AAAA', requestState.slice(0, -1), `${requestState}A`, 'x'.repeat(40000)])
		refuses_state(await remove(id, { inputResponses: { confirm: YES }, requestState: state }), /requestState/);
	assert.ok(await exists(id));
});

test('a yes cannot be used for another argument, tool, key, tenant or workspace, nor altered', async () => {
	const id = await new_schedule(), other = await new_schedule();
	const requestState = asks(await remove(id), 'confirm');
	const yes = { inputResponses: { confirm: YES }, requestState };
	const { secret } = await stack.new_key('bench');

	refuses_state(await remove(other, yes), /not what this caller was given/);
	refuses_state(await call('delete_pipeline', { pipeline_id: pipeline.id }, yes), /not what this caller was given/);
	refuses_state(await remove(id, { ...yes, as: secret }), /not what this caller was given/);
	refuses_state(await remove(id, { ...yes, as: stack.key('globex') }), /not what this caller was given/);
	for (const at of [3, 10, requestState.length >> 1, requestState.length - 1]) {
		const altered = requestState.slice(0, at) + (requestState[at] === 'A' ? 'B' : 'A') + requestState.slice(at + 1);
		refuses_state(await remove(id, { ...yes, requestState: altered }), /requestState/);
	}
	assert.ok(await exists(id) && await exists(other));
	check(await remove(id, yes), { status: 200, code: null });
	assert.ok(!await exists(id));
});

test('another key of the same principal may answer', async () => {
	const of = ['--catalog', 'planasonix', '--tenant', 'bench'];
	const name = `asked-${randomBytes(4).toString('hex')}`;
	await stack.mcpctl('role', 'add', ...of, '--name', name, '--scope', '*');
	await stack.mcpctl('principal', 'add', ...of, '--name', name, '--role', name);
	const [one, two] = [await stack.new_key('bench', ['*'], '--principal', name), await stack.new_key('bench', ['*'], '--principal', name)];
	const id = await new_schedule();
	const requestState = asks(await remove(id, { as: one.secret }), 'confirm');

	check(await remove(id, { inputResponses: { confirm: YES }, requestState, as: two.secret }), { status: 200, code: null });
	assert.ok(!await exists(id));
});

test('what is refused anyway is refused unasked: no such row, a conflict, bad arguments, no scope', async () => {
	const { rows: [used] } = await db.query('select source_connection_id as id from planasonix.pipeline where tenant_id = $1 and source_connection_id is not null limit 1',
		[stack.tenant('bench').id]);
	const { secret } = await stack.new_key('bench', ['pipelines:read']);

	declines(await remove('00000000-0000-4000-8000-000000000000'), /^schedule not found$/);
	declines(await remove('nonsense'), /^schedule not found$/);
	declines(await remove(await new_schedule('globex')), /^schedule not found$/);
	declines(await call('delete_connection', { connection_id: used.id }), /in use by/);
	declines(await call('delete_schedule', {}), /schedule_id/);
	declines(await remove(await new_schedule(), { as: secret }), /Insufficient permissions/);
});

/* ---- across processes and time ------------------------------------------------------------------- */

const finish = async (id, requestState, more = {}) => {
	check(await remove(id, { inputResponses: { confirm: YES }, requestState, ...more }), { status: 200, code: null });
	assert.ok(!await exists(id));
};

test('a reload, a restart, another node between the question and the answer', async () => {
	const ids = [await new_schedule(), await new_schedule(), await new_schedule()];
	const states = [];

	for (const id of ids)
		states.push(asks(await remove(id), 'confirm'));
	assert.equal((await stack.reload()).status, 0);
	await finish(ids[0], states[0]);
	await stack.ctl('stop', 'fpm');
	await stack.ctl('start', 'fpm');
	await stack.serving();
	await finish(ids[1], states[1]);
	const node = await stack.second();
	await finish(ids[2], states[2], { to: node });
}, { timeout_ms: 120_000 });

test('another key file: the old one opens while it is named', async () => {
	const ids = [await new_schedule(), await new_schedule()];
	const states = [asks(await remove(ids[0]), 'confirm'), asks(await remove(ids[1]), 'confirm')];
	const [file, old] = [path.join(stack.dir, 'key.next'), stack.setting('MCP_KEY_FILE')];

	writeFileSync(file, randomBytes(32), { mode: 0o644 });
	stack.write_settings({ MCP_KEY_FILE: file, MCP_KEY_FILE_OLD: old });
	assert.equal((await stack.reload()).status, 0);
	await finish(ids[0], states[0]);
	await stack.configure({ MCP_KEY_FILE_OLD: '' });	/* workers of before a reload may still take a request */
	refuses_state(await remove(ids[1], { inputResponses: { confirm: YES }, requestState: states[1] }), /requestState/);
	await stack.configure({ MCP_KEY_FILE: old });
	await finish(ids[1], states[1]);
}, { timeout_ms: 120_000 });

test('Redis away: the yes is refused, nothing changes, and later it counts', async () => {
	const id = await new_schedule();
	const requestState = asks(await remove(id), 'confirm');
	const session = await stack.new_session(key, '2025-11-25', { capabilities: FORMS });

	await stack.ctl('stop', 'redis');
	declines(await stack.post(legacy('tools/call', { name: 'delete_schedule', arguments: { schedule_id: id } },
		{ headers: { 'Mcp-Session-Id': session } }), { key }), /^The user cannot be asked now\. Nothing was changed\./);
	check(await remove(id, { inputResponses: { confirm: YES }, requestState }), { status: 503, code: 503, headers: { 'retry-after': /^\d+$/ },
		also: ({ json }) => assert.match(json.error.message, /nothing was changed\. Try again/) });
	assert.ok(await exists(id));
	await stack.ctl('start', 'redis');
	await until('Redis is found again', async () => (await remove(id, { inputResponses: { confirm: YES }, requestState })).status === 200);
	assert.ok(!await exists(id));
});

test('PostgreSQL away: a yes is not used up by a call that could not begin', async () => {
	const id = await new_schedule();
	const requestState = asks(await remove(id), 'confirm');
	const yes = () => remove(id, { inputResponses: { confirm: YES }, requestState });

	await stack.ctl('stop', 'postgres');
	check(await yes(), { status: 503, code: 503, headers: { 'retry-after': /^\d+$/ } });
	check(await yes(), { status: 503, code: 503 });
	await stack.ctl('start', 'postgres');
	await stack.serving();
	db = await stack.db('postgres_super');
	assert.ok(await exists(id));
	check(await yes(), { status: 200, code: null, also: ({ json }) => assert.ok(!json.result.isError && json.result.resultType === 'complete') });
	assert.ok(!await exists(id));
	refuses_state(await yes(), /used/);
});

test('a state that came too late is refused', async () => {
	const id = await new_schedule();

	await stack.configure({ MCP_STATE_TTL: `${TTL_MS}ms` });
	const requestState = asks(await remove(id), 'confirm');
	await sleep(TTL_MS + 200);
	refuses_state(await remove(id, { inputResponses: { confirm: YES }, requestState }), /requestState has expired/);
	assert.ok(await exists(id));
	stack.write_settings({ MCP_STATE_TTL: '10m' });
	assert.equal((await stack.reload()).status, 0);
}, { timeout_ms: 90_000 });

/* ---- clients that cannot be asked, and tenants ---------------------------------------------------- */

const policy = (word) => stack.mcpctl('tenant', 'confirm', '--catalog', 'planasonix', '--slug', 'bench', word);

test('a client that declares no forms is served unasked, unless its tenant wants every confirmation', async () => {
	const ids = [await new_schedule(), await new_schedule(), await new_schedule()];

	check(await remove(ids[0], { caps: {} }), { status: 200, code: null });
	assert.ok(!await exists(ids[0]));
	assert.equal((await policy('required')).confirm, 'required');
	try {
		check(await remove(ids[1], { caps: { elicitation: { url: {} } } }), { status: 400, code: -32021, id: '1',
			also: ({ json }) => assert.deepEqual(json.error.data, { requiredCapabilities: { elicitation: { form: {} } } }) });
		const session = await stack.new_session(key, '2025-11-25', { capabilities: {} });
		const old = await stack.post(legacy('tools/call', { name: 'delete_schedule', arguments: { schedule_id: ids[1] } },
			{ headers: { 'Mcp-Session-Id': session } }), { key });
		check(old, { status: 200, code: null });
		assert.ok(old.json.result.isError && /can be asked/.test(text_of(old)), old.text);
		assert.ok(await exists(ids[1]));
		await finish(ids[2], asks(await remove(ids[2]), 'confirm'));
	} finally {
		await policy('if_possible');
	}
	check(await remove(ids[1], { caps: {} }), { status: 200, code: null });
	assert.ok(!await exists(ids[1]));
});

/* ---- tools in C, modern --------------------------------------------------------------------------- */

const said = { role: 'assistant', content: { type: 'text', text: 'Hello.' }, model: 'm' };
const named = (name) => ({ action: 'accept', content: { name } });

test('a capability that is no object is declared all the same, in both eras', async () => {
	const id = await new_schedule();

	for (const elicitation of [true, [], 'form'])
		asks(await remove(id, { caps: { elicitation } }), 'confirm');
	assert.ok(await stack.new_session(key, '2025-11-25', { capabilities: { elicitation: [], sampling: true, roots: 1 } }));
	assert.ok(await exists(id));
});

test('two rounds: the second state carries the first answer', async () => {
	const first = asks(await call('two_steps', { seed: 1 }), 'name');
	const second = asks(await call('two_steps', { seed: 1 }, { inputResponses: { name: named('Alice'), extra: {} }, requestState: first }), 'color');

	assert.notEqual(first, second);
	const done = await call('two_steps', { seed: 1 }, { inputResponses: { color: { action: 'accept', content: { color: 'red' } } }, requestState: second });
	assert.deepEqual(JSON.parse(text_of(done)), { name: 'Alice', color: 'red' });
	asks(await call('two_steps', { seed: 1 }, { inputResponses: { color: { action: 'accept', content: { color: '' } } }, requestState: second }), 'color');
	refuses_state(await call('two_steps', { seed: 2 }, { inputResponses: {}, requestState: second }), /requestState/);
	asks(await call('two_steps', { words: { b: 1, a: [2, { d: 3, c: 4 }] } }), 'name');
});

test('arguments in another order are the same arguments', async () => {
	const state = asks(await call('two_steps', { seed: 7, words: { b: 1, a: [2, { d: 3, c: null }] } }), 'name');

	asks(await call('two_steps', { words: { a: [2, { c: null, d: 3 }], b: 1 }, seed: 7 }, { inputResponses: { name: named('A') }, requestState: state }), 'color');
});

test('after eight rounds nobody is asked again', async () => {
	let requestState;

	for (let round = 1; round <= 8; round++)
		requestState = asks(await call('two_steps', {}, { inputResponses: {}, ...(requestState ? { requestState } : {}) }), 'name');
	declines(await call('two_steps', {}, { inputResponses: {}, requestState }), /asked 8 times/);
});

test('only what the client can is asked; what cannot be left out is an error', async () => {
	for (const [caps, keys] of [[ALL, ['form', 'roots', 'said']], [{ sampling: {} }, ['said']], [{ roots: {} }, ['roots']], [FORMS, ['form']]])
		asks(await call('gather', {}, { caps }), ...keys);
	const state = asks(await call('gather', {}, { caps: ALL }), 'form', 'roots', 'said');
	const done = await call('gather', {}, { caps: ALL, requestState: state,
		inputResponses: { form: { action: 'decline' }, said, roots: { roots: [{ uri: 'file:///a' }] } } });
	assert.deepEqual(JSON.parse(text_of(done)), { form: { action: 'decline' }, said, roots: { roots: [{ uri: 'file:///a' }] } });
	asks(await call('gather', {}, { caps: ALL, inputResponses: { form: named('A'), said: { role: 'assistant' }, roots: { roots: [{}] } } }), 'roots', 'said');
	for (const [name, caps, requiredCapabilities] of [['sample', FORMS, { sampling: {} }], ['visit', FORMS, { elicitation: { url: {} } }],
		['two_steps', { sampling: {} }, { elicitation: { form: {} } }]])
		check(await call(name, {}, { caps }), { status: 400, code: -32021, id: '1', also: ({ json }) => assert.deepEqual(json.error.data, { requiredCapabilities }) });
	const url = await call('visit', {}, { caps: ALL });
	asks(url, 'login');
	assert.deepEqual(url.json.result.inputRequests.login.params, { mode: 'url', message: 'Please log in.', url: 'https://login.example.com/' });
});

test('a C tool that writes takes each answer once, too', async () => {
	const status = async () => (await db.query('select status from planasonix.pipeline where id = $1', [pipeline.id])).rows[0].status;
	const to = (word) => ({ inputResponses: { status: { action: 'accept', content: { status: word } } } });
	const turn = (more) => call('switch_pipeline', { pipeline_id: pipeline.id }, more);
	const before_it = await status();

	asks(await turn(to('paused')), 'status');
	const requestState = asks(await turn(), 'status');
	assert.equal(await status(), before_it);
	for (const word of ['paused', 'active']) {
		const done = await turn({ ...to(word), requestState: asks(await turn(), 'status') });
		assert.equal(text_of(done), '1 switched.', done.text);
		assert.equal(await status(), word);
	}
	check(await turn({ ...to('paused'), requestState }), { status: 200, code: null });
	refuses_state(await turn({ ...to('active'), requestState }), /has been used/);
	assert.equal(await status(), 'paused');
	await db.query('update planasonix.pipeline set status = $2 where id = $1', [pipeline.id, before_it]);
});

/* ---- official clients ----------------------------------------------------------------------------- */

const url = () => new URL(stack.http_endpoint_url);
const IDENTITY = { name: 'mcp-fpm-tests', version: '1' };
const REQUEST = { requestInit: { get headers() { return bearer(key); } } };

/* handle(method, params) answers. */
async function connect_new(mode, capabilities, handle) {
	const client = new Client(IDENTITY, { versionNegotiation: { mode }, capabilities });

	if (capabilities.elicitation)
		client.setRequestHandler('elicitation/create', ({ params }) => handle('elicitation/create', params));
	if (capabilities.sampling)
		client.setRequestHandler('sampling/createMessage', ({ params }) => handle('sampling/createMessage', params));
	if (capabilities.roots)
		client.setRequestHandler('roots/list', ({ params }) => handle('roots/list', params));
	await client.connect(new StreamableHTTPClientTransport(url(), REQUEST));
	return { call: (name, args) => client.callTool({ name, arguments: args }), close: () => client.close(), version: client.getNegotiatedProtocolVersion() };
}

async function connect_old(capabilities, handle) {
	const client = new OldClient(IDENTITY, { capabilities });

	if (capabilities.elicitation)
		client.setRequestHandler(ElicitRequestSchema, ({ params }) => handle('elicitation/create', params));
	if (capabilities.sampling)
		client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => handle('sampling/createMessage', params));
	if (capabilities.roots)
		client.setRequestHandler(ListRootsRequestSchema, ({ params }) => handle('roots/list', params));
	await client.connect(new OldTransport(url(), REQUEST));
	return { call: (name, args) => client.callTool({ name, arguments: args }), close: () => client.close(), version: '2025-11-25' };
}

const WAYS = {
	'client 2.4, modern': [(...rest) => connect_new({ pin: MODERN }, ...rest), MODERN],
	'client 2.4, auto': [(...rest) => connect_new('auto', ...rest), MODERN],
	'client 2.4, legacy': [(...rest) => connect_new('legacy', ...rest), '2025-11-25'],
	'sdk 1.32': [connect_old, '2025-11-25'],
};

for (const [way, [connect, version]] of Object.entries(WAYS)) {
	test(`${way}: the user is asked, and heeded`, async () => {
		const id = await new_schedule();
		const heard = [];
		let answer;
		const client = await connect({ elicitation: {} }, (method, params) => {
			heard.push(params.message);
			return answer;
		});

		try {
			assert.equal(client.version, version);
			for (answer of [{ action: 'decline' }, { action: 'cancel' }, { action: 'accept', content: { confirm: false } }]) {
				const got = await client.call('delete_schedule', { schedule_id: id });
				assert.ok(got.isError && NOTHING_CHANGED.test(text_of(got)), JSON.stringify(got));
				assert.ok(await exists(id));
			}
			answer = YES;
			const done = await client.call('delete_schedule', { schedule_id: id });
			assert.match(text_of(done), /deleted successfully/);
			assert.ok(!await exists(id));
			assert.deepEqual(heard, Array(4).fill(`Delete schedule ${id}? This cannot be undone.`));
			const gone = await client.call('delete_schedule', { schedule_id: id });
			assert.ok(gone.isError && text_of(gone) === 'schedule not found' && heard.length === 4);
		} finally {
			await client.close();
		}
	});

	test(`${way}: two rounds, three kinds of questions`, async () => {
		const client = await connect({ elicitation: {}, sampling: {}, roots: { listChanged: true } }, (method, params) =>
			method === 'roots/list' ? { roots: [{ uri: 'file:///home', name: 'home' }] } : method === 'sampling/createMessage' ? said
				: { action: 'accept', content: { [Object.keys(params.requestedSchema.properties)[0]]: params.message } });

		try {
			assert.deepEqual(JSON.parse(text_of(await client.call('two_steps', {}))), { name: 'Your name?', color: 'Your color?' });
			assert.deepEqual(JSON.parse(text_of(await client.call('gather', {}))), { form: named('Your name?'), said,
				roots: { roots: [{ uri: 'file:///home', name: 'home' }] } });
		} finally {
			await client.close();
		}
	});
}

/* ---- older clients as bytes ------------------------------------------------------------------------ */

/* A session, and calls in it whose stream is ours to read. */
async function old_session(capabilities = ALL, version = '2025-11-25', options = {}) {
	const caller = options.key ?? key;
	const id = await stack.new_session(caller, version, { capabilities });
	const header = { 'Mcp-Session-Id': id };
	const post = (request, more = {}) => stack.post(request, { key: caller, ...options, ...more });

	return {
		id,
		call: (name, args, call_id = 1) => {
			const { headers, body } = legacy('tools/call', { name, arguments: args }, { id: call_id, version, headers: header });
			return open(stack.http, stack.endpoint, { headers: { ...headers, ...bearer(caller) }, body });
		},
		answer: (to, rest, more = {}) => post({ headers: legacy('x', {}, { version, headers: header }).headers,
			body: JSON.stringify({ jsonrpc: '2.0', id: to, ...rest }) }, more),
		cancel: (requestId) => post({ headers: legacy('x', {}, { version, headers: header }).headers,
			body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }) }),
	};
}

const question = (stream, n = 1) => until('a question', () => stream.messages.filter(({ method, id }) => method && id !== undefined)[n - 1]);
const end_of = async (stream, timeout_ms = 10_000) => (await until('the end', () => stream.messages.find((m) => m.result || m.error) && stream.ended &&
	stream.messages.find((m) => m.result || m.error), { timeout_ms })).result;

test('an older client is asked on the stream of its request, and answers wherever it likes', async () => {
	const session = await old_session();
	const node = await stack.second();

	for (const more of [{}, { to: node }]) {
		const id = await new_schedule();
		const stream = await session.call('delete_schedule', { schedule_id: id });
		const asked = await question(stream);

		assert.equal(stream.response.headers['content-type'], 'text/event-stream');
		assert.match(asked.id, /^ask-[\w-]{22}$/);
		assert.equal(asked.params.message, `Delete schedule ${id}? This cannot be undone.`);
		check(await session.answer(asked.id, { result: YES }, more), { status: 202, empty: true });
		assert.match(text_of(await end_of(stream)), /deleted successfully/);
		assert.ok(!await exists(id));
		check(await session.answer(asked.id, { result: YES }), { status: 202, empty: true });	/* too late, and no matter */
	}
});

test('a scope that is lost while the user thinks: the answer comes too late for a tool in C as well', async () => {
	const of = ['--catalog', 'planasonix', '--tenant', 'bench', '--name', 'thinker'];
	const form = { elicitation: {} };

	await stack.mcpctl('role', 'add', ...of, '--scope', 'pipelines:read', '--scope', 'schedules:read');
	await stack.mcpctl('principal', 'add', ...of, '--role', 'thinker');
	const { secret } = await stack.new_key('bench', ['*'], '--principal', 'thinker');
	const session = await old_session(form, '2025-11-25', { key: secret });
	const stream = await session.call('two_steps', {});
	const asked = await question(stream);

	await stack.mcpctl('role', 'scopes', ...of, '--scope', 'schedules:read');
	check(await session.answer(asked.id, { result: named('Ann') }), { status: 202, empty: true });
	const result = await end_of(stream);
	assert.ok(result.isError && /^Insufficient permissions/.test(text_of(result)), JSON.stringify(result));
	assert.equal(stream.messages.filter(({ method }) => method === 'elicitation/create').length, 1, 'and nothing more is asked');
});

test('nobody answers: a clear error in time, and the question is called off', async () => {
	const session = await old_session();
	const id = await new_schedule();
	const from = performance.now();
	const stream = await session.call('delete_schedule', { schedule_id: id });
	const asked = await question(stream);
	const result = await end_of(stream);

	assert.ok(result.isError && /Nobody answered the question within 2 seconds\. Nothing was changed\./.test(text_of(result)), JSON.stringify(result));
	assert.ok(performance.now() - from > ASK_MS - 100 && performance.now() - from < ASK_MS + 3000);
	assert.deepEqual(stream.messages.filter(({ method }) => method === 'notifications/cancelled').map(({ params }) => params.requestId), [asked.id]);
	assert.ok(await exists(id));
});

test('answers of another session, of another caller, or to another question are none', async () => {
	const [session, other] = [await old_session(), await old_session()];
	const id = await new_schedule();
	const stream = await session.call('delete_schedule', { schedule_id: id });
	const asked = await question(stream);

	check(await other.answer(asked.id, { result: YES }), { status: 202, empty: true });
	check(await session.answer(`${asked.id}x`, { result: YES }), { status: 202, empty: true });
	check(await session.answer(7, { result: YES }), { status: 202, empty: true });
	check(await session.answer(asked.id, { result: YES }, { key: stack.key('globex') }), { status: 404 });
	await sleep(300);
	assert.ok(!stream.ended && await exists(id));
	await session.answer(asked.id, { result: { action: 'decline' } });
	assert.match(text_of(await end_of(stream)), NOTHING_CHANGED);
});

test('a client that cannot after all, or answers nonsense', async () => {
	const session = await old_session();
	const id = await new_schedule();
	const refused = await session.call('delete_schedule', { schedule_id: id });

	await session.answer((await question(refused)).id, { error: { code: -32601, message: 'Method not found' } });
	const result = await end_of(refused);
	assert.ok(result.isError && /error -32601, Method not found\)\. Nothing was changed\./.test(text_of(result)), JSON.stringify(result));

	const again = await session.call('delete_schedule', { schedule_id: id });
	await session.answer((await question(again)).id, { result: { action: 'perhaps' } });
	await session.answer((await question(again, 2)).id, { result: { action: 'cancel' } });
	assert.match(text_of(await end_of(again)), NOTHING_CHANGED);

	const nonsense = await session.call('delete_schedule', { schedule_id: id });
	for (let round = 1; round <= 8; round++)
		await session.answer((await question(nonsense, round)).id, { result: {} });
	assert.match(text_of(await end_of(nonsense)), /asked 8 times/);
	assert.ok(await exists(id));
});

test('a client that leaves, or cancels, keeps no worker', async () => {
	const session = await old_session();
	const id = await new_schedule();
	const waiting = async () => (await db.query('select 1')) && stack.log().split('\n').filter((line) => /"tool":"delete_schedule"/.test(line)).length;
	const before_it = await waiting();
	const stream = await session.call('delete_schedule', { schedule_id: id }, 'a');

	await question(stream);
	stream.close();
	await until('its worker is free', async () => await waiting() > before_it, { timeout_ms: ASK_MS - 400 });
	const cancelled = await session.call('delete_schedule', { schedule_id: id }, 'b');
	await question(cancelled);
	check(await session.cancel('b'), { status: 202, empty: true });
	await until('its stream ends', () => cancelled.ended, { timeout_ms: ASK_MS - 400 });
	assert.ok(!cancelled.messages.some((message) => message.result || message.error));
	const last = await session.call('delete_schedule', { schedule_id: id }, 'c');
	await question(last);
	check(await stack.post({ headers: { 'Mcp-Session-Id': session.id }, body: '' }, { key, method: 'DELETE' }), { status: 200 });
	assert.match(text_of(await end_of(last, ASK_MS - 400)), /session ended.*Nothing was changed/);
	assert.ok(await exists(id));
});

test('half of the slow pool waits for people, and no more', async () => {
	const sessions = await Promise.all(Array.from({ length: 4 }, () => old_session()));
	const id = await new_schedule();
	const streams = [await sessions[0].call('delete_schedule', { schedule_id: id }), await sessions[1].call('delete_schedule', { schedule_id: id })];

	const asked = await Promise.all(streams.map((stream) => question(stream)));
	const third = await sessions[2].call('delete_schedule', { schedule_id: id });
	await until('the third is answered', () => third.ended);
	assert.match(JSON.stringify(third.messages[0] ?? third.text), /Too many questions to users are open now/);
	await sessions[0].answer(asked[0].id, { result: { action: 'decline' } });
	await end_of(streams[0]);
	const fourth = await sessions[3].call('delete_schedule', { schedule_id: id });
	await sessions[3].answer((await question(fourth)).id, { result: { action: 'decline' } });
	assert.match(text_of(await end_of(fourth)), NOTHING_CHANGED);
	await sessions[1].answer(asked[1].id, { result: { action: 'decline' } });
	await end_of(streams[1]);
});

test('revisions: URLs have an id in 2025-11-25 alone, forms come with 2025-06-18', async () => {
	const newest = await old_session();
	const stream = await newest.call('visit', {});
	const asked = await question(stream);

	assert.match(asked.params.elicitationId, /^[0-9a-f-]{36}$/);
	assert.equal(asked.params.url, 'https://login.example.com/');
	await newest.answer(asked.id, { result: { action: 'accept' } });
	assert.equal(text_of(await end_of(stream)), 'accept');

	const middle = await old_session(ALL, '2025-06-18');
	const form = await middle.call('two_steps', {});
	await middle.answer((await question(form)).id, { result: named('A') });
	await middle.answer((await question(form, 2)).id, { result: { action: 'decline' } });
	assert.deepEqual(JSON.parse(text_of(await end_of(form))), { name: 'A' });

	const lacks = async (session, name) => {
		const got = await session.call(name, {});
		await until('an answer', () => got.ended);
		assert.match(JSON.stringify(got.messages[0] ?? got.text), /isError.*|can be asked/);
		assert.match(JSON.stringify(got.messages[0] ?? got.text), /has not declared/);
	};
	await lacks(middle, 'visit');
	const first = await old_session(ALL, '2025-03-26');
	await lacks(first, 'two_steps');
	await lacks(await old_session({}), 'sample');
	const roots = await first.call('gather', {});
	await first.answer((await question(roots)).id, { result: said });
	await first.answer((await question(roots, 2)).id, { result: { roots: [] } });
	assert.deepEqual(JSON.parse(text_of(await end_of(roots))), { said, roots: { roots: [] } });
});

await run();
