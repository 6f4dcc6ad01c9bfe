/*
 * hostile: bodies made to break a parser, a validator, or what lies behind them.
 *
 * Each is sent under both eras; it must get the right status and code and no id that was not read,
 * quickly (median under 50 ms), and the workers must be the same processes afterwards.  A stack of
 * its own, so that MCP_FPM=build/asan/mcp-fpm runs the same under sanitizers; their findings would
 * stand in the log, where Stack.down() looks for them.
 */

import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { after, before, run, test } from './lib/tap.mjs';
import { private_stack } from './lib/stack.mjs';
import { ACCEPT, MODERN, NS, bearer, check, envelope, initialize, legacy, modern, session_header } from './lib/mcp.mjs';

const MEDIAN_MS = 50;
const TIMES = 7;		/* each body is sent so often for its median */

let stack, key, pids;

before(async () => {
	/* No worker retires, and none is stopped for being slow: the same pids can be asked for. */
	stack = await private_stack('hostile', 60, { settings: { MCP_WORKER_REQUESTS: 0, MCP_NODE_PER_MINUTE: 100000000 } });
	key = stack.key('bench');
	await stack.serving();
	pids = stack.children().map((p) => p.pid).sort();
});
after(() => stack?.down());

const bytes = (...parts) => Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))));
const wrapped = (value) => bytes('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":', value, '}}');
const many = (n, fn) => Array.from({ length: n }, (_, i) => fn(i)).join(',');

/* A modern tools/call whose arguments are written as they stand. */
const arguing = (text) => bytes(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call',
	params: { _meta: envelope(), name: 'get_pipeline', arguments: 'HERE' } }).replace('"HERE"', () => text));

const PARSE = { status: 400, code: -32700, id: null };
const SHAPE = { status: 400, code: -32600 };
const REFUSED = { status: 400, code: [-32700, -32600] };
const TOO_LARGE = { status: 413, id: null, nginx: true };

