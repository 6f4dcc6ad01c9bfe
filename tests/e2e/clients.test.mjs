/*
 * clients: the programs people really use, unmodified, over TLS.
 *
 * @modelcontextprotocol/client in its three modes, @modelcontextprotocol/sdk, the inspector's
 * command line in three eras, and mcp-remote as a bridge from stdio.  Each lists the tools and
 * calls every one; every structuredContent must fit the outputSchema that was listed with it, and
 * a key that may only read neither sees nor reaches the tools that write.
 */

import './lib/trust.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, sh, shared_stack } from './lib/stack.mjs';
import { MODERN, bearer } from './lib/mcp.mjs';

const READING = ['get_pipeline', 'get_pipeline_health', 'get_run_history', 'list_connection_types', 'list_connectors', 'list_pipelines', 'list_schedules'];
const WRITING = ['create_connection', 'create_schedule', 'delete_connection', 'delete_pipeline', 'delete_schedule', 'disable_schedule',
	'enable_schedule', 'pause_pipeline', 'resume_pipeline', 'trigger_pipeline', 'update_connection', 'update_schedule'];
const CALL_MS = 15_000;
const IDENTITY = { name: 'mcp-fpm-tests', version: '1.0.0' };

const stack = shared_stack();
const key = (kind) => stack.key('bench', kind);
const home = mkdtempSync(path.join(tmpdir(), 'mcp-clients-'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
let pipeline;		/* id of a pipeline of tenant bench */

/* What each way of calling has to offer: connect(kind of key) gives { list(), call(name, args), close(), version }. */
const WAYS = [
	...[['legacy', 'legacy'], ['auto', 'auto'], ['modern-only', { pin: MODERN }]].map(([name, mode]) =>
		({ name: `client 2.4 ${name}`, connect: (kind) => connect_new(kind, mode),
			version: name === 'legacy' ? '2025-11-25' : MODERN })),
	{ name: 'sdk 1.32', connect: connect_old, version: '2025-11-25' },
	{ name: 'mcp-remote 0.15', connect: connect_bridge },
	...['legacy', 'auto', 'modern'].map((era) => ({ name: `inspector 2.12 ${era}`,
		connect: (kind) => connect_inspector(kind, era) })),
];

async function connect_new(kind, mode) {
	const client = new Client(IDENTITY, { versionNegotiation: { mode } });
	const transport = new StreamableHTTPClientTransport(new URL(stack.url), { requestInit: { headers: bearer(key(kind)) } });

	await client.connect(transport, { timeout: CALL_MS });
	return {
		version: client.getNegotiatedProtocolVersion(),
		list: async () => (await client.listTools({}, { timeout: CALL_MS })).tools,
		call: (name, args) => client.callTool({ name, arguments: args }, { timeout: CALL_MS }),
		close: () => client.close(),
	};
}

const faces = (client, version) => ({
	version,
	list: async () => (await client.listTools({}, { timeout: CALL_MS })).tools,
	call: (name, args) => client.callTool({ name, arguments: args }, undefined, { timeout: CALL_MS }),
	close: () => client.close(),
});

async function connect_old(kind) {
	const client = new OldClient(IDENTITY);
	const transport = new OldTransport(new URL(stack.url), { requestInit: { headers: bearer(key(kind)) } });

	await client.connect(transport, { timeout: CALL_MS });
	return faces(client, transport.protocolVersion);
}

async function connect_bridge(kind) {
	const client = new OldClient(IDENTITY);
	const transport = new StdioClientTransport({
		command: process.execPath,
		args: [bin('mcp-remote'), stack.url, '--transport', 'http-only', '--header', `Authorization: Bearer ${key(kind)}`],
		env: { PATH: process.env.PATH, HOME: home, NODE_EXTRA_CA_CERTS: stack.ca_file },
		stderr: 'pipe',
	});
	let said = '';

	transport.stderr.on('data', (chunk) => { said += chunk; });
	try {
		await client.connect(transport, { timeout: CALL_MS });
	} catch (trouble) {
		throw new Error(`mcp-remote: ${trouble.message}\n${said}`);
	}
	return faces(client);
}

/* Each command is a session of its own. */
function connect_inspector(kind, era) {
	const ask = async (...words) => {
		const { status, out, err } = await sh(node22(), [bin('mcp-inspector'), '--cli', stack.url, '--transport', 'http',
			'--header', `Authorization: Bearer ${key(kind)}`, '--protocol-era', era, '--format', 'json', '-q', ...words],
			{ env: { NODE_EXTRA_CA_CERTS: stack.ca_file, HOME: home }, timeout_ms: 30_000 });
		try {
			return JSON.parse(out);
		} catch {
			throw new Error(`inspector ended with ${status}: ${out}${err}`);
		}
	};
	return {
		list: async () => unwrap(await ask('--method', 'tools/list')).tools,
		call: async (name, args) => unwrap(await ask('--method', 'tools/call', '--tool-name', name, '--tool-args-json',
			JSON.stringify(args))),
		close: () => {},
	};
}

/* --format json may put the result in an object of its own. */
const unwrap = (value) => value.result ?? value;
const bin = (name) => path.join(ROOT, 'tests/node_modules/.bin', name);
const node22 = () => bin('node');

/* Calls every tool, each on what the ones before have made; call(name, args) gives the structuredContent. */
async function use_all(call) {
	const { rows: [spare] } = await db.query(`insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id)
		select tenant_id, 'Clients', source_connection_id, dest_connection_id from planasonix.pipeline where id = $1 returning id`, [pipeline]);

	await call('list_pipelines', { limit: 5 });
	await call('list_pipelines', {});
	await call('get_pipeline', { pipeline_id: pipeline });
	await call('get_run_history', { pipeline_id: pipeline, limit: 3 });
	await call('get_pipeline_health', { pipeline_id: pipeline });
	await call('pause_pipeline', { pipeline_id: pipeline });
	await call('resume_pipeline', { pipeline_id: pipeline });
	await call('trigger_pipeline', { pipeline_id: spare.id, params: { day: 7 } });
	const { schedule } = await call('create_schedule', { pipeline_id: spare.id, cron_expression: '0 6 * * mon', frequency: 'weekly' });
	await call('update_schedule', { schedule_id: schedule.id, timezone: 'Europe/Berlin' });
	await call('disable_schedule', { schedule_id: schedule.id });
	await call('enable_schedule', { schedule_id: schedule.id });
	await call('list_schedules', { limit: 5 });
	await call('delete_schedule', { schedule_id: schedule.id });
	await call('delete_pipeline', { pipeline_id: spare.id });
	await call('list_connection_types', {});
	const { connection } = await call('create_connection', { name: 'Clients', type: 'postgres', category: 'source', params: { host: 'db' } });
	await call('update_connection', { connection_id: connection.id, params: { user: 'etl' } });
	await call('list_connectors', { limit: 5 });
	await call('delete_connection', { connection_id: connection.id });
	await forget(spare.id);
}

async function forget(id) {
	await db.query("delete from mcp.outbox where payload->>'pipeline_id' = $1", [id]);
	await db.query('delete from planasonix.run where pipeline_id = $1', [id]);
	await db.query('delete from planasonix.pipeline where id = $1', [id]);
}

async function within(way, kind, fn) {
	const session = await way.connect(kind);
	try {
		return await fn(session);
	} finally {
		await session.close();
	}
}

function fits(tool, result) {
	assert.ok(tool.outputSchema, `${tool.name} has an outputSchema`);
	const valid = ajv.compile(tool.outputSchema);

	assert.ok(!result.isError, `${tool.name} failed: ${result.content?.[0]?.text}`);
	assert.ok(result.structuredContent, `${tool.name} has structuredContent`);
	assert.ok(valid(result.structuredContent),
		`${tool.name}: ${ajv.errorsText(valid.errors)}\n${JSON.stringify(result.structuredContent)}`);
	assert.equal(result.content?.[0]?.type, 'text', `${tool.name} repeats itself as text`);
}

for (const way of WAYS) {
	test(`${way.name}: lists the tools and calls each`, () => within(way, 'full', async (session) => {
		if (way.version)
			assert.equal(session.version, way.version, 'negotiated version');
		const tools = await session.list();
		assert.deepEqual(tools.map((t) => t.name).sort(), [...READING, ...WRITING].sort());
		const used = new Set();
		await use_all(async (name, args) => {
			const result = await session.call(name, args);
			fits(tools.find((t) => t.name === name), result);
			used.add(name);
			return result.structuredContent;
		});
		assert.deepEqual([...used].sort(), tools.map((t) => t.name).sort(), 'each was called');
	}));

	test(`${way.name}: a tool error is a result`, () => within(way, 'full', async (session) => {
		const result = await session.call('get_pipeline', { pipeline_id: '00000000-0000-4000-8000-000000000000' });
		assert.equal(result.isError, true);
		assert.equal(result.content[0].text, 'pipeline not found');
	}));

	test(`${way.name}: with the read key nothing that writes is listed or callable`, () => within(way, 'read', async (session) => {
		const tools = await session.list();
		assert.deepEqual(tools.map((t) => t.name).sort(), READING);
		assert.ok(tools.every((t) => t.annotations?.readOnlyHint === true), 'readOnlyHint');
		fits(tools.find((t) => t.name === 'get_pipeline'), await session.call('get_pipeline', { pipeline_id: pipeline }));

		const before_call = await state();
		for (const name of WRITING) {
			const result = await session.call(name, { pipeline_id: pipeline }).catch(not_even_asked);
			assert.equal(result.isError, true, `${name} with a read key`);
			assert.equal(result.content[0].text, 'Insufficient permissions. This API key may only read.');
		}
		assert.equal(await state(), before_call, 'nothing was changed');
	}));
}

/* The inspector looks into the list first and asks for nothing that is not there. */
function not_even_asked(trouble) {
	if (!/"tool_not_found"/.test(trouble.message))
		throw trouble;
	return { isError: true, content: [{ text: 'Insufficient permissions. This API key may only read.' }] };
}

test('sdk 1.32: an unknown tool is refused', () => within(WAYS.find((w) => w.name === 'sdk 1.32'), 'full', (session) =>
	assert.rejects(async () => {
		const result = await session.call('no_such_tool', {});
		throw Object.assign(new Error('answered'), { code: result.isError ? -32602 : 0 });
	}, { code: -32602 })));

test('client 2.4: a bad key is an error, not a hang', () => assert.rejects(async () => {
	const client = new Client(IDENTITY, { versionNegotiation: { mode: 'auto' } });
	await client.connect(new StreamableHTTPClientTransport(new URL(stack.url), { requestInit: { headers: bearer('noise') } }),
		{ timeout: CALL_MS });
}, /401|unauthor|credential/i));

test('inspector 2.12: every schema is portable (--strict)', async () => {
	const { status, out, err } = await sh(node22(), [bin('mcp-inspector'), '--cli', stack.url, '--transport', 'http',
		'--header', `Authorization: Bearer ${key('full')}`, '--format', 'json', '-q', '--strict', '--method', 'tools/list'],
		{ env: { NODE_EXTRA_CA_CERTS: stack.ca_file, HOME: home } });
	assert.equal(status, 0, `${out.slice(0, 500)}${err}`);
});

/* Status and time of change of the pipeline, as the database has them. */
async function state() {
	const { rows: [row] } = await db.query('select status, updated_at from planasonix.pipeline where id = $1', [pipeline]);
	return JSON.stringify(row);
}

let db;
before(async () => {
	await stack.serving();
	db = await stack.db();
	const { rows: [row] } = await db.query('select pipeline_id as id from planasonix.run where tenant_id = $1 limit 1',
		[stack.tenant('bench').id]);
	pipeline = row.id;
});
after(() => stack.down());
after(() => rmSync(home, { recursive: true, force: true }));
await run();
