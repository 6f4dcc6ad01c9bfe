/*
 * memory: a process that has served many requests is no larger than one that has served a few.
 *
 * Two workers that never retire take 20,000 mixed requests (200,000 with SOAK set): every tool, one
 * written in C, both eras, batches, lists, large bodies, and every kind of refusal.  Compared is the
 * floor: what a process owns at least, as smaps_rollup counts it, over a number of looks; once when
 * every statement is prepared and every buffer has its size, and once at the end.  Between its looks
 * a worker may hold what the last large request took.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { SOAK, must, private_stack, until } from '../e2e/lib/stack.mjs';
import { bearer, initialize, legacy, modern } from '../e2e/lib/mcp.mjs';
import { example_files, more_tools } from '../e2e/lib/tools.mjs';

const REQUESTS = SOAK ? 200_000 : 20_000;
const WARM = 6_000;		/* requests until everything has been used */
const CLIENTS = 12;
const WORKERS = 2;
const LOOKS = 12;
const BETWEEN = 60;		/* requests from one look to the next */

/* A leak of the smallest block a request would be 320 kB of each worker in 20,000 requests, and 3.2 MB in 200,000. */
const SLACK_KB = SOAK ? 256 : 96;

const tools = more_tools([]);
let stack, db, key, reader, pipelines, connection, schedule;

before(async () => {
	for (const [file, text] of Object.entries(example_files()))
		if (file.startsWith('tools/'))
			writeFileSync(path.join(tools.folder, file.slice('tools/'.length)), text);
	await must('make', ['-s', 'tools', `TOOLS=${tools.folder}`]);
	stack = await private_stack('memory', 60, { settings: { ...tools.settings, MCP_FAST_WORKERS: WORKERS,
		MCP_WORKER_REQUESTS: 0, MCP_NODE_PER_MINUTE: 100000000 } });
	db = await stack.db('postgres_super');
	[key, reader] = [stack.key('bench'), stack.key('bench', 'read')];
	await stack.serving();

	const { id } = stack.tenant('bench');
	const ids = async (table) => (await db.query(`select id from planasonix.${table} where tenant_id = $1 order by id limit 20`, [id])).rows.map((row) => row.id);
	pipelines = await ids('pipeline');
	[connection] = await ids('connection');
	[schedule] = await ids('schedule');
});
after(() => stack?.down());
after(() => tools.remove());

/* ---- the mix ------------------------------------------------------------------------------------ */

let turn = 0;
const some = () => pipelines[turn % pipelines.length];
const call = (name, args = {}, era = modern) => era('tools/call', { name, arguments: args });
const raw = (body, version) => ({ headers: legacy('x', {}, version ? { version } : {}).headers, body });
const params = () => ({ host: 'db.example.com', password: `p${turn}` });
const cron = { cron_expression: '30 6 * * mon-fri', frequency: 'weekly', timezone: 'Europe/Berlin' };

