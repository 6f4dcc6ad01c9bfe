/*
 * author: tools/README.md does what it says.
 *
 * The files and commands of its "Five minutes" are taken from the page as they stand, put into a
 * copy of the tree whose server is a private stack, and followed; then the official client calls
 * what came of it.  So is the catalog that the page makes from nothing.  After that the mistakes an
 * author makes, one at a time: `mcp-fpm -t` and `--reload` refuse each with the file, the member and
 * the reason, and what served before goes on serving.
 */

import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, private_stack, sh, until } from './lib/stack.mjs';
import { NS, bearer } from './lib/mcp.mjs';
import { example_files } from './lib/tools.mjs';

const PAGE = readFileSync(path.join(ROOT, 'tools/README.md'), 'utf8');
const TOOLS = ['count_pipelines', 'chart_runs'];

const tree = mkdtempSync(path.join(tmpdir(), 'mcp-author-'));
const at = (file) => path.join(tree, file);
let stack, db, pipeline;

before(async () => {
	for (const part of ['Makefile', 'fcgi', 'tools', 'sql', 'tests/tools', 'tests/e2e/lib', 'tests/stack'])
		cpSync(path.join(ROOT, part), at(part), { recursive: true, preserveTimestamps: true });
	symlinkSync(path.join(ROOT, 'tests/node_modules'), at('tests/node_modules'));
	stack = await private_stack('author', 40, { settings: { MCP_TOOLS: at('tools'), MCP_SQL: at('sql') } });

	/* What the page calls build/: the programs, and the stack as if `make up` had been said here. */
	mkdirSync(at('build'));
	for (const program of ['mcp-fpm', 'mcpctl'])
		symlinkSync(path.join(ROOT, 'build', program), at(`build/${program}`));
	symlinkSync(stack.dir, at('build/run'));

	db = await stack.db('postgres_super');
	pipeline = (await db.query('select pipeline_id as id from planasonix.run where tenant_id = $1 limit 1',
		[stack.tenant('bench').id])).rows[0].id;
	await stack.serving();
});
after(() => stack?.down());
after(() => rmSync(tree, { recursive: true, force: true }));

/* ---- the page ----------------------------------------------------------------------------------- */

