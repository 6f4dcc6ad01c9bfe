/*
 * resources: resources, templates, prompts and completion, as official clients and as raw messages.
 *
 * Planasonix's own are told by their stories (tests/tools/offers.mjs); here is what goes beyond one:
 * every client, pages, another tenant's objects, what the audit and the plan see of it; and a catalog
 * of entries made for this test: every kind of content, every way to be refused, and what `mcp-fpm -t`
 * says of statements that do not fit.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, private_stack, sh } from './lib/stack.mjs';
import { MODERN, bearer, clip, legacy, modern } from './lib/mcp.mjs';

const IDENTITY = { name: 'mcp-fpm-tests', version: '1.0.0' };
const ERAS = { modern, legacy };
const PAGE = 50;		/* page_size of planasonix */

const tools = mkdtempSync(path.join(tmpdir(), 'mcp-resources-'));
const file = (name) => path.join(tools, 'planasonix', name);
const put = (name, text) => writeFileSync(file(name), typeof text === 'string' ? text : JSON.stringify(text));
const original = (name) => JSON.parse(readFileSync(path.join(ROOT, 'tools/planasonix', name), 'utf8'));
let stack, db, mine, theirs;		/* ids of pipelines of acme and globex */

/* Entries that Planasonix has no use for. */
const RESOURCES = [
	{ uri: 'x:text', name: 'x-text', mimeType: 'text/markdown', text: '# Hello\n', ttl_ms: 60000, size: 8 },
	{ uri: 'x:file', name: 'x-file', mimeType: 'application/octet-stream', file: 'x.bin' },
	{ uri: 'x:many', name: 'x-many', sql: 'x_many' },
	{ uri: 'x:none', name: 'x-none', sql: 'x_none' },
	{ uri: 'x:large', name: 'x-large', sql: 'x_large' },
	{ uri: 'x:slow', name: 'x-slow', sql: 'x_slow', timeout_ms: 100 },
	{ uri: 'x:refused', name: 'x-refused', sql: 'x_refused' },
	{ uri: 'x:broken', name: 'x-broken', sql: 'x_broken' },
	{ uri: 'x:feature', name: 'x-feature', text: 'never', feature: 'of_nobody' },
];
const TEMPLATES = [{ uriTemplate: 'x:echo/{a}.{b}', name: 'x-echo', sql: 'x_echo' }];
const PROMPTS = [
	{ name: 'x_blocks', description: 'Every kind of block.', arguments: [{ name: 'who' }], messages: [
		{ role: 'user', text: 'I am {who}.' }, { role: 'assistant', text: 'Hello {{you}.' },
		{ role: 'user', image: 'x.bin', mimeType: 'image/png' }, { role: 'user', audio: 'x.bin', mimeType: 'audio/wav' },
		{ role: 'user', text: 'Of {who}', resource: 'x:{who}', mimeType: 'text/plain' },
	] },
	{ name: 'x_refused', description: 'Refuses.', sql: 'x_refused_row', messages: [{ role: 'user', text: '{row.x}' }] },
	{ name: 'x_feature', description: 'Never.', feature: 'of_nobody', messages: [{ role: 'user', text: 'never' }] },
];
const SQL = {
	x_many: "select 'one' as x, 'x:many/1' as uri, 'text/plain' as mime_type union all select 'two', 'x:many/2', null",
	x_none: 'select null::text',
	x_large: "select repeat('x', 300000)",
	x_slow: 'select pg_sleep(5)::text',
	x_refused: "select case when mcp.unless(true, 'MC422', 'not like this') is null then 'never' end",
	x_broken: 'select (1 / (select count(*)::integer from pipeline where id is null))::text',
	x_echo: "select json_build_object('a', $1->>'a', 'b', $1->>'b', 'uri', $1->>'uri', 'tenant', mcp.tenant())",
	x_refused_row: "select mcp.unless(true, 'MC409', 'not now')::text as x",
};

