/*
 * mcpctl: its command line, migrations, tenants and keys, against a PostgreSQL of its own.
 *
 * What a revoked key or a suspended tenant means to a running server is revocation's matter; what
 * check finds is proof's.
 */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { Cluster } from './lib/cluster.mjs';
import { ROOT, libpq_words, must, sleep } from './lib/stack.mjs';
import pg from 'pg';

const cluster = new Cluster('mcpctl');
let owner, worker;

before(async () => {
	await cluster.start();
	owner = await cluster.connect('mcp_admin');
	worker = await cluster.connect('mcp_worker');
	await owner.query('set role mcp_owner');
});
after(() => cluster.stop());

/* It ends with this status; what it says on the one stream matches, and nothing is on the other. */
async function refused(words, says, { status = 1, ...options } = {}) {
	const got = await cluster.ctl(words, options);

	assert.equal(got.status, status, `${words.join(' ')}: ${got.out}${got.err}`);
	assert.match(got.err, says);
	assert.equal(got.err.trimEnd().split('\n').length, 1, 'one sentence');
	assert.equal(got.out, '');
}

const value = async (sql, ...values) => Object.values((await owner.query(sql, values)).rows[0] ?? {})[0];

/* ---- the command line --------------------------------------------------------------------------- */

const MISTAKES = [
	[[], /^mcpctl needs a command;/],
	[['frob'], /^mcpctl has no command frob;/],
	[['key'], /^mcpctl key needs a word more;/],
	[['key', 'frob'], /^mcpctl key cannot frob;/],
	[['--frob'], /^mcpctl does not know --frob;/],
	[['-e'], /^mcpctl: -e needs a value;/],
	[['migrate', '--frob'], /^mcpctl migrate does not know --frob;/],
	[['migrate', '-x'], /^mcpctl migrate does not know -x;/],
	[['migrate', '--scope', 'x'], /^mcpctl migrate does not know --scope;/],
	[['migrate', 'extra'], /^mcpctl migrate does not know what to do with "extra";/],
	[['migrate', '--demo=yes'], /^mcpctl migrate does not know --demo=yes;/],
	[['migrate', '--catalog', 'a/b'], /^a\/b is not the name of a catalog;/],
	[['tenant', 'list', '--catalog'], /^mcpctl tenant list: --catalog needs a value;/],
	[['tenant', 'list', '--catalog', ''], /^--catalog needs a value;/],
	[['tenant', 'list', '--catalog', 'a', '--catalog', 'b'], /^--catalog was given twice;/],
	[['tenant', 'add'], /^mcpctl tenant add needs --catalog CATALOG;/],
	[['tenant', 'add', '--catalog', 'planasonix', '--slug', 'x', '--name', 'X'], /^mcpctl tenant add needs --plan PLAN;/],
	[['tenant', 'suspend', '--catalog', 'planasonix'], /^mcpctl tenant suspend needs --slug SLUG;/],
	[['key', 'create', '--catalog', 'planasonix', '--tenant', 'x', '--name', 'x'], /^mcpctl key create needs --scope SCOPE;/],
	[['key', 'revoke'], /^mcpctl key revoke needs ID;/],
	[['key', 'rotate'], /^mcpctl key rotate needs ID;/],
	[['tenant', 'feature', '--catalog', 'planasonix', '--slug', 'x'], /^mcpctl tenant feature needs --add or --remove;/],
	[['principal', 'add', '--catalog', 'planasonix', '--tenant', 'x'], /^mcpctl principal add needs --name NAME;/],
	[['role', 'frob'], /^mcpctl role cannot frob;/],
	[['role', 'add', '--catalog', 'planasonix', '--tenant', 'x', '--name', 'x'], /^mcpctl role add needs --scope SCOPE;/],
	[['workspace', 'add', '--catalog', 'planasonix', '--tenant', 'x', '--name', 'x'], /^mcpctl workspace add needs --slug SLUG;/],
	[['secrets'], /^mcpctl secrets needs a word more;/],
	[['key', 'list', '--state', 'fine'], /^--state is ok, expired or revoked, not fine;/],
	[['key', 'revoke', 'a', 'b'], /^mcpctl key revoke does not know what to do with "b";/],
];

test('mistakes on the command line: a sentence and status 2', async () => {
	for (const [words, says] of MISTAKES)
		await refused(words, says, { status: 2 });
	await refused(['key', 'create', '--catalog', 'planasonix', '--tenant', 'x', '--name', 'x', ...Array(65).fill('--scope=x')],
		/^--scope may come 64 times at most;/, { status: 2 });
});

test('--help and --version', async () => {
	const { out, status } = await cluster.ctl(['--help']);

	assert.equal(status, 0);
	for (const words of ['migrate', 'check', 'tenant add', 'tenant list', 'tenant suspend', 'tenant resume', 'tenant plan', 'tenant feature', 'tenant confirm',
		'principal add', 'principal list', 'principal disable', 'principal enable', 'role add', 'role list', 'role scopes', 'role grant', 'role revoke',
		'workspace add', 'workspace list', 'key create', 'key list', 'key revoke', 'key rotate', 'secrets rekey']) {
		assert.match(out, new RegExp(`^  ${words}( |$)`, 'm'));
		const help = await cluster.ctl([...words.split(' '), '--help']);
		assert.equal(help.status, 0);
		assert.match(help.out, new RegExp(`^mcpctl \\[-e FILE\\] ${words}`));
		assert.match(help.out, /^ {2}--json/m);
	}
	assert.match((await cluster.ctl(['--version'])).out, /^mcpctl \d+\.\d+\.\d+\n$/);
});

