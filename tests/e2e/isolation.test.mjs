/*
 * isolation: what belongs to globex does not exist for acme, whatever acme asks for; and a database
 * in which that is not certain is not served.
 *
 * Runs in a stack of its own, because it alters roles, tables and policies.  Tables, tools and
 * arguments are found, not listed: what is added later is tested without a change here.
 */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, diag, run, test } from './lib/tap.mjs';
import { private_stack, until } from './lib/stack.mjs';
import { modern } from './lib/mcp.mjs';

let stack, owner, root, worker, acme, globex;

before(async () => {
	stack = await private_stack('isolation', 0);
	[owner, root, worker] = [await stack.db(), await stack.db('postgres_super'), await stack.db('postgres_worker')];
	[acme, globex] = [stack.tenant('acme').id, stack.tenant('globex').id];
	await owner.query("update mcp.tenant set plan = 'internal' where id = $1", [acme]);
	await stack.serving();
});
after(() => stack?.down());

/* ---- through the door --------------------------------------------------------------------------- */

test('for every tool and id argument: globex ids, random ids and malformed ids all answer alike', async (say) => {
	const tools = (await stack.post(modern('tools/list'), { key: stack.key('acme') })).json.result.tools;
	const mine = await ids_of(acme);
	const theirs = await ids_of(globex);
	const known = [...theirs.map(String), ...theirs.slice(0, 20).map((id) => id.toUpperCase())];
	const random = Array.from({ length: known.length }, () => crypto.randomUUID());
	const malformed = ['x', '0', '-1', ' ', 'null', "' or 1=1 --", '%', '*', '../x', 'a'.repeat(2000), `${theirs[0]} `,
		`{${theirs[0]}}`,
		theirs[0].replaceAll('-', ''), `${theirs[0]}x`, `${theirs[0].slice(0, -1)}`, `urn:uuid:${theirs[0]}`, '\u202e', 'ⅰ'];
	const before_calls = await checksum(globex);
	let asked = 0;

	assert.ok(theirs.length >= 40, `globex has ${theirs.length} ids to ask for`);
	for (const tool of tools)
		for (const argument of id_arguments(tool)) {
			const want = await answer_without_id(tool, argument, crypto.randomUUID());

			assert.match(want, /not found/, `${tool.name} of an unknown id: ${want}`);
			for (const id of [...known, ...random, ...malformed]) {
				assert.equal(await answer_without_id(tool, argument, id), want, `${tool.name} ${argument}=${id}`);
				asked++;
			}
		}
	say(`${asked} calls`);
	assert.ok(asked >= 4 * known.length, `four tools take a pipeline_id; ${asked} calls were made`);
	assert.equal(await checksum(globex), before_calls, 'rows of globex');
	assert.ok(!mine.some((id) => theirs.includes(id)), 'the two tenants share no ids');
});

test('a list of acme holds nothing of globex, on any page', async () => {
	const theirs = new Set(await ids_of(globex));
	const { rows: names } = await owner.query('select name from planasonix.pipeline where tenant_id = $1 and name not in '
		+ '(select name from planasonix.pipeline where tenant_id = $2)', [globex, acme]);

	for (let cursor; ;) {
		const { json } = await stack.call(stack.key('acme'), 'list_pipelines', { limit: 10, ...(cursor ? { cursor } : {}) });
		const text = JSON.stringify(json);
		assert.ok(![...theirs].some((id) => text.includes(id)), 'an id of globex');
		assert.ok(!names.some(({ name }) => text.includes(JSON.stringify(name))), 'a name of globex');
		assert.equal(json.result.structuredContent.org, acme);
		cursor = json.result.structuredContent.next_cursor;
		if (!cursor)
			return;
	}
});

test('a tenant named in arguments or headers changes nothing', async () => {
	const plain = await stack.call(stack.key('acme'), 'list_pipelines', { limit: 3 });
	const headed = await stack.call(stack.key('acme'), 'list_pipelines', { limit: 3 },
		{ headers: { 'X-Organization-ID': globex, 'X-Tenant-ID': globex, 'Mcp-Tenant': globex, 'MCP-CATALOG': 'other' } });
	assert.deepEqual(headed.json.result.structuredContent, plain.json.result.structuredContent);

	const argued = await stack.call(stack.key('acme'), 'list_pipelines', { limit: 3, org: globex, tenant_id: globex });
	assert.ok(!argued.text.includes('"pipelines"') || !JSON.stringify(argued.json.result.structuredContent).includes(globex));
});

/* The answer with the id, the request's own id and the clock taken out: head and body. */
async function answer_without_id(tool, argument, id) {
	const answer = await stack.call(stack.key('acme'), tool.name, { ...rest_of(tool), [argument]: id });
	const quiet = answer.all.filter(([name]) => !/^(date|x-request-id|(x-)?ratelimit-.*|content-length)$/i.test(name));
	const quoted = JSON.stringify(id).slice(1, -1);

	/* a short one would be found in other words */
	const text = id.length < 8 ? answer.text : answer.text.replaceAll(quoted, 'ID').replaceAll(id, 'ID');

	return JSON.stringify({ status: answer.status, headers: quiet, text });
}