before(async () => {
	cpSync(path.join(ROOT, 'tools'), tools, { recursive: true });
	const { resources, templates } = original('resources.json');
	put('resources.json', { resources: [...resources, ...RESOURCES], templates: [...templates, ...TEMPLATES] });
	put('prompts.json', { prompts: [...original('prompts.json').prompts, ...PROMPTS] });
	for (const [stem, text] of Object.entries(SQL))
		put(`${stem}.sql`, text);
	writeFileSync(file('x.bin'), Buffer.from([0, 1, 255]));
	stack = await private_stack('resources', 240, { settings: { MCP_TOOLS: tools, MCP_SQL: path.join(ROOT, 'sql') } });
	await stack.serving();
	db = await stack.db();
	const first = 'select id from planasonix.pipeline where tenant_id = $1 and deleted_at is null order by name, id limit 1';
	mine = (await db.query(first, [stack.tenant('acme').id])).rows[0].id;
	theirs = (await db.query(first, [stack.tenant('globex').id])).rows[0].id;
});
after(() => stack?.down());
after(() => rmSync(tools, { recursive: true, force: true }));

const ask = (method, params, { era = 'modern', tenant = 'bench', key = stack.key(tenant), ...options } = {}) =>
	stack.post_in_session(ERAS[era](method, params), { key, ...options });
const result = (answer) => {
	assert.equal(answer.status, 200, clip(answer.text));
	assert.equal(answer.json.error, undefined, clip(answer.text));
	return answer.json.result;
};
const read = async (uri, options) => result(await ask('resources/read', { uri }, options));
const refusal = async (method, params, options) => {
	const answer = await ask(method, params, options);

	assert.equal(answer.status, 200, clip(answer.text));
	return answer.json.error;
};

/* ---- clients ------------------------------------------------------------------------------------ */

async function connect_new(mode) {
	const client = new Client(IDENTITY, { versionNegotiation: { mode } });

	await client.connect(new StreamableHTTPClientTransport(new URL(stack.http_endpoint_url), { requestInit: { headers: bearer(stack.key('acme')) } }));
	return client;
}

async function connect_old() {
	const client = new OldClient(IDENTITY);

	await client.connect(new OldTransport(new URL(stack.http_endpoint_url), { requestInit: { headers: bearer(stack.key('acme')) } }));
	return client;
}

const CLIENTS = {
	'client 2.4 legacy': () => connect_new('legacy'),
	'client 2.4 auto': () => connect_new('auto'),
	'client 2.4 modern-only': () => connect_new({ pin: MODERN }),
	'sdk 1.32': connect_old,
};

for (const [name, connect] of Object.entries(CLIENTS)) {
	test(`${name}: lists, reads, gets and completes`, async () => {
		const client = await connect();

		try {
			assert.deepEqual(Object.keys(client.getServerCapabilities()).sort(), ['completions', 'prompts', 'resources', 'tools']);
			const { resources } = await client.listResources();
			assert.ok(resources.some(({ uri }) => uri === `planasonix://pipelines/${mine}`));
			assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 4);
			const { contents } = await client.readResource({ uri: `planasonix://pipelines/${mine}` });
			assert.equal(JSON.parse(contents[0].text).id, mine);
			await assert.rejects(client.readResource({ uri: `planasonix://pipelines/${theirs}` }), /Resource not found/);
			assert.equal((await client.listPrompts()).prompts.length, 5);
			const { messages } = await client.getPrompt({ name: 'diagnose_pipeline', arguments: { pipeline_id: mine } });
			assert.ok(messages[0].content.text.includes(mine));
			await assert.rejects(client.getPrompt({ name: 'diagnose_pipeline', arguments: { pipeline_id: theirs } }), /pipeline not found/);
			const { completion } = await client.complete({ ref: { type: 'ref/prompt', name: 'diagnose_pipeline' },
				argument: { name: 'pipeline_id', value: mine.slice(0, 10) } });
			assert.deepEqual(completion, { values: [mine], total: 1, hasMore: false });
		} finally {
			await client.close();
		}
	});
}

const bin = (name) => path.join(ROOT, 'tests/node_modules/.bin', name);