test('every command of --help is in the manual page, with its options', async () => {
	const page = readFileSync(path.join(ROOT, 'systemd/man/mcpctl.8'), 'utf8').replaceAll('\\-', '-');
	const { out } = await cluster.ctl(['--help']);

	for (const [, words] of out.matchAll(/^ {2}((?:\w+ ?)+)/gm)) {
		assert.ok(page.includes(words.trim()), `${words} is not in mcpctl.8`);
		for (const [option] of (await cluster.ctl([...words.trim().split(' '), '--help'])).out.matchAll(/--\w+/g))
			assert.ok(page.includes(option), `${option} is not in mcpctl.8`);
	}
});

test('settings: from a file before or behind the command, the environment wins', async () => {
	const file = path.join(cluster.dir, 'test.env');

	writeFileSync(file, `MCP_PG_ADMIN=${cluster.env.MCP_PG_ADMIN}\nMCP_TOOLS=/nowhere\n`);
	await refused(['-e', file, 'migrate'], /^\/nowhere\/\.\.\/sql: No such file/, { env: { MCP_PG_ADMIN: cluster.env.MCP_PG_ADMIN, MCP_TOOLS: '/nowhere' } });
	assert.equal((await cluster.ctl(['-e', file, 'migrate', '--json'])).status, 0, 'MCP_TOOLS of the environment');
	assert.equal((await cluster.ctl(['migrate', '-e', file, '--json'])).status, 0);
	await refused(['-e', '/nowhere/mcp.env', 'migrate'], /^\/nowhere\/mcp\.env: No such file/);
	await refused(['tenant', 'list'], /^MCP_PG_ADMIN must be set;/, { env: { MCP_PG_ADMIN: '' } });
	await refused(['check'], /^MCP_PG must be set;/, { env: { MCP_PG: '' } });
	await refused(['tenant', 'list'], /unknown setting MCP_FROB/, { env: { MCP_FROB: '1' } });
	await refused(['tenant', 'list'], /^PostgreSQL cannot be reached: .*\/nowhere/, { env: { MCP_PG_ADMIN: 'host=/nowhere dbname=mcp' } });
	await refused(['tenant', 'list'], /permission denied to set role "mcp_owner"/, { env: { MCP_PG_ADMIN: cluster.env.MCP_PG } });
});

test('nobody takes the answer: a sentence and status 1', async () => {
	const program = process.env.MCPCTL ?? path.join(ROOT, 'build/mcpctl');
	const said = await must('sh', ['-c', `"$0" tenant list --json >/dev/full; echo $?`, program], { env: cluster.env }).catch((e) => e.message);

	assert.equal(said, '1\n');
});

/* ---- migrate ------------------------------------------------------------------------------------ */

/* A new database with our roles in it: { env, client as mcp_owner }. */
async function fresh(name) {
	const root = await cluster.connect('postgres');
	const words = libpq_words(await cluster.conninfo('postgres'));

	await root.query(`create database ${name}`);
	await must('psql', ['-X', '-q', '-h', words.host, '-p', words.port, '-U', words.user, '-d', name, '-f', path.join(ROOT, 'sql/roles.sql')],
		{ env: { PGPASSWORD: words.password } });
	const admin = (await cluster.conninfo('mcp_admin')).replace('dbname=mcp', `dbname=${name}`);
	const client = new pg.Client(libpq_words(admin));
	await client.connect();
	cluster.clients.push(client);
	await client.query('set role mcp_owner');
	return { env: { MCP_PG_ADMIN: admin }, client };
}

const files = (folder, catalog) => readdirSync(path.join(folder, catalog)).filter((name) => /^\d{4}_/.test(name)).sort();
const shipped = (catalog) => files(path.join(ROOT, 'sql'), catalog);

test('migrate: core first, each file once, recorded with its digest', async () => {
	const { env, client } = await fresh('once');
	const first = await cluster.ctl(['migrate', '--json'], { env });
	const all = ['core', 'planasonix'].flatMap((catalog) => shipped(catalog).map((name) => `${catalog}/${name.replace('.sql', '')}`));

	assert.equal(first.err, '');
	assert.deepEqual(JSON.parse(first.out), { applied: all, already: 0 });
	assert.deepEqual(JSON.parse((await cluster.ctl(['migrate', '--json'], { env })).out), { applied: [], already: all.length });
	assert.equal((await cluster.ctl(['migrate'], { env })).out, `0 applied, ${all.length} already there\n`);
	const { rows } = await client.query('select catalog, version, name, digest from mcp.schema_migration order by catalog, version');
	assert.deepEqual(rows, ['core', 'planasonix'].flatMap((catalog) => shipped(catalog).map((name, i) => ({
		catalog, version: i + 1, name: name.replace('.sql', ''),
		digest: crypto.createHash('sha256').update(readFileSync(path.join(ROOT, 'sql', catalog, name))).digest('hex'),
	}))));
	const owners = await client.query(`select distinct pg_get_userbyid(relowner) as owner from pg_class
		where relnamespace in ('mcp'::regnamespace, 'planasonix'::regnamespace)`);
	assert.deepEqual(owners.rows, [{ owner: 'mcp_owner' }]);
	assert.equal((await client.query('select count(*)::int as n from mcp.tenant')).rows[0].n, 0, 'no demo unless it was asked for');
});