/* Text: [what, body, what must come back].  Everything here is refused before any method sees it. */
const REFUSALS = [
	['a lone continuation byte', wrapped(bytes('"', [0x80], '"')), PARSE],
	['an overlong slash', wrapped(bytes('"', [0xc0, 0xaf], '"')), PARSE],
	['an overlong NUL', wrapped(bytes('"', [0xc0, 0x80], '"')), PARSE],
	['an encoded surrogate', wrapped(bytes('"', [0xed, 0xa0, 0x80], '"')), PARSE],
	['a code point above 10FFFF', wrapped(bytes('"', [0xf4, 0x90, 0x80, 0x80], '"')), PARSE],
	['byte FF', wrapped(bytes('"', [0xff], '"')), PARSE],
	['a character cut in the middle', wrapped(bytes('"', [0xe2, 0x82], '"')), PARSE],
	['bad UTF-8 in a name', bytes('{"jsonrpc":"2.0","id":1,"method":"ping","', [0xc3, 0x28], '":1}'), PARSE],
	['bad UTF-8 outside of any string', bytes('{"jsonrpc":"2.0","id":1,"method":"ping"}', [0xff]), PARSE],
	['UTF-16', Buffer.from('\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', 'utf16le'), PARSE],
	['a byte order mark', bytes([0xef, 0xbb, 0xbf], '{"jsonrpc":"2.0","id":1,"method":"ping"}'), PARSE],
	['method twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', REFUSED],
	['id twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', REFUSED],
	['jsonrpc twice', '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}', REFUSED],
	['a name twice, nested', wrapped('{"a":1,"b":2,"a":3}'), REFUSED],
	['a name twice, in an array', wrapped('[{"a":1,"a":1}]'), REFUSED],
	['a name twice, ten levels down', wrapped(`${'{"a":'.repeat(10)}{"b":1,"b":2}${'}'.repeat(10)}`), REFUSED],
	['an escaped duplicate', '{"jsonrpc":"2.0","id":1,"method":"ping","meth\\u006fd":"tools/list"}', REFUSED],
	['an escaped duplicate, nested', arguing('{"pipeline_id":"x","pipel\\u0069ne_id":"y"}'), REFUSED],
	['a duplicate by surrogate pair', wrapped('{"😀":1,"\\ud83d\\ude00":2}'), REFUSED],
	['a duplicate by escaped slash', wrapped('{"a/b":1,"a\\/b":2}'), REFUSED],
	['the empty name twice', wrapped('{"":1,"":2}'), REFUSED],
	['name twice in params',
		'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_pipelines","na\\u006de":"pause_pipeline","arguments":{}}}', REFUSED],
	['arguments twice', arguing('{},"arguments":{}'), REFUSED],
	['the 80,000th name is the first again', wrapped(`{${many(80_000, (i) => `"k${i}":0`)},"k0":1}`), REFUSED],
	['a hundred thousand opening brackets', '['.repeat(100_000), REFUSED],
	['a hundred thousand opening braces', '{"a":'.repeat(100_000), REFUSED],
	['a hundred thousand pairs of brackets', wrapped(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), REFUSED],
	['an object a thousand deep', wrapped(`${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`), REFUSED],
	['1e999', wrapped('1e999'), REFUSED],
	['-1e999', wrapped('-1e999'), REFUSED],
	['a number of 100,000 digits', wrapped('9'.repeat(100_000)), REFUSED],
	['an integer of 40 digits', wrapped('1'.repeat(40)), REFUSED],
	['2 to the 64th', wrapped('18446744073709551616'), REFUSED],
	['an exponent of 40 digits', wrapped(`1e${'9'.repeat(40)}`), REFUSED],
	['NaN', wrapped('NaN'), PARSE],
	['Infinity', wrapped('Infinity'), PARSE],
	['-Infinity', wrapped('-Infinity'), PARSE],
	['nan', wrapped('nan'), PARSE],
	['True', wrapped('True'), PARSE],
	['a leading zero', wrapped('01'), PARSE],
	['a leading plus', wrapped('+1'), PARSE],
	['a bare point', wrapped('.5'), PARSE],
	['a trailing point', wrapped('5.'), PARSE],
	['hexadecimal', wrapped('0x10'), PARSE],
	['a number that stops in its exponent', wrapped('1e'), PARSE],
	['a lone minus', wrapped('-'), PARSE],
	['a lone high surrogate', wrapped('"\\ud800"'), PARSE],
	['a lone low surrogate', wrapped('"\\udc00"'), PARSE],
	['two high surrogates', wrapped('"\\ud800\\ud800"'), PARSE],
	['surrogates in the wrong order', wrapped('"\\ude00\\ud83d"'), PARSE],
	['a high surrogate at the end', wrapped('"\\ud83d'), PARSE],
	['\\u0000', wrapped('"a\\u0000b"'), PARSE],
	['\\u0000 in a name', wrapped('{"a\\u0000":1}'), PARSE],
	['\\u0000 in the method', '{"jsonrpc":"2.0","id":1,"method":"ping\\u0000"}', PARSE],
	['a raw NUL', wrapped(bytes('"a', [0], 'b"')), PARSE],
	['a raw NUL behind the message', bytes('{"jsonrpc":"2.0","id":1,"method":"ping"}', [0]), PARSE],
	['a raw newline in a string', wrapped('"a\nb"'), PARSE],
	['a raw tab in a string', wrapped('"a\tb"'), PARSE],
	['a raw escape character', wrapped(bytes('"', [0x1b], '"')), PARSE],
	['a broken escape', wrapped('"\\x41"'), PARSE],
	['a broken \\u escape', wrapped('"\\u12G4"'), PARSE],
	['a string that never ends', wrapped('"abc').subarray(0, -2), PARSE],
	['single quotes', "{'jsonrpc':'2.0','id':1,'method':'ping'}", PARSE],
	['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"ping",}', PARSE],
	['a trailing comma in an array', wrapped('[1,]'), PARSE],
	['a missing comma', wrapped('[1 2]'), PARSE],
	['a comment', '{"jsonrpc":"2.0",/* x */"id":1,"method":"ping"}', PARSE],
	['garbage behind the message', '{"jsonrpc":"2.0","id":1,"method":"ping"}garbage', PARSE],
	['a second message', '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}', PARSE],
	['a closing bracket too many', '{"jsonrpc":"2.0","id":1,"method":"ping"}}', PARSE],
	['nothing', '', PARSE],
	['white space', ' \r\n\t ', PARSE],
	['a form feed for white space', '\f{"jsonrpc":"2.0","id":1,"method":"ping"}', PARSE],
	['2 MiB', bytes('"', 'x'.repeat(2 << 20), '"'), TOO_LARGE],
	['2 MiB of brackets', '['.repeat(2 << 20), TOO_LARGE],
	['a batch of 100,000', `[${many(100_000, () => '{}')}]`, REFUSED],
	['a batch of batches', `${'['.repeat(30)}${']'.repeat(30)}`, SHAPE],
];

