/*
 * journeys: what somebody does with a server from beginning to end, with every client and transport.
 *
 * Connect, list, call a tool that tells its progress, read a resource, get a prompt, hear of a changed list,
 * answer a confirmation, disconnect.  Progress and changes come from the catalog of tests/conformance, the
 * rest from Planasonix.  There are several workers of every pool.  Over plain HTTP: TLS is what clients.test.mjs
 * is about.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as OldSse } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, private_stack, sh } from './lib/stack.mjs';
import { MODERN, bearer } from './lib/mcp.mjs';

const CALL_MS = 15_000;
const CHANGE_MS = 1500;
const IDENTITY = { name: 'mcp-fpm-tests', version: '1.0.0' };
const CAN = { elicitation: { form: {} } };

const home = mkdtempSync(path.join(tmpdir(), 'mcp-journeys-'));
const bin = (name) => path.join(ROOT, 'tests/node_modules/.bin', name);
let stack, db, trigger;

const key_of = (catalog) => stack.say.catalogs[catalog].tenants.bench.keys.full;
const url_of = (catalog, transport) => new URL(`${stack.say.http_url}/${catalog}/${transport === 'sse' ? 'sse' : 'mcp'}`);
const headers_of = (catalog) => ({ headers: bearer(key_of(catalog)) });

/* Programs that speak stdio on one side: [command, words, environment]. */
const BRIDGES = {
	'mcp-remote': (catalog, transport, era) => [process.execPath, [bin('mcp-remote'), url_of(catalog, transport).href,
		'--transport', `${transport}-only`, '--protocol', era === 'legacy' ? 'legacy' : 'auto',
		'--allow-http', '--header', `Authorization: Bearer ${key_of(catalog)}`], {}],
	'mcp-stdio': (catalog, transport) => [path.join(ROOT, 'build/mcp-stdio'), [...(transport === 'sse' ? ['--transport', 'sse'] : []),
		url_of(catalog, transport).href], { MCPSTDIO_KEY: key_of(catalog) }],
};

const stdio = ([command, args, env]) => ({ command, args, env: { PATH: process.env.PATH, HOME: home, ...env }, stderr: 'ignore' });

/* A journey's hooks are changed(list of tools) and asked(message). */
async function new_client(transport, mode, hooks) {
	const client = new Client(IDENTITY, { versionNegotiation: { mode }, capabilities: CAN,
		listChanged: { tools: { onChanged: (trouble, tools) => hooks.changed(trouble, tools), debounceMs: 0 } } });

	client.setRequestHandler('elicitation/create', (request) => hooks.asked(request.params));
	await client.connect(transport, { timeout: CALL_MS });
	return { list: () => client.listTools(), close: () => client.close(), version: client.getNegotiatedProtocolVersion(),
		call: (name, args, onprogress) => client.callTool({ name, arguments: args }, { timeout: CALL_MS, onprogress }),
		read: (uri) => client.readResource({ uri }), prompt: (name, args) => client.getPrompt({ name, arguments: args }) };
}

async function old_client(transport, hooks) {
	const client = new OldClient(IDENTITY, { capabilities: CAN,
		listChanged: { tools: { onChanged: (trouble, tools) => hooks.changed(trouble, tools), debounceMs: 0 } } });

	client.setRequestHandler(ElicitRequestSchema, (request) => hooks.asked(request.params));
	await client.connect(transport, { timeout: CALL_MS });
	return { list: () => client.listTools(), close: () => client.close(), version: undefined,
		call: (name, args, onprogress) => client.callTool({ name, arguments: args }, undefined, { timeout: CALL_MS, onprogress }),
		read: (uri) => client.readResource({ uri }), prompt: (name, args) => client.getPrompt({ name, arguments: args }) };
}

const MODES = [['legacy', 'legacy'], ['auto', 'auto'], ['modern-only', { pin: MODERN }]];

/* Each connects to a catalog: connect(catalog, hooks). */
const WAYS = [
	...MODES.map(([name, mode]) => ({ name: `client 2.4 ${name}`, version: name === 'legacy' ? '2025-11-25' : MODERN,
		connect: (catalog, hooks) => new_client(new StreamableHTTPClientTransport(url_of(catalog), { requestInit: headers_of(catalog) }), mode, hooks) })),
	{ name: 'sdk 1.32, Streamable HTTP',
		connect: (catalog, hooks) => old_client(new OldTransport(url_of(catalog), { requestInit: headers_of(catalog) }), hooks) },
	{ name: 'sdk 1.32, HTTP+SSE', connect: (catalog, hooks) => old_client(new OldSse(url_of(catalog, 'sse'), {
		requestInit: headers_of(catalog),
		eventSourceInit: { fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...headers_of(catalog).headers, Accept: 'text/event-stream' } }) },
	}), hooks) },
	...Object.entries(BRIDGES).flatMap(([name, bridge]) => [
		...['http', 'sse'].map((transport) => ({ name: `${name} ${transport}, sdk 1.32`,
			connect: (catalog, hooks) => old_client(new OldStdio(stdio(bridge(catalog, transport, 'legacy'))), hooks) })),
		...MODES.map(([mode_name, mode]) => ({ name: `${name} http, client 2.4 ${mode_name}`,
			connect: (catalog, hooks) => new_client(new StdioClientTransport(stdio(bridge(catalog, 'http', mode_name))), mode, hooks) })),
	]),
];