test('migrate --demo: loads it, and a second time changes nothing', async () => {
	const { env, client } = await fresh('demo');
	const census = async () => (await client.query(`select (select count(*) from mcp.tenant) as tenants, (select count(*) from planasonix.pipeline) as pipelines,
		(select md5(string_agg(r::text, '' order by id)) from planasonix.run r) as runs, (select sum(generation) from mcp.tenant) as generations`)).rows[0];

	assert.deepEqual(JSON.parse((await cluster.ctl(['migrate', '--demo', '--json'], { env })).out).demo, ['planasonix']);
	const once = await census();
	assert.ok(once.pipelines > 40);
	assert.match((await cluster.ctl(['migrate', '--demo'], { env })).out, /^loaded the demo of planasonix\n0 applied/);
	assert.deepEqual(await census(), once);
});

test('migrate --catalog: that one and core', async () => {
	const { env, client } = await fresh('one');

	assert.deepEqual(JSON.parse((await cluster.ctl(['migrate', '--catalog', 'core', '--json'], { env })).out),
		{ applied: shipped('core').map((name) => `core/${name.replace('.sql', '')}`), already: 0 });
	await refused(['migrate', '--catalog', 'nothing'], /sql\/nothing: No such file or directory/, { env });
	assert.equal(JSON.parse((await cluster.ctl(['migrate', '--catalog', 'planasonix', '--json'], { env })).out).already, shipped('core').length);
	assert.equal((await client.query("select to_regclass('planasonix.run') is not null as there")).rows[0].there, true);
});

/* A folder of migrations of our own, bent by change(), against a database where the straight one has run. */
const bent = {};
before(async () => {
	Object.assign(bent, await fresh('bent'));
	bent.sql = cluster.copy('sql');
	mkdirSync(path.join(bent.sql, 'toy'));
	for (const [name, text] of [['0001_toys', 'create schema toy; create table toy.a (n int);'], ['0002_more', 'create table toy.b (n int);']])
		writeFileSync(path.join(bent.sql, 'toy', `${name}.sql`), text);
	bent.env.MCP_SQL = bent.sql;
	const { status, err } = await cluster.ctl(['migrate'], { env: bent.env });
	assert.equal(status, 0, err);
});

function bending(name, change, says) {
	test(`migrate: ${name}`, async () => {
		const toy = path.join(bent.sql, 'toy');
		const kept = readdirSync(toy).map((file) => [file, readFileSync(path.join(toy, file))]);
		const was = await bent.client.query('select * from mcp.schema_migration order by catalog, version');

		change(toy);
		try {
			await refused(['migrate'], says, { env: bent.env });
			assert.deepEqual((await bent.client.query('select * from mcp.schema_migration order by catalog, version')).rows, was.rows, 'nothing ran');
			assert.equal((await bent.client.query("select to_regclass('toy.c') is null as none")).rows[0].none, true, 'nothing is left of it');
		} finally {
			rmSync(toy, { recursive: true });
			mkdirSync(toy);
			for (const [file, text] of kept)
				writeFileSync(path.join(toy, file), text);
		}
		assert.equal((await cluster.ctl(['migrate'], { env: bent.env })).status, 0, 'straight again');
	});
}

const write = (name, text) => (toy) => writeFileSync(path.join(toy, name), text);
const GOOD = 'create table toy.c (n int);';

bending('a file that changed since it ran', write('0002_more.sql', 'create table toy.b (n bigint);'), /toy\/0002_more\.sql: has been changed since it ran/);
bending('a file that has another name', (toy) => renameSync(path.join(toy, '0002_more.sql'), path.join(toy, '0002_other.sql')),
	/toy\/0002_other\.sql: 0002_more has run under this number/);
bending('a file that is gone', (toy) => rmSync(path.join(toy, '0002_more.sql')), /toy\/0002_more\.sql: has run in this database, but there is no such file/);
bending('a gap', write('0004_late.sql', GOOD), /toy\/0004_late\.sql: there is no migration with the number 0003 before it/);
bending('a number twice', write('0002_again.sql', GOOD), /toy\/0002_more\.sql: there are two migrations with the number 0002/);
bending('a number too low', write('0000_first.sql', GOOD), /toy\/0000_first\.sql: a migration is called NNNN_name\.sql/);
for (const name of ['3_short.sql', '00003_long.sql', '0003.sql', '0003_.sql', '0003-name.sql', '0003_Name.sql', '0003_na me.sql', 'notes.sql'])
	bending(`a file called ${name}`, write(name, GOOD), /: a migration is called NNNN_name\.sql/);
bending('a file with a NUL', write('0003_nul.sql', `${GOOD}\0`), /toy\/0003_nul\.sql: there is a NUL in it/);
bending('a file that fails: it and those behind it are undone', (toy) => {
	write('0003_bad.sql', `${GOOD} select 1/0;`)(toy);
	write('0004_next.sql', 'create table toy.d (n int);')(toy);
}, /toy\/0003_bad\.sql: division by zero/);
bending('a file that wants more than the owner may', write('0003_more.sql', `${GOOD} create role hacker superuser;`), /toy\/0003_more\.sql: must be superuser/);
bending('two statements without a transaction', write('0003_two.sql', '-- no transaction\ncreate index concurrently a_n on toy.a (n); select 1;'),
	/toy\/0003_two\.sql: CREATE INDEX CONCURRENTLY cannot /);

