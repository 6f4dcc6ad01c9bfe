/*
 * trust: last use of credentials, narrowing to a workspace, and the register of sealed columns.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, enter_as, one, rows, state_of, undone } from './cluster.mjs';

let owner, worker;

before(async () => {
	[owner, worker] = [await connect_owner(), await connect('mcp_worker')];
});

/* ---- last use ----------------------------------------------------------------------------------- */

const credential = () => one(owner, `insert into mcp.credential (catalog, tenant_id, name, prefix, hash)
	values ('planasonix', $1, 'used', 'plx_used', sha256(convert_to(gen_random_uuid()::text, 'UTF8'))) returning id`, [ACME]);
const used = (client, ids, at, times) => client.query('select mcp.used($1, $2, $3)', [ids, at, times]);
const use_of = (id) => rows(owner, 'select mcp.iso(last_used_at), use_count::int from mcp.credential_use where credential_id = $1', [id]);

test('uses add up, the last one counts, and one credential may be told of twice', async () => {
	const [a, b] = [await credential(), await credential()];

	await used(worker, [b, a, a], ['2026-01-02T00:00:00Z', '2026-01-05T00:00:00Z', '2026-01-03T00:00:00Z'], [1, 2, 3]);
	assert.deepEqual([await use_of(a), await use_of(b)], [[['2026-01-05T00:00:00Z', 5]], [['2026-01-02T00:00:00Z', 1]]]);
	await used(worker, [a, b], ['2026-01-04T00:00:00Z', '2026-01-06T00:00:00Z'], [10, 10]);
	assert.deepEqual([await use_of(a), await use_of(b)], [[['2026-01-05T00:00:00Z', 15]], [['2026-01-06T00:00:00Z', 11]]]);
});

test('a credential that is gone, and news without a time or a use, are passed over', async () => {
	const [a, b, c] = [await credential(), await credential(), await credential()];

	await used(worker, [randomUUID(), null, a, b, c], ['2026-01-02Z', '2026-01-02Z', '2026-01-02Z', null, '2026-01-02Z'], [1, 1, 1, 1]);
	assert.deepEqual([(await use_of(a)).length, await use_of(b), await use_of(c)], [1, [], []]);
	await used(worker, [], [], []);
});

test('use raises no generation', async () => {
	const a = await credential();
	const generation = () => one(owner, 'select generation from mcp.tenant where id = $1', [ACME]);
	const was = await generation();

	await used(worker, [a], ['2026-01-02Z'], [1]);
	assert.equal(await generation(), was);
	await owner.query('delete from mcp.credential where id = $1', [a]);
	assert.deepEqual(await use_of(a), []);
});

test('batches at once, in whatever order, do not deadlock and lose nothing', async () => {
	const ids = [];
	for (let i = 0; i < 30; i++)
		ids.push(await credential());
	const clients = await Promise.all(Array.from({ length: 6 }, () => connect('mcp_worker')));

	await Promise.all(clients.map(async (client, i) => {
		for (let turn = 0; turn < 20; turn++)
			await used(client, (i + turn) % 2 ? ids : [...ids].reverse(), ids.map(() => new Date()), ids.map(() => 1));
	}));
	assert.deepEqual(await rows(owner, 'select distinct use_count::int from mcp.credential_use where credential_id = any ($1)', [ids]), [[120]]);
	await Promise.all(clients.map((client) => client.end()));
});

/* ---- workspaces --------------------------------------------------------------------------------- */

