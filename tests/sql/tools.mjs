/*
 * tools: the functions that the SQL of tools leans on, and the statements that list, show, pause and resume pipelines,
 * as a worker runs them.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, TOOLS, connect, connect_owner, enter_as, one, rows, undone } from './cluster.mjs';

const ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let owner, worker;
let prepared = 0;

before(async () => {
	owner = await connect_owner();
	worker = await connect('mcp_worker');
});

const statement = (name) => readFileSync(path.join(TOOLS, `${name}.sql`), 'utf8');

/* Runs a tool's statement for a tenant; its rows, or the error as { code, message }. */
function call(tenant, name, args, client = worker) {
	return undone(client, async () => {
		await enter_as(client, tenant);
		return run_tool(client, name, args);
	});
}

/* As the worker prepares it: with $1 as jsonb. */
async function run_tool(client, name, args) {
	const kept = `tool_${++prepared}`;

	await client.query(`prepare ${kept} (jsonb) as ${statement(name)}`);
	try {
		return (await client.query(`execute ${kept} (${client.escapeLiteral(JSON.stringify(args))})`)).rows;
	} catch ({ code, message }) {
		return { code, message };
	}
}

const uuids = [
	[ID, ID], [ID.toUpperCase(), ID], ['', null], [null, null], [`{${ID}}`, null], [ID.replaceAll('-', ''), null],
	[`${ID} `, null], [` ${ID}`, null], [`${ID}\n`, null], [`${ID.slice(0, -1)}g`, null], [`${ID}0`, null],
	['6f96-19ff-8b86-4011-b42d-00c0-4fc9-64ff', null], ['\' or true --', null], ['x'.repeat(100000), null], ['ａ', null],
];

for (const [word, wanted] of uuids) {
	test(`mcp.uuid(${JSON.stringify(word)?.slice(0, 60)}) is ${wanted}`, async () => {
		assert.equal(await one(worker, 'select mcp.uuid($1)', [word]), wanted);
	});
}

const mays = [
	['', 'a', false], [null, 'a', false], ['a', 'a', true], ['a b', 'b', true], ['ab', 'a', false], ['a b', 'a b', false],
	['*', 'a', true], ['a *', 'b', true], ['a', 'A', false], ['a', null, false], ['pipelines:read', 'pipelines:write', false],
];

for (const [scopes, word, wanted] of mays) {
	test(`mcp.may(${word}) under scopes ${scopes === null ? 'never set' : `'${scopes}'`} is ${wanted}`, async () => {
		const client = scopes === null ? await connect('mcp_worker') : worker;

		await undone(client, async () => {
			if (scopes !== null)
				await client.query('select set_config(\'mcp.scopes\', $1, true)', [scopes]);
			assert.equal(await one(client, 'select mcp.may($1)', [word]), wanted);
		});
	});
}

const unlesses = [
	['false, \'MC404\', \'gone\'', null],
	['null, \'MC404\', \'gone\'', null],
	['true, \'MC404\', \'gone\'', { code: 'MC404', message: 'gone', detail: '', hint: '' }],
	['true, \'MC409\', \'100 % of it\', \'{"by": 3}\'', { code: 'MC409', message: '100 % of it', detail: '{"by": 3}', hint: '' }],
	['true, \'P0001\', \'no\', null, \'do it so\'', { code: 'P0001', message: 'no', detail: '', hint: 'do it so' }],
	['true, \'no state\', \'gone\'', { code: '42704' }],
];

for (const [words, wanted] of unlesses) {
	test(`mcp.unless(${words}) ${wanted ? `ends with ${wanted.code}` : 'goes on'}`, async () => {
		const asked = worker.query(`select mcp.unless(${words})`);

		if (wanted)
			await assert.rejects(asked, wanted);
		else
			assert.equal((await asked).rowCount, 1);
	});
}

test('mcp.tenant, .workspace and .principal are null outside of a call and the setting within', async () => {
	const fresh = await connect('mcp_worker');

	for (const name of ['tenant', 'workspace', 'principal']) {
		assert.equal(await one(fresh, `select mcp.${name}()`), null);
		await undone(fresh, async () => {
			await fresh.query('select set_config($1, $2, true)', [`mcp.${name}`, ID]);
			assert.equal(await one(fresh, `select mcp.${name}()`), ID);
		});
		assert.equal(await one(fresh, `select mcp.${name}()`), null, 'forgotten with the transaction');
	}
});

test('no search_path bends what the policies ask', () => undone(owner, async () => {
	await owner.query(`create function pg_temp.nullif(text, text) returns text language sql return '${GLOBEX}'`);
	await owner.query(`create function pg_temp.current_setting(text, boolean) returns text language sql return '${GLOBEX}'`);
	await owner.query('set local search_path = pg_temp, pg_catalog');
	await owner.query('select set_config(\'mcp.tenant\', $1, true)', [ACME]);
	assert.equal(await one(owner, 'select mcp.tenant()'), ACME);
}));

