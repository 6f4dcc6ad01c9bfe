/*
 * secrets: what a tenant gives us to keep is nowhere to be read, and outlives the key it was sealed with.
 *
 * Connections are made, changed and refused with texts that occur nowhere else, while PostgreSQL logs
 * every statement; then the texts are looked for in everything that was written or answered.  Sealed
 * texts are opened here with node's own AES-256-GCM.
 */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, must, private_stack, sh, until } from './lib/stack.mjs';

const CLEAR = `CLEAR${crypto.randomBytes(8).toString('hex')}`;
const clear = (word) => `${CLEAR}-${word}`;

let stack, db, super_words;
const answers = [];

async function call(name, args, key = stack.key('bench')) {
	const answer = await stack.call(key, name, args);

	answers.push(JSON.stringify(answer.headers) + answer.text);
	return answer.json;
}

before(async () => {
	stack = await private_stack('secrets', 160);
	db = await stack.db();
	await db.query('set role mcp_owner');
	super_words = (await must(path.join(ROOT, 'tests/stack/postgres'), ['conninfo', 'postgres'], { env: stack.own })).trim();
	const chief = await stack.db(super_words);
	for (const setting of ["log_statement = 'all'", 'log_duration = on', 'log_min_messages = info', "log_min_error_statement = 'error'", 'log_error_verbosity = verbose'])
		await chief.query(`alter system set ${setting}`);
	await chief.query('select pg_reload_conf()');
	await until('PostgreSQL logs statements', async () => {
		await stack.probe();
		return stack.log('postgres').includes('mcp.enter');
	});
});
after(() => stack?.down());

/* AES-256-GCM as fcgi/crypt.c says; null where it does not open. */
function open(sealed, key_file, tenant, at) {
	const [, , body] = sealed.split('.');
	const bytes = Buffer.from(body, 'base64url');
	const key = crypto.createHmac('sha256', readFileSync(key_file).subarray(0, 64)).update('mcp-fpm seal 1').digest();
	const cipher = crypto.createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));

	cipher.setAAD(Buffer.from(`planasonix\n${tenant}\n${at}`));
	cipher.setAuthTag(bytes.subarray(-16));
	try {
		return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString();
	} catch {
		return null;
	}
}

const params_of = async (id) => (await db.query('select params from planasonix.connection where id = $1', [id])).rows[0].params;
const opened = (params, key_file, tenant = stack.tenant('bench').id) =>
	Object.fromEntries(Object.entries(params).map(([name, text]) => [name, open(text, key_file, tenant, `params.${name}`)]));

let made;

test('what is sealed opens with the key, for this tenant and this name only', async () => {
	const got = await call('create_connection', { name: `seen ${CLEAR.toLowerCase()}`, type: 'postgres', category: 'source',
		params: { host: clear('host'), password: clear('password') } });

	made = got.result.structuredContent.connection.id;
	const params = await params_of(made), key = stack.setting('MCP_SEAL_KEY');
	assert.deepEqual(opened(params, key), { host: clear('host'), password: clear('password') });
	assert.deepEqual(opened(params, key, stack.tenant('acme').id), { host: null, password: null }, 'bound to the tenant');
	assert.equal(open(params.password, key, stack.tenant('bench').id, 'params.host'), null, 'bound to its name');
});

test('an update merges key by key: what is not given stays, byte for byte', async () => {
	const was = await params_of(made);

	await call('update_connection', { connection_id: made, params: { password: clear('password2'), 'p\u00f6rt': clear('port') } });
	const now = await params_of(made);
	assert.equal(now.host, was.host);
	assert.notEqual(now.password, was.password);
	assert.deepEqual(opened(now, stack.setting('MCP_SEAL_KEY')),
		{ host: clear('host'), password: clear('password2'), 'p\u00f6rt': clear('port') });
	await call('update_connection', { connection_id: made, name: 'renamed', params: {} });
	assert.deepEqual(await params_of(made), now);
});