/* A product table with workspaces, as a catalog would make it, and rows in it.  Taken back. */
async function with_workspaces(fn) {
	await undone(owner, async () => {
		const workspace = (tenant, name) => one(owner, 'insert into mcp.workspace (tenant_id, name) values ($1, $2) returning id', [tenant, name]);
		const place = { east: await workspace(ACME, 'east'), west: await workspace(ACME, 'west'), theirs: await workspace(GLOBEX, 'theirs') };

		await owner.query(`create table planasonix.note (
			tenant_id uuid not null default mcp.tenant(),
			workspace_id uuid not null default mcp.workspace(),
			text text not null,
			primary key (tenant_id, text),
			constraint note_workspace_fkey foreign key (tenant_id, workspace_id) references mcp.workspace (tenant_id, id));
		alter table planasonix.note enable row level security;
		alter table planasonix.note force row level security;
		create policy tenant on planasonix.note for all to planasonix_tenant
			using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
		create policy workspace on planasonix.note as restrictive for all to planasonix_tenant
			using (mcp.workspace() is null or workspace_id = mcp.workspace())
			with check (mcp.workspace() is null or workspace_id = mcp.workspace());
		grant select, insert, update, delete on planasonix.note to planasonix_tenant`);
		for (const [name, tenant] of [['east', ACME], ['west', ACME], ['theirs', GLOBEX]])
			await owner.query('insert into planasonix.note values ($1, $2, $3)', [tenant, place[name], name]);
		await owner.query('grant planasonix_tenant to mcp_owner');
		await fn(place);
	});
}

async function narrowed(tenant, workspace, fn) {
	await owner.query('savepoint call');
	await owner.query('select set_config(\'mcp.workspace\', $1, true)', [workspace]);
	await enter_as(owner, tenant);
	await fn(owner);
	await owner.query('rollback to savepoint call');
}

const texts = async (db) => (await rows(db, 'select text from note order by 1')).flat();

test('a restrictive policy narrows a call to its workspace, and leaves it the whole tenant without one', () => with_workspaces(async ({ east, theirs }) => {
	await narrowed(ACME, '', async (db) => assert.deepEqual(await texts(db), ['east', 'west']));
	await narrowed(ACME, east, async (db) => assert.deepEqual(await texts(db), ['east']));
	await narrowed(ACME, randomUUID(), async (db) => assert.deepEqual(await texts(db), []));
	await narrowed(ACME, theirs, async (db) => assert.deepEqual(await texts(db), [], 'narrowing never opens'));
	await narrowed('', east, async (db) => assert.deepEqual(await texts(db), []));
	await narrowed(GLOBEX, '', async (db) => assert.deepEqual(await texts(db), ['theirs']));
}));

test('what a narrowed call writes stays in its workspace, and it can neither take nor give', () => with_workspaces(async ({ east, west, theirs }) => {
	await narrowed(ACME, east, async (db) => {
		assert.equal(await one(db, 'insert into note (text) values (\'new\') returning workspace_id'), east);
		assert.equal(await state_of(db, 'insert into note (workspace_id, text) values ($1, \'x\')', [west]), '42501');
		assert.equal(await state_of(db, 'update note set workspace_id = $1', [west]), '42501');
		assert.equal((await db.query('update note set text = text || \'!\' where text = \'west\'')).rowCount, 0);
		assert.equal((await db.query('delete from note where workspace_id = $1', [west])).rowCount, 0);
		assert.deepEqual(await texts(db), ['east', 'new']);
	});
	await narrowed(ACME, '', async (db) => {
		assert.equal(await state_of(db, 'insert into note (workspace_id, text) values ($1, \'x\')', [theirs]), '23503', 'of another tenant');
		assert.equal(await state_of(db, 'insert into note (text) values (\'x\')'), '23502', 'in no workspace');
	});
}));

/* Two workspaces of acme, one of globex, and a credential of acme that is bound to these of them. */
async function bound_to(names, usual, fn) {
	await undone(owner, async () => {
		const workspace = (tenant, name) => one(owner, 'insert into mcp.workspace (tenant_id, name, slug) values ($1, $2, $2) returning id', [tenant, name]);
		const place = { east: await workspace(ACME, 'east'), west: await workspace(ACME, 'west'), theirs: await workspace(GLOBEX, 'theirs') };
		const secret = randomUUID();
		const id = await one(owner, `insert into mcp.credential (catalog, tenant_id, name, prefix, hash)
			values ('planasonix', $1, 'bound', 'plx_bound', sha256(convert_to($2, 'UTF8'))) returning id`, [ACME, secret]);

		for (const name of names)
			await owner.query('insert into mcp.workspace_access values ($1, $2, $3, $4)', [ACME, id, place[name], name === usual]);
		await fn({ place, id, who: await one(owner, 'select mcp.identify(sha256(convert_to($1, \'UTF8\')))', [secret]) });
	});
}

