/*
 * planasonix: the statements of the tools for health, triggering, schedules and connections, as a worker runs them.
 *
 * Everything a test changes is taken back, so what it finds is the demo.  Sealing, paging and sentences of
 * constraints are the engine's and told by the stories.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, TOOLS, connect, connect_owner, enter_as, one, rows, undone } from './cluster.mjs';

const ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let owner, other;
let prepared = 0;

before(async () => {
	owner = await connect_owner();
	other = await connect('mcp_worker');
	await owner.query('grant planasonix_tenant to mcp_owner');	/* so that one session can act as a tool and look as the owner */
});

const statement = (name) => readFileSync(path.join(TOOLS, `${name}.sql`), 'utf8');

/* Runs a tool's statement as a call of the tenant; its rows, or the error as { code, message, detail }. */
async function call(tenant, name, args, client = owner) {
	const kept = `call_${++prepared}`;

	await client.query('savepoint call');
	await enter_as(client, tenant);
	try {
		await client.query(`prepare ${kept} (jsonb) as ${statement(name)}`);
		const found = await client.query(`execute ${kept} (${client.escapeLiteral(JSON.stringify(args))})`);
		await client.query('select set_config(\'role\', \'none\', true), set_config(\'role\', $1, true)', [client === owner ? 'mcp_owner' : 'none']);
		return found.rows;
	} catch ({ code, message, detail, constraint }) {
		await client.query('rollback to savepoint call');
		return { code, message, ...detail && { detail }, ...constraint && { constraint } };
	}
}

/* The one jsonb value of the one row of a tool whose result is "json". */
async function call_json(tenant, name, args) {
	const found = await call(tenant, name, args);

	assert.ok(Array.isArray(found), `${name}: ${JSON.stringify(found)}`);
	assert.ok(found.length === 1 && Object.keys(found[0]).length === 1, `${name}: one row with one column`);
	return Object.values(found[0])[0];
}

/* A test in a transaction that is taken back. */
const tried = (name, fn) => test(name, () => undone(owner, fn));

/* ---- what tests are made with ------------------------------------------------------------------- */

const pipeline = (tenant, more = {}) => one(owner, `insert into planasonix.pipeline (tenant_id, name, source_connection_id, dest_connection_id, status, deleted_at)
	select $1, $2, coalesce($3, c.id), coalesce($4, c.id), $5, $6 from planasonix.connection c where c.tenant_id = $1 limit 1 returning id`,
[tenant, more.name ?? 'Test', more.source ?? null, more.dest ?? null, more.status ?? 'active', more.deleted_at ?? null]);
const connection = (tenant, params = {}) => one(owner, `insert into planasonix.connection (tenant_id, name, type, category, params)
	values ($1, 'Test', 'postgres', 'source', $2) returning id`, [tenant, params]);
const schedule = (tenant, pipeline_id, more = {}) => one(owner, `insert into planasonix.schedule
	(tenant_id, pipeline_id, cron_expression, frequency, timezone, enabled, next_run_at, updated_at) values ($1, $2, $3, 'daily', $4, $5, $6, '2026-01-01Z') returning id`,
[tenant, pipeline_id, more.cron ?? '30 6 * * *', more.zone ?? 'Europe/Berlin', more.enabled ?? true, more.next_run_at ?? '2026-01-02Z']);
const run = (pipeline_id, status, ago, seconds = 60, loaded = 0) => owner.query(`insert into planasonix.run (tenant_id, pipeline_id, status, started_at, finished_at, rows_loaded)
	values ($1, $2, $3, now() - $4::interval, case when $3 <> 'running' then now() - $4::interval + make_interval(secs => $5) end, $6)`, [ACME, pipeline_id, status, ago, seconds, loaded]);
const row_of = async (table, id) => (await owner.query(`select * from planasonix.${table} where id = $1`, [id])).rows[0];

/* ---- health ------------------------------------------------------------------------------------- */

const health = async (id) => {
	const { pipeline_id, ...rest } = (await call(ACME, 'get_pipeline_health', { pipeline_id: id }))[0];

	assert.equal(pipeline_id, id);
	return { ...rest, rows_last_24h: Number(rest.rows_last_24h) };
};
const HEALTHY = { error_rate_7d: 0, avg_latency_ms: 0, rows_last_24h: 0, sla_breached: false, last_alert_at: null };

tried('health: an empty history gives zeros and false', async () => {
	assert.deepEqual(await health(await pipeline(ACME)), HEALTHY);
});