test('calls that are refused, fail or come again', async () => {
	const create = (more, key) => call('create_connection', { name: 'x', type: 'postgres', category: 'source', ...more }, key);

	for (const more of [{ type: 'none', params: { a: clear('type') } }, { params: { a: clear('number'), b: 1 } }, { params: { a: [clear('list')] } },
		{ params: { a: clear('long').repeat(4000) } }, { name: 'x'.repeat(300), params: { a: clear('name') } }, { params: clear('text') },
		{ category: 'both', params: { a: clear('category') } }, { params: { a: clear('more') }, more: clear('unknown') }])
		assert.ok((await create(more)).result?.isError, JSON.stringify(more).slice(0, 100));
	assert.ok((await create({ params: { a: clear('read') } }, stack.key('bench', 'read'))).result.isError);
	assert.ok((await call('update_connection', { connection_id: made, params: { a: clear('foreign') } }, stack.key('globex'))).result.isError);
	const twice = { params: { a: clear('twice') }, idempotency_key: 'once' };
	const [one, two] = [await create(twice), await create(twice)];
	assert.deepEqual(one.result.structuredContent, two.result.structuredContent);
	assert.ok((await create({ ...twice, params: { a: clear('other') } })).result.isError);
	await call('list_connectors', {});
	await call('delete_connection', { connection_id: one.result.structuredContent.connection.id });
	await call('get_pipeline', { pipeline_id: clear('elsewhere') });
});

const without_own = (text) => text.replaceAll(clear('elsewhere'), '');	/* an id is no secret; it may be quoted */

test('neither answers, nor the database, nor its log, nor the audit trail hold a clear text', async () => {
	const dump = await must('pg_dump', ['-d', super_words], { timeout_ms: 60_000 });
	const last = (await stack.call(stack.key('bench'), 'list_pipelines', { limit: 1 })).headers['x-request-id'];

	await stack.event(last);		/* all before it is shipped too */
	const audit = readdirSync(stack.setting('MCP_AUDIT_DIR')).map((name) => readFileSync(path.join(stack.setting('MCP_AUDIT_DIR'), name), 'utf8'));
	const places = { answers: answers.join('\n'), dump, 'log of PostgreSQL': stack.log('postgres'), 'log of mcp-fpm': stack.log(),
		'log of nginx': stack.log('nginx') + stack.log('access'), 'stream': JSON.stringify(await stack.events()), segments: audit.join('\n') };

	assert.ok(answers.length >= 18 && audit.length > 0, 'there is something to look at');
	assert.ok(dump.includes('renamed') && dump.includes(made), 'the connection is in the dump');
	assert.ok(dump.includes('create_connection'), 'and the outbox');
	assert.match(places['log of PostgreSQL'], /insert into connection/, 'the log has the statements');
	assert.ok(places.segments.includes('create_connection') && places.stream.includes('create_connection'));
	for (const [name, text] of Object.entries(places))
		assert.ok(!without_own(text).includes(CLEAR), `${name}: ${text.slice(Math.max(0, text.indexOf(CLEAR) - 200), text.indexOf(CLEAR) + 80)}`);
});

test('nor does any file of the database, its log of changes included', async () => {
	const chief = await stack.db(super_words);
	const { rows: [{ data_directory }] } = await chief.query('show data_directory');

	await chief.query('checkpoint');
	assert.equal((await sh('grep', ['-rlaF', CLEAR, data_directory], { timeout_ms: 60_000 })).out, '');
	assert.notEqual((await sh('grep', ['-rlaF', 'renamed', data_directory], { timeout_ms: 60_000 })).out, '', 'what is not sealed is found');
});

/* ---- another key -------------------------------------------------------------------------------- */

const rekey = async (env, ...more) => {
	const got = await sh(process.env.MCPCTL ?? path.join(ROOT, 'build/mcpctl'), ['secrets', 'rekey', ...more, '--json'],
		{ env: { ...stack.env, MCP_SEAL_KEY_OLD: '', ...env } });
	assert.ok(got.out, got.err);
	return { status: got.status, ...JSON.parse(got.out) };
};
let old_key, new_key;