/* The lines of "Try it", without their comments. */
function commands_of(page) {
	const [, block] = /^### Try it\n\n```sh\n([^]*?)^```$/m.exec(page);

	return block.split('\n').map((line) => line.replace(/\s+#.*$/, '')).filter(Boolean);
}

const files = example_files();
const commands = commands_of(PAGE);
const [BUILD, CHECK, RELOAD] = commands;
const original = (file) => files[file] ?? readFileSync(path.join(ROOT, file), 'utf8');
const in_tree = (line) => sh('bash', ['-c', line], { cwd: tree, timeout_ms: 120_000 });

test('the page has the files of a tool in SQL and of one in C, and says how to try them', () => {
	assert.deepEqual(Object.keys(files).sort(), ['tests/tools/planasonix/chart_runs.json', 'tests/tools/planasonix/count_pipelines.json',
		'tools/planasonix/chart_runs.c', 'tools/planasonix/chart_runs.json',
		'tools/planasonix/count_pipelines.json', 'tools/planasonix/count_pipelines.sql']);
	assert.deepEqual(commands.map((line) => /make tools|-t$|--reload|run\.mjs/.exec(line)?.[0]), ['make tools', '-t', '--reload', 'run.mjs']);
});

test('every member that the code takes stands in the page and in the manual, and none besides', () => {
	const manual = readFileSync(path.join(ROOT, 'systemd/man/mcp-tool.5'), 'utf8');

	for (const [source, section] of [['fcgi/catalog_file.c', 'catalog.json'], ['fcgi/tool_file.c', 'NAME.json'],
		['fcgi/resource_file.c', 'resources.json'], ['fcgi/prompt_file.c', 'prompts.json']]) {
		const code = readFileSync(path.join(ROOT, source), 'utf8');
		/* the tables of members, and the rows that two of them share as a macro */
		const tables = [...code.matchAll(/(?:(?:^}|\bstruct offer_member) (?:template_)?members\[\] = \{|^#define \w+ \\)\n((?:\t.*\n)*)/gm)]
			.map(([, table]) => table).join('');
		const taken = [...new Set([...tables.matchAll(/^\t\{ "(\w+)"/gm)].map(([, name]) => name))].sort();
		const [, said] = new RegExp(`^## ${section.replace('.', '\\.')}\\n([^]*?)(?=^## )`, 'm').exec(PAGE);
		const [, shown] = new RegExp(`^\\.SH ${section.toUpperCase().replace('.', '\\.')}\\n([^]*?)(?=^\\.SH )`, 'm').exec(manual);

		assert.ok(taken.length > 10);
		assert.deepEqual([...said.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names]) => names.match(/\w+/g)).sort(), taken);
		assert.deepEqual([...shown.matchAll(/^\.BR? (\w+(?: ", " \w+)*)/gm)].flatMap(([, names]) => names.match(/\w+/g)).sort(), taken);
	}
});

/* ---- as it says --------------------------------------------------------------------------------- */

async function obey(line) {
	const { status, out, err } = await in_tree(line);

	assert.equal(status, 0, `${line}\n${out}${err}`);
	return out;
}

test('as the page says: written, built, checked, served, its stories played', async () => {
	for (const [name, text] of Object.entries(files))
		writeFileSync(at(name), text);
	for (const line of commands)
		if (line.includes('run.mjs'))
			assert.match(await obey(line), /^ok \d+ - planasonix chart_runs: draws a bar/m);
		else
			await obey(line);
}, { timeout_ms: 180_000 });

async function with_client(fn) {
	const client = new Client({ name: 'mcp-fpm-tests', version: '1' });

	await client.connect(new StreamableHTTPClientTransport(new URL(stack.http_endpoint_url),
		{ requestInit: { headers: bearer(stack.key('bench')) } }));
	try {
		return await fn(client);
	} finally {
		await client.close();
	}
}

/* The client itself holds the answers against the outputSchemas that it listed. */
const both_serve = () => with_client(async (client) => {
	const { tools } = await client.listTools();
	assert.deepEqual(TOOLS.filter((name) => !tools.some((tool) => tool.name === name)), []);

	const counted = await client.callTool({ name: 'count_pipelines', arguments: {} });
	const { rows: [{ n }] } = await db.query('select count(*)::int as n from planasonix.pipeline where tenant_id = $1 and deleted_at is null',
		[stack.tenant('bench').id]);
	assert.equal(counted.structuredContent.statuses.reduce((sum, { pipelines }) => sum + pipelines, 0), n);

	const chart = await client.callTool({ name: 'chart_runs', arguments: { pipeline_id: pipeline } });
	assert.match(chart.structuredContent.bars, /^[▁▂▃▄▅▆▇█]{1,40}$/);
});

test('the official client lists and calls both', both_serve);

/* ---- a catalog of its own ----------------------------------------------------------------------- */

/* The one block of this language in "A catalog of your own, in the database", as lines without comments. */
function own_block(language) {
	const [, section] = /^## A catalog of your own, in the database\n([^]*?)(?=^## )/m.exec(PAGE);
	const [, block] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(section);

	return block.split('\n').map((line) => line.replace(/\s+#.*$/, '')).filter(Boolean);
}

/* The location goes where the page says; the stack's nginx has a mcp.site of its own. */
async function serve_location(lines) {
	appendFileSync(path.join(stack.dir, 'nginx/mcp.site'), lines.join('\n'));
	await stack.ctl('stop', 'nginx');
	await stack.ctl('start', 'nginx');
}

test('as the page says: a catalog of its own, migrated, proven, with a tenant and a key, and called', async () => {
	for (const [name, text] of Object.entries(example_files('mine'))) {
		mkdirSync(path.dirname(at(name)), { recursive: true });
		writeFileSync(at(name), text);
	}
	const [migrate, check, ...others] = own_block('sh');
	await obey(migrate);
	assert.match(await obey(check), /^catalog mine: 1 tool, isolation is proven$/m);
	const said = [];
	for (const line of others)
		said.push(await obey(line));
	const [, key] = /^secret +(mine_\w+)$/m.exec(said.at(-1));
	await serve_location(own_block('nginx'));

	const add = async (text) => (await stack.call(key, 'add_note', { text }, { path: '/mine/mcp' })).json.result;
	const { text } = JSON.parse((await add('remember')).content[0].text);
	assert.equal(text, 'remember');
	const { rows } = await db.query('select n.text, t.slug from mine.note n join mcp.tenant t on t.id = n.tenant_id');
	assert.deepEqual(rows, [{ text: 'remember', slug: 'acme' }]);
	const refused = await add('x'.repeat(1001));
	assert.deepEqual([refused.isError, refused.content[0].text], [true, 'A note has 1 to 1000 characters.']);
}, { timeout_ms: 180_000 });

/* With its errors as objects a catalog says in a word what is wrong: the same word whichever way the call went. */
test('what is not there is NOT_FOUND, with an idempotency key and without, and whether or not the user was to be asked', async () => {
	const file = 'tools/planasonix/catalog.json', pipeline_id = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
	const text = async (name, args, meta) =>
		(await stack.call(stack.key('bench'), name, { pipeline_id, ...args }, { meta })).json.result.content[0].text;
	const error = async (...of) => {
		const { code, status, message } = JSON.parse(await text(...of)).error;
		return [code, status, message];
	};

	writeFileSync(at(file), original(file).replace('"errors": "text"', '"errors": "status"'));
	try {
		await obey(RELOAD);
		await until('errors are objects', async () => (await text('get_pipeline')).startsWith('{'));
		for (const [name, args, meta] of [['get_pipeline'], ['trigger_pipeline'], ['trigger_pipeline', { idempotency_key: 'nobody' }],
			['delete_pipeline', {}, { [`${NS}clientCapabilities`]: { elicitation: {} } }]])
			assert.deepEqual(await error(name, args, meta), ['NOT_FOUND', 404, 'pipeline not found'], name);
	} finally {
		writeFileSync(at(file), original(file));
		await obey(RELOAD);
	}
});

/* ---- mistakes ----------------------------------------------------------------------------------- */

/* A file of the page with one change. */
function changed(file, from, to) {
	const text = original(file);

	assert.ok(text.includes(from), `${file} has ${from}`);
	return { [file]: text.replace(from, to) };
}

/*
 * breaks: gives { file: text } to write; run: a command behind it; sql and mend: for the database.
 * says: what -t must say, all in one line.
 */
function mistake(name, breaks, says, { run: line, sql, mend } = {}) {
	test(`refused: ${name}`, async () => {
		const wrong = breaks();

		try {
			for (const [file, text] of Object.entries(wrong))
				writeFileSync(at(file), text);
			if (line)
				await obey(line);
			if (sql)
				await db.query(sql);
			for (const command of [CHECK, RELOAD]) {
				const { status, out, err } = await in_tree(command);
				assert.equal(status, 1, out + err);
				const lines = err.trimEnd().split('\n');
				if (lines.length > 1)		/* PostgreSQL was asked, and there may be several findings */
					assert.match(lines.at(-1), /what stands above must be mended first; nothing was changed$/);
				assert.ok(lines.some((row) => says.every((part) => row.includes(part))),
					`${command}: ${says.join(' ... ')}\nis not in\n${err}`);
			}
			await both_serve();
		} finally {
			for (const file of Object.keys(wrong))
				writeFileSync(at(file), original(file));
			if (line)
				await obey(`touch tools/planasonix/chart_runs.c && ${BUILD}`);
			if (mend)
				await db.query(mend);
		}
		assert.equal((await in_tree(CHECK)).status, 0, 'mended');
	}, { timeout_ms: 120_000 });
}

const COUNT = 'tools/planasonix/count_pipelines';
const CHART = 'tools/planasonix/chart_runs';

mistake('a wrong member', () => changed(`${COUNT}.json`, '"writes": false', '"writes": false, "cache": 60'),
	['count_pipelines.json: ', 'unknown member "cache"']);
mistake('a member of a wrong type', () => changed(`${COUNT}.json`, '"writes": false', '"writes": false, "timeout_ms": "5s"'),
	['count_pipelines.json: ', 'timeout_ms', 'expected an integer']);
mistake('a member beyond its bounds', () => changed(`${COUNT}.json`, '"writes": false', '"writes": false, "rows_max": 0'),
	['count_pipelines.json: ', 'rows_max', 'expected 1 to 100000']);
mistake('a wrong member of catalog.json', () => changed('tools/planasonix/catalog.json', '"batches"', '"batch"'),
	['catalog.json: ', 'batch: unknown member']);
mistake('an unknown schema keyword', () => changed(`${COUNT}.json`, '"maxLength": 200', '"maxLen": 200'),
	['count_pipelines.json: ', 'inputSchema: name_begins', 'unknown keyword "maxLen"']);
mistake('a column that does not fit the outputSchema', () => changed(`${COUNT}.json`, '"pipelines": { "type": "integer" }', '"pipelines": { "type": "string" }'),
	['count_pipelines.json: ', 'the column pipelines is a number', 'outputSchema']);
mistake('a column that the outputSchema lacks', () => changed(`${COUNT}.sql`, 'as pipelines', 'as many'),
	['count_pipelines.json: ', 'the column many', 'outputSchema does not have']);
mistake('an argument that the inputSchema lacks', () => changed(`${COUNT}.sql`, "$1->>'name_begins'", "$1->>'name_start'"),
	['count_pipelines.json: ', 'the argument name_start', 'inputSchema']);
mistake('SQL that PostgreSQL refuses', () => changed(`${COUNT}.sql`, 'p.deleted_at', 'p.removed_at'),
	['count_pipelines.json: ', 'PostgreSQL refuses the statement', 'removed_at']);
mistake('a table whose row security is not forced', () => ({}), ['planasonix.note', 'force'], {
	sql: `create table planasonix.note (tenant_id uuid not null default mcp.tenant(), id uuid not null, primary key (tenant_id, id));
		alter table planasonix.note enable row level security;
		create policy tenant on planasonix.note to planasonix_tenant using (tenant_id = mcp.tenant()) with check (tenant_id = mcp.tenant());
		grant select on planasonix.note to planasonix_tenant`,
	mend: 'drop table planasonix.note',
});
mistake('a C function that is not there', () => changed(`${CHART}.json`, '"c": "chart_runs"', '"c": "chart"'),
	['chart_runs.json: ', 'c: ', 'no function tool_chart']);
mistake('no version in tools.so', () => changed(`${CHART}.c`, 'TOOLKIT;', ''),
	['tools.so: ', 'TOOLKIT;'], { run: BUILD });
mistake('a tools.so of another version of toolkit.h', () => changed('fcgi/toolkit.h', /#define TOOLKIT_VERSION \d+/.exec(original('fcgi/toolkit.h'))[0],
	'#define TOOLKIT_VERSION 999'), ['tools.so: ', 'version 999'], { run: BUILD });

await run();