for (const era of ['legacy', 'auto', 'modern']) {
	test(`inspector 2.12 ${era}: lists, reads and gets`, async () => {
		const home = mkdtempSync(path.join(tmpdir(), 'mcp-inspector-'));
		const say = async (...words) => {
			const { status, out, err } = await sh(bin('node'), [bin('mcp-inspector'), '--cli', stack.url, '--transport', 'http',
				'--header', `Authorization: Bearer ${stack.key('acme')}`, '--protocol-era', era, '--format', 'json', '-q', ...words],
			{ env: { NODE_EXTRA_CA_CERTS: stack.ca_file, HOME: home }, timeout_ms: 30_000 });

			assert.equal(status, 0, `${out}${err}`);
			const said = JSON.parse(out);
			return said.result ?? said;
		};

		try {
			assert.ok((await say('--method', 'resources/list')).resources.length >= PAGE);
			assert.equal((await say('--method', 'resources/templates/list')).resourceTemplates.length, 4);
			assert.equal(JSON.parse((await say('--method', 'resources/read', '--uri', `planasonix://pipelines/${mine}`)).contents[0].text).id, mine);
			assert.equal((await say('--method', 'prompts/list')).prompts.length, 5);
			assert.equal((await say('--method', 'prompts/get', '--prompt-name', 'diagnose_pipeline', '--prompt-args', `pipeline_id=${mine}`)).messages.length, 1);
		} finally {
			rmSync(home, { recursive: true, force: true });
		}
	}, { timeout_ms: 120_000 });
}

/* ---- lists -------------------------------------------------------------------------------------- */

async function pages(method, member, options) {
	const all = [];

	for (let cursor; ;) {
		const page = result(await ask(method, cursor ? { cursor } : {}, options));

		all.push(page);
		if (!page.nextCursor)
			return all;
		assert.equal(page[member].length, PAGE, 'a page that is not the last is full');
		cursor = page.nextCursor;
	}
}

for (const era of Object.keys(ERAS)) {
	test(`resources/list: those with a URI first, then pipelines and schedules by name, page by page (${era})`, async () => {
		const all = (await pages('resources/list', 'resources', { era })).flatMap(({ resources }) => resources.map(({ uri }) => uri));
		const { rows } = await db.query("select 'planasonix://pipelines/' || id as uri from planasonix.pipeline"
			+ ' where tenant_id = $1 and deleted_at is null order by name, id', [stack.tenant('bench').id]);

		assert.ok(rows.length > 3 * PAGE, 'there are several pages');
		assert.deepEqual(all.filter((uri) => uri.startsWith('planasonix://pipelines/')), rows.map(({ uri }) => uri));
		assert.deepEqual(all.slice(0, 9), ['planasonix://connection-types', ...RESOURCES.map(({ uri }) => uri).filter((uri) => uri !== 'x:feature').sort()]);
		assert.equal(new Set(all).size, all.length, 'nothing is listed twice');
		assert.ok(all.indexOf(all.find((uri) => uri.startsWith('planasonix://schedules/'))) > all.lastIndexOf(all.findLast((uri) => uri.startsWith('planasonix://pipelines/'))));
	});
}

test('a resource is listed with its face and no more', async () => {
	const { resources } = result(await ask('resources/list', {}));

	assert.deepEqual(resources.find(({ uri }) => uri === 'x:text'), { uri: 'x:text', name: 'x-text', mimeType: 'text/markdown', size: 8 });
	assert.deepEqual(resources.find(({ uri }) => uri === 'x:file'), { uri: 'x:file', name: 'x-file', mimeType: 'application/octet-stream', size: 3 });
});

test('a cursor is of its list, its tenant and this server', async () => {
	const { nextCursor } = result(await ask('resources/list', {}));
	const [first] = (await pages('resources/list', 'resources', {})).slice(1);
	const bad = { code: -32602, message: 'Invalid params: cursor is not one that this list gave out.' };

	assert.deepEqual(result(await ask('resources/list', { cursor: nextCursor })).resources, first.resources, 'used twice, it gives the same page');
	assert.deepEqual(await refusal('resources/list', { cursor: nextCursor }, { tenant: 'globex' }), bad);
	assert.deepEqual(await refusal('resources/templates/list', { cursor: nextCursor }), bad);
	assert.deepEqual(await refusal('prompts/list', { cursor: nextCursor }), bad);
	for (const cursor of ['', 'x', `${nextCursor}x`, 7, null, {}])
		assert.deepEqual(await refusal('resources/list', { cursor }), bad, JSON.stringify(cursor));
});

