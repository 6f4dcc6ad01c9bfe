/*
 * stdio: build/mcp-stdio, driven by official clients and by hand.
 *
 * Against this server over TLS: both clients in all their modes, wrong keys, certificates, restarts,
 * and what the program itself promises (time to start, memory, how it ends).  Against servers made
 * of the official packages (lib/standin.mjs): streams, questions to the user, listening, lost
 * sessions, cut connections, and the transport of 2024-11-05.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { after, before, diag, run, test } from './lib/tap.mjs';
import { private_stack, sh, shared_stack, sleep, until } from './lib/stack.mjs';
import { MODERN, envelope } from './lib/mcp.mjs';
import { Bridge, MCP_STDIO } from './lib/bridge.mjs';
import { stand_in } from './lib/standin.mjs';

const CALL_MS = 15_000;
const IDENTITY = { name: 'mcp-fpm-tests', version: '1.0.0' };
const TOOLS = 19;
const CHANGE_MS = 1_500;	/* within which a client is to hear of a change */

const stack = shared_stack();
const home = mkdtempSync(path.join(tmpdir(), 'mcp-stdio-'));
const key_file = path.join(home, 'key');
const ours = (kind = 'full') => ({ args: ['--cacert', stack.ca_file, stack.url], env: { MCPSTDIO_KEY: stack.key('bench', kind) } });

/* Each of the official clients behind one face: { list, call, changes, close, version, err() }. */
const CLIENTS = [
	...[['legacy', 'legacy'], ['auto', 'auto'], ['modern-only', { pin: MODERN }]].map(([name, mode]) =>
		({ name: `client 2.4 ${name}`, connect: (where) => connect_new(where, mode), modern: name !== 'legacy' })),
	{ name: 'sdk 1.32', connect: connect_old, modern: false },
];

const OLD = CLIENTS.filter(({ modern }) => !modern);
const NEW = CLIENTS.filter(({ modern }) => modern);

async function connect_new({ args, env = {} }, mode) {
	const seen = { changes: 0 };
	const client = new Client(IDENTITY, { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } },
		listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => { seen.changes++; } } } });
	const transport = new StdioClientTransport({ command: MCP_STDIO, args, env, stderr: 'pipe' });

	client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { colour: 'green' } }));
	return faces(client, transport, seen, (params, options) => client.callTool(params, options),
		() => client.getNegotiatedProtocolVersion());
}

async function connect_old({ args, env = {} }) {
	const seen = { changes: 0 };
	const client = new OldClient(IDENTITY, { capabilities: { elicitation: {} } });
	const transport = new OldTransport({ command: MCP_STDIO, args, env, stderr: 'pipe' });

	client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { colour: 'green' } }));
	client.setNotificationHandler(ToolListChangedNotificationSchema, () => { seen.changes++; });
	return faces(client, transport, seen, (params, options) => client.callTool(params, undefined, options), () => null);
}

async function faces(client, transport, seen, call, version) {
	let said = '';

	transport.stderr.on('data', (chunk) => { said += chunk; });
	try {
		await client.connect(transport, { timeout: CALL_MS });
	} catch (trouble) {
		await client.close();
		throw Object.assign(trouble, { said });
	}
	return {
		client, seen, version: version(), pid: transport.pid,
		list: async () => (await client.listTools({}, { timeout: CALL_MS })).tools,
		call: (name, args = {}, options = {}) => call({ name, arguments: args }, { timeout: CALL_MS, ...options }),
		err: () => said,
		close: () => client.close(),
	};
}

const text_of = (result) => result.content[0].text;

/* A test with stand-ins and bridges of its own, which are gone afterwards. */
function with_stand_in(name, kind, fn, options) {
	test(name, async () => {
		const server = await stand_in(kind);
		const bridges = [];

		try {
			await fn(server, (...words) => {
				const bridge = new Bridge([...(kind === 'sse' ? ['--transport', 'sse'] : []), ...words, server.url]);
				bridges.push(bridge);
				return bridge;
			}, { args: [...(kind === 'sse' ? ['--transport', 'sse'] : []), server.url] });
		} finally {
			for (const bridge of bridges)
				await bridge.end('SIGKILL');
			await server.close();
		}
	}, options);
}

before(() => writeFileSync(key_file, `${stack.key('bench')}\n`, { mode: 0o600 }));
after(() => rmSync(home, { recursive: true, force: true }));

/* --- official clients, this server -------------------------------------------------------- */