test('every statement names the arguments of its schema and no others, and is one statement', async () => {
	const all = readdirSync(TOOLS).filter((name) => name.endsWith('.sql')).map((name) => name.slice(0, -4));
	const tools = all.filter((name) => existsSync(path.join(TOOLS, `${name}.json`)));	/* the others are of resources and prompts */

	assert.ok(tools.length >= 19);
	for (const name of all)
		assert.doesNotMatch(statement(name).replace(/--.*/g, ''), /;/, `${name} is one statement, without a semicolon`);
	for (const name of tools) {
		const { inputSchema: schema, idempotency } = JSON.parse(readFileSync(path.join(TOOLS, `${name}.json`), 'utf8'));
		const named = new Set([...statement(name).matchAll(/\$1\s*->>?\s*'(\w+)'/g)].map(([, word]) => word));

		assert.deepEqual([...named].sort(), Object.keys(schema.properties).filter((word) => word !== idempotency).sort(), name);
	}
});

test('list_pipelines: pages of any size show every pipeline once, in order, to its end', async () => {
	const wanted = await rows(owner, `select id from planasonix.pipeline
		where tenant_id = $1 and deleted_at is null order by name, id`, [ACME]);

	for (const limit of [1, 7, 44, 45, 200]) {
		const seen = [];
		for (let cursor; ;) {
			const page = await call(ACME, 'list_pipelines', { limit: limit + 1, cursor });
			seen.push(...page.slice(0, limit).map(({ id }) => [id]));
			if (page.length <= limit)
				break;
			cursor = [page[limit - 1].name, page[limit - 1].id];
		}
		assert.deepEqual(seen, wanted, `limit ${limit}`);
	}
});

test('list_pipelines: names that are equal, empty-looking or not ASCII lose nobody', () => undone(owner, async () => {
	const { rows: [like] } = await owner.query('select source_connection_id as c from planasonix.pipeline where tenant_id = $1', [ACME]);
	await owner.query(`insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id)
		select $1, name, $2, $2 from unnest(array[' ', '"', '''', 'twice', 'twice', 'twice', 'Ünïcode', '名前', 'zzz', '~']) name`, [ACME, like.c]);
	await owner.query('grant planasonix_tenant to mcp_owner');
	await enter_as(owner, ACME);
	const all = await run_tool(owner, 'list_pipelines', { limit: 200 });
	const seen = [];
	for (let cursor; ;) {
		const [row] = await run_tool(owner, 'list_pipelines', { limit: 1, cursor });
		if (!row)
			break;
		seen.push(row);
		cursor = [row.name, row.id];
	}
	assert.equal(all.length, 54);
	assert.deepEqual(seen, all);
}));

test('list_pipelines: a cursor that makes no sense starts somewhere and fails nowhere', async () => {
	for (const cursor of [[], [''], ['', 'x'], [null, null], ['~~~~', ID], {}, 'x', 1])
		assert.ok(Array.isArray(await call(ACME, 'list_pipelines', { limit: 5, cursor })), JSON.stringify(cursor));
});

test('list_pipelines: each row has what the product says of it', async () => {
	const page = await call(ACME, 'list_pipelines', { limit: 200 });

	assert.equal(page.length, 44);
	for (const row of page)
		assert.deepEqual(Object.keys(row), ['org', 'id', 'name', 'source', 'destination', 'status', 'schedule', 'last_run_at', 'last_run_status']);
	assert.ok(page.some(({ schedule }) => schedule) && page.some(({ schedule }) => schedule === null));
	assert.deepEqual(new Set(page.map(({ org }) => org)), new Set([ACME]));
	assert.deepEqual([...new Set(page.map(({ status }) => status))].sort(), ['active', 'error', 'paused']);
});

/* Ids that must look alike: of another tenant, deleted, unknown, impossible. */
async function strangers() {
	return [
		...(await rows(owner, 'select id from planasonix.pipeline where tenant_id <> $1', [ACME])).flat(),
		...(await rows(owner, 'select id from planasonix.pipeline where tenant_id = $1 and deleted_at is not null', [ACME])).flat(),
		ID, '', 'x', `${ID} `, '*', '%',
	];
}

test('an id of another tenant, a deleted, an unknown and an impossible one get one answer', async () => {
	for (const id of await strangers()) {
		for (const name of ['get_pipeline', 'pause_pipeline', 'resume_pipeline'])
			assert.deepEqual(await call(ACME, name, { pipeline_id: id }), [], `${name} ${id}`);
		assert.deepEqual(await call(ACME, 'get_run_history', { pipeline_id: id, limit: 10 }),
			{ code: 'MC404', message: 'pipeline not found' }, `get_run_history ${id}`);
	}
});

