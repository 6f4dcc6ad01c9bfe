/*
 * revocation: once it is said that a key is worth nothing, it is.
 *
 * Clients hammer with a key while it is revoked, expires, loses a scope, or its tenant is suspended.
 * A call that starts after the change was reported done must not be served: for tools/call whoever
 * made the change and however, for methods without SQL at once when mcpctl made it and within a
 * second when somebody changed the row.  Each round shows first that the key was served, or it
 * would prove nothing.  A stack of its own: Redis is stopped for a part.
 */

import assert from 'node:assert/strict';
import { after, before, run, test } from './lib/tap.mjs';
import { SOAK, private_stack, sleep, until } from './lib/stack.mjs';
import { bearer, modern } from './lib/mcp.mjs';

const CLIENTS = 8;
const ROUNDS = SOAK ? 20 : 4;
const LIST_MS = 1_000;		/* how long methods without SQL may take to learn of a changed row */
const WARM_MS = 250;		/* how long a round hammers before the change */
const AFTER_MS = 400;		/* and after it */

let stack, db;

before(async () => {
	stack = await private_stack('revocation', 20, { settings: { MCP_NODE_PER_MINUTE: 100000000 } });
	db = await stack.db();
});
after(() => stack?.down());

const CALLS = {
	call: () => modern('tools/call', { name: 'list_pipelines', arguments: { limit: 1 } }),
	write: () => modern('tools/call', { name: 'pause_pipeline', arguments: { pipeline_id: 'x' } }),
	list: () => modern('tools/list'),
};

/* CLIENTS clients repeat what with a key until stop(); which gives all their answers. */
function hammer(key, kinds, places = [stack.http]) {
	const pools = places.map((to) => stack.pool(CLIENTS, to));
	const answers = [];
	let going = true;

	const one = async (kind, pool) => {
		while (going) {
			const { headers, body } = CALLS[kind]();
			const answer = await pool.send({ path: stack.endpoint, headers: { ...headers, ...bearer(key) }, body });
			answers.push({ kind, status: answer.status, started_ms: answer.started_ms, ended_ms: answer.ended_ms,
				denied: answer.json?.result?.isError === true
					&& /^Insufficient permissions/.test(answer.json.result.content[0].text),
				names: kind === 'list' ? answer.json?.result?.tools?.map((t) => t.name) : undefined });
			if (answer.status !== 200)
				await sleep(5);
		}
	};
	const clients = Array.from({ length: CLIENTS }, (_, i) => one(kinds[i % kinds.length], pools[(i >> 1) % pools.length]));

	return {
		answers,
		stop: async () => {
			going = false;
			await Promise.all(clients);
			pools.forEach((pool) => pool.close());
			return answers;
		},
	};
}

/* Hammers, changes, hammers on; gives the answers and when the change was reported done. */
async function around(key, kinds, change, { after_ms = AFTER_MS, places } = {}) {
	const hammering = hammer(key, kinds, places);

	await sleep(WARM_MS);
	await change();
	const done_ms = performance.now();
	await sleep(after_ms);
	const answers = await hammering.stop();

	for (const kind of new Set(kinds)) {
		assert.ok(answers.some((a) => a.kind === kind && a.status === 200 && a.ended_ms < done_ms), `${kind} was served before`);
		assert.ok(answers.some((a) => a.kind === kind && a.started_ms > done_ms), `${kind} was tried afterwards`);
	}
	return { answers, done_ms };
}

/* No answer that began after done_ms (+ grace per kind) was a good one. */
function none_served({ answers, done_ms }, { status = [401], grace_ms = {}, round = '' }) {
	const late = answers.filter((a) => a.started_ms > done_ms + (grace_ms[a.kind] ?? 0) && !status.includes(a.status));
	const worst = Math.max(...late.map((a) => a.started_ms - done_ms));

	assert.equal(late.length, 0, `${round}${late.length} calls answered otherwise than ${status} although they began afterwards; `
		+ `kinds ${[...new Set(late.map((a) => `${a.kind} ${a.status}`))]}, the latest ${worst.toFixed(1)} ms after`);
}