for (const { name, connect, modern } of CLIENTS) {
	test(`${name}: connects to this server over TLS, lists, calls, leaves`, async () => {
		const client = await connect(ours());

		try {
			if (client.version)
				assert.equal(client.version, modern ? MODERN : '2025-11-25');
			assert.equal((await client.list()).length, TOOLS);
			const several = await Promise.all(Array.from({ length: 20 }, () => client.call('list_pipelines', { limit: 2 })));
			for (const result of several)
				assert.equal(result.structuredContent.pipelines.length, 2);
			const bad = await client.call('get_pipeline', { pipeline_id: 'none' });
			assert.equal(bad.isError, true);
			assert.equal(client.err(), '');
		} finally {
			await client.close();
		}
	});

	test(`${name}: a wrong key is an error for the client and a sentence for people`, async () => {
		const trouble = await connect({ ...ours(), env: { MCPSTDIO_KEY: 'wrong' } }).then(() => null, (error) => error);

		/* Pinned, it probes with a child of its own, and keeps to itself what that said. */
		const pinned = name.endsWith('modern-only');
		assert.match(String(trouble), pinned ? /did not offer/ : /Unauthorized/);
		assert.match(trouble.said, pinned ? /^$/ : /mcp-stdio: .* does not accept the key \(401\)/);
	});
}

test('the key comes from a file too, and other headers go along', async () => {
	const bridge = new Bridge(['--cacert', stack.ca_file, '--key-file', key_file, '-H', 'X-Test: 1', stack.url]);

	assert.equal((await bridge.ask(1, 'tools/list')).result.tools.length, TOOLS);
	await bridge.end_well();
	const by_name = new Bridge([], { MCPSTDIO_URL: stack.url, MCPSTDIO_KEY_FILE: key_file, MCPSTDIO_CA_FILE: stack.ca_file });
	assert.equal((await by_name.ask(1, 'tools/list')).result.tools.length, TOOLS);
	await by_name.end_well();
});

test('a certificate that nobody vouches for, and a server that is not there, are said plainly', async () => {
	const env = { MCPSTDIO_KEY: stack.key('bench') };
	const untrusting = new Bridge([stack.url], env);
	const nowhere = new Bridge(['https://127.0.0.1:1/mcp'], env);
	const unknown = new Bridge(['https://no-such-host.invalid/mcp'], env);

	for (const [bridge, pattern] of [[untrusting, /certificate of .* is not trusted.*--cacert/], [nowhere, /cannot be reached/],
		[unknown, /cannot be reached.*resolve/]]) {
		const { error } = await bridge.ask(7, 'tools/list');
		assert.equal(error.code, -32603);
		assert.match(error.message, pattern);
		assert.match(bridge.err, pattern);
		await bridge.ask(8, 'tools/list');
		assert.equal(bridge.err.match(/\n/g).length, 1, 'the same sentence is said once');
		await bridge.end_well();
	}
});

test('a wrong path is an error for the client and a sentence for people, an unknown method is none', async () => {
	const { args, env } = ours();
	const astray = new Bridge([...args.slice(0, -1), new URL('/no-such-path', stack.url).href], env);

	assert.ok((await astray.ask(1, 'tools/list')).error);
	assert.match(astray.err, /^mcp-stdio: There is no MCP endpoint at \S+\/no-such-path \(404\)\./);
	await astray.end_well();
	const other = new Bridge([...args.slice(0, -1), stack.url.replace(/mcp$/, 'sse')], env);
	assert.ok((await other.ask(1, 'tools/list')).error);
	assert.match(other.err, /^mcp-stdio: \S+\/sse does not take MCP messages \(405\)\. Is it the address of the other transport\?/);
	await other.end_well();
	const right = new Bridge(args, env);
	assert.equal((await right.ask(1, 'no/such')).error.code, -32601);
	assert.equal(right.err, '');
	await right.end_well();
});

test('a proxy that is not there is said to be the proxy', async () => {
	const bridge = new Bridge(['https://example.invalid/mcp'], { HTTPS_PROXY: 'http://127.0.0.1:1' });
	const pattern = /https:\/\/example\.invalid\/mcp cannot be reached through the proxy in HTTPS_PROXY: .*127\.0\.0\.1/;

	assert.match((await bridge.ask(1, 'tools/list')).error.message, pattern);
	assert.match(bridge.err, pattern);
	await bridge.end_well();
});