/* Something for each argument that a tool cannot do without. */
function rest_of({ inputSchema: { properties, required = [] } }) {
	const some = ({ type, examples, enum: words }) => examples?.[0] ?? words?.[0] ?? { object: {} }[type] ?? 'x';

	return Object.fromEntries(required.map((name) => [name, some(properties[name])]));
}

const id_arguments = (tool) => Object.entries(tool.inputSchema.properties ?? {})
	.filter(([name, schema]) => /(^|_)id$/.test(name) && schema.type === 'string').map(([name]) => name);

/* Every id in every row of a tenant: of pipelines, but also of what must not be taken for one. */
async function ids_of(tenant) {
	const ids = [];
	for (const table of await tenant_tables()) {
		const limit = table === 'planasonix.pipeline' ? '' : 'limit 20';
		const { rows } = await owner.query(`select id::text from ${table} where tenant_id = $1 order by id ${limit}`, [tenant]);
		ids.push(...rows.map((r) => r.id));
	}
	return [...new Set(ids)];
}

async function tenant_tables() {
	const { rows } = await owner.query(`select format('%I.%I', n.nspname, c.relname) as name
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = 'planasonix' and c.relkind in ('r', 'p')
			and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
		order by (c.relname = 'pipeline') desc, c.relname`);
	return rows.map((r) => r.name);
}

/* Over every row of a tenant, in its product tables and in mcp. */
async function checksum(tenant) {
	const sums = [];
	for (const table of await tenant_tables()) {
		const { rows: [row] } = await owner.query(`select count(*), md5(string_agg(t::text, '|' order by t::text)) from ${table} t where tenant_id = $1`, [tenant]);
		sums.push([table, row]);
	}
	const { rows } = await owner.query('select t::text from mcp.tenant t where id = $1', [tenant]);
	return JSON.stringify([sums, rows]);
}

/* ---- in the database ---------------------------------------------------------------------------- */

test('as the worker and as the catalog\'s role, with no tenant set, every table is empty or closed', async (say) => {
	const tables = await all_tables();
	const filled = await Promise.all(tables.map((t) => count(root, t)));
	const open = [];

	assert.ok(tables.length >= 15, `found ${tables.length} tables`);
	assert.ok(filled.filter((n) => n > 0).length >= 8, 'there is something to see in them');
	for (const role of ['none', 'planasonix_tenant'])
		for (const table of tables) {
			await worker.query(`set role ${role}`);
			await worker.query("select set_config('mcp.tenant', '', false)");
			if (await count(worker, table) > 0)
				open.push(`${table} as ${role}`);
		}
	await worker.query('set role none');
	say(`${tables.length} tables`);
	assert.deepEqual(open.filter((t) => !/^planasonix\.connection_type as planasonix_tenant$/.test(t)), [],
		'open tables (connection_type is shared)');
});

test('with a tenant set, the catalog\'s role sees only that tenant', async () => {
	await worker.query("select set_config('mcp.tenant', $1, false), set_config('role', 'planasonix_tenant', false)", [acme]);
	for (const table of await tenant_tables()) {
		const { rows } = await worker.query(`select distinct tenant_id from ${table}`).catch(closed);
		assert.ok(rows.every((r) => r.tenant_id === acme), `${table}: ${JSON.stringify(rows)}`);
	}
	const { rowCount } = await worker.query("update planasonix.pipeline set status = 'paused' where tenant_id = $1", [globex]);
	assert.equal(rowCount, 0, 'rows of globex that acme could change');
	await worker.query("select set_config('role', 'none', false), set_config('mcp.tenant', '', false)");
});

test('the worker can become nothing but its catalogs\' roles', async () => {
	const { rows } = await root.query("select rolname from pg_roles where rolname !~ '^pg_' and rolname not in ('mcp_worker', 'planasonix_tenant')");
	assert.ok(rows.length >= 3);
	for (const { rolname } of rows)
		await assert.rejects(worker.query(`set role "${rolname}"`), { code: '42501' }, rolname);
});

test('functions of schema mcp are closed to everybody they were not granted to', async () => {
	const { rows } = await root.query(`select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where n.nspname in ('mcp', 'planasonix') and has_function_privilege('public', p.oid, 'execute')`);
	assert.deepEqual(rows.map((r) => r.name), []);
});

const closed = (trouble) => {
	if (trouble.code !== '42501')
		throw trouble;
	return { rows: [] };
};

async function all_tables() {
	const { rows } = await root.query(`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p', 'm', 'v', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`);
	return rows.map((r) => r.name);
}