test('migrate: a file that is older than what ran', async () => {
	const { env, client } = await fresh('older');

	assert.equal((await cluster.ctl(['migrate', '--catalog', 'core'], { env })).status, 0);
	await client.query('delete from mcp.schema_migration where version = 2');
	await refused(['migrate'], /core\/0002_\w+\.sql: has not run, but the newer 0003_\w+ has; migrations only go forward/, { env });
});

test('migrate: the first files stay when a later one fails', async () => {
	const toy = path.join(bent.sql, 'late');

	mkdirSync(toy);
	writeFileSync(path.join(toy, '0001_good.sql'), 'create schema late;');
	writeFileSync(path.join(toy, '0002_bad.sql'), 'frob;');
	await refused(['migrate', '--json'], /late\/0002_bad\.sql: syntax error/, { env: bent.env });
	writeFileSync(path.join(toy, '0002_bad.sql'), 'select 1;');
	assert.deepEqual(JSON.parse((await cluster.ctl(['migrate', '--json'], { env: bent.env })).out).applied, ['late/0002_bad']);
	rmSync(toy, { recursive: true });
	assert.equal((await cluster.ctl(['migrate'], { env: bent.env })).status, 0, 'a catalog without a folder here is another deployment\'s');
});

test('migrate: without a transaction, as mcp_owner', async () => {
	const toy = path.join(bent.sql, 'toy');

	writeFileSync(path.join(toy, '0003_index.sql'), '-- no transaction\n-- because it is large\ncreate index concurrently a_n on toy.a (n);\n');
	assert.deepEqual(JSON.parse((await cluster.ctl(['migrate', '--json'], { env: bent.env })).out).applied, ['toy/0003_index']);
	assert.deepEqual((await bent.client.query("select pg_get_userbyid(relowner) as owner from pg_class where relname = 'a_n'")).rows, [{ owner: 'mcp_owner' }]);
});

test('migrate: a migration runs with row security off, so it sees all rows or fails', async () => {
	const toy = path.join(bent.sql, 'toy');

	writeFileSync(path.join(toy, '0004_seen.sql'), `create table toy.seen as select current_setting('row_security') as row_security, current_user::text as who;`);
	assert.equal((await cluster.ctl(['migrate'], { env: bent.env })).status, 0);
	assert.deepEqual((await bent.client.query('select * from toy.seen')).rows, [{ row_security: 'off', who: 'mcp_owner' }]);
});

test('migrate: four at once apply each file once', async () => {
	const { env } = await fresh('race');
	const all = await Promise.all(Array.from({ length: 4 }, () => cluster.ctl(['migrate', '--json'], { env })));
	const n = shipped('core').length + shipped('planasonix').length;

	assert.deepEqual(all.map(({ status }) => status), [0, 0, 0, 0], all.map(({ err }) => err).join(''));
	assert.equal(all.reduce((sum, { out }) => sum + JSON.parse(out).applied.length, 0), n);
});

test('migrate: no folder, no core', async () => {
	await refused(['migrate'], /^\/nowhere: No such file or directory; MCP_SQL names the folder/, { env: { MCP_SQL: '/nowhere' } });
	await refused(['migrate'], /\/core: No such file or directory/, { env: { MCP_SQL: path.join(ROOT, 'tools') } });
});

/* ---- tenants ------------------------------------------------------------------------------------ */

const TENANT = ['--catalog', 'planasonix', '--slug', 'hooli'];

