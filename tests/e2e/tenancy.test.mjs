/*
 * tenancy: what a tenant's operator can say with mcpctl, and what a caller then may do.
 *
 * Roles, read mode, expiry, address lists, suspension, plans, features, workspaces with a restrictive
 * policy, last use.  The catalog is one of its own, catalogs/tools/places, because no product here has
 * workspaces.  How fast a revocation takes hold is revocation's matter.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, must, private_stack, sh, sleep, until } from './lib/stack.mjs';
import { legacy, modern } from './lib/mcp.mjs';

const TOOLS = `${ROOT}/tools:${ROOT}/tests/e2e/catalogs/tools`;
const OF = ['--catalog', 'places', '--tenant', 'acme'];
const REFUSED = 'This workspace is not open to this credential.';

let stack, sql;
const place = {};		/* workspaces by slug, and theirs of another tenant */

const ctl = async (...words) => JSON.parse(await must(path.join(ROOT, 'build/mcpctl'), [...words, '--json'],
	{ env: { ...stack.env, MCP_TOOLS: TOOLS, MCP_SQL: sql } }));
const new_key = (...more) => ctl('key', 'create', ...OF, '--name', 'test', ...(more.includes('--scope') ? [] : ['--scope', '*']), ...more);
const tenant_of = (slug, plan) => ctl('tenant', 'add', '--catalog', 'places', '--slug', slug, '--name', slug, '--plan', plan);

/* One more location in the stack's copy of mcp.conf. */
async function serve_places() {
	const file = path.join(stack.dir, 'nginx/mcp.conf');
	const text = readFileSync(file, 'utf8').replace('location = /planasonix/mcp {',
		`location = /places/mcp {\n set $mcp_catalog places;\n set $mcp_endpoint mcp;\n include mcp.params;\n fastcgi_pass mcp_fast;\n }\n$&`);

	rmSync(file);		/* a link into the tree */
	writeFileSync(file, text);
	await stack.ctl('stop', 'nginx');
	await stack.ctl('start', 'nginx');
}

before(async () => {
	stack = await private_stack('tenancy', 180);
	sql = path.join(stack.dir, 'sql');
	cpSync(path.join(ROOT, 'sql'), sql, { recursive: true });
	cpSync(path.join(ROOT, 'tests/e2e/catalogs/sql'), sql, { recursive: true });
	await ctl('migrate', '--catalog', 'places');
	await stack.configure({ MCP_TOOLS: TOOLS });
	await serve_places();
	for (const slug of ['acme', 'globex'])
		await tenant_of(slug, 'large');
	for (const slug of ['east', 'west'])
		place[slug] = (await ctl('workspace', 'add', ...OF, '--slug', slug, '--name', slug)).id;
	place.theirs = (await ctl('workspace', 'add', '--catalog', 'places', '--tenant', 'globex', '--slug', 'theirs', '--name', 'theirs')).id;
});
after(() => stack?.down());

const call = (key, name, args = {}, headers = {}, options = {}) =>
	stack.call(key.secret, name, args, { path: '/places/mcp', headers, ...options });
const list = async (key, headers = {}) =>
	(await stack.post(modern('tools/list'), { key: key.secret, path: '/places/mcp', headers })).json?.result?.tools?.map(({ name }) => name);
const within = (id) => ({ 'X-Workspace-ID': id });
/* The tools have no outputSchema, so their results are text alone. */
const result = (answer) => JSON.parse(answer.json.result.content[0].text);
const notes = async (key, headers) => {
	return result(await call(key, 'list_notes', {}, headers)).notes.map(({ text }) => text);
};
const refused = (answer, says) => {
	assert.deepEqual([answer.status, answer.json?.error?.code, answer.json?.error?.message], [403, 403, says]);
};

/* ---- workspaces --------------------------------------------------------------------------------- */