const revoke = (id) => stack.mcpctl('key', 'revoke', id);
const revoke_row = (id) => db.query('update mcp.credential set revoked_at = now() where id = $1', [id]);

for (const redis of ['with Redis', 'with Redis stopped']) {
	if (redis !== 'with Redis')
		test('Redis is stopped and calls are still served', async () => {
			await stack.ctl('stop', 'redis');
			await stack.serving();
		});

	test(`${redis}: ${ROUNDS} keys revoked with mcpctl: nothing that starts afterwards is served`, async (say) => {
		let asked = 0;
		for (let round = 0; round < ROUNDS; round++) {
			const key = await stack.new_key('bench');
			const seen = await around(key.secret, ['call', 'list'], () => revoke(key.id));

			none_served(seen, { round: `round ${round}: ` });
			asked += seen.answers.length;
		}
		say(`${asked} answers`);
	}, { timeout_ms: 120_000 });

	test(`${redis}: ${ROUNDS} keys revoked in their row: tools/call at once, tools/list within a second`, async () => {
		for (let round = 0; round < ROUNDS; round++) {
			const key = await stack.new_key('bench');
			const seen = await around(key.secret, ['call', 'write', 'list'], () => revoke_row(key.id),
				{ after_ms: LIST_MS + AFTER_MS });

			none_served(seen, { grace_ms: { list: LIST_MS }, round: `round ${round}: ` });
		}
	}, { timeout_ms: 120_000 });

	if (redis !== 'with Redis')
		test('Redis is started again', async () => {
			await stack.ctl('start', 'redis');
			await stack.serving();
		});
}

test('a key that expires while it is used', async (say) => {
	const key = await stack.new_key('bench', ['*'], '--expires', '3s');
	const hammering = hammer(key.secret, ['call', 'list']);
	const { rows: [{ ms }] } = await db.query("select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as ms from mcp.credential where id = $1", [key.id]);
	const end_ms = performance.now() + ms;		/* a little late: by the time the answer took */

	await sleep(end_ms - performance.now() + LIST_MS + AFTER_MS);
	const answers = await hammering.stop();
	const served = answers.filter((a) => a.status === 200);
	const last = Math.max(...served.map((a) => a.started_ms)) - end_ms;

	say(`the last call served began ${last.toFixed(1)} ms after the key expired`);
	none_served({ answers, done_ms: end_ms }, { grace_ms: { call: 2, list: 2 } });		/* two clocks, read a moment apart */
	assert.ok(last > -500, `served until it expired: the last call began ${last} ms after`);
	assert.ok(answers.filter((a) => a.started_ms < end_ms - 200).every((a) => a.status === 200), 'all were served before');
});

test('a suspended tenant: 403, and the keys of others are served', async () => {
	const tenant = await stack.new_tenant('suspended', 'internal');
	const seen = await around(tenant.key, ['call', 'list'],
		() => stack.mcpctl('tenant', 'suspend', '--catalog', 'planasonix', '--slug', 'suspended'));

	none_served(seen, { status: [403] });
	assert.equal((await stack.probe()).status, 200);
	assert.equal((await stack.post(modern('tools/list'), { key: tenant.key })).json?.error?.code, 403);
});

test('a suspended tenant, in its row', async () => {
	const tenant = await stack.new_tenant('suspended-row', 'internal');
	const seen = await around(tenant.key, ['call', 'list'],
		() => db.query('update mcp.tenant set suspended_at = now() where id = $1', [tenant.id]), { after_ms: LIST_MS + AFTER_MS });

	none_served(seen, { status: [403], grace_ms: { list: LIST_MS } });
	await db.query('update mcp.tenant set suspended_at = null where id = $1', [tenant.id]);
	await until('served again', async () => (await stack.probe(tenant.key)).status === 200, { timeout_ms: 5_000 });
});