test('tenant add, list, plan', async () => {
	await cluster.json('migrate', '--demo');
	const made = await cluster.json('tenant', 'add', ...TENANT, '--name', 'Höøli "& Sons"', '--plan', 'premium', '--feature', 'a', '--feature', 'b c');

	assert.match(made.id, /^[0-9a-f-]{36}$/);
	assert.match(made.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
	assert.deepEqual({ ...made, id: 0, created_at: 0 }, { id: 0, catalog: 'planasonix', slug: 'hooli', name: 'Höøli "& Sons"', plan: 'premium',
		features: ['a', 'b c'], confirm: 'if_possible', suspended_at: null, created_at: 0 });
	assert.deepEqual((await cluster.json('tenant', 'list', '--catalog', 'planasonix')).find((t) => t.slug === 'hooli'), made);
	assert.deepEqual((await cluster.json('tenant', 'list')).map((t) => t.slug), ['acme', 'bench', 'globex', 'hooli', 'initech']);
	assert.deepEqual(await cluster.json('tenant', 'list', '--catalog', 'none'), []);
	assert.equal((await cluster.json('tenant', 'plan', ...TENANT, '--plan', 'starter')).plan, 'starter');
	assert.equal(await value('select plan from mcp.tenant where slug = \'hooli\''), 'starter');
});

test('tenant list: aligned columns, one line each', async () => {
	const { out } = await cluster.ctl(['tenant', 'list', '--catalog', 'planasonix']);
	const lines = out.trimEnd().split('\n');

	assert.equal(lines.length, 6);
	assert.match(lines[0], /^id {2,}catalog {2,}slug {2,}name {2,}plan {2,}features {2,}confirm {2,}suspended_at {2,}created_at$/);
	for (const line of lines.slice(1))
		assert.equal(line.indexOf('planasonix'), lines[0].indexOf('catalog'));
	assert.equal((await cluster.ctl(['tenant', 'list', '--catalog', 'none'])).out, '');
});

test('tenant: refusals', async () => {
	const add = (words) => ['tenant', 'add', '--catalog', 'planasonix', '--slug', 'new', '--name', 'New', '--plan', 'premium'].map((word, i, all) =>
		words[all[i - 1]] ?? word);

	await refused(add({ '--slug': 'hooli' }), /^the catalog has a tenant with this slug already\n$/);
	await refused(add({ '--plan': 'gold' }), /^catalog planasonix has no plan gold; it has starter, professional, premium, enterprise, internal\n$/);
	await refused(add({ '--catalog': 'none' }), /^there is no catalog none in this database\n$/);
	for (const slug of ['A', '-a', 'a-', 'a_b', 'a b', 'a.b', 'x'.repeat(64), "a'; drop table mcp.tenant; --"])
		await refused(add({ '--slug': slug }), /^a slug has 1 to 63 characters a to z, 0 to 9 and -/);
	await refused(add({ '--name': 'x'.repeat(201) }), /^the name of a tenant has 1 to 200 characters\n$/);
	for (const verb of ['suspend', 'resume'])
		await refused(['tenant', verb, '--catalog', 'planasonix', '--slug', 'none'], /^catalog planasonix has no tenant none\n$/);
	await refused(['tenant', 'plan', '--catalog', 'planasonix', '--slug', 'none', '--plan', 'starter'], /^catalog planasonix has no tenant none\n$/);
	await refused(['tenant', 'plan', ...TENANT, '--plan', 'gold'], /^catalog planasonix has no plan gold;/);
	assert.equal((await cluster.json('tenant', 'list')).length, 5, 'none was made');
});

test('a catalog that migrations made, without plans or scopes: the refusal says what is missing', async () => {
	const tools = cluster.copy('tools');
	const toy = ['--catalog', 'toy'];

	mkdirSync(path.join(tools, 'toy'));
	writeFileSync(path.join(tools, 'toy/catalog.json'), JSON.stringify({ title: 'Toy', version: '1', schema: 'toy', role: 'toy_tenant', prefix: 'toy' }));
	await refused(['tenant', 'add', ...toy, '--slug', 'x', '--name', 'X', '--plan', 'internal'],
		/^catalog toy has no plans: its first migration inserts them into mcp\.plan\n$/, { env: bent.env });
	await refused(['key', 'create', ...toy, '--tenant', 'x', '--name', 'x', '--scope', 'x:read'],
		/^catalog toy has no scope x:read, nor any other: no tool of it asks for one, and a key has '\*'\n$/, { env: { ...bent.env, MCP_TOOLS: tools } });
});

test('tenant suspend and resume: at once, and the generation is raised', async () => {
	const generation = () => value("select generation::int from mcp.tenant where slug = 'hooli'");
	const was = await generation();
	const suspended = await cluster.json('tenant', 'suspend', ...TENANT);

	assert.match(suspended.suspended_at, /^\d{4}-.*Z$/);
	assert.ok(await generation() > was);
	assert.equal((await cluster.json('tenant', 'suspend', ...TENANT)).suspended_at, suspended.suspended_at, 'twice is once');
	assert.equal((await cluster.json('tenant', 'resume', ...TENANT)).suspended_at, null);
	assert.equal((await cluster.json('tenant', 'resume', ...TENANT)).suspended_at, null);
});

/* ---- keys --------------------------------------------------------------------------------------- */

const KEY = ['key', 'create', '--catalog', 'planasonix', '--tenant', 'hooli', '--name', 'ci'];
const identify = async (secret) => (await worker.query('select mcp.identify($1) as identity', [crypto.createHash('sha256').update(secret).digest()])).rows[0].identity;

test('key create: what is printed, what is stored, and what a worker learns', async () => {
	const made = await cluster.json(...KEY, '--scope', 'pipelines:read', '--mode', 'read', '--expires', '90d');

	assert.deepEqual(Object.keys(made), ['id', 'prefix', 'secret', 'catalog', 'tenant', 'name', 'scopes', 'mode', 'expires_at',
		'principal', 'workspaces', 'addresses', 'per_minute']);
	assert.match(made.secret, /^plx_[0-9A-Za-z]{49}$/);
	assert.equal(made.prefix, made.secret.slice(0, 12));
	assert.deepEqual([made.catalog, made.tenant, made.name, made.scopes, made.mode], ['planasonix', 'hooli', 'ci', ['pipelines:read'], 'read']);
	assert.ok(Math.abs(Date.parse(made.expires_at) - Date.now() - 90 * 86400e3) < 60e3, made.expires_at);
	const identity = await identify(made.secret);
	assert.deepEqual([identity.state, identity.credential, identity.scopes, identity.mode, identity.tenant_slug], ['ok', made.id, ['pipelines:read'], 'read', 'hooli']);
	const { rows } = await owner.query('select c::text as row from mcp.credential c');
	assert.ok(rows.every(({ row }) => !row.includes(made.secret.slice(12))), 'the secret is nowhere in the table');
	const { out } = await cluster.ctl(['key', 'list']);
	assert.ok(out.includes(made.prefix) && !out.includes(made.secret.slice(12)), 'nor in the list');
});

test('key create: plain text shows the secret once, the defaults are full and for ever', async () => {
	const { out, err } = await cluster.ctl([...KEY, '--scope', '*']);
	const lines = Object.fromEntries(out.trimEnd().split('\n').map((line) => line.split(/ {2,}/)));

	assert.equal(err, '');
	assert.match(lines.secret, /^plx_[0-9A-Za-z]{49}$/);
	assert.deepEqual([lines.scopes, lines.mode, lines.expires_at, lines.tenant], ['*', 'full', '-', 'hooli']);
	assert.equal((await identify(lines.secret)).state, 'ok');
});

const EXPIRES = [
	['45s', 45], ['30m', 1800], ['12h', 43200], ['90d', 90 * 86400], ['0s', 0], ['-1s', -1], ['-30d', -30 * 86400], ['36525d', 36525 * 86400],
];

test('key create --expires: spans of time', async () => {
	for (const [words, seconds] of EXPIRES) {
		const made = await cluster.json(...KEY, '--scope', '*', '--expires', words);
		assert.ok(Math.abs(Date.parse(made.expires_at) - Date.now() - seconds * 1e3) < 30e3, `${words}: ${made.expires_at}`);
		assert.equal((await identify(made.secret)).state, seconds > 0 ? 'ok' : 'expired', words);
	}
});

test('key create --expires: times, and what is neither', async () => {
	for (const [text, want] of [['2030-01-02T03:04:05Z', '2030-01-02T03:04:05Z'], ['2030-01-02T03:04:05+02:00', '2030-01-02T01:04:05Z'],
		['2030-01-02T03:04:05.250-01:30', '2030-01-02T04:34:05Z'], ['1999-12-31T23:59:59Z', '1999-12-31T23:59:59Z']])
		assert.equal((await cluster.json(...KEY, '--scope', '*', '--expires', text)).expires_at, want);
	for (const text of ['tomorrow', '90', 'd', '90w', '1.5d', '+5d', '--5d', '90 d', '36526d', '99999999999999d', '2030-01-02', '2030-01-02 03:04:05Z',
		'2030-01-02T03:04:05', '2030-01-02T03:04Z', '2030-01-02t03:04:05z', '2030-01-02T03:04:05+0200', '2030-01-02T03:04:05.Z', '2030-01-02T03:04:05ZZ', 'infinity'])
		await refused([...KEY, '--scope', '*', '--expires', text], /^--expires is 90d, 12h, 30m, 45s or an RFC 3339 time, not /, { status: 2 });
	for (const text of ['2030-02-30T00:00:00Z', '2030-01-01T25:00:00Z', '2030-01-01T00:00:00+99:00'])
		await refused([...KEY, '--scope', '*', '--expires', text], /out of range|displacement/);
});

test('key create: refusals', async () => {
	const n = await value('select count(*)::int from mcp.credential');

	await refused([...KEY, '--scope', 'pipelines:frob'], /^catalog planasonix has no scope pipelines:frob; it has connections:read, [a-z:, ]*pipelines:write, [a-z:, ]*and '\*' for all of them\n$/);
	await refused([...KEY, '--scope', 'pipelines:read', '--scope', 'PIPELINES:READ'], /has no scope PIPELINES:READ;/);
	await refused([...KEY, '--scope', '*', '--mode', 'write'], /^--mode is full or read, not write;/, { status: 2 });
	await refused(['key', 'create', '--catalog', 'none', '--tenant', 'x', '--name', 'x', '--scope', '*'], /^there is no catalog none in MCP_TOOLS; there is planasonix\n$/);
	await refused(['key', 'create', '--catalog', 'planasonix', '--tenant', 'none', '--name', 'x', '--scope', '*'], /^catalog planasonix has no tenant none\n$/);
	await refused(['key', 'create', '--catalog', 'planasonix', '--tenant', 'hooli', '--name', 'x'.repeat(201), '--scope', '*'], /^the name of a key has 1 to 200 characters\n$/);
	await refused([...KEY, '--scope', '*'], /^\/nowhere: No such file/, { env: { MCP_TOOLS: '/nowhere' } });
	assert.equal(await value('select count(*)::int from mcp.credential'), n, 'none was made');
});

test('names are values, never SQL or markup', async () => {
	for (const name of ["'; drop table mcp.credential; --", '$1', '"quoted" \\ back', 'tab\tand\nline', '漢字 🗝', '%s %n']) {
		const made = await cluster.json('key', 'create', '--catalog', 'planasonix', '--tenant', 'hooli', '--name', name, '--scope', '*');
		assert.equal(made.name, name);
		assert.equal((await cluster.json('key', 'list', '--tenant', 'hooli')).find((key) => key.id === made.id).name, name);
	}
});

test('key list: by catalog, by tenant, with what became of each', async () => {
	const keys = await cluster.json('key', 'list', '--catalog', 'planasonix', '--tenant', 'hooli');

	assert.deepEqual(Object.keys(keys[0]), ['id', 'prefix', 'catalog', 'tenant', 'name', 'scopes', 'mode', 'state', 'expires_at', 'revoked_at',
		'created_at', 'principal', 'workspaces', 'addresses', 'per_minute', 'last_used_at', 'use_count']);
	for (const state of ['ok', 'expired', 'revoked'])
		assert.deepEqual((await cluster.json('key', 'list', '--tenant', 'hooli', '--state', state)).map((key) => key.id),
			keys.filter((key) => key.state === state).map((key) => key.id), state);
	assert.deepEqual([...new Set(keys.map((key) => key.state))].sort(), ['expired', 'ok']);
	assert.deepEqual(await cluster.json('key', 'list', '--catalog', 'none'), []);
	assert.deepEqual(await cluster.json('key', 'list', '--tenant', 'acme'), []);
});

test('key revoke: in effect when it returns, twice is once', async () => {
	const made = await cluster.json(...KEY, '--scope', '*');
	const identity = await identify(made.secret);
	const from = performance.now();
	const revoked = await cluster.json('key', 'revoke', made.id);

	assert.ok(performance.now() - from >= 1100, 'it waits until nobody trusts what he remembers');
	assert.equal(revoked.id, made.id);
	assert.match(revoked.revoked_at, /^\d{4}-.*Z$/);
	assert.equal((await identify(made.secret)).state, 'revoked');
	await assert.rejects(worker.query('select mcp.enter($1, $2)', [identity.credential, identity.generation]), { code: 'MC401' });
	await sleep(1000);
	assert.equal((await cluster.json('key', 'revoke', made.id.toUpperCase())).revoked_at, revoked.revoked_at);
	assert.equal((await cluster.json('key', 'list')).find((key) => key.id === made.id).state, 'revoked');
});

test('key revoke: ids that are none', async () => {
	await refused(['key', 'revoke', '00000000-0000-4000-8000-000000000000'], /^there is no key with the id 00000000-0000-4000-8000-000000000000\n$/);
	for (const id of ['x', '1', '*', "'", '00000000-0000-4000-8000-00000000000'])
		await refused(['key', 'revoke', id], /is not the id of a key; mcpctl key list shows them\n$/);
});

/* ---- principals, roles, workspaces -------------------------------------------------------------- */

const OF = ['--catalog', 'planasonix', '--tenant', 'hooli'];
const has = (got, want) => assert.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, got[name]])), want);