test('a request narrows itself to a workspace: what it reads, what it writes, and its event', async () => {
	const key = await new_key();

	assert.equal(result(await call(key, 'add_note', { text: 'nowhere' })).workspace, '');
	for (const slug of ['east', 'west'])
		assert.equal(result(await call(key, 'add_note', { text: slug }, within(place[slug]))).workspace, place[slug]);
	assert.deepEqual(await notes(key), ['east', 'nowhere', 'west']);
	assert.deepEqual(await notes(key, within(place.east)), ['east']);
	assert.deepEqual(await notes(key, within(place.west.toUpperCase())), ['west']);
	assert.deepEqual(await notes(key), ['east', 'nowhere', 'west'], 'the choice of one request is not that of the next');

	const narrow = await call(key, 'list_notes', {}, within(place.east)), wide = await call(key, 'list_notes');
	assert.equal((await stack.event(narrow.headers['x-request-id'])).workspace, place.east);
	assert.equal((await stack.event(wide.headers['x-request-id'])).workspace, undefined);
});

test('a foreign workspace is refused like one that does not exist, whatever the method', async () => {
	const key = await new_key(), bound = await new_key('--workspace', 'east');

	for (const id of [place.theirs, randomUUID(), 'east', '', '*', `${place.east} `.repeat(2), "' or true --"]) {
		refused(await call(key, 'list_notes', {}, within(id)), REFUSED);
		refused(await call(bound, 'list_notes', {}, within(id)), REFUSED);
		refused(await stack.post_in_session(legacy('tools/list'), { key: key.secret, path: '/places/mcp', headers: within(id) }), REFUSED);
	}
	refused(await call(bound, 'list_notes', {}, within(place.west)), REFUSED);
	const answer = await call(key, 'list_notes', {}, within(place.theirs));
	const event = await stack.event(answer.headers['x-request-id']);
	assert.deepEqual([event.outcome, event.workspace, event.credential], ['denied', undefined, key.id]);
});

test('a bound key: its usual workspace, its others, and never the whole tenant', async () => {
	const one = await new_key('--workspace', 'west'), two = await new_key('--workspace', 'east', '--workspace', 'west');

	assert.deepEqual(await notes(one), ['west']);
	assert.deepEqual(await notes(one, within(place.west)), ['west']);
	assert.deepEqual(await notes(two), ['east'], 'the first is the usual one');
	assert.deepEqual(await notes(two, within(place.west)), ['west']);
	const answer = await call(one, 'list_notes');
	assert.equal((await stack.event(answer.headers['x-request-id'])).workspace, place.west);

	const db = await stack.db();
	await db.query('set role mcp_owner');
	await db.query('update mcp.workspace_access set is_default = false where credential_id = $1', [two.id]);
	refused(await call(two, 'list_notes'), 'This credential is bound to workspaces: X-Workspace-ID must name one of them.');
	assert.deepEqual(await notes(two, within(place.east)), ['east']);
	await db.query('delete from mcp.workspace_access where credential_id = $1 and workspace_id = $2', [two.id, place.east]);
	refused(await call(two, 'list_notes', {}, within(place.east)), REFUSED);
});

test('a workspace that goes away is refused at once, also to workers that knew it', async () => {
	const key = await new_key(), { id } = await ctl('workspace', 'add', ...OF, '--slug', 'short', '--name', 'short');
	const db = await stack.db();

	await db.query('set role mcp_owner');
	for (let i = 0; i < 20; i++)
		assert.deepEqual(await notes(key, within(id)), []);
	await db.query('delete from mcp.workspace where id = $1', [id]);
	for (let i = 0; i < 20; i++)
		refused(await call(key, 'list_notes', {}, within(id)), REFUSED);
});

test('the same idempotency key in another workspace is not the same request', async () => {
	const key = await new_key();
	const add = (slug) => call(key, 'add_note', { text: 'once', key: 'k1' }, within(place[slug]));
	const first = result(await add('east'));

	assert.equal(first.workspace, place.east);
	assert.deepEqual(result(await add('east')), first);
	const other = (await add('west')).json.result;
	assert.deepEqual([other.isError, other.content[0].text], [true, 'key was used with other arguments'], 'no result of another workspace');
	assert.deepEqual((await notes(key)).filter((text) => text === 'once'), ['once']);
});

