/*
 * fanout: what changes anywhere reaches whoever listens, wherever; once, soon, and nobody else.
 *
 * Listeners of two tenants hang on both stream workers of two nodes.  Identities, resources and lists are
 * changed by mcpctl, by a product's own writer, by tools in SQL and in C, by a reload.  Then Redis and
 * PostgreSQL are killed under them: nothing closes, and what may have been missed is told once.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, must, private_stack, sleep, until } from './lib/stack.mjs';
import { bearer, legacy, session_header } from './lib/mcp.mjs';
import { listen, open } from './lib/listen.mjs';
import { more_tools } from './lib/tools.mjs';

const SOON_MS = 1_500;		/* the longest that a client waits for news */
const QUIET_MS = 1_000;		/* after it nothing more comes */
const LISTS = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const ALL_LISTS = ['prompts', 'resources', 'tools'];

const ANNOUNCE = `/* announce: tells that something has changed. */
#include "toolkit.h"

TOOLKIT;

int tool_announce(struct request *rq, struct json_object *args);

int
tool_announce(struct request *rq, struct json_object *args)
{
	toolkit_changed(rq, json_object_get_string(json_object_object_get(args, "what")));
	return toolkit_says(rq, "Told.");
}
`;

const tools = more_tools(['rare']);
const file = (name) => path.join(tools.folder, 'planasonix', name);
let stack, second, db, executor, pipeline, schedule;

async function write_tools() {
	const rare = JSON.parse(readFileSync(file('rare.json'), 'utf8'));

	writeFileSync(file('rare.json'), JSON.stringify({ ...rare, feature: 'extras' }));
	writeFileSync(file('announce.c'), ANNOUNCE);
	writeFileSync(file('announce.json'), JSON.stringify({
		title: 'Announce', description: 'Tells that something has changed.', c: 'announce', scope: 'pipelines:write', writes: false,
		inputSchema: { type: 'object', properties: { what: { type: 'string', description: 'What has.' } }, required: ['what'], additionalProperties: false },
		outputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'], additionalProperties: false },
	}));
	await must('make', ['-s', 'tools', `TOOLS=${tools.folder}`]);
}

before(async () => {
	await write_tools();
	stack = await private_stack('fanout', 260, { settings: { ...tools.settings, MCP_STREAM_WORKERS: 2, MCP_NODE_PER_MINUTE: 1000000 } });
	second = await stack.second();
	db = await stack.db();
	executor = await stack.db((await must(path.join(ROOT, 'tests/stack/postgres'), ['conninfo', 'mcp_executor'], { env: { RUN_DIR: stack.dir } })).trim());
	const { rows: [found] } = await db.query(`select p.id as pipeline, s.id as schedule from planasonix.pipeline p
		join planasonix.schedule s on s.tenant_id = p.tenant_id and s.pipeline_id = p.id
		where p.tenant_id = $1 and p.deleted_at is null and p.status = 'active' limit 1`, [stack.tenant('acme').id]);
	pipeline = { id: found.pipeline, uri: `planasonix://pipelines/${found.pipeline}` };
	schedule = { id: found.schedule, uri: `planasonix://schedules/${found.schedule}` };
});
after(async () => {
	await stack?.down();
	tools.remove();
});

/* ---- listeners ---------------------------------------------------------------------------------- */

/* Three on each node, so that both stream workers of each have some. */
const listen_everywhere = (key, filter) => Promise.all([stack.http, stack.http, stack.http, second, second, second]
	.map((to, i) => listen(stack, key, filter, { to, id: `listen ${i}` })));

/* All have heard this and no more, the last of them soon after from_ms; and it stays so. */
async function heard(listeners, want, { from_ms = performance.now(), within_ms = SOON_MS, say } = {}) {
	const sorted = (listener) => listener.heard.sort();

	await until(`all hear ${want}, and not ${JSON.stringify(listeners.map(sorted))}`,
		() => listeners.every((listener) => listener.heard.length >= want.length), { timeout_ms: within_ms + 5_000, every_ms: 5 });
	const last_ms = Math.max(...listeners.flatMap(({ messages }) => messages.map(({ at_ms }) => at_ms))) - from_ms;
	await sleep(QUIET_MS);
	for (const listener of listeners) {
		assert.deepEqual(sorted(listener), want);
		assert.ok(!listener.ended, 'it is still open');
		listener.forget();
	}
	if (want.length > 0) {
		assert.ok(last_ms < within_ms, `the last one heard of it after ${last_ms.toFixed(0)} ms`);
		say?.(`${last_ms.toFixed(0)} ms`);
	}
}

const nothing = (listeners) => heard(listeners, []);

