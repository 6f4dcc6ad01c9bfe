/*
 * idempotency: the same key, the same result, however often and however simultaneously it is sent.
 *
 * The three tools that take an idempotency_key, in a private stack: fifty calls at once write once
 * and are answered alike to the byte; a key belongs to a tenant, a tool and its arguments; and a call
 * that failed has not used its key.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from './lib/tap.mjs';
import { private_stack } from './lib/stack.mjs';
import { clip, legacy, modern } from './lib/mcp.mjs';

const AT_ONCE = 50;
const CONFLICT = 'idempotency_key was used with other arguments';
const PASSWORD = 'swordfish-7f3a-never-kept';

let stack, db;
const tenants = {};	/* by slug: { id, key, pipelines } */

before(async () => {
	stack = await private_stack('idempotency', 45, { settings: { MCP_FAST_WORKERS: 12 } });
	db = await stack.db('postgres_super');
	for (const slug of ['bench', 'globex']) {
		const { id } = stack.tenant(slug);
		const { rows } = await db.query('select id from planasonix.pipeline where tenant_id = $1 and deleted_at is null order by id limit 3', [id]);
		tenants[slug] = { id, key: stack.key(slug), pipelines: rows.map((row) => row.id) };
	}
	await stack.serving();
});
after(() => stack?.down());

/* Each tool: arguments that work for a tenant, others that work too, some that fail and how; and its rows in the database. */
const TOOLS = {
	trigger_pipeline: {
		good: ({ pipelines: [p] }) => ({ pipeline_id: p, params: { day: '2026-11-20', full: true } }),
		other: ({ pipelines: [p] }) => ({ pipeline_id: p, params: { day: '2026-11-21', full: true } }),
		bad: () => ({ pipeline_id: '6f9619ff-8b86-4011-b42d-00c04fc964ff' }),
		error: 'pipeline not found',
		table: 'run', made: (result) => result.run.id,
	},
	create_connection: {
		good: () => ({ name: 'Same key', type: 'postgres', category: 'source', params: { host: 'db.example.com', password: PASSWORD } }),
		other: () => ({ name: 'Same key', type: 'postgres', category: 'source', params: { host: 'db.example.com', password: 'another' } }),
		bad: () => ({ name: 'Same key', type: 'no_such_type', category: 'source', params: {} }),
		error: 'This connection type does not exist. list_connection_types shows those that do.',
		table: 'connection', made: (result) => result.connection.id,
	},
	create_schedule: {
		good: ({ pipelines: [p] }) => ({ pipeline_id: p, cron_expression: '30 6 * * mon-fri', frequency: 'weekly' }),
		other: ({ pipelines: [p] }) => ({ pipeline_id: p, cron_expression: '31 6 * * mon-fri', frequency: 'weekly' }),
		bad: ({ pipelines: [p] }) => ({ pipeline_id: p, cron_expression: '61 6 * * *', frequency: 'weekly' }),
		error: /minute/,
		table: 'schedule', made: (result) => result.schedule.id,
	},
};

let keys = 0;
const new_key = () => `key-${++keys} "ü"`;

const ask = (name, args, idempotency_key, { tenant = 'bench', era = modern } = {}) =>
	stack.post_in_session(era('tools/call', { name, arguments: { ...args, idempotency_key } }), { key: tenants[tenant].key });
const at_once = (n, fn) => Promise.all(Array.from({ length: n }, (_, i) => fn(i)));

/* The result of an answer that is one. */
function done({ status, json, text }) {
	assert.equal(status, 200, clip(text));
	assert.ok(json.result?.structuredContent && !json.result.isError, clip(text));
	assert.deepEqual(JSON.parse(json.result.content[0].text), json.result.structuredContent);
	return json.result.structuredContent;
}

/* sentence: a text that it is, or a pattern that it fits. */
function refused({ json, text }, sentence) {
	const says = json?.result?.content?.[0]?.text;

	assert.equal(json?.result?.isError, true, clip(text));
	if (sentence instanceof RegExp)
		assert.match(says, sentence);
	else
		assert.equal(says, sentence);
}

const count = async (sql, values) => Number((await db.query(`select count(*) as n from ${sql}`, values)).rows[0].n);

/* What there is of a tenant that a tool writes: its rows, its work for executors, its events, its claimed keys. */
async function books(name, tenant = 'bench') {
	const { id } = tenants[tenant];

	return {
		rows: await count(`planasonix.${TOOLS[name].table} where tenant_id = $1`, [id]),
		work: await count('mcp.outbox where tenant_id = $1', [id]),
		events: await count("mcp.audit_outbox where tenant_id = $1 and event->>'tool' = $2", [id, name]),
		keys: await count('mcp.idempotency where tenant_id = $1 and tool = $2', [id, name]),
	};
}

function grown(was, is, by) {
	assert.deepEqual(is, Object.fromEntries(Object.entries(was).map(([name, n]) => [name, n + (by[name] ?? 0)])));
}