test('tenant feature: adds and takes away, twice is once', async () => {
	const feature = async (...words) => (await cluster.json('tenant', 'feature', ...TENANT, ...words)).features;

	assert.deepEqual(await feature('--add', 'x', '--remove', 'a', '--remove', 'b c'), ['x']);
	assert.deepEqual(await feature('--add', 'x', '--add', 'y', '--remove', 'none'), ['x', 'y']);
	assert.deepEqual(await feature('--remove', 'x', '--remove', 'y'), []);
	await refused(['tenant', 'feature', '--catalog', 'planasonix', '--slug', 'none', '--add', 'x'], /^catalog planasonix has no tenant none\n$/);
});

test('roles and principals: made, listed, granted, taken', async () => {
	has(await cluster.json('role', 'add', ...OF, '--name', 'reader', '--scope', 'pipelines:read'), { name: 'reader', scopes: ['pipelines:read'], principals: 0 });
	await cluster.json('role', 'add', ...OF, '--name', 'admin', '--scope', '*');
	const ada = await cluster.json('principal', 'add', ...OF, '--name', 'Ada', '--role', 'reader');

	has(ada, { name: 'Ada', kind: 'person', roles: ['reader'], disabled_at: null });
	has(await cluster.json('role', 'grant', ...OF, '--name', 'admin', '--principal', 'Ada'), { id: ada.id, roles: ['admin', 'reader'] });
	has(await cluster.json('role', 'grant', ...OF, '--name', 'admin', '--principal', ada.id), { roles: ['admin', 'reader'] });
	assert.deepEqual((await cluster.json('role', 'list', ...OF)).map(({ name, principals }) => [name, principals]), [['admin', 1], ['reader', 1]]);
	has(await cluster.json('role', 'revoke', ...OF, '--name', 'reader', '--principal', 'Ada'), { roles: ['admin'] });
	has(await cluster.json('role', 'scopes', ...OF, '--name', 'admin', '--scope', 'pipelines:write'), { scopes: ['pipelines:write'], principals: 1 });
	assert.match((await cluster.json('principal', 'disable', ...OF, '--name', 'Ada')).disabled_at, /Z$/);
	assert.equal((await cluster.json('principal', 'enable', ...OF, '--name', 'Ada')).disabled_at, null);
	assert.deepEqual((await cluster.json('principal', 'list', ...OF)).map(({ id, roles }) => [id, roles]), [[ada.id, ['admin']]]);
	assert.deepEqual(await cluster.json('principal', 'list', '--catalog', 'planasonix', '--tenant', 'acme'), []);
});