/* Ended by us, with a result, soon. */
async function ended(listeners, from_ms) {
	await until('all have ended', () => listeners.every((listener) => listener.ended), { timeout_ms: SOON_MS + 5_000, every_ms: 5 });
	assert.ok(performance.now() - from_ms < SOON_MS, 'soon');
	for (const { result } of listeners)
		assert.equal(result?.resultType, 'complete', 'with a result');
}

function close(...listeners) {
	for (const listener of listeners.flat())
		listener.close();
}

const of = (slug) => ['--catalog', 'planasonix', '--tenant', slug];
const call = async (key, name, args) => {
	const { status, json, text } = await stack.call(key, name, args);

	assert.ok(status === 200 && json.result && !json.result.isError, text);
	return json.result;
};

/* ---- what a caller may see ---------------------------------------------------------------------- */

test('scopes of a role: who has it is told that its lists are others, and nobody else', async (say) => {
	await stack.new_tenant('roles', 'internal');
	await stack.mcpctl('role', 'add', ...of('roles'), '--name', 'reader', '--scope', 'pipelines:read');
	for (const name of ['ann', 'bob'])
		await stack.mcpctl('principal', 'add', ...of('roles'), '--name', name, ...name === 'ann' ? ['--role', 'reader'] : []);
	const keys = await Promise.all(['ann', 'bob'].map((name) => stack.new_key('roles', ['*'], '--principal', name)));
	const [ann, bob] = await Promise.all(keys.map(({ secret }) => listen_everywhere(secret, LISTS)));

	await nothing([...ann, ...bob]);
	let from_ms = performance.now();
	await stack.mcpctl('role', 'scopes', ...of('roles'), '--name', 'reader', '--scope', 'pipelines:read', '--scope', 'pipelines:write');
	await heard(ann, ['tools'], { from_ms, say });
	await nothing(bob);

	from_ms = performance.now();
	await stack.mcpctl('role', 'grant', ...of('roles'), '--name', 'reader', '--principal', 'bob');
	await heard(bob, ALL_LISTS, { from_ms, say });
	await nothing(ann);

	from_ms = performance.now();
	await stack.mcpctl('principal', 'disable', ...of('roles'), '--name', 'bob');
	await ended(bob, from_ms);
	await nothing(ann);
	close(ann);
});

test('a scope that is lost: nothing is heard any more of resources that took it, until it is back', async (say) => {
	const acme = stack.tenant('acme').id, run = `${pipeline.uri}/runs/0190b5a4-0000-7000-8000-000000000000`;
	const role = (verb, ...scopes) => stack.mcpctl('role', verb, ...of('acme'), '--name', 'onlooker', ...scopes);

	await role('add', '--scope', 'pipelines:read', '--scope', 'schedules:read');
	await stack.mcpctl('principal', 'add', ...of('acme'), '--name', 'cleo', '--role', 'onlooker');
	const { secret } = await stack.new_key('acme', ['*'], '--principal', 'cleo');
	const listeners = await listen_everywhere(secret, { resourceSubscriptions: [pipeline.uri, schedule.uri] });
	const session = await stack.new_session(secret);
	await stack.post(legacy('resources/subscribe', { uri: pipeline.uri }), { key: secret, headers: session_header(session) });
	const old = await open(second, stack.endpoint, { headers: { ...bearer(secret), ...session_header(session), Accept: 'text/event-stream' } }, 'GET');
	const tell = async (...uris) => {
		const from_ms = performance.now();

		for (const uri of uris)
			await executor.query('select mcp.resource_changed($1, $2)', [acme, uri]);
		return { from_ms, say };
	};

	await heard([...listeners, old], [pipeline.uri, run], await tell(pipeline.uri, run));
	await role('scopes', '--scope', 'schedules:read');
	await heard([old], ALL_LISTS);
	await nothing([...listeners, old]);
	await heard(listeners, [schedule.uri], await tell(pipeline.uri, run, schedule.uri));
	await nothing([...listeners, old]);
	await role('scopes', '--scope', 'pipelines:read', '--scope', 'schedules:read');
	await heard([old], ALL_LISTS);
	await heard([...listeners, old], [pipeline.uri], await tell(pipeline.uri));
	close(listeners, old);
});

