/*
 * identity: mcp.identify, mcp.enter, and the generation that ties them together.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, test } from '../e2e/lib/tap.mjs';
import { ACME, GLOBEX, connect, connect_owner, one, rows, state_of, undone } from './cluster.mjs';

let owner, other, worker;

before(async () => {
	owner = await connect_owner();
	other = await connect_owner();
	worker = await connect('mcp_worker');
});

const generation = (tenant, client = owner) => one(client, 'select generation::int from mcp.tenant where id = $1', [tenant]);

/* A credential of a tenant; more: columns.  Its secret is its name. */
async function credential(more = {}, client = owner) {
	const row = { id: randomUUID(), catalog: 'planasonix', tenant_id: ACME, name: randomUUID(), prefix: 'plx_test',
		scopes: ['pipelines:read', 'pipelines:write'], ...more };
	const names = Object.keys(row);

	await client.query(`insert into mcp.credential (${names}, hash)
		values (${names.map((_, i) => `$${i + 1}`)}, sha256(convert_to($${names.indexOf('name') + 1}::text, 'UTF8')))`,
	Object.values(row));
	return row;
}

const identify = (client, { name }) => one(client, 'select mcp.identify(sha256(convert_to($1, \'UTF8\')))', [name]);
const enter = (client, { id }, number) => state_of(client, 'select mcp.enter($1, $2)', [id, number]);

async function principal(roles, client = owner) {
	const id = await one(client, 'insert into mcp.principal (tenant_id, name) values ($1, \'Ada\') returning id', [ACME]);

	for (const [name, scopes] of Object.entries(roles))
		await client.query(`with r as (insert into mcp.role (tenant_id, name, scopes) values ($1, $2, $3) returning id)
			insert into mcp.membership (tenant_id, principal_id, role_id) select $1, $4, id from r`, [ACME, name, scopes, id]);
	return id;
}

test('identify: an unknown hash, a short one and null are nobody', async () => {
	for (const hash of ['sha256(\'x\')', '\'\\x00\'::bytea', 'null'])
		assert.equal(await one(worker, `select mcp.identify(${hash})`), null);
});

test('identify: everything a worker must know, under the names it knows', async () => {
	await undone(owner, async () => {
		const key = await credential({ addresses: ['10.0.0.0/8', '2001:db8::/32'], expires_at: '2100-01-01T00:00:00.5Z', mode: 'read', per_minute: 7 });
		await owner.query('update mcp.tenant set features = \'{beta}\' where id = $1', [ACME]);

		assert.deepEqual(await identify(owner, key), {
			state: 'ok', credential: key.id, credential_name: key.name, catalog: 'planasonix',
			tenant: ACME, tenant_slug: 'acme', principal: null, roles: [], scopes: key.scopes, mode: 'read',
			addresses: ['10.0.0.0/8', '2001:db8::/32'], features: ['beta'], generation: await generation(ACME),
			expires_at: 4102444800.5, credential_per_minute: 7, plan: 'professional', per_minute: 60, burst: 60, in_flight: 16, streams: 100, sessions: 100, confirm: 'if_possible',
			workspaces: '*', workspace: null,
		});
	});
});

test('identify: burst is the plan\'s own where it has one', async () => {
	await undone(owner, async () => {
		const key = await credential();
		await owner.query('update mcp.plan set burst = 7 where catalog = \'planasonix\' and name = \'professional\'');
		assert.equal((await identify(owner, key)).burst, 7);
	});
});

const states = [
	['ok', {}, ''],
	['ok', { expires_at: '2100-01-01' }, ''],
	['revoked', { revoked_at: '2020-01-01' }, ''],
	['expired', { expires_at: '2020-01-01' }, ''],
	['revoked', { revoked_at: '2020-01-01', expires_at: '2020-01-01' }, ''],
	['suspended', {}, `update mcp.tenant set suspended_at = now() where id = '${ACME}'`],
	['expired', { expires_at: '2020-01-01' }, `update mcp.tenant set suspended_at = now() where id = '${ACME}'`],
];