for (const [what, body, want] of REFUSALS)
	for (const era of ['older', 'modern'])
		test(`${what} (${era})`, () => probe(body, want, era));

/* Well-formed, and merely unpleasant: answered, or refused for its size, but never with a parse error. */
const SERVED = { status: 200, code: null, id: '1' };
const SERVED_OR_CAPPED = { status: [200, 400, 413], code: [null, -32600, -32700] };
const UNPLEASANT = [
	['a string of 900,000 characters', wrapped(JSON.stringify('x'.repeat(900_000))), SERVED],
	['a string of 900,000 escapes', wrapped(`"${'\\n'.repeat(400_000)}"`), SERVED],
	['100,000 names', wrapped(`{${many(100_000, (i) => `"${i.toString(36)}":0`)}}`), SERVED_OR_CAPPED],
	['100,000 names with one hash tail', wrapped(`{${many(60_000, (i) => `"${'AaBB'[i & 1]}${i}":0`)}}`), SERVED_OR_CAPPED],
	['an array of 100,000 numbers', wrapped(`[${many(100_000, () => '1')}]`), SERVED_OR_CAPPED],
	['an array of 100,000 empty objects', wrapped(`[${many(100_000, () => '{}')}]`), SERVED_OR_CAPPED],
	['900,000 blanks', `${' '.repeat(900_000)}{"jsonrpc":"2.0","id":1,"method":"ping"}`, SERVED],
	['twenty levels', wrapped(`${'['.repeat(20)}${']'.repeat(20)}`), SERVED],
	['the largest 64-bit integer', wrapped('9223372036854775807'), SERVED],
	['a fraction of 300 digits', wrapped(`0.${'1'.repeat(300)}`), SERVED_OR_CAPPED],
	['1e308', wrapped('1e308'), SERVED],
	['1e-400', wrapped('1e-400'), SERVED_OR_CAPPED],
	['every character of the first plane, escaped',
		wrapped(`"${Array.from({ length: 0xd7ff }, (_, i) => `\\u${(i + 1).toString(16).padStart(4, '0')}`).join('')}"`), SERVED],
	['a name of 100,000 characters', wrapped(`{"${'n'.repeat(100_000)}":1}`), SERVED_OR_CAPPED],
	['a method of 100,000 characters', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'm'.repeat(100_000) }),
		{ status: [200, 400], code: [-32601, -32600] }],
	['an id of 100,000 characters', `{"jsonrpc":"2.0","id":"${'i'.repeat(100_000)}","method":"ping"}`,
		{ status: [200, 400], code: [null, -32600] }],
];

for (const [what, body, want] of UNPLEASANT)
	test(`well-formed: ${what}`, () => probe(body, want, 'older'));

/* Arguments travel on, as far as PostgreSQL: a tool error at worst. */
const ARGUMENTS = [
	['SQL', `'; drop table planasonix.pipeline; --`], ['a format', '%s%n%x%1000000d'], ['a path', '../../../../etc/passwd'],
		['dollar quotes', '$$; select 1; $$'],
	['a placeholder', '$1'], ['a backslash at the end', 'x\\'], ['quotes', '"\'`'], ['right-to-left', '\u202ekcab\u202c'], ['tag characters', '\u{e0041}\u{e0042}'],
	['control characters', '\u0001\u001b[31m\u007f\u0085'], ['a replacement character', '\ufffd'], ['a non-character', '\uffff'], ['emoji', '👩‍👩‍👧‍👦'.repeat(100)],
	['900,000 characters', 'x'.repeat(900_000)], ['newlines', 'a\r\nX-Injected: 1\r\n\r\nb'], ['a template', '{pipeline_id}{args.x}'],
];

