/*
 * suite: the official conformance suite against the catalog beside this file, through nginx.
 *
 * Both versions of the suite, every revision, and then three runs at once.  A scenario has passed when it
 * ran and none of its checks says FAILURE or WARNING.  The suite cannot present a credential, so nginx adds
 * one on a port of its own (tests/stack/up, CONFORMANCE=1).
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { legacy, session_header } from '../e2e/lib/mcp.mjs';
import { ROOT, private_stack, sh } from '../e2e/lib/stack.mjs';

const NODE = path.join(ROOT, 'tests/node_modules/node/bin/node');	/* the suite needs a newer one than Debian has */
const ALPHA = path.join(ROOT, 'tests/node_modules/@modelcontextprotocol/conformance/dist/index.js');
const LATEST = path.join(ROOT, 'tests/node_modules/conformance-legacy/dist/index.js');
const SUITE_MS = 280_000;

/* Of the tasks extension, which this server does not offer. */
const TASKS = /^tasks-/;

/* The runs, and how many scenarios each must have, so that an empty one is no success. */
const RUNS = [
	{ name: 'requirements 2026-07-28', program: ALPHA, words: ['--requirements', '2026-07-28'], least: 40 },
	{ name: 'requirements 2025-11-25', program: ALPHA, words: ['--requirements', '2025-11-25'], least: 33 },
	{ name: 'all of 2026-07-28', program: ALPHA, words: ['--suite', 'all', '--spec-version', '2026-07-28'], least: 40 },
	{ name: 'all of 2025-11-25', program: ALPHA, words: ['--suite', 'all', '--spec-version', '2025-11-25'], least: 33 },
	{ name: 'all of 2025-06-18', program: ALPHA, words: ['--suite', 'all', '--spec-version', '2025-06-18'], least: 27 },
	{ name: 'all of 2025-03-26', program: ALPHA, words: ['--suite', 'all', '--spec-version', '2025-03-26'], least: 1 },
	{ name: '0.1.16, active', program: LATEST, words: [], least: 25 },
	{ name: '0.1.16, all of 2025-11-25', program: LATEST, words: ['--suite', 'all', '--spec-version', '2025-11-25'], least: 28 },
	{ name: '0.1.16, all of 2025-06-18', program: LATEST, words: ['--suite', 'all', '--spec-version', '2025-06-18'], least: 20 },
];

let stack;

before(async () => {
	stack = await private_stack('conformance', 200, {
		settings: { MCP_FAST_WORKERS: 4, MCP_STREAM_WORKERS: 2 }, env: { CONFORMANCE: '1' },
	});
	await stack.serving();
});
after(() => stack?.down());

/* The checks of every scenario of a run: { scenario: [{ id, status, errorMessage }] }. */
async function checks_of({ program, words }) {
	const out = mkdtempSync(path.join(tmpdir(), 'suite.'));
	const done = await sh(NODE, [program, 'server', '--url', stack.say.conformance_url, ...words, '-o', out], { timeout_ms: SUITE_MS });
	const all = {};

	for (const folder of readdirSync(out)) {
		const scenario = folder.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '');

		all[scenario] = JSON.parse(readFileSync(path.join(out, folder, 'checks.json'), 'utf8'));
	}
	rmSync(out, { recursive: true });
	assert.ok(Object.keys(all).length > 0, `the suite did not run: ${done.stdout}${done.stderr}`.slice(0, 2000));
	return all;
}

const bad = (checks) => checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
	.map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? ''}`);

function judge(all, least) {
	const scenarios = Object.entries(all).filter(([name]) => !TASKS.test(name));
	const findings = scenarios.flatMap(([name, checks]) => bad(checks).map((what) => `${name}: ${what}`));

	assert.ok(scenarios.length >= least, `${scenarios.length} scenarios ran, at least ${least} were expected`);
	assert.ok(scenarios.some(([, checks]) => checks.some(({ status }) => status === 'SUCCESS')), 'nothing succeeded');
	assert.deepEqual(findings, []);
}

for (const one of RUNS)
	test(`${one.name}: no failure, no warning`, async () => judge(await checks_of(one), one.least), { timeout_ms: SUITE_MS });

test('three runs at once: no failure, no warning', async () => {
	const all = await Promise.all([RUNS[0], RUNS[1], RUNS[0]].map(checks_of));

	judge(all[0], RUNS[0].least);
	judge(all[1], RUNS[1].least);
	judge(all[2], RUNS[0].least);
}, { timeout_ms: SUITE_MS });

test('three users can be asked at once: runs that meet at a question do not refuse each other', async () => {
	const { endpoint: where, tenants } = stack.say.catalogs.conformance;
	const at = { key: tenants.bench.keys.full, path: where };
	const sessions = await Promise.all([1, 2, 3].map(() => stack.new_session(at.key, '2025-11-25', { capabilities: { elicitation: {} }, ...at })));
	const asked = await Promise.all(sessions.map(async (id) => {
		const stream = await stack.open(legacy('tools/call', { name: 'test_elicitation', arguments: { message: 'Who?' } },
			{ headers: session_header(id) }), at);

		return { id, stream, question: (await stream.find('a question', ({ json }) => json?.method === 'elicitation/create')).json.id };
	}));

	for (const { id, stream, question } of asked) {
		const { headers } = legacy('x', {}, { headers: session_header(id) });

		await stack.post({ headers, body: JSON.stringify({ jsonrpc: '2.0', id: question, result: { action: 'decline' } }) }, at);
		assert.ok((await stream.answer(1)).result);
	}
});

await run();