test('what the server says of bad requests reaches the client under its id', async () => {
	const bridge = new Bridge(ours().args, ours().env);

	assert.equal((await bridge.ask('x', 'no/such', {})).error.code, -32601);
	assert.equal((await bridge.ask(2, 'tools/call', { name: 'no_such' })).error.code, -32602);
	assert.equal((await bridge.ask(3, 'tools/list', {}, { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' })).error.code, -32022);
	assert.equal((await bridge.ask(4, 'tools/call', { name: 'Schöner Name ' })).error.code, -32602);
	await bridge.end_well();
});

/* Every client against a server of its own that is hurt in one way after the other. */
test('this server restarts, nginx restarts, Redis forgets the sessions: clients get an error at most, and go on', async () => {
	const own = await private_stack('stdio', 40);

	try {
		const env = { MCPSTDIO_KEY: own.key('bench') };
		const where = { args: ['--cacert', own.ca_file, own.url], env };
		const older = { args: ['--cacert', own.ca_file, '--transport', 'sse', own.url.replace(/mcp$/, 'sse')], env };
		const clients = await Promise.all([...CLIENTS, { name: 'sdk 1.32, sse', connect: () => connect_old(older) }]
			.map(async ({ name, modern, connect }) => ({ name, modern, ...await connect(where) })));
		const db = await own.db('postgres_super');
		const each = (fn) => Promise.all(clients.map(fn));
		const call = (client) => client.call('list_pipelines', { limit: 1 });
		const change = () => db.query("select mcp.list_changed($1, 'tools')", [own.tenant('bench').id]);
		/* The clients that still listen hear of a change, said every so often. */
		const hear = async (what, listeners, timeout_ms, every_ms) => {
			const heard = listeners.map(({ seen }) => seen.changes);

			await change();
			await until(what, async () => {
				if (every_ms < timeout_ms)
					await change();
				return listeners.every(({ seen }, i) => seen.changes > heard[i]);
			}, { timeout_ms, every_ms }).catch((trouble) => {
				const deaf = listeners.flatMap(({ seen, name, err }, i) => seen.changes > heard[i] ? [] : [`${name}: ${err()}`]);
				throw new Error(`${trouble.message}\nnot by ${deaf.join('\n')}`);
			});
		};
		const hurt_and_mend = async (what) => {
			await own.ctl('stop', what);
			await each((client) => assert.rejects(call(client), /./, what));
			await own.ctl('start', what);
			await own.serving();
			for (const result of await each(call))
				assert.equal(result.structuredContent.pipelines.length, 1);
		};

		await hear('streams are open', clients, 5_000, 200);
		await hurt_and_mend('nginx');
		await hear('streams are open again after nginx', clients, 10_000, 500);
		await hurt_and_mend('fpm');
		/* It ended the listens of modern clients with their result, so those know that they are not told any more. */
		const legacy = clients.filter(({ modern }) => !modern);
		await hear('streams are open again after mcp-fpm', legacy, 10_000, 500);
		await forget_sessions(own);
		for (const result of await each(call))
			assert.equal(result.structuredContent.pipelines.length, 1);
		await hear('streams of the new sessions are open', legacy, 10_000, 500);
		await hear('a change is heard of at once', legacy, CHANGE_MS, CHANGE_MS);
		await each((client) => client.close());
	} finally {
		await own.down();
	}
}, { timeout_ms: 180_000 });

async function forget_sessions(own) {
	const redis = own.redis();
	const keys = await redis.send('KEYS', 'mcp:session:*');

	assert.ok(keys.length >= 2, `sessions of two clients: ${keys}`);
	await redis.send('DEL', ...keys);
	redis.close();
}

/* --- the program itself ------------------------------------------------------------------- */

test('--version within 20 ms, --help, and mistakes on the command line', async () => {
	/* bash takes the time, because it costs node more to start a program than this one needs; the machine may be busy. */
	const version = await sh('bash', ['-c', 'TIMEFORMAT=%R; for i in {1..21}; do time "$0" --version; done', MCP_STDIO]);
	const times = version.err.trim().split('\n').map((line) => 1000 * Number(line.replace(',', '.'))).sort((x, y) => x - y);
	assert.equal(version.status, 0);
	assert.match(version.out, /^(mcp-stdio \d+\.\d+\.\d+\n){21}$/);
	diag(`--version: ${times[0].toFixed(0)} ms, median ${times[10].toFixed(0)} ms`);
	assert.ok(times[0] < 20);
	const { status, out } = await sh(MCP_STDIO, ['--help']);
	assert.equal(status, 0);
	assert.match(out, /MCPSTDIO_KEY_FILE/);
	for (const [words, pattern] of [[[], /which server/], [['ftp://host/'], /no http or https/], [['https://u:p@host/'], /name or password/],
		[['a', 'b'], /one URL/], [['--transport', 'udp', 'https://h/'], /http or sse/], [['-H', 'Authorization: Bearer k', 'https://h/'], /--key-file/],
		[['-H', 'Mcp-Method: x', 'https://h/'], /cannot set/], [['-H', 'nothing', 'https://h/'], /Name: value/], [['--no-such'], /--help/]]) {
		const wrong = await sh(MCP_STDIO, words);
		assert.equal(wrong.status, 2, words.join(' '));
		assert.match(wrong.err, pattern);
		assert.equal(wrong.out, '');
	}
	for (const words of [['-k', '/no/such', 'https://h/'], ['--cacert', '/no/such', 'https://h/']])
		assert.equal((await sh(MCP_STDIO, words)).status, 1);
	const plain = await sh(MCP_STDIO, ['-k', key_file, 'http://192.0.2.1/mcp']);
	assert.equal(plain.status, 2);
	assert.match(plain.err, /read the key/);
});

test('it ends promptly when its input ends, and on SIGTERM, also with calls in the air', async () => {
	const server = await stand_in('modern');

	try {
		for (const signal of [undefined, 'SIGTERM', 'SIGINT']) {
			const bridge = new Bridge([server.url]);
			bridge.write({ id: 1, method: 'subscriptions/listen', params: { _meta: envelope(), notifications: { toolsListChanged: true } } });
			bridge.write({ id: 2, method: 'tools/call', params: { _meta: envelope(), name: 'nap', arguments: {} } });
			await bridge.line('the acknowledgement', (m) => m.method === 'notifications/subscriptions/acknowledged');
			await bridge.end_well(signal);
			assert.equal(bridge.lines.length, 1);
		}
	} finally {
		await server.close();
	}
});

test('idle, with a stream open over TLS, it has less than 10 MB of its own', async () => {
	const bridge = new Bridge(ours().args, ours().env);

	await bridge.begin_legacy();
	await bridge.ask_legacy(1, 'tools/list');
	await sleep(300);
	const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${bridge.pid}/smaps_rollup`, 'utf8'))[1]);
	diag(`proportional memory: ${pss} kB`);
	assert.ok(pss < 10_240);
	await bridge.end_well();
});

test('idle again after a burst, it has given back the memory and the connections that it took', async () => {
	const BURST = 150, MANY = 20, REST_MS = 2_500;
	const bridge = new Bridge(ours().args, ours().env);

	await Promise.all(Array.from({ length: BURST }, (_, id) => bridge.ask(id, 'tools/call', { name: 'list_pipelines', arguments: {} })));
	await sleep(REST_MS);
	const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${bridge.pid}/smaps_rollup`, 'utf8'))[1]);
	const open = readdirSync(`/proc/${bridge.pid}/fd`).length;
	diag(`after ${BURST} calls at once: proportional memory ${pss} kB, ${open} open files`);
	assert.ok(pss < 10_240);
	assert.ok(open < MANY, `${open} open files`);
	await bridge.end_well();
});

test('lines that are no messages are answered, and lose nothing of the others', async () => {
	const bridge = new Bridge(ours().args, ours().env);
	const answer = async (line, code, also) => {
		bridge.lines.length = 0;
		bridge.write(line);
		const m = await bridge.line(line.slice(0, 40), (got) => got.error);
		assert.equal(m.error.code, code);
		assert.deepEqual(m.id, also);
	};

	await answer('not json\n', -32700);
	await answer('[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n', -32600);
	await answer('{"jsonrpc":"1.0","id":5,"method":"ping"}\n', -32600, 5);
	await answer('{"jsonrpc":"2.0","id":null,"method":"ping"}\n', -32600);
	await answer('{"jsonrpc":"2.0","id":1.5,"method":"ping"}\n', -32600);
	await answer('{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}\n', -32600, 'a');
	await answer(`{"jsonrpc":"2.0","id":"big","method":"ping","x":"${'x'.repeat(5 << 20)}"}\n`, -32600);
	bridge.write('\r\n\n');
	assert.equal((await bridge.ask(1, 'tools/list')).result.tools.length, TOOLS);
	await bridge.end_well();
});

test('too many requests at once are refused, not forgotten', async () => {
	const server = await stand_in('modern');
	const bridge = new Bridge([server.url]);

	try {
		for (let id = 0; id < 201; id++)
			bridge.write({ id, method: 'tools/call', params: { _meta: envelope(), name: 'nap', arguments: {} } });
		assert.match((await bridge.response(200)).error.message, /Too many/);
		await bridge.end_well();
	} finally {
		await server.close();
	}
});

/* --- the era of a connection -------------------------------------------------------------- */

test('a connection keeps the era it began with; server/discover alone decides nothing', async () => {
	const modern = new Bridge(ours().args, ours().env);

	assert.deepEqual((await modern.ask('server-discover-probe-1', 'server/discover')).result.supportedVersions, [MODERN]);
	assert.ok((await modern.ask(1, 'tools/list')).result);
	const late = await modern.ask_legacy(2, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: IDENTITY });
	assert.equal(late.error.code, -32022);
	assert.deepEqual(late.error.data, { supported: [MODERN], requested: '2025-11-25' });
	assert.equal((await modern.ask_legacy(3, 'tools/list')).error.code, -32602);
	await modern.end_well();

	const legacy = new Bridge(ours().args, ours().env);
	assert.ok((await legacy.ask('p', 'server/discover')).result);
	assert.equal((await legacy.begin_legacy()).result.protocolVersion, '2025-11-25');
	assert.equal((await legacy.ask_legacy(1, 'tools/list')).result.tools.length, TOOLS);
	assert.equal((await legacy.ask(2, 'tools/list')).error.code, -32602);
	assert.equal((await legacy.ask(3, 'server/discover')).error.code, -32601);
	await legacy.end_well();
});