for (const [what, value] of ARGUMENTS)
	for (const tool of ['get_pipeline', 'pause_pipeline'])
		test(`argument of ${tool}: ${what}`, async () => {
			const answer = await stack.call(key, tool, { pipeline_id: value });
			check(answer, { status: 200, code: null, id: '1', headers: { 'X-Injected': null }, also: ({ json }) => {
				assert.equal(json.result.isError, true);
				assert.match(json.result.content[0].text, /^pipeline not found$/);
			} });
		});

test('many arguments that nobody knows', async () => {
	const args = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`unknown_${i}`, i]));
	check(await stack.call(key, 'get_pipeline', args), { status: [200, 400], also: ({ json, text }) => {
		assert.ok(json.error || json.result.isError);
		assert.ok(text.length < 200_000, `the complaint has ${text.length} characters`);
	} });
});

/* ---- values of another type ------------------------------------------------------------------------ */

const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} }, roots: { listChanged: true }, extensions: {} };
const META = { [`${NS}clientCapabilities`]: CAPABILITIES, [`${NS}logLevel`]: 'debug', progressToken: 1, traceparent: 'x', tracestate: 'a=b', baggage: 'k=v' };
const VALUES = [null, true, 0, -1, 1.5, '', 'x', [], {}, [null], [{}], { a: null }];
const FORM = { action: 'accept', content: { confirm: true } };

/* Whole messages of both eras; a correct client's, as far as nothing is changed by them. */
const WHOLE = {
	'server/discover': () => modern('server/discover', {}, { meta: META }),
	'tools/list': () => modern('tools/list', { cursor: '' }, { meta: META }),
	'tools/call': () => modern('tools/call', { name: 'delete_pipeline', arguments: { pipeline_id: 'x' }, inputResponses: { confirm: FORM }, requestState: 'x' }, { meta: META }),
	'resources/read': () => modern('resources/read', { uri: 'planasonix://pipelines', inputResponses: { a: FORM }, requestState: 'x' }, { meta: META }),
	'prompts/get': () => modern('prompts/get', { name: 'diagnose_pipeline', arguments: { pipeline_id: 'x' } }, { meta: META }),
	'completion/complete': () => modern('completion/complete', { ref: { type: 'ref/prompt', name: 'diagnose_pipeline' },
		argument: { name: 'pipeline_id', value: '' }, context: { arguments: { a: 'b' } } }, { meta: META }),
	'initialize': () => initialize('2025-11-25', CAPABILITIES),
	'an older tools/call': () => legacy('tools/call', { name: 'delete_pipeline', arguments: { pipeline_id: 'x' }, _meta: META, task: { ttl: 1 } }),
	'logging/setLevel': () => legacy('logging/setLevel', { level: 'info' }),
	'resources/subscribe': () => legacy('resources/subscribe', { uri: 'planasonix://pipelines' }),
	'notifications/cancelled': () => legacy('notifications/cancelled', { requestId: 1, reason: 'x' }),
	'a response': () => ({ ...legacy('x'), body: JSON.stringify({ jsonrpc: '2.0', id: 'ask-x', result: FORM }) }),
};

/* The same with another value in one place, for each of its places. */
function* bent(whole) {
	if (whole && typeof whole === 'object')
		for (const [name, value] of Object.entries(whole))
			for (const other of bent(value))
				yield Array.isArray(whole) ? whole.with(name, other) : { ...whole, [name]: other };
	yield* VALUES;
}

for (const [what, whole] of Object.entries(WHOLE))
	test(`a value of another type anywhere in ${what}`, async (say) => {
		const { headers, body } = whole();
		const session = await stack.session_for({ headers, body }, key);
		let n = 0;

		for (const other of bent(JSON.parse(body))) {
			const { status, json, text } = await stack.post({ headers: { ...headers, ...session }, body: JSON.stringify(other) }, { key });
			assert.ok(status > 0 && status < 500 && json?.error?.code !== -32603, `${JSON.stringify(other)}: ${status} ${text}`);
			n++;
		}
		say(`${n} messages`);
	});