for (const [state, more, then] of states) {
	test(`identify says ${state}, enter ${state === 'ok' ? 'lets in' : 'refuses'}: ${JSON.stringify(more)} ${then}`, () => undone(owner, async () => {
		const key = await credential(more);
		if (then)
			await owner.query(then);
		const who = await identify(owner, key);

		assert.equal(who.state, state);
		assert.equal(await enter(owner, key, who.generation), state === 'ok' ? null : 'MC401');
	}));
}

test('a principal who is disabled has revoked credentials, and its tenant\'s callers are identified anew', () => undone(owner, async () => {
	const key = await credential({ principal_id: await principal({ reader: ['pipelines:read'] }) });
	const who = await identify(owner, key);

	assert.equal(who.state, 'ok');
	await owner.query('update mcp.principal set disabled_at = now() where id = $1', [who.principal]);
	assert.equal((await identify(owner, key)).state, 'revoked');
	assert.equal(await enter(owner, key, who.generation), 'MC401');
}));

const cuts = [
	{ roles: {}, scopes: ['pipelines:read'], left: [] },
	{ roles: { a: [] }, scopes: ['*'], left: [] },
	{ roles: { a: ['pipelines:read'], b: ['pipelines:write', 'x'] }, scopes: ['pipelines:write', 'y', 'pipelines:read'],
		left: ['pipelines:read', 'pipelines:write'] },
	{ roles: { a: ['pipelines:read'], b: ['pipelines:read'] }, scopes: ['*'], left: ['pipelines:read'] },
	{ roles: { a: ['*'], b: ['x'] }, scopes: ['pipelines:read'], left: ['pipelines:read'] },
	{ roles: { a: ['*'] }, scopes: ['*'], left: ['*'] },
];

for (const { roles, scopes, left } of cuts) {
	test(`scopes [${scopes}] of a credential whose principal has ${JSON.stringify(roles)} are [${left}]`, () => undone(owner, async () => {
		const who = await identify(owner, await credential({ scopes, principal_id: await principal(roles) }));

		assert.deepEqual(who.scopes, left);
		assert.deepEqual(who.roles, Object.keys(roles));
	}));
}

test('a credential cannot be of one catalog and of another\'s tenant, nor of another tenant\'s principal', () => undone(owner, async () => {
	const ada = await principal({});

	await owner.query('savepoint before');
	for (const wrong of [{ catalog: 'planhat' }, { tenant_id: GLOBEX, principal_id: ada }]) {
		await assert.rejects(credential(wrong), { code: '23503' });
		await owner.query('rollback to savepoint before');
	}
}));

test('a principal with credentials cannot be deleted: they would gain scopes', () => undone(owner, async () => {
	const ada = await principal({});

	await credential({ principal_id: ada });
	assert.equal(await state_of(owner, 'delete from mcp.principal where id = $1', [ada]), '23503');
}));

test('enter refuses unknown credentials and every other generation', () => undone(owner, async () => {
	const key = await credential();
	const now = await generation(ACME);

	for (const number of [now - 1, now + 1, 0, null])
		assert.equal(await enter(owner, key, number), 'MC401', `generation ${number}`);
	assert.equal(await enter(owner, { id: randomUUID() }, now), 'MC401');
	assert.equal(await enter(owner, { id: null }, now), 'MC401');
	assert.equal(await enter(owner, key, now), null);
}));

test('identify and enter are legal in a read-only transaction', async () => {
	const key = await credential();

	await worker.query('begin read only');
	const who = await identify(worker, key);
	assert.equal(await enter(worker, key, who.generation), null);
	await worker.query('rollback');
});