test('what a feature or a scope forbids is in no list', async () => {
	const key = (await stack.new_key('bench', ['schedules:read'])).secret;
	const names = async (method, member, who) => (await pages(method, member, { key: who })).flatMap((page) => page[member].map(({ name }) => name));
	const uris = (await pages('resources/list', 'resources', { key })).flatMap(({ resources }) => resources.map(({ uri }) => uri));

	assert.ok(uris.every((uri) => /^(x:|planasonix:\/\/schedules\/)/.test(uri)));
	assert.ok(!uris.includes('x:feature'));
	assert.deepEqual(await names('resources/templates/list', 'resourceTemplates', key), ['schedule', 'x-echo']);
	assert.deepEqual(await names('prompts/list', 'prompts', key), ['plan_schedule', 'x_blocks', 'x_refused']);
	assert.deepEqual(await names('prompts/list', 'prompts', stack.key('bench')),
		['diagnose_pipeline', 'plan_schedule', 'review_connection', 'x_blocks', 'x_refused']);
});

/* ---- reading ------------------------------------------------------------------------------------ */

test('modern results say how long they may be kept, older ones do not', async () => {
	const now = await read('x:text'), before = await read('x:text', { era: 'legacy' });

	assert.deepEqual([now.ttlMs, now.cacheScope, now.resultType], [60000, 'private', 'complete']);
	assert.deepEqual(before, { contents: [{ uri: 'x:text', mimeType: 'text/markdown', text: '# Hello\n' }] });
	assert.deepEqual([(await read('x:file')).ttlMs, (await read('x:file')).contents],
		[0, [{ uri: 'x:file', mimeType: 'application/octet-stream', blob: 'AAH/' }]]);
});

test('a statement may give several contents, each with a URI and a type', async () => {
	assert.deepEqual((await read('x:many')).contents, [{ uri: 'x:many/1', mimeType: 'text/plain', text: 'one' }, { uri: 'x:many/2', text: 'two' }]);
});

test('a template hands its values on, decoded', async () => {
	const [{ uri, text }] = (await read('x:echo/caf%C3%A9%20%22.b.c')).contents;

	assert.equal(uri, 'x:echo/caf%C3%A9%20%22.b.c');
	assert.deepEqual(JSON.parse(text), { a: 'café "', b: 'b.c', uri, tenant: stack.tenant('bench').id });
});

for (const [era, code] of [['modern', -32602], ['legacy', -32002]]) {
	test(`what is not there, not this tenant's, or not for this key has one answer (${era})`, async () => {
		const key = (await stack.new_key('acme', ['schedules:read'])).secret;
		const of = (uri) => ({ code, message: 'Resource not found', data: { uri } });
		const uris = [`planasonix://pipelines/${theirs}`, 'planasonix://pipelines/x', 'x:none', 'x:feature', 'x:', 'y', '', 'x:echo/a.', 'x:echo/%00.b',
			`x:echo/${'a'.repeat(513)}.b`, `x:echo/${'a'.repeat(4000)}`];

		for (const uri of uris)
			assert.deepEqual(await refusal('resources/read', { uri }, { era, tenant: 'globex', ...(uri.includes(theirs) ? { tenant: 'acme' } : {}) }), of(uri), uri);
		assert.deepEqual(await refusal('resources/read', { uri: `planasonix://pipelines/${mine}` }, { era, key }), of(`planasonix://pipelines/${mine}`));
		for (const params of [{}, { uri: 7 }, { uri: null }])
			assert.deepEqual(await refusal('resources/read', params, { era }), { code: -32602, message: 'Invalid params: uri must be a string.' });
	});
}

test('what a statement refuses with, and what it must not say', async () => {
	const says = async (uri) => {
		const { code, message } = await refusal('resources/read', { uri });
		return [code, message];
	};

	assert.deepEqual(await says('x:refused'), [-32602, 'not like this']);
	assert.deepEqual(await says('x:large'), [-32602, 'The resource is larger than what may be read at once.']);
	assert.deepEqual(await says('x:slow'), [-32602, 'The call took longer than this tool may take. Ask for less.']);
	assert.deepEqual(await says('x:broken'), [-32602, 'An argument has a value that cannot be used here.']);
	assert.deepEqual(await refusal('prompts/get', { name: 'x_refused' }), { code: -32602, message: 'not now' });
});

/* ---- prompts and completion --------------------------------------------------------------------- */