test('X-Workspace-ID sent twice', async () => {
	const key = await new_key();
	const twice = await sh('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `${stack.say.http_url}/places/mcp`, '-H', `X-API-Key: ${key.secret}`,
		'-H', 'Content-Type: application/json', '-H', `X-Workspace-ID: ${place.east}`, '-H', `X-Workspace-ID: ${place.west}`, '-d', '{}']);
	assert.equal(twice.out, '400');
});

/* ---- addresses, expiry, read mode --------------------------------------------------------------- */

test('addresses: from outside of the list 403, within it served', async () => {
	const outside = await new_key('--address', '192.0.2.0/24', '--address', '2001:db8::/32');
	const inside = await new_key('--address', '192.0.2.0/24', '--address', '127.0.0.0/8');
	const mapped = await new_key('--address', '::ffff:127.0.0.0/104');

	for (const headers of [{}, { 'X-Forwarded-For': '192.0.2.1' }, { 'X-Real-IP': '192.0.2.1' }])
		refused(await call(outside, 'list_notes', {}, headers), 'This credential may not be used from this address.');
	assert.equal(await list(outside), undefined);
	for (const key of [inside, mapped])
		assert.equal((await call(key, 'list_notes')).status, 200);
});

test('expiry: 401 from then on', async () => {
	const key = await new_key('--expires', '3s');

	assert.equal((await call(key, 'list_notes')).status, 200);
	await sleep(3000);
	assert.equal((await call(key, 'list_notes')).status, 401);
	assert.equal((await stack.post(modern('tools/list'), { key: key.secret, path: '/places/mcp' })).status, 401);
});

test('a key that may only read', async () => {
	const key = await new_key('--mode', 'read');

	assert.deepEqual(await list(key), ['list_notes']);
	const got = (await call(key, 'add_note', { text: 'x' })).json.result;
	assert.deepEqual([got.isError, got.content[0].text], [true, 'Insufficient permissions. This API key may only read.']);
	assert.equal((await call(key, 'list_notes')).status, 200);
});

/* ---- roles, suspension, plans, features --------------------------------------------------------- */

test('scopes are cut by roles, while calls run', async () => {
	await ctl('role', 'add', ...OF, '--name', 'reader', '--scope', 'notes:read');
	await ctl('role', 'add', ...OF, '--name', 'writer', '--scope', 'notes:write');
	await ctl('principal', 'add', ...OF, '--name', 'Robin', '--role', 'reader');
	const key = await new_key('--principal', 'Robin');
	const writes = async () => !(await call(key, 'add_note', { text: 'x' })).json.result.isError;

	assert.deepEqual([await writes(), await list(key)], [false, ['list_notes']]);
	await ctl('role', 'grant', ...OF, '--name', 'writer', '--principal', 'Robin');
	assert.deepEqual([await writes(), await list(key)], [true, ['add_note', 'list_notes']]);

	let going = true;
	const seen = [];
	const hammer = Array.from({ length: 4 }, async () => {
		while (going) {
			const from = performance.now();
			seen.push({ from, wrote: await writes() });
		}
	});
	await sleep(300);
	await ctl('role', 'revoke', ...OF, '--name', 'writer', '--principal', 'Robin');
	const done = performance.now();
	await sleep(300);
	going = false;
	await Promise.all(hammer);
	assert.ok(seen.some(({ wrote }) => wrote), 'some wrote before');
	assert.ok(seen.some(({ from }) => from > done), 'some tried afterwards');
	assert.deepEqual(seen.filter(({ from, wrote }) => from > done && wrote), []);

	await ctl('role', 'scopes', ...OF, '--name', 'reader', '--scope', 'notes:write');
	assert.deepEqual([await writes(), await list(key)], [true, ['add_note']]);
	await ctl('principal', 'disable', ...OF, '--name', 'Robin');
	assert.equal((await call(key, 'list_notes')).status, 401);
	await ctl('principal', 'enable', ...OF, '--name', 'Robin');
	assert.equal((await call(key, 'add_note', { text: 'x' })).status, 200);
});