test('rekey: while calls go on, every text; over many batches; and a second time nothing', async () => {
	old_key = stack.setting('MCP_SEAL_KEY');
	new_key = path.join(stack.dir, 'new.key');
	writeFileSync(new_key, crypto.randomBytes(64), { mode: 0o600 });
	await db.query(`insert into planasonix.connection (tenant_id, name, type, category, params)
		select tenant_id, 'copy ' || n, type, category, params from planasonix.connection, generate_series(1, 250) n where id = $1`, [made]);
	await stack.configure({ MCP_SEAL_KEY: new_key, MCP_SEAL_KEY_OLD: old_key });
	await call('update_connection', { connection_id: made, params: { host: clear('host2') } });
	assert.equal(open((await params_of(made)).host, new_key, stack.tenant('bench').id, 'params.host'), clear('host2'), 'sealed with the new key from now on');

	const [done] = await Promise.all([rekey({ MCP_SEAL_KEY: new_key, MCP_SEAL_KEY_OLD: old_key }),
		...Array.from({ length: 5 }, (_, i) => call('update_connection', { connection_id: made, params: { [`during${i}`]: clear('during') } }))]);
	assert.equal(done.status, 0);
	assert.deepEqual(done.failed, []);
	assert.ok(done.rows >= 251 && done.rekeyed >= 750 && done.texts >= done.rekeyed, JSON.stringify(done));
	const again = await rekey({ MCP_SEAL_KEY: new_key, MCP_SEAL_KEY_OLD: old_key });
	assert.deepEqual([again.status, again.rekeyed, again.failed], [0, 0, []]);
}, { timeout_ms: 120_000 });

test('after it the old key is not needed, and is worth nothing', async () => {
	await stack.configure({ MCP_SEAL_KEY_OLD: '' });
	const alone = await rekey({ MCP_SEAL_KEY: new_key });

	assert.deepEqual([alone.status, alone.rekeyed, alone.failed], [0, 0, []], 'every text opens with the new key alone');
	assert.deepEqual(Object.values(opened(await params_of(made), old_key)).filter(Boolean), []);
	const now = opened(await params_of(made), new_key);
	assert.deepEqual([now.host, now.password, now.during4], [clear('host2'), clear('password2'), clear('during')]);
	const got = await call('update_connection', { connection_id: made, params: { host: clear('host3') } });
	assert.ok(!got.result.isError);
	assert.equal(opened(await params_of(made), new_key).host, clear('host3'));
	assert.ok(!stack.log('postgres').includes(CLEAR), 'and rekey wrote nothing clear into the log');
});

test('a text that no key opens is named by table and row, stays as it is, and the others go on', async () => {
	const other_key = path.join(stack.dir, 'other.key');
	const { rows: [bad] } = await db.query(`update planasonix.connection set params = jsonb_build_object('swapped', params->'host')
		where name = 'copy 7' returning id, tenant_id, params`);

	writeFileSync(other_key, crypto.randomBytes(32), { mode: 0o600 });
	const got = await rekey({ MCP_SEAL_KEY: other_key, MCP_SEAL_KEY_OLD: new_key });
	assert.equal(got.status, 1);
	assert.deepEqual(got.failed, [{ table: 'planasonix.connection', row: [bad.tenant_id, bad.id], text: 'params.swapped' }]);
	assert.deepEqual(await params_of(bad.id), bad.params);
	assert.equal(opened(await params_of(made), other_key).host, clear('host3'));
	const { status, out } = await sh(path.join(ROOT, 'build/mcpctl'), ['secrets', 'rekey'], { env: { ...stack.env, MCP_SEAL_KEY: other_key, MCP_SEAL_KEY_OLD: '' } });
	assert.equal(status, 1);
	assert.match(out, new RegExp(`^planasonix\\.connection \\["${bad.tenant_id}", "${bad.id}"\\]: no key opens params\\.swapped\\n0 of \\d+ texts in \\d+ rows sealed anew\\n$`));
});

await run();