tried('health: failures of seven days, durations of what ended, rows of a day', async () => {
	const id = await pipeline(ACME);

	await run(id, 'running', '1 minute', 0, 7);
	await run(id, 'success', '2 hours', 10, 100);
	await run(id, 'failed', '23 hours', 20, 1);
	await run(id, 'success', '25 hours', 30.5, 1000);
	await run(id, 'failed', '8 days', 60);
	assert.deepEqual(await health(id), { ...HEALTHY, error_rate_7d: 0.25, avg_latency_ms: 30125, rows_last_24h: 108, sla_breached: true });
});

tried('health: one failure in ten is within the level, two in nineteen are not', async () => {
	const id = await pipeline(ACME);

	await run(id, 'failed', '1 hour');
	for (let i = 0; i < 9; i++)
		await run(id, 'success', '2 hours');
	assert.deepEqual([(await health(id)).error_rate_7d, (await health(id)).sla_breached], [0.1, false]);
	await run(id, 'failed', '1 hour');
	for (let i = 0; i < 8; i++)
		await run(id, 'success', '2 hours');
	assert.equal((await health(id)).sla_breached, true);
});

tried('health: of many runs the latest 50 count, and old failures are forgotten', async () => {
	const id = await pipeline(ACME);

	await owner.query(`insert into planasonix.run (tenant_id, pipeline_id, status, started_at, finished_at, rows_loaded)
		select $1, $2, case when i > 50 then 'failed' else 'success' end, now() - i * interval '1 minute', now() - i * interval '1 minute' + interval '2 s', 1
		from generate_series(1, 80) i`, [ACME, id]);
	assert.deepEqual(await health(id), { ...HEALTHY, avg_latency_ms: 2000, rows_last_24h: 50 });
});

tried('health: the last alert, and nobody else\'s', async () => {
	const [id, another] = [await pipeline(ACME), await pipeline(ACME)];

	for (const [which, at] of [[id, '2026-01-01Z'], [id, '2026-01-03T04:05:06Z'], [another, '2026-05-01Z']])
		await owner.query('insert into planasonix.alert (tenant_id, pipeline_id, kind, fired_at) values ($1, $2, \'run_failed\', $3)', [ACME, which, at]);
	assert.equal((await health(id)).last_alert_at.toISOString(), '2026-01-03T04:05:06.000Z');
});

/* ---- trigger, delete ---------------------------------------------------------------------------- */