const may_narrow = (id, workspace) => one(owner, 'select mcp.narrow($1, $2)', [id, workspace]);

test('identify: the workspaces a credential is bound to, and its usual one; or * and none', async () => {
	await bound_to([], null, ({ who }) => assert.deepEqual([who.workspaces, who.workspace], ['*', null]));
	await bound_to(['east', 'west'], 'west', ({ who, place }) => assert.deepEqual([who.workspaces, who.workspace], [[place.east, place.west].sort(), place.west]));
	await bound_to(['east'], null, ({ who, place }) => assert.deepEqual([who.workspaces, who.workspace], [[place.east], null]));
});

test('mcp.narrow: a credential that is bound to none, and a workspace of its tenant', async () => {
	await bound_to([], null, async ({ id, place }) => {
		assert.equal(await may_narrow(id, place.east), true);
		for (const other of [place.theirs, randomUUID(), null])
			assert.equal(await may_narrow(id, other), false);
		assert.equal(await may_narrow(randomUUID(), place.east), false);
		assert.equal(await may_narrow(null, place.east), false);
	});
	await bound_to(['west'], 'west', async ({ id, place }) => {
		assert.equal(await may_narrow(id, place.east), false);
		assert.equal(await may_narrow(id, place.west), false, 'the list of identify says that one');
	});
});

test('a workspace that a credential is bound to cannot be deleted: it would open the whole tenant', () => bound_to(['east'], 'east', async ({ place }) => {
	assert.equal(await state_of(owner, 'delete from mcp.workspace where id = $1', [place.east]), '23503');
	assert.equal(await state_of(owner, 'delete from mcp.workspace where id = $1', [place.west]), null);
}));

/* ---- sealed columns ----------------------------------------------------------------------------- */

test('the register of sealed columns names columns that are: jsonb, of tables with a tenant, of a catalog that is said', async () => {
	const found = await rows(owner, `select format('%I.%I.%I', s.schema_name, s.table_name, s.column_name), a.atttypid::regtype::text,
			exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and t.atttypid = 'uuid'::regtype),
			s.catalog is not null or exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'catalog')
		from mcp.sealed s
		left join pg_namespace n on n.nspname = s.schema_name
		left join pg_class c on c.relnamespace = n.oid and c.relname = s.table_name
		left join pg_attribute a on a.attrelid = c.oid and a.attname = s.column_name and not a.attisdropped order by 1`);

	assert.ok(found.length >= 1);
	for (const [name, ...is] of found)
		assert.deepEqual(is, ['jsonb', true, true], name);
});

test('every column whose comment says that it is sealed is in the register', async () => {
	assert.deepEqual(await rows(owner, `select a.attrelid::regclass::text, a.attname from pg_attribute a
		join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
		where a.attnum > 0 and col_description(a.attrelid, a.attnum) like 'Sealed%'
			and not exists (select from mcp.sealed s where s.schema_name = n.nspname and s.table_name = c.relname and s.column_name = a.attname)`), []);
});

test('a tenant\'s secrets of an upstream are of the tenant\'s catalog, an object, and go with the tenant', () => undone(owner, async () => {
	const insert = 'insert into mcp.upstream_secret (catalog, tenant_id, upstream, secrets) values ($1, $2, $3, $4)';

	assert.equal(await state_of(owner, insert, ['planhat', ACME, 'api', {}]), '23503');
	assert.equal(await state_of(owner, insert, ['planasonix', ACME, 'api', '[]']), '23514');
	assert.equal(await state_of(owner, insert, ['planasonix', ACME, '../api', {}]), '23514');
	assert.equal(await state_of(owner, insert, ['planasonix', ACME, 'api', { token: 'sealed' }]), null);
	assert.equal(await state_of(owner, insert, ['planasonix', ACME, 'api', {}]), '23505');
}));