test('a scope taken away: calls are denied at once, the list forgets the tools within a second', async () => {
	const key = await stack.new_key('bench', ['pipelines:read', 'pipelines:write']);
	const change = () => db.query("update mcp.credential set scopes = '{pipelines:read}' where id = $1", [key.id]);
	const { answers, done_ms } = await around(key.secret, ['write', 'list', 'call'], change, { after_ms: LIST_MS + AFTER_MS });
	const after_change = (kind, grace_ms = 0) => answers.filter((a) => a.kind === kind && a.started_ms > done_ms + grace_ms);

	assert.ok(after_change('write').every((a) => a.status === 200 && a.denied),
		'a write began after its scope was gone and was not denied');
	assert.ok(answers.filter((a) => a.kind === 'write' && a.ended_ms < done_ms - 50).every((a) => !a.denied),
		'writes were allowed before');
	assert.ok(after_change('call').every((a) => a.status === 200 && !a.denied), 'reads are still served');
	assert.ok(after_change('list', LIST_MS).every((a) => !a.names.includes('pause_pipeline')),
		'pause_pipeline is still listed after a second');
	assert.ok(after_change('list', LIST_MS).every((a) => a.names.includes('list_pipelines')), 'list_pipelines is still there');
});

test('a role of the key\'s principal loses its scope', async () => {
	const tenant = await stack.new_tenant('principals', 'internal');
	const key = await stack.new_key('principals');
	const { rows: [principal] } = await db.query("insert into mcp.principal (tenant_id, name) values ($1, 'Robin') returning id",
		[tenant.id]);
	const { rows: [role] } = await db.query("insert into mcp.role (tenant_id, name, scopes) values ($1, 'operator', '{pipelines:read,pipelines:write}') returning id", [tenant.id]);

	await db.query('insert into mcp.membership (tenant_id, principal_id, role_id) values ($1, $2, $3)',
		[tenant.id, principal.id, role.id]);
	await db.query('update mcp.credential set principal_id = $2 where id = $1', [key.id, principal.id]);
	const { answers, done_ms } = await around(key.secret, ['write'],
		() => db.query("update mcp.role set scopes = '{pipelines:read}' where id = $1", [role.id]));
	const late = answers.filter((a) => a.started_ms > done_ms && !a.denied);

	assert.equal(late.length, 0, `${late.length} writes began after the role had lost its scope and were not denied`);
	assert.ok(answers.some((a) => a.ended_ms < done_ms && !a.denied), 'writes were allowed before');
});

test('a key bound to networks is served from there and from nowhere else', async () => {
	const key = await stack.new_key('bench');
	const bind = (networks) => db.query('update mcp.credential set addresses = $2::cidr[] where id = $1', [key.id, networks]);
	const ask = async () => [(await stack.call(key.secret, 'list_pipelines', { limit: 1 })).status,
		(await stack.post(modern('tools/list'), { key: key.secret })).status];

	await bind('{10.0.0.0/8,2001:db8::/32}');
	await sleep(LIST_MS);
	for (const status of await ask())
		assert.ok([401, 403].includes(status), `served from 127.0.0.1 with ${status}, although bound to 10.0.0.0/8`);
	await bind('{10.0.0.0/8,127.0.0.0/8}');
	await sleep(LIST_MS);
	assert.deepEqual(await ask(), [200, 200]);
});

test('two nodes: what is revoked on one is revoked on the other', async () => {
	const second = await stack.second();
	const places = [stack.http, { host: second.host, port: second.port }];

	for (let round = 0; round < 2; round++) {
		const key = await stack.new_key('bench');
		none_served(await around(key.secret, ['call', 'list'], () => revoke(key.id), { places }),
			{ round: `mcpctl, round ${round}: ` });
	}
	const key = await stack.new_key('bench');
	none_served(await around(key.secret, ['call', 'list'], () => revoke_row(key.id), { places, after_ms: LIST_MS + AFTER_MS }),
		{ grace_ms: { list: LIST_MS } });
});

test('a change that was rolled back changes nothing', async () => {
	const key = await stack.new_key('bench');
	const { answers } = await around(key.secret, ['call', 'list'], async () => {
		await db.query('begin');
		await revoke_row(key.id);
		await sleep(100);
		await db.query('rollback');
	});
	assert.ok(answers.every((a) => a.status === 200), `statuses ${[...new Set(answers.map((a) => a.status))]}`);
});

await run();