/* Each change of who may do what, with $1 = acme; and how much it raises acme's generation. */
const changes = [
	[1, 'update mcp.tenant set name = name || \'!\' where id = $1'],
	[1, 'update mcp.tenant set plan = \'enterprise\' where id = $1'],
	[1, 'update mcp.tenant set suspended_at = now() where id = $1'],
	[1, 'update mcp.tenant set features = \'{x}\' where id = $1'],
	[0, 'update mcp.tenant set name = name where id = $1'],
	[0, 'update mcp.tenant set generation = 0 where id = $1'],
	[0, 'update mcp.tenant set generation = generation - 1 where id = $1'],
	[1, 'update mcp.tenant set name = name || \'!\', generation = 1 where id = $1'],
	[1, 'update mcp.plan set per_minute = per_minute + 1 where name = (select plan from mcp.tenant where id = $1)'],
	[0, 'update mcp.plan set per_minute = per_minute + 1 where name <> (select plan from mcp.tenant where id = $1)'],
	[1, 'insert into mcp.credential (catalog, tenant_id, name, prefix, hash) select \'planasonix\', $1, \'new\' || i, \'p\', '
		+ 'sha256(i::text::bytea) from generate_series(1, 3) i'],
	[1, 'update mcp.credential set revoked_at = now() where tenant_id = $1'],
	[1, 'update mcp.credential set scopes = \'{}\' where tenant_id = $1'],
	[2, 'delete from mcp.credential where tenant_id = $1'],	/* workspace_access goes with it */
	[1, 'insert into mcp.principal (tenant_id, name) values ($1, \'Bob\')'],
	[1, 'update mcp.principal set name = \'Bob\' where tenant_id = $1'],
	[1, 'insert into mcp.role (tenant_id, name) values ($1, \'new\')'],
	[1, 'update mcp.role set scopes = \'{}\' where tenant_id = $1'],
	[1, 'delete from mcp.membership where tenant_id = $1'],
	[1, 'insert into mcp.workspace (tenant_id, name) values ($1, \'new\')'],
	[1, 'update mcp.workspace set name = \'moved\' where tenant_id = $1'],
	[1, 'delete from mcp.workspace_access where tenant_id = $1'],
	[0, 'insert into mcp.credential_use select id, now(), 1 from mcp.credential where tenant_id = $1'],
];

for (const [by, change] of changes) {
	test(`generation ${by ? 'is raised' : 'stays'}: ${change}`, () => undone(owner, async () => {
		const key = await credential({ principal_id: await principal({ admin: ['*'] }) });
		await owner.query(`with w as (insert into mcp.workspace (tenant_id, name) values ($1, 'west') returning id)
			insert into mcp.workspace_access select $1, $2, id, true from w`, [ACME, key.id]);
		const [acme, globex] = [await generation(ACME), await generation(GLOBEX)];

		await owner.query({ text: change, values: change.includes('$1') ? [ACME] : [] });
		assert.equal(await generation(ACME) - acme, by, 'of acme');
		if (!change.includes('<>'))
			assert.equal(await generation(GLOBEX) - globex, 0, 'of globex');
	}));
}

for (const table of ['membership', 'workspace_access', 'principal cascade', 'role cascade']) {
	test(`generation of everybody is raised: truncate ${table}`, () => undone(owner, async () => {
		const before_it = [await generation(ACME), await generation(GLOBEX)];

		await owner.query(`truncate mcp.${table}`);
		assert.ok(await generation(ACME) > before_it[0]);
		assert.ok(await generation(GLOBEX) > before_it[1]);
	}));
}

test('moving a row to another tenant raises both generations', () => undone(owner, async () => {
	const key = await credential();
	const before_it = [await generation(ACME), await generation(GLOBEX)];

	await owner.query('update mcp.credential set tenant_id = $2 where id = $1', [key.id, GLOBEX]);
	assert.deepEqual([await generation(ACME), await generation(GLOBEX)], before_it.map((n) => n + 1));
}));

test('a call whose enter runs after the commit of the revoke is refused, one before is not', async () => {
	const key = await credential();
	const who = await identify(worker, key);

	await worker.query('begin');
	await owner.query('begin');
	await owner.query('update mcp.credential set revoked_at = now() where id = $1', [key.id]);
	assert.equal(await enter(worker, key, who.generation), null, 'the revoke is not committed yet');
	await owner.query('commit');
	assert.equal(await enter(worker, key, who.generation), 'MC401', 'same transaction, next statement');
	await worker.query('rollback');
	assert.equal((await identify(worker, key)).state, 'revoked');
});