/* --- official clients, official servers --------------------------------------------------- */

for (const [kind, clients] of [['modern', NEW], ['legacy', OLD], ['resumable', OLD], ['sse', OLD]]) {
	for (const { name, connect } of clients) {
		with_stand_in(`${name}, ${kind}: progress, a question to the user, a change of the list`, kind, async (server, _, where) => {
			const client = await connect(where);

			try {
				const heard = [];
				const counted = await client.call('count', { to: 3 }, { onprogress: ({ progress }) => heard.push(progress) });
				assert.equal(text_of(counted), 'counted to 3');
				assert.deepEqual(heard, [1, 2, 3]);
				assert.equal(text_of(await client.call('ask')), 'likes green');
				const before_change = client.seen.changes;
				await client.call('change');
				await until('the client heard of the change', () => client.seen.changes > before_change, { timeout_ms: CHANGE_MS });
				assert.equal(text_of(await client.call('echo', { text: 'ß\n"' })), 'ß\n"');
			} finally {
				await client.close();
			}
			assert.equal(client.err(), '');
		});
	}
}

with_stand_in('client 2.4 auto falls back to initialize where the server knows nothing newer', 'legacy', async (server, _, where) => {
	const client = await connect_new(where, 'auto');

	assert.equal(client.version, '2025-11-25');
	assert.equal(text_of(await client.call('echo', { text: 'well' })), 'well');
	await client.close();
});