/* ---- headers ------------------------------------------------------------------------------------ */

const HEADERS = [
	['a credential of 15,000 bytes', { Authorization: `Bearer ${'k'.repeat(15_000)}` }, { status: 401, code: 401 }],
	['a header above what nginx takes', { 'Mcp-Name': 'x'.repeat(40_000) }, { status: [400, 414, 431], nginx: true }],
	['Mcp-Name of 10,000 bytes in base64', { 'Mcp-Name': `=?base64?${Buffer.from('x'.repeat(7_000)).toString('base64')}?=` }, { status: 400, code: -32020 }],
	['control characters in Mcp-Method', { 'Mcp-Method': 'tools/\u0001list' }, { status: 400, nginx: true }],
	['bytes above ASCII in the version', { 'MCP-Protocol-Version': '2026\u00e9' }, { status: 400, code: [-32020, -32000] }],
	['200 headers nobody reads', Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`X-${i}`, 'x'])), { status: 200, code: null }],
	['1000 headers nobody reads', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`X-${i}`, 'x'])), { status: [200, 400, 431], nginx: true }],
	['a header with the name of a parameter', { 'MCP-Catalog': 'other', MCP_CATALOG: 'other', 'Remote-Addr': '10.0.0.1', 'X-Forwarded-For': '10.0.0.1' }, { status: 200, code: null }],
	['a traceparent that is none', { traceparent: `00-${'z'.repeat(3_000)}` }, { status: 200, code: null }],
	['a User-Agent of 10,000 bytes', { 'User-Agent': 'u'.repeat(10_000) }, { status: 200, code: null }],
];

for (const [what, headers, want] of HEADERS)
	test(`headers: ${what}`, async () => {
		const request = modern('tools/call', { name: 'list_pipelines', arguments: { limit: 1 } });
		check(await stack.post({ ...request, headers: { ...request.headers, ...headers } }, { key: headers.Authorization ? undefined : key }), want);
	});

test('the address of a client is the connection\'s, whatever it claims', async () => {
	const answer = await stack.post(modern('tools/list'), { key, headers: { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9', 'X-Real-IP': '203.0.113.9' } });
	const event = await stack.event(answer.headers['x-request-id']);

	assert.equal(event.ip, '127.0.0.1');
});

/* ---- afterwards ----------------------------------------------------------------------------------- */

test('the workers are the same processes', (say) => {
	const now = stack.children();

	say(`${now.length} processes of ${readlinkSync(`/proc/${stack.pids.master}/exe`)}`);
	assert.deepEqual(now.filter((p) => p.state === 'Z'), []);
	assert.deepEqual(now.map((p) => p.pid).sort(), pids);
});

test('the log holds none of the secrets that were sent', () => {
	const log = stack.log();

	assert.ok(!log.includes(key), 'the key stands in the log');
	assert.ok(!log.includes('k'.repeat(1_000)), 'a rejected credential stands in the log');
});

test('and it serves', async () => check(await stack.call(key, 'list_pipelines', { limit: 1 }), { status: 200, code: null }));

/* Sends a body TIMES times and judges each answer and the median time. */
async function probe(body, want, era) {
	const headers = { 'Content-Type': 'application/json', Accept: ACCEPT, ...bearer(key),
		...(era === 'modern' ? { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'get_pipeline' } : {}) };
	const session = era === 'modern' ? {} : session_header(await stack.session(key));
	const times = [];

	for (let i = 0; i < TIMES; i++) {
		const started_ms = performance.now();
		const answer = await stack.post({ headers: { ...headers, ...session }, body: Buffer.from(body) });
		times.push(performance.now() - started_ms);
		check(answer, want);
	}
	const median = times.sort((a, b) => a - b)[TIMES >> 1];
	assert.ok(median < MEDIAN_MS, `median of ${TIMES} is ${median.toFixed(1)} ms`);
}

await run();