test('suspension, a plan that does not suffice, and back', async () => {
	const { secret } = await ctl('key', 'create', '--catalog', 'places', '--tenant', 'globex', '--name', 'k', '--scope', '*');
	const globex = ['--catalog', 'places', '--slug', 'globex'];
	const answer = () => call({ secret }, 'list_notes');

	assert.equal((await answer()).status, 200);
	await ctl('tenant', 'suspend', ...globex);
	refused(await answer(), 'This account is suspended.');
	await ctl('tenant', 'resume', ...globex);
	await until('served again', async () => (await answer()).status === 200, { timeout_ms: 2_000 });
	await ctl('tenant', 'plan', ...globex, '--plan', 'free');
	refused(await answer(), 'Places needs the small plan or a larger one.');
	await ctl('tenant', 'plan', ...globex, '--plan', 'small');
	const served = await answer();
	assert.equal(served.status, 200);
	assert.equal(served.headers['x-ratelimit-limit'], '60', 'the limits are the new plan\'s');
});

test('a feature brings a tool, and takes it away', async () => {
	const key = await new_key();
	const feature = (...words) => ctl('tenant', 'feature', '--catalog', 'places', '--slug', 'acme', ...words);
	const works = async () => (await list(key)).includes('archive_notes') && !(await call(key, 'archive_notes', {}, within(place.west))).json.result?.isError;

	assert.equal(await works(), false);
	const anyway = (await call(key, 'archive_notes')).json;
	assert.ok(anyway.error ?? anyway.result.isError, JSON.stringify(anyway));
	await feature('--add', 'archive');
	assert.equal(await works(), true);
	await feature('--remove', 'archive');
	assert.equal(await works(), false);
});

test('a limit of the key\'s own, inside the plan\'s', async () => {
	const key = await new_key('--limit', '3');
	const got = [];

	for (let i = 0; i < 5; i++)
		got.push((await call(key, 'list_notes')).status);
	assert.deepEqual(got, [200, 200, 200, 429, 429]);
	assert.equal((await call(await new_key(), 'list_notes')).status, 200);
});

/* ---- rotation, last use ------------------------------------------------------------------------- */

test('a rotated key: both work, then only the new one', async () => {
	const old = await new_key('--workspace', 'west');
	const made = await ctl('key', 'rotate', old.id, '--overlap', '3s');

	for (const key of [old, made])
		assert.equal((await call(key, 'list_notes')).status, 200);
	assert.deepEqual(made.workspaces, ['west']);
	await sleep(3000);
	assert.equal((await call(old, 'list_notes')).status, 401);
	assert.equal((await call(made, 'list_notes')).status, 200);
});

test('last use: when and how often, some seconds later; PostgreSQL away for a while loses none', async (say) => {
	const key = await new_key(), idle = await new_key();
	const listed = async (id) => (await ctl('key', 'list', ...OF)).find((one) => one.id === id);
	const from = Date.now();

	for (let i = 0; i < 5; i++)
		await call(key, 'list_notes');
	await list(key);
	await stack.ctl('stop', 'postgres');
	await sleep(2000);
	await stack.ctl('start', 'postgres');
	await stack.serving();
	await call(key, 'list_notes');
	const used = await until('seven uses', async () => {
		const now = await listed(key.id);
		return now.use_count === 7 && now;
	}, { timeout_ms: 40_000, every_ms: 500 });

	say(`written ${Date.now() - from} ms after the first`);
	assert.ok(Date.parse(used.last_used_at) >= from - 1000 && Date.parse(used.last_used_at) <= Date.now());
	assert.deepEqual([(await listed(idle.id)).use_count, (await listed(idle.id)).last_used_at], [0, null]);
}, { timeout_ms: 90_000 });

await run();