for (const era of Object.keys(ERAS)) {
	test(`a prompt has every kind of block (${era})`, async () => {
		const { description, messages } = result(await ask('prompts/get', { name: 'x_blocks', arguments: { who: '{row.x}\u202E"' } }, { era }));

		assert.equal(description, 'Every kind of block.');
		assert.deepEqual(messages, [
			{ role: 'user', content: { type: 'text', text: 'I am {row.x}".' } },
			{ role: 'assistant', content: { type: 'text', text: 'Hello {you}.' } },
			{ role: 'user', content: { type: 'image', data: 'AAH/', mimeType: 'image/png' } },
			{ role: 'user', content: { type: 'audio', data: 'AAH/', mimeType: 'audio/wav' } },
			{ role: 'user', content: { type: 'resource', resource: { uri: 'x:{row.x}"', mimeType: 'text/plain', text: 'Of {row.x}"' } } },
		]);
		assert.ok(result(await ask('prompts/get', { name: 'x_blocks' }, { era })).messages[0].content.text === 'I am .');
	});
	test(`bad params of prompts and completions (${era})`, async () => {
		const invalid = async (method, params, message) => assert.deepEqual(await refusal(method, params, { era }), { code: -32602, message });
		const ref = { type: 'ref/prompt', name: 'diagnose_pipeline' };

		await invalid('prompts/get', {}, 'Invalid params: name must be a string.');
		await invalid('prompts/get', { name: 'x' }, 'Unknown prompt: x');
		await invalid('prompts/get', { name: 'x_feature' }, 'Unknown prompt: x_feature');
		await invalid('prompts/get', { name: 'x_blocks', arguments: [] }, 'Invalid params: arguments must be an object.');
		await invalid('completion/complete', { ref, argument: { name: 'pipeline_id' } }, 'Invalid params: argument must have name and value, both strings.');
		await invalid('completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'a', value: '' } }, 'Unknown prompt: x');
		await invalid('completion/complete', { ref: { type: 'ref/resource', uri: 'planasonix://x/{id}' }, argument: { name: 'id', value: '' } },
			'Unknown resource or template: planasonix://x/{id}');
		await invalid('completion/complete', { ref, argument: { name: 'pipeline_id', value: '' }, context: { arguments: { x: 1 } } },
			'Invalid params: context.arguments must hold strings.');
		assert.deepEqual(result(await ask('completion/complete', { ref: { type: 'ref/prompt', name: 'x_blocks' }, argument: { name: 'who', value: '' } }, { era })).completion,
			{ values: [], total: 0, hasMore: false });
	});
}

/* ---- what else sees it -------------------------------------------------------------------------- */

test('the audit names the resource or prompt, and says denied where the caller is told it is unknown', async () => {
	const key = (await stack.new_key('acme', ['schedules:read'])).secret;
	const event = async (method, params, who) => {
		const { method: said, tool, outcome, args_digest } = await stack.event((await ask(method, params, who)).headers['x-request-id']);
		return [said, tool, outcome, Boolean(args_digest)];
	};

	assert.deepEqual(await event('resources/read', { uri: `planasonix://pipelines/${mine}` }, { tenant: 'acme' }), ['resources/read', 'pipeline', 'ok', true]);
	assert.deepEqual(await event('resources/read', { uri: `planasonix://pipelines/${theirs}` }, { tenant: 'acme' }), ['resources/read', 'pipeline', 'bad_request', true]);
	assert.equal((await event('resources/read', { uri: `planasonix://pipelines/${mine}` }, { key }))[2], 'denied');
	assert.deepEqual(await event('prompts/get', { name: 'diagnose_pipeline', arguments: { pipeline_id: mine } }, { tenant: 'acme' }),
		['prompts/get', 'diagnose_pipeline', 'ok', true]);
	assert.equal((await event('prompts/get', { name: 'diagnose_pipeline' }, { key }))[2], 'denied');
	assert.deepEqual((await event('completion/complete', { ref: { type: 'ref/prompt', name: 'diagnose_pipeline' }, argument: { name: 'pipeline_id', value: 'x' } },
		{ tenant: 'acme' })).slice(0, 3), ['completion/complete', 'diagnose_pipeline', 'ok']);
});

test('reading and getting count against the plan, lists and completions do not', async () => {
	const tenant = await stack.new_tenant('counted', 'starter');		/* 20 a minute; not served, but by its plan's change */
	await db.query("update mcp.tenant set plan = 'professional' where id = $1", [tenant.id]);
	const left = async (method, params) => Number((await ask(method, params, { key: tenant.key })).headers['x-ratelimit-remaining']);
	const first = await left('resources/read', { uri: 'x:text' });

	for (let i = 0; i < 5; i++) {
		await ask('resources/list', {}, { key: tenant.key });
		await ask('completion/complete', { ref: { type: 'ref/prompt', name: 'x_blocks' }, argument: { name: 'who', value: '' } }, { key: tenant.key });
	}
	assert.ok(await left('prompts/get', { name: 'x_blocks' }) >= first - 2, 'lists and completions took nothing');
	for (let i = 0; i < first; i++)
		await ask('resources/read', { uri: 'x:text' }, { key: tenant.key });
	assert.equal((await ask('resources/read', { uri: 'x:text' }, { key: tenant.key })).status, 429);
});

test('a batch of 2025-03-26 may read, get and complete', async () => {
	const of = (id, method, params) => ({ jsonrpc: '2.0', id, method, params });
	const request = legacy('x', {}, { version: '2025-03-26' });

	request.body = JSON.stringify([of(1, 'resources/read', { uri: 'x:text' }), of(2, 'prompts/get', { name: 'x_blocks' }),
		of(3, 'resources/read', { uri: 'x:no' })]);
	const answers = (await stack.post_in_session(request, { key: stack.key('bench') })).json.sort((a, b) => a.id - b.id);
	assert.equal(answers[0].result.contents[0].text, '# Hello\n');
	assert.equal(answers[1].result.messages.length, 5);
	assert.equal(answers[2].error.code, -32002);
});

/* ---- before it serves --------------------------------------------------------------------------- */

test('-t counts what there is', async () => {
	assert.match((await stack.fpm('-t')).out, /^catalog planasonix: 19 tools, 14 resources, 6 prompts, isolation is proven$/m);
});

const BAD = [
	['x_echo.sql', "select $1->>'c'", /x_echo\.sql: the statement asks for the argument c, which it is not given/],
	['x_echo.sql', 'select 1 as a, 2 as b', /x_echo\.sql: the statement must have one column beside uri and mime_type/],
	['x_echo.sql', 'select now()', /x_echo\.sql: the column now is a time, and not text, json or bytea/],
	['x_echo.sql', 'select * from mcp.credential', /x_echo\.sql: PostgreSQL refuses the statement: permission denied/],
	['x_echo.sql', "select 'x'; select 'y'", /x_echo\.sql: PostgreSQL refuses the statement/],
	['complete_run.sql', "select '{}'::json", /complete_run\.sql: the column json is json, and not text/],
	['resource_pipelines.sql', "select 'x' as name", /resource_pipelines\.sql: the statement has no column uri/],
	['resource_pipelines.sql', "select 'x' as uri, 'n' as name, 't' as mimeType", /resource_pipelines\.sql: the statement has the column mimetype, which resources\/list does not have/],
	['resource_pipelines.sql', "select 'x' as uri, 'n' as name, 'big' as size", /resource_pipelines\.sql: the column size is text, which resources\/list does not take there/],
	['prompt_diagnose_pipeline.sql', 'select 1 as id', /prompt_diagnose_pipeline\.sql: the statement has no column report/],
	['prompt_diagnose_pipeline.md', '{row.id} {row.other}', /prompt_diagnose_pipeline\.sql: the statement has no column other/],
	['prompts.json', '{"prompts":[{}]}', /prompts\.json: name: must be there/],
	['resources.json', '{"templates":[{"uriTemplate":"x:{+y}","name":"n","sql":"x_echo"}]}', /resources\.json: x:\{\+y\}: uriTemplate: .* level 1/],
];

for (const [name, text, says] of BAD) {
	test(`-t and --reload refuse ${name} with ${text}`, async () => {
		const kept = readFileSync(file(name));

		try {
			put(name, text);
			for (const word of ['-t', '--reload']) {
				const { status, out, err } = await stack.fpm(word);
				assert.notEqual(status, 0);
				assert.match(`${out}${err}`, says);
			}
			assert.equal((await read('x:echo/a.b')).contents.length, 1, 'what served goes on');
		} finally {
			writeFileSync(file(name), kept);
		}
	});
}

await run();