/* Each in its turn. */
const MIX = [
	() => call('list_pipelines', { limit: 200 }),
	() => call('list_pipelines', { limit: 5 }, legacy),
	() => call('list_schedules'),
	() => call('list_connectors', { limit: 100 }),
	() => call('list_connection_types', {}, legacy),
	() => call('get_pipeline', { pipeline_id: some() }),
	() => call('get_pipeline_health', { pipeline_id: some() }),
	() => call('get_run_history', { pipeline_id: some() }, legacy),
	() => call('chart_runs', { pipeline_id: some() }),
	() => call('chart_runs', { pipeline_id: 'x' }),
	() => call('count_pipelines', {}, legacy),
	() => call('pause_pipeline', { pipeline_id: some() }),
	() => call('resume_pipeline', { pipeline_id: some() }, legacy),
	() => call('trigger_pipeline', { pipeline_id: some(), params: { turn }, idempotency_key: `k${turn}` }),
	() => call('trigger_pipeline', { pipeline_id: pipelines[0], idempotency_key: 'the same' }),
	() => call('create_schedule', { pipeline_id: some(), ...cron, cron_expression: 'never' }),
	() => call('update_schedule', { schedule_id: schedule, ...cron }),
	() => call('enable_schedule', { schedule_id: schedule }),
	() => call('disable_schedule', { schedule_id: schedule }, legacy),
	() => call('delete_schedule', { schedule_id: 'x' }),
	() => call('create_connection', { name: 'x', type: 'no such', category: 'source', params: params() }),
	() => call('update_connection', { connection_id: connection, params: params() }),
	() => call('delete_connection', { connection_id: connection }),	/* in use, or not found: refused */
	() => call('delete_pipeline', { pipeline_id: 'x' }),
	() => modern('tools/list'),
	() => legacy('tools/list'),
	() => modern('server/discover'),
	() => initialize(),
	() => legacy('ping'),
	() => raw('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
	() => raw(`[${Array.from({ length: 5 }, (_, id) => legacy('ping', {}, { id }).body)}]`, '2025-03-26'),
	() => call('get_pipeline', { pipeline_id: some(), cursor: 'x'.repeat(200_000) }),
	() => call('list_pipelines', { cursor: 'forged' }),
	() => call('get_pipeline', {}),
	() => call('no_such_tool'),
	() => modern('no/such'),
	() => raw('{"jsonrpc":"2.0","id":1,'),
	() => raw(`{"jsonrpc":"2.0","id":1,"method":"ping","params":${'['.repeat(100)}${']'.repeat(100)}}`),
	() => ({ ...modern('tools/list'), key: reader }),
	() => ({ ...call('pause_pipeline', { pipeline_id: some() }), key: reader }),
	() => ({ ...modern('tools/list'), headers: { ...modern('tools/list').headers, 'Content-Type': 'text/plain' } }),
	() => ({ ...modern('tools/list'), key: 'noise' }),
];

const statuses = {};

async function serve(n) {
	const pool = stack.pool(CLIENTS);
	let left = n;

	await Promise.all(Array.from({ length: CLIENTS }, async () => {
		while (left-- > 0) {
			const { key: own = key, ...request } = MIX[turn++ % MIX.length]();
			const headers = { ...request.headers, ...bearer(own), ...await stack.session_for(request, own) };
			const { status } = await pool.send({ path: stack.endpoint, headers, body: request.body });

			statuses[status] = (statuses[status] ?? 0) + 1;
		}
	}));
	pool.close();
}

/* ---- what processes own ------------------------------------------------------------------------- */

const processes = () => ['fast', 'warden', 'audit'].flatMap((pool) => stack.workers(pool).map(({ pid, name }) => ({ pid, name })));

/*
 * kB: pages nobody else has, and the proportional share of all that is no file.  What share of programs
 * and libraries is whose changes with every other process of the machine.
 */
function size(pid) {
	const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
	const kb = (word) => Number(new RegExp(`^${word}:\\s+(\\d+) kB`, 'm').exec(rollup)[1]);

	return { own: kb('Private_Dirty'), share: kb('Pss_Anon') };
}

/* By pid: { name, own, share }, each the least of all looks. */
async function floors() {
	const least = new Map(processes().map(({ pid, name }) => [pid, { name, own: Infinity, share: Infinity }]));

	for (let i = 0; i < LOOKS; i++) {
		await serve(BETWEEN);
		for (const [pid, floor] of least) {
			const { own, share } = size(pid);
			floor.own = Math.min(floor.own, own);
			floor.share = Math.min(floor.share, share);
		}
	}
	return least;
}

test(`${REQUESTS} mixed requests leave every process as large as it was`, async (diag) => {
	await serve(WARM);
	await until('the audit process has written the last use of keys', async () =>
		(await db.query('select from mcp.credential_use limit 1')).rows.length > 0);
	await serve(WARM / 10);
	let was = await floors();
	let grown;

	/* A heap may settle once more at another size; what leaks grows every time. */
	for (let round = 0; round < 3; round++) {
		await serve(REQUESTS);
		const is = await floors();

		assert.deepEqual([...is.keys()], [...was.keys()], 'the same processes');
		grown = [...was].flatMap(([pid, { name, own, share }]) => {
			diag(`${name}: own ${own} kB, then ${is.get(pid).own}; share ${share} kB, then ${is.get(pid).share}`);
			return is.get(pid).own <= own + SLACK_KB && is.get(pid).share <= share + SLACK_KB ? [] : [name];
		});
		if (grown.length === 0)
			break;
		was = is;
	}
	assert.ok(!Object.keys(statuses).some((status) => status >= 500), JSON.stringify(statuses));
	diag(`answers by status: ${JSON.stringify(statuses)}`);
	assert.deepEqual(grown, [], 'what grew three times in a row');
}, { timeout_ms: SOAK ? 1_800_000 : 300_000 });

await run();