test('features of a tenant, and what takes a key away: revocation, suspension, a lower plan', async (say) => {
	const tenant = await stack.new_tenant('extras', 'internal');
	const other = await stack.new_key('extras');
	const [one, two] = await Promise.all([tenant.key, other.secret].map((key) => listen_everywhere(key, LISTS)));
	const slug = ['--catalog', 'planasonix', '--slug', 'extras'];

	let from_ms = performance.now();
	await stack.mcpctl('tenant', 'feature', ...slug, '--add', 'extras');
	await heard([...one, ...two], ['tools'], { from_ms, say });
	from_ms = performance.now();
	await stack.mcpctl('tenant', 'feature', ...slug, '--add', 'nobody_asks_for_it');
	await nothing([...one, ...two]);

	from_ms = performance.now();
	await stack.mcpctl('key', 'revoke', other.id);
	await ended(two, from_ms);
	await nothing(one);
	from_ms = performance.now();
	await stack.mcpctl('tenant', 'suspend', ...slug);
	await ended(one, from_ms);
	await stack.mcpctl('tenant', 'resume', ...slug);
	const three = await listen_everywhere(tenant.key, LISTS);
	from_ms = performance.now();
	await stack.mcpctl('tenant', 'plan', ...slug, '--plan', 'starter');
	await ended(three, from_ms);
});

test('a key that expires takes its streams along, with no word from anybody', async () => {
	const { secret } = await stack.new_key('acme', ['*'], '--expires', new Date(Date.now() + 4_000).toISOString());
	const listeners = await listen_everywhere(secret, LISTS);

	await until('all have ended', () => listeners.every((listener) => listener.ended), { timeout_ms: 8_000 });
	assert.ok(listeners.every(({ result }) => result?.resultType === 'complete'), 'with a result');
	assert.ok(!/PostgreSQL is away/.test(stack.log()), 'and PostgreSQL was there all the time');
});

/* ---- resources ---------------------------------------------------------------------------------- */

/* Listeners of acme and of globex that ask for the same. */
async function of_two_tenants(filter) {
	const [ours, theirs] = await Promise.all(['acme', 'globex'].map((slug) => listen_everywhere(stack.key(slug), filter)));

	return { ours, theirs };
}

test('a product\'s own writer: both nodes hear of it, the subscribers alone', async (say) => {
	const { ours, theirs } = await of_two_tenants({ resourceSubscriptions: [pipeline.uri], toolsListChanged: true });
	const { ours: lists } = await of_two_tenants(LISTS);
	let from_ms = performance.now();

	assert.deepEqual(ours[0].honoured.resourceSubscriptions, [pipeline.uri]);
	assert.equal(theirs[0].honoured.resourceSubscriptions, undefined, 'another tenant\'s pipeline is not there to subscribe to');
	await executor.query('select mcp.resource_changed($1, $2)', [stack.tenant('acme').id, pipeline.uri]);
	await heard(ours, [pipeline.uri], { from_ms, say });
	await nothing([...theirs, ...lists]);

	from_ms = performance.now();
	await executor.query('select mcp.list_changed($1, $2)', [stack.tenant('acme').id, 'prompts']);
	await heard(lists, ['prompts'], { from_ms, say });
	await nothing([...ours, ...theirs]);
	close(ours, theirs, lists);
});

test('a run that a tool triggers and an executor ends: its pipeline\'s subscribers hear of both', async (say) => {
	const { ours } = await of_two_tenants({ resourceSubscriptions: [pipeline.uri, schedule.uri] });
	const acme = stack.tenant('acme').id;
	let from_ms = performance.now();

	await call(stack.key('acme'), 'trigger_pipeline', { pipeline_id: pipeline.id });
	const { rows: [{ id }] } = await db.query('select id from planasonix.run where tenant_id = $1 and pipeline_id = $2 and status = \'running\'', [acme, pipeline.id]);
	const both = [pipeline.uri, `${pipeline.uri}/runs/${id}`];	/* what lies below is told with its own URI */
	await heard(ours, both, { from_ms, say });
	from_ms = performance.now();
	await executor.query('update planasonix.run set status = \'success\', finished_at = now() where tenant_id = $1 and id = $2', [acme, id]);
	await heard(ours, both, { from_ms, say });
	close(ours);
});

/* The GET stream of a new session that has subscribed to these. */
async function legacy_stream(key, to, ...uris) {
	const session = await stack.new_session(key);

	for (const uri of uris)
		assert.equal((await stack.post(legacy('resources/subscribe', { uri }), { key, headers: session_header(session) })).status, 200);
	const stream = await open(to, stack.endpoint,
		{ headers: { ...bearer(key), ...session_header(session), 'MCP-Protocol-Version': '2025-11-25', Accept: 'text/event-stream' } }, 'GET');
	assert.equal(stream.status, 200);
	return stream;
}

test('a legacy session hears of it on its GET stream', async (say) => {
	const stream = await legacy_stream(stack.key('acme'), second, pipeline.uri);
	const from_ms = performance.now();

	await executor.query('select mcp.resource_changed($1, $2)', [stack.tenant('acme').id, pipeline.uri]);
	await heard([stream], [pipeline.uri], { from_ms, say });
	stream.close();
});