test('get_run_history says "not found" even where the planner sees an empty table of runs', async () => {
	await undone(owner, async () => {
		await owner.query('truncate planasonix.run');
		await owner.query('analyze planasonix.run');
		await owner.query('grant planasonix_tenant to mcp_owner');
		await owner.query('set local plan_cache_mode = force_generic_plan');
		await enter_as(owner, ACME);
		assert.equal((await run_tool(owner, 'get_run_history', { pipeline_id: ID, limit: 10 })).code, 'MC404');
	});
});

const limits = [
	[1, 1], [3, 3], [10, 10], [26, 26], [100, 26], [0, 10], [101, 10], [-1, 10], [2.5, 10], [1e300, 10], [-1e300, 10], [1.0, 1], [0.1, 10],
	[1e2, 26], [10.000001, 10],
];

test('get_run_history: the newest runs first, as many as asked; a senseless number counts as 10', async () => {
	const id = await one(owner, `select pipeline_id from planasonix.run where tenant_id = $1
		group by 1 having count(*) = 26 order by 1 limit 1`, [ACME]);
	const wanted = (await rows(owner, `select id from planasonix.run where tenant_id = $1 and pipeline_id = $2
		order by started_at desc, id`, [ACME, id])).flat();

	for (const [limit, count] of limits)
		assert.deepEqual((await call(ACME, 'get_run_history', { pipeline_id: id, limit })).map((run) => run.id),
			wanted.slice(0, count), `limit ${limit}`);
	assert.equal((await call(ACME, 'get_run_history', { pipeline_id: id })).length, 10);
});

test('get_run_history: a pipeline that never ran has no rows, and is not "not found"', async () => {
	const id = await one(owner, `select id from planasonix.pipeline
		where tenant_id = $1 and last_run_at is null and deleted_at is null`, [ACME]);

	assert.deepEqual(await call(ACME, 'get_run_history', { pipeline_id: id, limit: 10 }), []);
});

test('pause and resume set the status, once', async () => {
	const { rows: [before_it] } = await owner.query(`select id, updated_at from planasonix.pipeline
		where tenant_id = $1 and status = 'error' limit 1`, [ACME]);
	const now = () => owner.query('select status, updated_at from planasonix.pipeline where tenant_id = $1 and id = $2',
		[ACME, before_it.id]).then(({ rows: [row] }) => row);

	for (const [name, status] of [['pause_pipeline', 'paused'], ['resume_pipeline', 'active']]) {
		for (const turn of ['first', 'again']) {
			const was = await now();
			await worker.query('begin');
			await enter_as(worker, ACME);
			assert.equal((await run_tool(worker, name, { pipeline_id: before_it.id })).length, 1);
			await worker.query('commit');
			assert.equal((await now()).status, status);
			assert.equal((await now()).updated_at > was.updated_at, turn === 'first', `${name} ${turn}`);
		}
	}
	await owner.query('update planasonix.pipeline set status = \'error\' where tenant_id = $1 and id = $2', [ACME, before_it.id]);
});

test('writing tools are refused in a read-only transaction', () => undone(worker, async () => {
	await worker.query('set local transaction_read_only = on');
	await enter_as(worker, ACME);
	assert.equal((await run_tool(worker, 'pause_pipeline', { pipeline_id: ID })).code, '25006');
}));

test('every path to a row is an index\'s, under row security, by the plan that is kept', async () => {
	const id = await one(owner, 'select id from planasonix.pipeline where tenant_id = $1 limit 1', [GLOBEX]);
	const wanted = {
		list_pipelines: [/pipeline_name_idx/, /Index Cond: .*ROW\(name, id\) > ROW/, /schedule_pipeline_idx/],
		get_pipeline: [/pipeline_pkey/, /schedule_pipeline_idx/],
		get_run_history: [/pipeline_pkey/, /run_history_idx/],
		pause_pipeline: [/pipeline_pkey/],
		resume_pipeline: [/pipeline_pkey/],
	};

	await owner.query('analyze');
	for (const [name, patterns] of Object.entries(wanted)) {
		await undone(worker, async () => {
			await enter_as(worker, GLOBEX);
			await worker.query(`prepare tool (jsonb) as ${statement(name)}`);
			const plan = (await rows(worker, `explain execute tool ('{"pipeline_id": "${id}", "limit": 10, "cursor": ["M", "${id}"]}')`)).join('\n');
			await worker.query('deallocate tool');
			for (const pattern of patterns)
				assert.match(plan, pattern, name);
			assert.doesNotMatch(plan, /Seq Scan on (pipeline|run|schedule)|\nSort .*\n.*pipeline_name_idx/, name);
		});
	}
});