test('roles, principals, workspaces: refusals', async () => {
	await refused(['role', 'add', ...OF, '--name', 'reader', '--scope', '*'], /^the tenant has a role with this name already\n$/);
	await refused(['role', 'add', ...OF, '--name', 'new', '--scope', 'frob'], /^catalog planasonix has no scope frob;/);
	await refused(['role', 'scopes', ...OF, '--name', 'none', '--scope', '*'], /^tenant hooli has no role none\n$/);
	await refused(['role', 'grant', ...OF, '--name', 'reader', '--principal', 'Eve'], /^tenant hooli has no principal Eve\n$/);
	await refused(['role', 'revoke', ...OF, '--name', 'none', '--principal', 'Ada'], /^tenant hooli has no role none\n$/);
	await refused(['principal', 'add', ...OF, '--name', 'Eve', '--role', 'none'], /^tenant hooli has no role none\n$/);
	await refused(['principal', 'disable', ...OF, '--name', 'Eve'], /^tenant hooli has no principal Eve\n$/);
	await refused(['principal', 'add', ...OF, '--name', 'x'.repeat(201)], /^the name of a principal has 1 to 200 characters\n$/);
	await refused(['principal', 'list', '--catalog', 'planasonix', '--tenant', 'none'], /^catalog planasonix has no tenant none\n$/);
	for (let twins = 0; twins < 2; twins++)
		await cluster.json('principal', 'add', ...OF, '--name', 'Twin');
	await refused(['principal', 'disable', ...OF, '--name', 'Twin'], /^tenant hooli has 2 principals called Twin; give the id, mcpctl principal list shows it\n$/);
	await cluster.json('workspace', 'add', ...OF, '--slug', 'east', '--name', 'The East');
	await refused(['workspace', 'add', ...OF, '--slug', 'east', '--name', 'Other'], /^the tenant has a workspace with this slug already\n$/);
	await refused(['workspace', 'add', ...OF, '--slug', 'other', '--name', 'The East'], /^the tenant has a workspace with this name already\n$/);
	await refused(['workspace', 'add', ...OF, '--slug', 'No', '--name', 'No'], /^a slug has 1 to 63 characters a to z/);
	assert.deepEqual((await cluster.json('workspace', 'list', ...OF)).map(({ slug, name }) => [slug, name]), [['east', 'The East']]);
});