test('the generation is raised before the change is visible to anyone', async () => {
	const key = await credential({ scopes: ['pipelines:read', 'pipelines:write'] });
	const who = await identify(worker, key);

	await owner.query('begin');
	await owner.query('update mcp.credential set scopes = \'{}\' where id = $1', [key.id]);
	assert.equal((await identify(worker, key)).generation, who.generation);
	await owner.query('commit');
	const then = await identify(worker, key);
	assert.deepEqual([then.scopes, then.generation > who.generation], [[], true]);
});

test('two changes at once wait for each other and both count', async () => {
	const [a, b] = [await credential(), await credential()];
	const start = await generation(ACME);

	await owner.query('begin');
	await owner.query('update mcp.credential set revoked_at = now() where id = $1', [a.id]);
	const second = other.query('update mcp.credential set revoked_at = now() where id = $1', [b.id]);
	await sleep(50);
	await owner.query('commit');
	await second;
	assert.equal(await generation(ACME), start + 2);
});

test('changes of many tenants at once do not deadlock, in whatever order they come upon them', async () => {
	const third = await connect_owner();
	const raise = (client, ...off) => client.query(`begin; ${off.map((way) => `set local enable_${way} = off; `).join('')}
		select mcp.raise_generation(array_agg(id)) from mcp.tenant where slug like 'crowd-%'; commit`);

	await owner.query(`insert into mcp.tenant (id, catalog, slug, name, plan)	/* lie in the reverse order of their ids */
		select lpad(to_hex(1000 - i), 32, '0')::uuid, 'planasonix', 'crowd-' || i, 'Crowd', 'starter' from generate_series(1, 100) i`);
	await owner.query('analyze mcp.tenant');
	await third.query('begin');	/* both stop here half-way, and hold what they have come upon before */
	await third.query('select from mcp.tenant where slug = \'crowd-50\' for update');
	const both = [raise(owner, 'bitmapscan', 'seqscan'), raise(other, 'bitmapscan', 'indexscan', 'indexonlyscan')];
	await sleep(200);
	await third.query('commit');
	await Promise.all(both);
	assert.deepEqual(await rows(owner, 'select distinct generation::int from mcp.tenant where slug like \'crowd-%\''), [[3]]);
	await owner.query('delete from mcp.tenant where slug like \'crowd-%\'');
});

test('who listens hears of each changed tenant once per transaction', async () => {
	const heard = [];

	other.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
	await other.query('listen mcp_identity');
	await owner.query('begin');
	const key = await credential({}, owner);
	await credential({ tenant_id: GLOBEX }, owner);
	await owner.query('update mcp.credential set revoked_at = now() where id = $1', [key.id]);
	await owner.query('update mcp.tenant set name = name where id = $1', [ACME]);
	await other.query('select');
	assert.deepEqual(heard, []);
	await owner.query('commit');
	for (let i = 0; i < 100 && heard.length < 2; i++)
		await sleep(10);
	assert.deepEqual(heard.sort(), [`mcp_identity ${ACME}`, `mcp_identity ${GLOBEX}`]);
	await other.query('unlisten *');
});

test('the audit event of a write is a row of the outbox, and only the worker itself can write it', async () => {
	const event = { v: 1, id: randomUUID(), at: '2026-11-20T10:00:00.123456Z', tenant: ACME, tool: 'pause_pipeline' };

	await undone(worker, async () => {
		await worker.query('set local role planasonix_tenant');
		assert.equal(await state_of(worker, 'select mcp.audit($1)', [event]), '42501');
		assert.equal(await state_of(worker, 'select set_config(\'role\', \'none\', true), mcp.audit($1)', [event]), '42501',
			'the right is looked at before the first column is computed');
	});
	await worker.query('select mcp.audit($1)', [event]);
	assert.deepEqual(await rows(owner, `select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), tenant_id, event
		from mcp.audit_outbox where id = $1`, [event.id]), [[event.id, event.at, ACME, event]]);
	await assert.rejects(worker.query('select mcp.audit($1)', [event]), { code: '23505' });
	await assert.rejects(worker.query('select mcp.audit($1)', [{ ...event, id: undefined }]), { code: '23502' });
	await worker.query('begin read only');
	await assert.rejects(worker.query('select mcp.audit($1)', [{ ...event, id: randomUUID() }]), { code: '25006' });
	await worker.query('rollback');
});