with_stand_in('a client of 2024-11-05 alone falls back too', 'sse', async (server, _, where) => {
	const client = await connect_new(where, 'auto');

	assert.equal(client.version, '2025-11-25');
	await client.close();
});

/* --- modern, by hand ---------------------------------------------------------------------- */

with_stand_in('modern: headers repeat what the body says', 'modern', async (server, start) => {
	const bridge = start();

	await bridge.ask(1, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	await bridge.ask(2, 'resources/read', { uri: 'file:///Grüße' });
	await bridge.ask(3, 'prompts/get', { name: ' =?base64?eA==?=' });
	const [echo, read, prompt] = server.seen.map(({ headers }) => headers);
	assert.equal(echo['mcp-protocol-version'], MODERN);
	assert.equal(echo['mcp-method'], 'tools/call');
	assert.equal(echo['mcp-name'], 'echo');
	assert.equal(read['mcp-name'], `=?base64?${Buffer.from('file:///Grüße').toString('base64')}?=`);
	assert.equal(prompt['mcp-name'], `=?base64?${Buffer.from(' =?base64?eA==?=').toString('base64')}?=`);
	assert.equal(echo.accept, 'application/json, text/event-stream');
	await bridge.end_well();
});

with_stand_in('modern: marked arguments become headers, learned when the server misses them', 'modern', async (server, start) => {
	const bridge = start();
	const call = (id, args) => bridge.ask(id, 'tools/call', { name: 'regional', arguments: args });

	assert.equal(text_of((await call(1, { region: 'München', size: 42 })).result), 'München 42');
	assert.equal(server.posts('tools/call').length, 2, 'refused once, then sent again');
	assert.equal(server.posts('tools/list').length, 1);
	const { headers } = server.posts('tools/call')[1];
	assert.equal(headers['mcp-param-region'], `=?base64?${Buffer.from('München').toString('base64')}?=`);
	assert.equal(headers['mcp-param-size'], '42');
	assert.equal(text_of((await call(2, { region: 'eu' })).result), 'eu undefined');
	assert.equal(server.posts('tools/call').length, 3, 'known by now');
	assert.equal(server.posts('tools/call')[2].headers['mcp-param-size'], undefined);
	assert.equal(bridge.lines.length, 2, 'the client sees nothing of it');
	await bridge.end_well();

	const other = start();
	await other.ask(1, 'tools/list');
	const before_call = server.posts('tools/call').length;
	await other.ask(2, 'tools/call', { name: 'regional', arguments: { region: 'eu', size: 1 } });
	assert.equal(server.posts('tools/call').length, before_call + 1, 'a list that passed through is remembered');
});

with_stand_in('modern: a cancelled request ends its connection and is never answered', 'modern', async (server, start) => {
	const bridge = start();

	bridge.write({ id: 'n', method: 'tools/call', params: { _meta: envelope(), name: 'nap', arguments: {} } });
	await until('the tool runs', () => server.napping);
	bridge.write({ method: 'notifications/cancelled', params: { requestId: 'n' } });
	await until('the tool was aborted', () => server.aborted === 1, { timeout_ms: 2_000 });
	await bridge.ask(2, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	assert.deepEqual(bridge.lines.map(({ id }) => id), [2]);
	assert.equal(server.posts('notifications/cancelled').length, 0);
	await bridge.end_well();
});

with_stand_in('modern: a listen that was cut is opened again, and the gap is made up for', 'modern', async (server, start) => {
	const bridge = start();
	const changes = () => bridge.lines.filter(({ method }) => method === 'notifications/tools/list_changed');
	const acks = () => bridge.lines.filter(({ method }) => method === 'notifications/subscriptions/acknowledged');

	bridge.write({ id: 'l', method: 'subscriptions/listen', params: { _meta: envelope(), notifications: { toolsListChanged: true } } });
	await until('acknowledged', () => acks().length === 1);
	server.changed();
	await until('a change', () => changes().length === 1);
	server.cut();
	await until('told that something may have changed', () => changes().length === 2);
	assert.deepEqual(changes()[1], changes()[0]);
	server.changed();
	await until('a change on the new stream', () => changes().length === 3);
	assert.equal(acks().length, 1, 'it was acknowledged once');
	assert.equal(server.posts('subscriptions/listen').length, 2);
	bridge.write({ method: 'notifications/cancelled', params: { requestId: 'l' } });
	await sleep(100);
	server.changed();
	await bridge.ask(2, 'tools/list');
	assert.equal(changes().length, 3, 'cancelled');
	await bridge.end_well();
});

with_stand_in('modern: a listen that ends gracefully is over, and a refused one is an error', 'modern', async (server, start) => {
	const bridge = start();

	const nothing = await bridge.ask('l', 'subscriptions/listen', { notifications: {} });
	assert.equal(nothing.result.resultType, 'complete');
	assert.equal(server.posts('subscriptions/listen').length, 1);
	assert.equal((await bridge.ask('m', 'subscriptions/listen')).error.code, -32602);
	await bridge.end_well();
});

with_stand_in('a request that may have been carried out is not sent again', 'modern', async (server, start) => {
	const bridge = start();

	await bridge.ask(1, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	server.instead = (req, res) => res.socket.destroy();
	const { error } = await bridge.ask(2, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	assert.match(error.message, /broke off.*not known/);
	assert.equal(server.posts('tools/call').length, 2);
	await bridge.end_well();
});

with_stand_in('nor is it said not to have been sent when the server goes down while it runs it', 'modern', async (server, start) => {
	const bridge = start();

	await bridge.ask(1, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	server.instead = () => server.close();
	const { error } = await bridge.ask(2, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
	assert.match(error.message, /broke off.*not known/);
	assert.match((await bridge.ask(3, 'tools/list')).error.message, /cannot be reached/);
	await bridge.end_well();
});

/* --- legacy, by hand ---------------------------------------------------------------------- */

with_stand_in('legacy: session and version go along, the stream is opened, the session is ended', 'legacy', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	await bridge.ask_legacy(1, 'tools/list');
	await until('the stream is open', () => server.seen.some(({ method }) => method === 'GET'));
	const id = [...server.sessions.keys()][0];
	for (const { headers, body } of server.seen) {
		assert.equal(headers['mcp-session-id'], body?.method === 'initialize' ? undefined : id);
		assert.equal(headers['mcp-protocol-version'], body?.method === 'initialize' ? undefined : '2025-11-25');
	}
	assert.equal(server.seen[1].body.method, 'notifications/initialized', 'nothing overtakes the handshake');
	await bridge.end_well();
	assert.equal(server.sessions.size, 0);
	assert.equal(server.seen.at(-1).method, 'DELETE');
});

with_stand_in('legacy: a lost session is begun anew with all the client told it', 'legacy', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	await bridge.ask_legacy(1, 'logging/setLevel', { level: 'warning' });
	await bridge.ask_legacy(2, 'resources/subscribe', { uri: 'a://1' });
	await bridge.ask_legacy(3, 'resources/subscribe', { uri: 'a://2' });
	server.told.length = 0;
	server.forget();
	const [four, five] = await Promise.all([4, 5].map((id) => bridge.ask_legacy(id, 'tools/call', { name: 'echo', arguments: { text: `${id}` } })));
	assert.equal(text_of(four.result), '4');
	assert.equal(text_of(five.result), '5');
	assert.equal(server.posts('initialize').length, 2, 'one new session');
	await until('the new session knows', () => server.told.length === 3);
	assert.deepEqual([...server.told].sort(), ['level warning', 'subscribe a://1', 'subscribe a://2']);
	await bridge.line('told that something may have changed', ({ method }) => method === 'notifications/tools/list_changed');
	bridge.lines.length = 0;
	await until('the stream of the new session', () => server.seen.filter(({ method }) => method === 'GET').length === 2);
	await sleep(50);
	await server.changed();
	await bridge.line('a change on the new stream', ({ method }) => method === 'notifications/tools/list_changed');
	assert.equal(bridge.lines.filter(({ id }) => id === 0).length, 0, 'our own initialize stays with us');
	assert.match(bridge.err, /has lost the session; a new one is begun/);
	await bridge.end_well();
	assert.equal(server.sessions.size, 0);
});

with_stand_in('legacy: a cut stream is opened again; a call that was cut is an error, once', 'legacy', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	await until('the stream is open', () => server.seen.some(({ method }) => method === 'GET'));
	bridge.write({ id: 9, method: 'tools/call', params: { name: 'nap', arguments: {} } });
	await until('the tool runs', () => server.napping);
	server.cut();
	const { error } = await bridge.response(9);
	assert.match(error.message, /broke off.*not known/);
	await until('a second stream', () => server.seen.filter(({ method }) => method === 'GET').length >= 2);
	await until('and changes arrive on it', async () => {
		await server.changed();
		return bridge.lines.some(({ method }) => method === 'notifications/tools/list_changed');
	}, { every_ms: 200 });
	await bridge.end_well();
});

with_stand_in('legacy: a cancelled call is not answered, and the server is told', 'legacy', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	bridge.write({ id: 9, method: 'tools/call', params: { name: 'nap', arguments: {} } });
	await until('the tool runs', () => server.napping);
	bridge.write({ method: 'notifications/cancelled', params: { requestId: 9 } });
	await until('the tool was aborted', () => server.aborted === 1, { timeout_ms: 2_000 });
	await bridge.ask_legacy(10, 'ping');
	assert.equal(bridge.lines.some(({ id }) => id === 9), false);
	await bridge.end_well();
});

with_stand_in('resumable: an answer that broke off is read on', 'resumable', async (server, start) => {
	const bridge = start();

	server.between = async (extra) => {
		extra.closeSSEStream();
		await sleep(300);
	};
	await bridge.begin_legacy();
	const counted = await bridge.ask_legacy(1, 'tools/call', { name: 'count', arguments: { to: 2 } });
	assert.equal(text_of(counted.result), 'counted to 2');
	const resumed = server.seen.filter(({ method, headers }) => method === 'GET' && headers['last-event-id']);
	assert.ok(resumed.length >= 1);
	assert.equal(server.posts('tools/call').length, 1);
	await bridge.end_well();
});

/* --- 2024-11-05, by hand ------------------------------------------------------------------ */

with_stand_in('sse: the stream was cut: pending calls fail, a new session is begun, calls go on', 'sse', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	bridge.write({ id: 9, method: 'tools/call', params: { name: 'nap', arguments: {} } });
	await until('the tool runs', () => server.napping);
	server.cut();
	assert.match((await bridge.response(9)).error.message, /broke off|closed/);
	assert.equal(text_of((await bridge.ask_legacy(10, 'tools/call', { name: 'echo', arguments: { text: 'on' } })).result), 'on');
	assert.equal(server.posts('initialize').length, 2);
	assert.equal(bridge.lines.filter(({ id }) => id === 0).length, 1);
	await bridge.end_well();
});

with_stand_in('sse: a session that the server has forgotten while its stream is open is begun anew', 'sse', async (server, start) => {
	const bridge = start();

	await bridge.begin_legacy();
	await bridge.ask_legacy(1, 'logging/setLevel', { level: 'error' });
	const [lost] = server.sessions.values();
	server.sessions.clear();
	const answers = await Promise.all([2, 3].map((id) => bridge.ask_legacy(id, 'tools/call', { name: 'echo', arguments: { text: `${id}` } })));
	assert.deepEqual(answers.map(({ result }) => text_of(result)), ['2', '3']);
	assert.equal(server.posts('initialize').length, 2);
	await until('the new session knows the level', () => server.told.length === 2);
	await lost.server.close();
	await bridge.end_well();
});

with_stand_in('sse: an address of another origin gets nothing', 'sse', async (server, start) => {
	const bridge = start();

	server.instead = (req, res) => {
		res.writeHead(200, { 'Content-Type': 'text/event-stream' });
		res.write('event: endpoint\ndata: http://localhost:1/steal\n\n');
	};
	assert.match((await bridge.begin_legacy()).error.message, /another origin/);
	assert.equal(server.seen.filter(({ method }) => method === 'POST').length, 0);
	await bridge.end_well();
});

with_stand_in('sse: what the server says when it offers no stream reaches client and people', 'sse', async (server, start) => {
	const bridge = start();
	const answer = (status, type, body) => {
		server.instead = (req, res) => res.writeHead(status, { 'Content-Type': type }).end(body);
		return bridge.begin_legacy();
	};

	const { error } = await answer(403, 'application/json', '{"jsonrpc":"2.0","error":{"code":403,"message":"Not in this plan.","data":{"plan":"small"}}}');
	assert.deepEqual(error, { code: 403, message: 'Not in this plan.', data: { plan: 'small' } });
	assert.match(bridge.err, /does not allow this with the key given \(403\)\. It says: Not in this plan\./);
	bridge.lines.length = 0;
	assert.match((await answer(200, 'text/html', '<html>')).error.message, /text\/html: it is no MCP endpoint/);
	await bridge.end_well();
});

with_stand_in('http pointed at an sse address, and sse at an http one, say so', 'sse', async (server, start) => {
	const bridge = new Bridge([server.url]);

	assert.match((await bridge.begin_legacy()).error.message, /405.*other transport/);
	await bridge.end_well();
});

/* --- answers that are none ---------------------------------------------------------------- */

with_stand_in('whatever a server answers, the request gets its response', 'modern', async (server, start) => {
	const bridge = start();
	let id = 0;
	const answer = async (status, headers, body) => {
		server.instead = (req, res) => res.writeHead(status, headers).end(body);
		id++;
		const m = await bridge.ask(id, 'tools/list');
		return m.error ?? m.result;
	};
	const json = { 'Content-Type': 'application/json' };
	const events = { 'Content-Type': 'text/event-stream' };

	assert.match((await answer(302, { Location: 'http://localhost:1/x' }, '')).message, /redirects are not followed/);
	assert.match((await answer(200, { 'Content-Type': 'text/html' }, '<html>')).message, /no MCP endpoint/);
	assert.match((await answer(200, json, 'nonsense')).message, /without a response/);
	assert.match((await answer(202, {}, '')).message, /without a response/);
	assert.match((await answer(200, events, ': only a comment\n\n')).message, /without a response/);
	assert.match((await answer(200, events, 'data: nonsense\n\n')).message, /without a response/);
	assert.match((await answer(503, {}, 'x')).message, /\(503\); try again later\./);
	assert.match((await answer(503, { 'Retry-After': '3' }, 'x')).message, /\(503\); try again in 3 s\./);
	assert.match((await answer(429, { 'Retry-After': '7' }, '')).message, /\(429\); try again in 7 s\./);
	assert.match((await answer(429, { 'Retry-After': 'Fri, 20 Nov 2076 20:00:00 GMT' }, '')).message, /\(429\); try again later\./);
	assert.equal((await answer(413, json, '{"jsonrpc":"2.0","error":{"code":-32600,"message":"too big","data":{"a":1}}}')).data.a, 1);
	assert.equal((await answer(500, json, '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"sorry"}}')).message, 'sorry');
	assert.equal((await answer(200, events,
		`\ufeffdata: {"jsonrpc":"2.0",\r\ndata:"id":${id + 1},\rdata:"result":{"fine":true}}\r\n\r\n`)).fine, true);
	assert.deepEqual((await answer(200, events, [{ id: 'other', result: {} }, { id: id + 1, result: { first: 1 } }, { id: id + 1, result: {} }]
		.map((m) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...m })}\n\n`).join(''))), { first: 1 }, 'one response, and its own');
	assert.match((await answer(200, json, `{"x":"${'x'.repeat(17 << 20)}"}`)).message, /larger than 16 MB/);
	assert.match((await answer(200, events, `data: ${'x'.repeat(17 << 20)}`)).message, /larger than 16 MB/);
	assert.equal(bridge.lines.length, id);
	await bridge.end_well();
});

test('a large answer reaches a client that reads slowly, whole', async () => {
	const server = await stand_in('modern');
	const bridge = new Bridge([server.url]);

	try {
		const text = 'x'.repeat(3 << 20);
		bridge.child.stdout.pause();
		bridge.write({ id: 1, method: 'tools/call', params: { _meta: envelope(), name: 'echo', arguments: { text } } });
		await sleep(500);
		bridge.child.stdout.resume();
		assert.equal(text_of((await bridge.response(1)).result), text);
		bridge.child.stdout.pause();
		bridge.write({ id: 2, method: 'tools/call', params: { _meta: envelope(), name: 'echo', arguments: { text } } });
		await sleep(500);
		bridge.child.kill('SIGTERM');
		await until('SIGTERM counts while the client does not read', () => bridge.child.exitCode === 0, { timeout_ms: 2_000 });
	} finally {
		await bridge.end('SIGKILL');
		await server.close();
	}
});

test('a proxy from the environment is used, and never sees the key of an https server', async () => {
	const asked = [];
	const proxy = http.createServer();

	proxy.on('connect', (req, socket) => {
		asked.push({ url: req.url, headers: req.headers });
		socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
	});
	await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	const bridge = new Bridge(['https://example.invalid/mcp'],
		{ MCPSTDIO_KEY: 'secret', HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}` });

	assert.ok((await bridge.ask(1, 'tools/list')).error);
	assert.equal(asked[0].url, 'example.invalid:443');
	assert.doesNotMatch(JSON.stringify(asked), /secret/);
	await bridge.end_well();
	proxy.close();
});

with_stand_in('plain http to this machine takes no proxy, which could read the key', 'modern', async (server) => {
	const asked = [];
	const proxy = http.createServer((req, res) => {
		asked.push(req.headers);
		res.writeHead(502).end();
	});

	await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	const away = `http://127.0.0.1:${proxy.address().port}`;
	const bridge = new Bridge([server.url], { MCPSTDIO_KEY: 'secret', http_proxy: away, ALL_PROXY: away });

	assert.ok((await bridge.ask(1, 'tools/list')).result);
	assert.deepEqual(asked, []);
	await server.close();
	assert.match((await bridge.ask(2, 'tools/list')).error.message, /cannot be reached: /);
	await bridge.end_well();
	proxy.close();
});

run();