test('a tool in C: through Redis to both nodes, the callers of its tenant alone', async (say) => {
	const filter = { ...LISTS, resourceSubscriptions: [schedule.uri] };
	const { ours, theirs } = await of_two_tenants(filter);
	let from_ms = performance.now();

	await call(stack.key('acme'), 'announce', { what: 'tools' });
	await heard(ours, ['tools'], { from_ms, say });
	from_ms = performance.now();
	await call(stack.key('acme'), 'announce', { what: schedule.uri });
	await heard(ours, [schedule.uri], { from_ms, say });
	await nothing(theirs);
	close(ours, theirs);
});

/* ---- what goes away and comes back ------------------------------------------------------------ */

const EVERYTHING = () => ({ ...LISTS, resourceSubscriptions: [pipeline.uri, schedule.uri] });
const ONCE = () => [...ALL_LISTS, pipeline.uri, schedule.uri].sort();

test('Redis is killed and started: each hears of all that it subscribed to, once; then as before', async () => {
	const ours = await listen_everywhere(stack.key('acme'), EVERYTHING());
	const few = await listen_everywhere(stack.key('globex'), { promptsListChanged: true });
	const old = await Promise.all([stack.http, second, stack.http, second, stack.http, second]
		.map((to) => legacy_stream(stack.key('acme'), to, pipeline.uri, schedule.uri)));

	await nothing([...ours, ...few, ...old]);
	await stack.ctl('kill9', 'redis');
	await call(stack.key('acme'), 'announce', { what: 'tools' });
	await executor.query('select mcp.resource_changed($1, $2)', [stack.tenant('acme').id, pipeline.uri]);
	await heard(ours, [pipeline.uri]);
	await nothing([...few, ...old]);	/* what a session subscribed to stands in Redis */
	await stack.ctl('start', 'redis');
	const from_ms = performance.now();
	await heard(ours, ONCE(), { from_ms, within_ms: 5_000 });
	await heard(few, ['prompts'], { from_ms, within_ms: 5_000 });
	await heard(old, ONCE(), { from_ms, within_ms: 3_500 });

	await until('the worker that announces has its Redis again', async () => {
		await call(stack.key('acme'), 'announce', { what: 'tools' });
		await sleep(200);
		return ours.every((listener) => listener.heard.includes('tools'));
	});
	assert.ok([...ours, ...few, ...old].every((listener) => !listener.ended), 'nothing was closed');
	close(ours, few, old);
});

test('PostgreSQL is restarted: nothing closes, what may have been missed is told once, and identities are seen to again', async (say) => {
	const tenant = await stack.new_tenant('patient', 'internal');
	const ours = await listen_everywhere(stack.key('acme'), EVERYTHING());
	const late = await listen_everywhere(tenant.key, { promptsListChanged: true });

	await nothing([...ours, ...late]);
	await stack.ctl('kill9', 'postgres');
	await sleep(1_500);
	await nothing([...ours, ...late]);
	await stack.ctl('start', 'postgres');
	await heard(ours, ONCE(), { within_ms: 10_000 });
	await heard(late, ['prompts'], { within_ms: 10_000 });
	await stack.serving();

	const from_ms = performance.now();
	await stack.mcpctl('tenant', 'suspend', '--catalog', 'planasonix', '--slug', 'patient');
	await ended(late, from_ms);
	assert.ok(ours.every((listener) => !listener.ended), 'nothing else was closed');
	say('suspended streams ended');
	close(ours);
});

/* ---- reload ------------------------------------------------------------------------------------- */

test('a reload with other tools: those who asked are told, then all end; the same tools again: they only end', async () => {
	const on_first = (filter) => Promise.all([1, 2, 3, 4].map((id) => listen(stack, stack.key('acme'), filter, { id })));
	let listeners = await on_first(LISTS);

	writeFileSync(file('rare.json'), readFileSync(file('rare.json'), 'utf8').replace('May be called', 'Can be called'));
	assert.equal((await stack.reload()).status, 0);
	await until('all have ended', () => listeners.every((listener) => listener.ended), { timeout_ms: 10_000 });
	for (const listener of listeners) {
		assert.deepEqual(listener.heard, ['tools']);
		assert.equal(listener.result?.resultType, 'complete');
	}

	listeners = await on_first(LISTS);
	await sleep(QUIET_MS);		/* what the new generation's first LISTEN may have missed */
	listeners.forEach((listener) => listener.forget());
	assert.equal((await stack.reload()).status, 0);
	await until('all have ended', () => listeners.every((listener) => listener.ended), { timeout_ms: 10_000 });
	for (const listener of listeners) {
		assert.deepEqual(listener.heard, []);
		assert.equal(listener.result?.resultType, 'complete');
	}
});

await run();