test('key create: principal, workspaces, addresses and a limit reach the workers', async () => {
	const west = await cluster.json('workspace', 'add', ...OF, '--slug', 'west', '--name', 'The West');
	const made = await cluster.json(...KEY, '--scope', '*', '--principal', 'Ada', '--workspace', west.id, '--workspace', 'east',
		'--address', '192.0.2.0/24', '--address', '2001:db8::1', '--limit', '7');
	const want = { principal: 'Ada', workspaces: ['west', 'east'], addresses: ['192.0.2.0/24', '2001:db8::1/128'], per_minute: 7 };

	has(made, want);
	has((await cluster.json('key', 'list', ...OF, '--principal', 'Ada')).find(({ id }) => id === made.id), { ...want, last_used_at: null, use_count: 0 });
	has(await identify(made.secret), { scopes: ['pipelines:write'], workspace: west.id, addresses: want.addresses, credential_per_minute: 7 });
	assert.equal((await identify(made.secret)).workspaces.length, 2);
	await refused([...KEY, '--scope', '*', '--principal', 'Eve'], /^tenant hooli has no principal Eve\n$/);
	await refused([...KEY, '--scope', '*', '--workspace', 'north'], /^tenant hooli has no workspace north\n$/);
	await refused([...KEY, '--scope', '*', '--workspace', 'east', '--workspace', 'east'], /^a workspace was given twice\n$/);
	for (const text of ['10.0.0.0/33', 'x', '10.0.0', '10.0.0.0/8/8'])
		await refused([...KEY, '--scope', '*', '--address', text], /^--address is a network such as /, { status: 2 });
	await refused([...KEY, '--scope', '*', '--address', '10.0.0.1/8'], /^invalid cidr value: "10\.0\.0\.1\/8"/);
	for (const text of ['0', '-1', 'x', '1000001', '1.5'])
		await refused([...KEY, '--scope', '*', '--limit', text], /^--limit is a number from 1 to 1000000, not /, { status: 2 });
});

test('key rotate: the same settings, another secret, and the old one ends', async () => {
	const old = await cluster.json(...KEY, '--scope', 'pipelines:read', '--mode', 'read', '--principal', 'Ada', '--workspace', 'east', '--limit', '9', '--expires', '90d');
	const made = await cluster.json('key', 'rotate', old.id, '--overlap', '1h');
	const { id, prefix, secret, expires_at, ...settings } = made;

	has(old, settings);
	assert.ok(id !== old.id && prefix !== old.prefix && secret !== old.secret);
	assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 90 * 86400e3) < 60e3, 'its time begins anew');
	const listed = (await cluster.json('key', 'list', ...OF)).find((key) => key.id === old.id);
	assert.ok(Math.abs(Date.parse(listed.expires_at) - Date.now() - 3600e3) < 60e3, `the old one ends in an hour: ${listed.expires_at}`);
	assert.equal((await identify(secret)).state, 'ok');
	assert.equal((await identify(old.secret)).state, 'ok', 'both work meanwhile');
	await cluster.json('key', 'rotate', id, '--overlap', '0s');
	assert.equal((await identify(secret)).state, 'expired');
	await refused(['key', 'rotate', id], /^key [0-9a-f-]{36} is expired; mcpctl key create makes a new one\n$/);
	await refused(['key', 'rotate', '00000000-0000-4000-8000-000000000000'], /^there is no key with the id /);
	await refused(['key', 'rotate', 'x'], /is not the id of a key;/);
	for (const text of ['-1s', 'soon', '2030-01-02T03:04:05Z'])
		await refused(['key', 'rotate', old.id, '--overlap', text], /^--overlap is 24h, 30m or 0s, not /, { status: 2 });
});

test('secrets rekey: without a key, and with nothing sealed', async () => {
	await refused(['secrets', 'rekey'], /MCP_SEAL_KEY/);
	const file = path.join(cluster.dir, 'seal.key');

	writeFileSync(file, crypto.randomBytes(32));
	assert.deepEqual(JSON.parse((await cluster.ctl(['secrets', 'rekey', '--catalog', 'none', '--json'], { env: { MCP_SEAL_KEY: file } })).out),
		{ rows: 0, texts: 0, rekeyed: 0, failed: [] });
});

await run();