const once = (name, n = 1) => ({ rows: n, work: name === 'trigger_pipeline' ? n : 0, events: n, keys: n });

for (const [name, tool] of Object.entries(TOOLS)) {
	const good = (tenant = 'bench') => tool.good(tenants[tenant]);
	const other = () => tool.other(tenants.bench);
	const bad = () => tool.bad(tenants.bench);

	test(`${name}: the same key ${AT_ONCE} times at once writes once and is answered alike`, async () => {
		const was = await books(name), key = new_key();
		const answers = await at_once(AT_ONCE, () => ask(name, good(), key));
		const [first] = answers.map(done);

		for (const answer of answers)
			assert.equal(answer.text, answers[0].text, 'the same bytes');
		assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, AT_ONCE, 'each is a request of its own');
		grown(was, await books(name), once(name));
		assert.equal(await count(`planasonix.${tool.table} where tenant_id = $1 and id = $2`, [tenants.bench.id, tool.made(first)]), 1);

		/* Later, and in the other era, still the same. */
		const later = await ask(name, good(), key);
		assert.equal(later.text, answers[0].text);
		const older = await ask(name, good(), key, { era: legacy });
		assert.equal(older.json.result.content[0].text, answers[0].json.result.content[0].text);
		assert.deepEqual(done(older), first);
		grown(was, await books(name), once(name));
	});

	test(`${name}: the key with other arguments is a conflict, and nothing is done`, async () => {
		const key = new_key();
		const first = done(await ask(name, good(), key));
		const was = await books(name);

		refused(await ask(name, other(), key), CONFLICT);
		grown(was, await books(name), {});
		assert.deepEqual(done(await ask(name, good(), key)), first);
	});

	test(`${name}: of two sets of arguments at once one is done, the other is a conflict`, async () => {
		const was = await books(name), key = new_key();
		const answers = await at_once(AT_ONCE, (i) => ask(name, i % 2 ? other() : good(), key));
		const sets = [0, 1].map((odd) => answers.filter((_, i) => i % 2 === odd));
		const [won, lost] = sets[0][0].json?.result?.isError ? sets.reverse() : sets;

		for (const answer of won)
			assert.deepEqual(done(answer), done(won[0]));
		for (const answer of lost)
			refused(answer, CONFLICT);
		grown(was, await books(name), once(name));
	});

	test(`${name}: another tenant's same key is another key`, async () => {
		const key = new_key();
		const was = { bench: await books(name), globex: await books(name, 'globex') };
		const made = {};

		await Promise.all(['bench', 'globex'].map((tenant) => at_once(5, async () => {
			made[tenant] = done(await ask(name, good(tenant), key, { tenant }));
		})));
		assert.notEqual(tool.made(made.bench), tool.made(made.globex));
		for (const tenant of ['bench', 'globex'])
			grown(was[tenant], await books(name, tenant), once(name));
	});

	test(`${name}: a call that failed gives its key back`, async () => {
		const was = await books(name), key = new_key();

		for (const answer of await at_once(8, () => ask(name, bad(), key)))
			refused(answer, tool.error);
		assert.equal((await books(name)).keys, was.keys, 'no claim is left');
		const first = done(await ask(name, good(), key));
		assert.deepEqual(done(await ask(name, good(), key)), first);
		const { rows, work, keys: claimed } = once(name);
		const now = await books(name);
		assert.deepEqual([now.rows, now.work, now.keys], [was.rows + rows, was.work + work, was.keys + claimed]);
	});

	test(`${name}: calls without a key are calls of their own`, async () => {
		const was = await books(name);

		await at_once(3, async () => done(await ask(name, good(), undefined)));
		grown(was, await books(name), { ...once(name, 3), keys: 0 });
	});

	test(`${name}: after 24 hours the key is new`, async () => {
		const key = new_key();
		const first = done(await ask(name, good(), key));

		await db.query("update mcp.idempotency set created_at = now() - interval '25 hours' where tenant_id = $1 and tool = $2 and key = $3",
			[tenants.bench.id, name, key]);
		assert.notEqual(tool.made(done(await ask(name, good(), key))), tool.made(first));
	});
}

test('a key of one tool is free for the others', async () => {
	const key = new_key();

	for (const [name, tool] of Object.entries(TOOLS))
		done(await ask(name, tool.good(tenants.bench), key));
});

test('sealed arguments are compared in clear and kept nowhere in clear', async () => {
	const { rows } = await db.query("select i::text as text from mcp.idempotency i union all select c::text from planasonix.connection c where c.name = 'Same key'");

	assert.ok(rows.length > 10);
	assert.deepEqual(rows.filter(({ text }) => text.includes(PASSWORD)), []);
	assert.ok(!stack.log('fpm').includes(PASSWORD) && !stack.log('postgres').includes(PASSWORD));
});

test('a key that is empty or longer than 200 characters is refused', async () => {
	for (const key of ['', 'k'.repeat(201)])
		refused(await ask('trigger_pipeline', TOOLS.trigger_pipeline.good(tenants.bench), key), /^idempotency_key must /);
});

await run();