tried('trigger: one run, running since now, and one entry for the executor', async () => {
	for (const status of ['active', 'paused', 'error']) {
		const id = await pipeline(ACME, { status });
		const { message, run: started, ...more } = await call_json(ACME, 'trigger_pipeline', { pipeline_id: id, params: { secret: 'x', day: 7 } });

		assert.deepEqual(more, {});
		assert.equal(message, `Pipeline ${id} triggered successfully.`);
		assert.deepEqual(Object.keys(started).sort(), ['id', 'pipeline_id', 'started_at', 'status']);
		assert.match(started.started_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
		const kept = await row_of('run', started.id);
		assert.deepEqual([kept.tenant_id, kept.pipeline_id, kept.status, kept.trigger, kept.parameters, kept.finished_at],
			[ACME, id, 'running', 'manual', { secret: 'x', day: 7 }, null]);
		assert.deepEqual(await rows(owner, 'select tenant_id, kind, payload, claimed_at from mcp.outbox where payload->>\'run_id\' = $1', [started.id]),
			[[ACME, 'planasonix.trigger_pipeline', { run_id: started.id, pipeline_id: id }, null]]);
		assert.deepEqual([(await row_of('pipeline', id)).last_run_status, (await row_of('pipeline', id)).status], ['running', status]);
	}
});

tried('trigger: without params the run has none; with too many it is refused by name of its constraint', async () => {
	const id = await pipeline(ACME);
	const { run: started } = await call_json(ACME, 'trigger_pipeline', { pipeline_id: id });

	assert.equal((await row_of('run', started.id)).parameters, null);
	assert.equal((await call(ACME, 'trigger_pipeline', { pipeline_id: id, params: { x: 'x'.repeat(65536) } })).constraint, 'run_parameters_size_check');
});

tried('delete_pipeline: gone for every tool, and whole for whoever restores it', async () => {
	const id = await pipeline(ACME);
	const timer = await schedule(ACME, id);
	const shown = async () => [
		(await call(ACME, 'get_pipeline', { pipeline_id: id })).length, (await call(ACME, 'get_pipeline_health', { pipeline_id: id })).length,
		(await call(ACME, 'list_schedules', { limit: 200 })).filter((found) => found.id === timer).length,
	];

	await run(id, 'success', '1 hour');
	assert.deepEqual(await shown(), [1, 1, 1]);
	assert.equal((await call(ACME, 'delete_pipeline', { pipeline_id: id })).length, 1);
	assert.deepEqual(await shown(), [0, 0, 0]);
	for (const name of ['delete_pipeline', 'pause_pipeline', 'resume_pipeline', 'trigger_pipeline'])
		assert.deepEqual(await call(ACME, name, { pipeline_id: id }), [], name);
	for (const name of ['update_schedule', 'enable_schedule', 'disable_schedule', 'delete_schedule'])
		assert.deepEqual(await call(ACME, name, { schedule_id: timer, frequency: 'custom' }), [], name);
	await owner.query('update planasonix.pipeline set deleted_at = null where id = $1', [id]);
	assert.deepEqual(await shown(), [1, 1, 1]);
	assert.equal(await one(owner, 'select count(*)::int from planasonix.run where pipeline_id = $1', [id]), 1);
});

/* ---- schedules ---------------------------------------------------------------------------------- */

const SCHEDULE = ['cron_expression', 'enabled', 'frequency', 'id', 'last_run_at', 'last_run_status', 'next_run_at', 'pipeline_id', 'pipeline_name', 'timezone'];

tried('create_schedule: enabled from the start, due when its expression says', async () => {
	const id = await pipeline(ACME, { name: 'Named' });
	const { message, schedule: made, ...more } = await call_json(ACME, 'create_schedule',
		{ pipeline_id: id, cron_expression: '30 6 * * mon', frequency: 'weekly', timezone: 'America/New_York' });

	assert.deepEqual([more, message, Object.keys(made).sort()], [{}, `Schedule ${made.id} created successfully.`, SCHEDULE]);
	assert.deepEqual([made.pipeline_id, made.pipeline_name, made.enabled, made.timezone, made.last_run_at], [id, 'Named', true, 'America/New_York', null]);
	assert.equal(made.next_run_at, await one(owner, 'select mcp.iso(mcp.cron_next(\'30 6 * * 1\', \'America/New_York\', now()))'));
	const kept = await row_of('schedule', made.id);
	assert.deepEqual([kept.tenant_id, kept.frequency, kept.cron_expression, kept.concurrency], [ACME, 'weekly', '30 6 * * mon', 'skip']);
});

tried('create_schedule: no time zone, or an empty one, is UTC', async () => {
	const id = await pipeline(ACME);

	for (const more of [{}, { timezone: '' }])
		assert.equal((await call_json(ACME, 'create_schedule', { pipeline_id: id, cron_expression: '0 0 * * *', frequency: 'daily', ...more })).schedule.timezone, 'UTC');
});

const wrong = [
	[{ cron_expression: 'daily' }, /five fields/], [{ cron_expression: '0 0 30 2 *' }, /never comes true/], [{ cron_expression: '0 25 * * *' }, /0 to 23/],
	[{ timezone: 'Berlin' }, /"Berlin" is not a time zone/], [{ timezone: '+02:00' }, /is not a time zone/],
];

for (const [bad, sentence] of wrong)
	tried(`create and update refuse ${JSON.stringify(bad)}, and change nothing`, async () => {
		const id = await pipeline(ACME);
		const timer = await schedule(ACME, id);
		const good = { cron_expression: '0 0 * * *', frequency: 'daily' };

		for (const found of [await call(ACME, 'create_schedule', { pipeline_id: id, ...good, ...bad }), await call(ACME, 'update_schedule', { schedule_id: timer, ...bad })]) {
			assert.equal(found.code, 'MC422');
			assert.match(found.message, sentence);
		}
		assert.deepEqual(await rows(owner, 'select id, cron_expression, timezone from planasonix.schedule where pipeline_id = $1', [id]), [[timer, '30 6 * * *', 'Europe/Berlin']]);
	});

const NEXT = '2026-01-02T00:00:00.000Z';
const merges = [
	[{}, ['30 6 * * *', 'daily', 'Europe/Berlin'], true],
	[{ cron_expression: '', frequency: '', timezone: '' }, ['30 6 * * *', 'daily', 'Europe/Berlin'], true],
	[{ frequency: 'custom' }, ['30 6 * * *', 'custom', 'Europe/Berlin'], true],
	[{ cron_expression: '0 7 * * *' }, ['0 7 * * *', 'daily', 'Europe/Berlin'], false],
	[{ timezone: 'UTC', cron_expression: '' }, ['30 6 * * *', 'daily', 'UTC'], false],
	[{ cron_expression: '0 8 1 * *', frequency: 'monthly', timezone: 'UTC' }, ['0 8 1 * *', 'monthly', 'UTC'], false],
];

for (const [args, wanted, due_as_before] of merges)
	tried(`update_schedule: ${JSON.stringify(args)} leaves ${wanted.join(', ')}`, async () => {
		const timer = await schedule(ACME, await pipeline(ACME));
		const { message, schedule: now, ...more } = await call_json(ACME, 'update_schedule', { schedule_id: timer, ...args });
		const kept = await row_of('schedule', timer);

		assert.deepEqual([more, message, Object.keys(now).sort()], [{}, `Schedule ${timer} updated successfully.`, SCHEDULE]);
		assert.deepEqual([now.cron_expression, now.frequency, now.timezone], wanted);
		assert.deepEqual([kept.cron_expression, kept.frequency, kept.timezone], wanted);
		assert.equal(kept.next_run_at.toISOString() === NEXT, due_as_before);
		assert.equal(await one(owner, 'select $1 = mcp.cron_next($2, $3, now())', [kept.next_run_at, wanted[0], wanted[2]]), !due_as_before);
	});

tried('a disabled schedule stays disabled and not due when it is updated; enabling it makes it due', async () => {
	const timer = await schedule(ACME, await pipeline(ACME));
	const standing = async () => {
		const { enabled, next_run_at, updated_at } = await row_of('schedule', timer);
		return [enabled, next_run_at?.toISOString() === NEXT ? 'as before' : next_run_at && 'due', updated_at > new Date('2026-01-01Z')];
	};
	const rest = () => owner.query('update planasonix.schedule set updated_at = \'2026-01-01Z\' where id = $1', [timer]);

	assert.equal((await call(ACME, 'enable_schedule', { schedule_id: timer })).length, 1);
	assert.deepEqual(await standing(), [true, 'as before', false], 'it was enabled');
	assert.equal((await call(ACME, 'disable_schedule', { schedule_id: timer })).length, 1);
	assert.deepEqual(await standing(), [false, null, true]);
	assert.equal((await call_json(ACME, 'update_schedule', { schedule_id: timer, cron_expression: '0 7 * * *' })).schedule.next_run_at, null);
	await rest();
	assert.equal((await call(ACME, 'disable_schedule', { schedule_id: timer })).length, 1);
	assert.deepEqual(await standing(), [false, null, false], 'it was disabled');
	assert.equal((await call(ACME, 'enable_schedule', { schedule_id: timer })).length, 1);
	assert.deepEqual(await standing(), [true, 'due', true]);
	assert.equal(await one(owner, 'select next_run_at = mcp.cron_next(\'0 7 * * *\', \'Europe/Berlin\', now()) from planasonix.schedule where id = $1', [timer]), true);
	assert.equal((await call(ACME, 'delete_schedule', { schedule_id: timer })).length, 1);
	assert.equal(await row_of('schedule', timer), undefined, 'deleted for good');
});

test('two updates of one schedule at once both count', async () => {
	const timer = await schedule(ACME, await pipeline(ACME, { name: 'Two at once' }));

	await owner.query('begin');
	await call(ACME, 'update_schedule', { schedule_id: timer, cron_expression: '0 7 * * *' });
	await other.query('begin');
	const waiting = call(ACME, 'update_schedule', { schedule_id: timer, timezone: 'UTC' }, other);
	await owner.query('select pg_sleep(0.1)');
	await owner.query('commit');
	await waiting;
	await other.query('commit');
	const { cron_expression, timezone, next_run_at, pipeline_id } = await row_of('schedule', timer);
	assert.deepEqual([cron_expression, timezone], ['0 7 * * *', 'UTC']);
	assert.equal(next_run_at.toISOString().slice(11), '07:00:00.000Z');
	await owner.query('delete from planasonix.schedule where id = $1', [timer]);
	await owner.query('delete from planasonix.pipeline where id = $1', [pipeline_id]);
});

/* ---- connections -------------------------------------------------------------------------------- */

const CONNECTION = ['category', 'created_at', 'id', 'name', 'type'];

tried('create_connection: kept with its params, shown without', async () => {
	const params = { host: 'sealed:1', password: 'sealed:2' };
	const { message, connection: made, ...more } = await call_json(ACME, 'create_connection', { name: 'Mart', type: 'snowflake', category: 'destination', params });

	assert.deepEqual([more, message, Object.keys(made).sort()], [{}, `Connection ${made.id} created successfully.`, CONNECTION]);
	const kept = await row_of('connection', made.id);
	assert.deepEqual([kept.tenant_id, kept.name, kept.type, kept.category, kept.params], [ACME, 'Mart', 'snowflake', 'destination', params]);
	assert.doesNotMatch(JSON.stringify(await call(ACME, 'list_connectors', { limit: 200 })), /sealed/);
});

tried('params that are no texts are refused, whatever stands beside them; the sentence names the first and no value', async () => {
	const id = await connection(ACME);

	for (const value of [7, null, true, ['secret'], { user: 'secret' }])
		for (const found of [await call(ACME, 'create_connection', { name: 'x', type: 'postgres', category: 'source', params: { a: 'sealed', port: value, z: 1 } }),
			await call(ACME, 'update_connection', { connection_id: id, params: { a: 'sealed', port: value, z: 1 } })])
			assert.deepEqual(found, { code: 'MC422', message: 'params.port must be a string' });
	assert.deepEqual((await row_of('connection', id)).params, {});
});

tried('create_connection: what the table refuses has a sentence of its own', async () => {
	const asked = { name: 'x', type: 'postgres', category: 'source', params: {} };

	for (const [more, constraint] of [[{ type: 'postgress' }, 'connection_type_fkey'], [{ params: { x: 'x'.repeat(65536) } }, 'connection_params_size_check'],
		[{ category: 'both' }, 'connection_category_check'], [{ name: '' }, 'connection_name_check']]) {
		const found = await call(ACME, 'create_connection', { ...asked, ...more });
		assert.equal(found.constraint, constraint);
		assert.ok(await one(owner, 'select obj_description(oid, \'pg_constraint\') from pg_constraint where conname = $1', [constraint]));
	}
});

const params_merged = [
	[{}, { host: 'a', user: 'b' }, 'Test'],
	[{ params: {} }, { host: 'a', user: 'b' }, 'Test'],
	[{ params: { host: 'new' } }, { host: 'new', user: 'b' }, 'Test'],
	[{ params: { port: 'new' }, name: '' }, { host: 'a', user: 'b', port: 'new' }, 'Test'],
	[{ name: 'Renamed' }, { host: 'a', user: 'b' }, 'Renamed'],
	[{ name: 'Renamed', params: { host: 'n', user: 'n', port: 'n' } }, { host: 'n', user: 'n', port: 'n' }, 'Renamed'],
];

for (const [args, params, name] of params_merged)
	tried(`update_connection: ${JSON.stringify(args)} leaves ${JSON.stringify(params)} of "${name}"`, async () => {
		const id = await connection(ACME, { host: 'a', user: 'b' });
		const { message, connection: now, ...more } = await call_json(ACME, 'update_connection', { connection_id: id, ...args });

		assert.deepEqual([more, message, Object.keys(now).sort(), now.name], [{}, `Connection ${id} updated successfully.`, CONNECTION, name]);
		assert.deepEqual((await row_of('connection', id)).params, params);
	});

const used_by = [
	[[{ source: true }], 'it is in use by 1 pipeline.', { pipelines: 1, deleted: 0 }],
	[[{ dest: true }, { source: true, dest: true }], 'it is in use by 2 pipelines.', { pipelines: 2, deleted: 0 }],
	[[{ source: true, deleted_at: '2026-01-01Z' }], 'it is in use by 1 pipeline, 1 of them deleted but restorable.', { pipelines: 1, deleted: 1 }],
	[[{ source: true }, { dest: true, deleted_at: '2026-01-01Z' }, { source: true, deleted_at: '2026-01-01Z' }],
		'it is in use by 3 pipelines, 2 of them deleted but restorable.', { pipelines: 3, deleted: 2 }],
];

for (const [pipelines, sentence, detail] of used_by)
	tried(`delete_connection is refused: ${sentence}`, async () => {
		const id = await connection(ACME);

		for (const { source, dest, deleted_at } of pipelines)
			await pipeline(ACME, { source: source && id, dest: dest && id, deleted_at });
		const found = await call(ACME, 'delete_connection', { connection_id: id });
		assert.deepEqual({ ...found, detail: JSON.parse(found.detail) }, { code: 'MC409', message: `This connection cannot be deleted: ${sentence}`, detail });
		assert.ok(await row_of('connection', id));
	});

tried('delete_connection: one that nothing uses is gone', async () => {
	const id = await connection(ACME);

	assert.equal((await call(ACME, 'delete_connection', { connection_id: id })).length, 1);
	assert.equal(await row_of('connection', id), undefined);
	assert.deepEqual(await call(ACME, 'delete_connection', { connection_id: id }), []);
});

test('delete_connection: a pipeline drawn at the same moment wins, or finds nothing to be drawn from', async () => {
	const id = await connection(ACME);

	await owner.query('begin');
	const drawn = await pipeline(ACME, { name: 'Drawn', source: id });
	await other.query('begin');
	const waiting = call(ACME, 'delete_connection', { connection_id: id }, other);
	await owner.query('select pg_sleep(0.1)');
	await owner.query('commit');
	assert.equal((await waiting).constraint, 'pipeline_source_fkey');
	await other.query('rollback');
	await owner.query('delete from planasonix.pipeline where id = $1', [drawn]);
	await owner.query('delete from planasonix.connection where id = $1', [id]);
});

/* ---- lists -------------------------------------------------------------------------------------- */

const lists = {
	list_schedules: { page: ['pipeline_name', 'id'], columns: ['id', 'pipeline_id', 'pipeline_name', 'cron_expression', 'frequency', 'timezone', 'enabled',
		'next_run_at', 'last_run_at', 'last_run_status'], wanted: `select s.id::text from planasonix.schedule s
		join planasonix.pipeline p on p.tenant_id = s.tenant_id and p.id = s.pipeline_id where s.tenant_id = $1 and p.deleted_at is null order by p.name, s.id` },
	list_connectors: { page: ['name', 'id'], columns: ['id', 'name', 'type', 'kind'],
		wanted: 'select id::text from planasonix.connection where tenant_id = $1 order by name, id' },
	list_connection_types: { page: ['name', 'id'], columns: ['id', 'name', 'category', 'description', 'required_params'],
		wanted: 'select id from planasonix.connection_type where $1 <> \'\' order by name, id' },
};

for (const [name, { page, columns, wanted }] of Object.entries(lists)) {
	tried(`${name}: pages of any size show everything once, in order, to its end`, async () => {
		const all = (await rows(owner, wanted, [ACME])).flat();

		assert.ok(all.length >= 15);
		for (const limit of [1, 7, all.length - 1, all.length, 200]) {
			const seen = [];
			for (let cursor; ;) {
				const found = await call(ACME, name, { limit: limit + 1, cursor });
				seen.push(...found.slice(0, limit));
				if (found.length <= limit)
					break;
				cursor = page.map((column) => found[limit - 1][column]);
			}
			assert.deepEqual(seen.map(({ id }) => id), all, `limit ${limit}`);
			assert.deepEqual(Object.keys(seen[0]), columns);
		}
	});

	tried(`${name}: a cursor that makes no sense starts somewhere and fails nowhere`, async () => {
		for (const cursor of [[], [''], ['', 'x'], [null, null], ['~~~~', ID], {}, 'x', 1])
			assert.ok(Array.isArray(await call(ACME, name, { limit: 5, cursor })), JSON.stringify(cursor));
	});
}

tried('list_schedules: several of one pipeline, and pipelines of one name, lose nobody', async () => {
	for (let i = 0; i < 3; i++) {
		const id = await pipeline(ACME, { name: 'Twin' });
		for (let k = 0; k < 3; k++)
			await schedule(ACME, id);
	}
	const all = await call(ACME, 'list_schedules', { limit: 200 });
	const seen = [];
	for (let cursor; ;) {
		const [found] = await call(ACME, 'list_schedules', { limit: 1, cursor });
		if (!found)
			break;
		seen.push(found);
		cursor = [found.pipeline_name, found.id];
	}
	assert.deepEqual(seen, all);
	assert.equal(all.filter((found) => found.pipeline_name === 'Twin').length, 9);
});

/* ---- what holds for all ------------------------------------------------------------------------- */

/* By name of the id: how to ask, where such ids are, and the tools that take one. */
const subjects = {
	pipeline_id: { table: 'pipeline', tools: { get_pipeline_health: {}, trigger_pipeline: {}, delete_pipeline: {},
		create_schedule: { cron_expression: '0 0 * * *', frequency: 'daily', timezone: 'UTC' } } },
	schedule_id: { table: 'schedule', tools: { update_schedule: { cron_expression: '0 0 * * *' }, delete_schedule: {}, enable_schedule: {}, disable_schedule: {} } },
	connection_id: { table: 'connection', tools: { update_connection: { name: 'x', params: { x: 'x' } }, delete_connection: {} } },
};

for (const [argument, { table, tools }] of Object.entries(subjects))
	for (const [name, more] of Object.entries(tools))
		tried(`${name}: ids of another tenant, of other things, unknown and impossible ones find nothing and change nothing`, async () => {
			const digest = () => one(owner, `select md5(string_agg(t::text, chr(10) order by t::text)) from planasonix.${table} t`);
			const was = await digest();
			const ids = [...(await rows(owner, `select id from planasonix.${table} where tenant_id = $1 order by id limit 20`, [GLOBEX])).flat(),
				await one(owner, `select id from planasonix.${table === 'connection' ? 'pipeline' : 'connection'} where tenant_id = $1 limit 1`, [ACME]),
				ID, '', 'x', `${ID} `, '*', '%', null];

			for (const id of ids)
				assert.deepEqual(await call(ACME, name, { [argument]: id, ...more }), [], id);
			assert.equal(await digest(), was);
			assert.equal(await one(owner, 'select count(*)::int from mcp.outbox'), 0);
		});

test('what writes is refused in a read-only transaction, what reads is not', async () => {
	const some = (table) => one(owner, `select id from planasonix.${table} where tenant_id = $1 limit 1`, [ACME]);
	const args = { pipeline_id: await some('pipeline'), schedule_id: await some('schedule'), connection_id: await some('connection'), limit: 5,
		cron_expression: '0 0 * * *', frequency: 'daily', name: 'x', type: 'postgres', category: 'source', params: {} };
	const writes = [...Object.keys(subjects.pipeline_id.tools), ...Object.keys(subjects.schedule_id.tools), ...Object.keys(subjects.connection_id.tools), 'create_connection']
		.filter((name) => name !== 'get_pipeline_health');

	await undone(owner, async () => {
		await owner.query('set transaction read only');
		for (const name of writes)
			assert.equal((await call(ACME, name, args)).code, '25006', name);
		for (const name of ['get_pipeline_health', ...Object.keys(lists)])
			assert.ok((await call(ACME, name, args)).length >= 1, name);
	});
});

test('every path to a row of a tenant is an index\'s, under row security, by the plan that is kept', async () => {
	const id = await one(owner, 'select id from planasonix.pipeline where tenant_id = $1 limit 1', [GLOBEX]);
	const wanted = {
		get_pipeline_health: [/pipeline_pkey/, /run_history_idx/, /alert_history_idx/],
		trigger_pipeline: [/pipeline_pkey/], delete_pipeline: [/pipeline_pkey/], create_schedule: [/pipeline_pkey/],
		list_schedules: [/pipeline_name_idx/, /schedule_pipeline_idx/],
		update_schedule: [/schedule_pkey/], delete_schedule: [/schedule_pkey/], enable_schedule: [/schedule_pkey/], disable_schedule: [/schedule_pkey/],
		list_connectors: [/connection_name_idx/, /Index Cond: .*ROW\(name, id\) > ROW/], update_connection: [/connection_pkey/],
		delete_connection: [/connection_pkey/, /pipeline_source_idx/, /pipeline_dest_idx/],
	};

	await owner.query('analyze');
	for (const [name, patterns] of Object.entries(wanted))
		await undone(other, async () => {
			await enter_as(other, GLOBEX);
			await other.query(`prepare tool (jsonb) as ${statement(name)}`);
			const plan = (await rows(other, `explain execute tool ('{"limit": 10, "cursor": ["M", "${id}"]}')`)).join('\n');
			await other.query('deallocate tool');
			for (const pattern of patterns)
				assert.match(plan, pattern, `${name}\n${plan}`);
			assert.doesNotMatch(plan, /Seq Scan on (pipeline|run|schedule|connection|alert)\b/, `${name}\n${plan}`);
		});
});