/* How many rows are visible; a closed table has none. */
async function count(db, table) {
	const { rows: [row] } = await db.query(`select count(*)::int as n from ${table}`).catch((t) =>
		({ rows: [closed(t).rows[0] ?? { n: 0 }] }));
	return row.n;
}

/* ---- the proof ---------------------------------------------------------------------------------- */

/*
 * [what, SQL that spoils, SQL that repairs, the object the sentence must name].  That the proof finds
 * everything is proof.test.mjs's subject; here the server is seen to heed it.
 */
const SPOILED = [
	['a superuser login', 'alter role mcp_worker superuser', 'alter role mcp_worker nosuperuser', /mcp_worker/],
	['a BYPASSRLS login', 'alter role mcp_worker bypassrls', 'alter role mcp_worker nobypassrls', /mcp_worker/],
	['a table without forced row security',
		'alter table planasonix.run no force row level security',
		'alter table planasonix.run force row level security', /run\b/],
	['an unlisted definer function',
		`create function planasonix.peek() returns bigint language sql security definer
			as $$ select count(*) from planasonix.pipeline $$;
		alter function planasonix.peek() owner to mcp_owner;
		grant execute on function planasonix.peek() to planasonix_tenant`,
		'drop function planasonix.peek()', /peek/],
	['a granted partition',
		`create table planasonix.event (tenant_id uuid not null default mcp.tenant(), id uuid, primary key (tenant_id, id))
			partition by hash (tenant_id);
		create table planasonix.event_0 partition of planasonix.event for values with (modulus 1, remainder 0);
		alter table planasonix.event owner to mcp_owner;
		alter table planasonix.event_0 owner to mcp_owner;
		alter table planasonix.event enable row level security;
		alter table planasonix.event force row level security;
		create policy tenant on planasonix.event to planasonix_tenant
			using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
		grant select on planasonix.event, planasonix.event_0 to planasonix_tenant`,
		'drop table planasonix.event', /event_0/],
	['a second permissive policy',
		'create policy extra on planasonix.pipeline for select to planasonix_tenant using (true)',
		'drop policy extra on planasonix.pipeline', /pipeline/],
	['a view without security_invoker',
		`create view planasonix.everything as select * from planasonix.pipeline;
		alter view planasonix.everything owner to mcp_owner;
		grant select on planasonix.everything to planasonix_tenant`,
		'drop view planasonix.everything', /everything/],
];

test('mcp-fpm -t is content with the database as it was made', async () => {
	const { status, out, err } = await stack.fpm('-t');
	assert.equal(status, 0, out + err);
});

test('the server is stopped', () => stack.ctl('stop', 'fpm'));

for (const [what, spoil, repair, named] of SPOILED)
	test(`${what}: -t and a start refuse and name it`, async () => {
		await root.query(spoil);
		try {
			const { status, out, err } = await stack.fpm('-t');
			assert.notEqual(status, 0, `-t is content:\n${out}${err}`);
			sentence(out + err, named);
			await refuses_to_serve(named);
		} finally {
			await root.query(repair);
			await stack.ctl('stop', 'fpm');
		}
	});

test('a table spoiled while it serves is found when the server starts anew', async () => {
	await stack.ctl('start', 'fpm');
	await stack.serving();
	const [, spoil, repair, named] = SPOILED.find(([what]) => what === 'a table without forced row security');
	await root.query(spoil);
	try {
		await stack.ctl('stop', 'fpm');
		await refuses_to_serve(named);
	} finally {
		await root.query(repair);
		await stack.ctl('stop', 'fpm');
	}
});

test('repaired, it serves again', async () => {
	await stack.ctl('start', 'fpm');
	await stack.serving();
	const { status, out, err } = await stack.fpm('-t');
	assert.equal(status, 0, out + err);
});

function sentence(text, named) {
	const line = text.split('\n').find((l) => named.test(l));
	assert.ok(line, `no sentence names ${named}:\n${text.slice(-1500)}`);
	assert.match(line, /\w+ \w+ \w+/, 'more than a word');
}

/* Either the master ends with the sentence, or it stays and serves no tool. */
async function refuses_to_serve(named) {
	const seen = stack.log().length;

	await stack.ctl('start', 'fpm').catch((trouble) => diag(`start: ${trouble.message.split('\n')[0]}`));
	await until(`a sentence naming ${named} in the log`, () => stack.log().slice(seen).split('\n').some((line) => named.test(line)),
		{ timeout_ms: 10_000 })
		.catch(() => assert.fail(`the log says nothing of ${named}:\n${stack.log().slice(seen).slice(-1500)}`));
	for (let i = 0; i < 3; i++) {
		const answer = await stack.probe();
		assert.ok([0, 502, 503].includes(answer.status), `served although unproved: ${answer.status} ${answer.text.slice(0, 300)}`);
	}
}

await run();