async function on(way, catalog, hooks, fn) {
	const session = await way.connect(catalog, { changed: () => {}, asked: () => ({ action: 'cancel' }), ...hooks });

	try {
		if (way.version)
			assert.equal(session.version, way.version, 'the version that was agreed on');
		await fn(session);
	} finally {
		await session.close();
	}
}

async function new_pipeline() {
	const { rows: [row] } = await db.query(`insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id)
		select tenant_id, 'Journeys', source_connection_id, dest_connection_id from planasonix.pipeline where tenant_id = $1 limit 1 returning id`,
		[stack.tenant('bench').id]);

	return row.id;
}

const is_deleted = async (id) => (await db.query('select deleted_at from planasonix.pipeline where id = $1', [id])).rows[0].deleted_at !== null;

for (const way of WAYS) {
	test(`${way.name}: lists, calls with progress, hears of a change`, async () => {
		let heard;
		const change = new Promise((resolve) => { heard = resolve; });

		await on(way, 'conformance', { changed: heard }, async (session) => {
			const { tools } = await session.list();
			const seen = [];

			assert.ok(tools.some(({ name }) => name === 'test_tool_with_progress'));
			const result = await session.call('test_tool_with_progress', {}, (progress) => seen.push(progress.progress));
			assert.ok(!result.isError, JSON.stringify(result.content));
			assert.deepEqual(seen, [0, 50, 100], 'the progress');
			const from = performance.now();
			await trigger.call('test_trigger_tool_change', {});
			await Promise.race([change, new Promise((_, refuse) => setTimeout(() => refuse(new Error('no change was heard of')), 5000))]);
			assert.ok(performance.now() - from < CHANGE_MS, `heard of the change after ${Math.round(performance.now() - from)} ms`);
		});
	});

	test(`${way.name}: reads a resource, gets a prompt, answers a confirmation`, async () => {
		const asked = [];
		let answer = { action: 'decline' };

		await on(way, 'planasonix', { asked: ({ message }) => { asked.push(message); return answer; } }, async (session) => {
			const id = await new_pipeline();
			const { contents: [pipeline] } = await session.read(`planasonix://pipelines/${id}`);
			assert.equal(JSON.parse(pipeline.text).id, id);
			const { messages } = await session.prompt('diagnose_pipeline', { pipeline_id: id });
			assert.ok(messages.length > 0 && messages[0].content);

			const no = await session.call('delete_pipeline', { pipeline_id: id });
			assert.deepEqual([no.isError, asked.length, await is_deleted(id)], [true, 1, false], 'declined');
			assert.ok(asked[0].includes(id), asked[0]);
			answer = { action: 'accept', content: { confirm: true } };
			const yes = await session.call('delete_pipeline', { pipeline_id: id });
			assert.deepEqual([Boolean(yes.isError), asked.length, await is_deleted(id)], [false, 2, true], `accepted: ${yes.content?.[0]?.text}`);
			await db.query('delete from planasonix.pipeline where id = $1', [id]);
		});
	});
}

/* The inspector's command line, a session per command. */
for (const era of ['legacy', 'auto', 'modern'])
	test(`inspector 2.12 ${era}: lists, calls, reads, gets`, async () => {
		const ask = async (...words) => {
			const { status, out, err } = await sh(bin('node'), [bin('mcp-inspector'), '--cli', url_of('conformance').href, '--transport', 'http',
				'--header', `Authorization: Bearer ${key_of('conformance')}`, '--protocol-era', era, '--format', 'json', '-q', ...words],
				{ env: { HOME: home }, timeout_ms: 30_000 });

			assert.equal(status, 0, `${words.join(' ')}: ${out}${err}`);
			const value = JSON.parse(out);
			return value.result ?? value;
		};

		assert.ok((await ask('--method', 'tools/list')).tools.length > 20);
		assert.equal((await ask('--method', 'tools/call', '--tool-name', 'test_simple_text')).content[0].text,
			'This is a simple text response for testing.');
		assert.ok((await ask('--method', 'resources/list')).resources.length > 0);
		assert.equal((await ask('--method', 'resources/read', '--uri', 'test://static-text')).contents[0].text,
			'This is the content of the static text resource.');
		assert.ok((await ask('--method', 'prompts/list')).prompts.length > 0);
		assert.equal((await ask('--method', 'prompts/get', '--prompt-name', 'test_simple_prompt')).messages[0].content.text,
			'This is a simple prompt for testing.');
	}, { timeout_ms: 120_000 });

before(async () => {
	stack = await private_stack('journeys', 220, { env: { CONFORMANCE: '1' } });
	await stack.serving();
	db = await stack.db('postgres_super');
	trigger = await WAYS.find(({ name }) => name === 'client 2.4 modern-only').connect('conformance', { changed: () => {}, asked: () => ({ action: 'cancel' }) });
});
after(() => stack?.down());
after(() => trigger?.close());
after(() => rmSync(home, { recursive: true, force: true }));
await run();
