/*
 * run [TOOL...]: plays the stories of every tool, resource and prompt, or of these tools, over plain
 * HTTP in both eras, and prints TAP.  Those of resources and prompts are offers.mjs's, and called "offers".
 *
 * tests/tools/<catalog>/NAME.json is an array of stories.  A story:
 *
 *	name		what it tells, as a sentence
 *	tenant		who calls; "bench", whom no limit stops, when it is not said
 *	key		"full" (usual), "read", ...: of stack.json; or instead
 *	scopes		a key with just these is made for the story
 *	let		{ variable: SQL }: its first value; stands wherever the story says {variable}
 *	arguments	of the call
 *	expect		result	members that structuredContent must have, as deep as they are given
 *			row	SQL: structuredContent as a whole equals its one row
 *			lists	{ member: SQL }: a list of objects, equal to these rows
 *			pages	{ member: SQL }: the same, over all pages, by next_cursor
 *			error	the sentence of a tool error
 *			code	of a JSON-RPC error
 *	then		[[SQL, value]]: what the database must say after the call
 *	after		[SQL]: takes back what let and the call have done
 *
 * {tenant} and {foreign} are the ids of the calling tenant and of one it must not see.  SQL runs as
 * the owner of all rows, in one session that has run tests/tools/<catalog>/fixtures.sql first.
 *
 * Each answer is held against the tool's outputSchema, and its text against its structure.  What a
 * tool's stories must cover follows from its file: see holes().
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { ROOT, shared_stack } from '../e2e/lib/stack.mjs';
import { clip, legacy, modern } from '../e2e/lib/mcp.mjs';
import { tell_offers } from './offers.mjs';

const PAGES_MAX = 1000;
const NOT_TOOLS = ['catalog.json', 'resources.json', 'prompts.json'];
const NOT_STORIES = ['fixtures.sql', 'resources.json', 'prompts.json'];
const FACE = ['title', 'description', 'inputSchema', 'outputSchema', 'icons'];	/* goes out as it stands in the file */
const SHOWN = [...FACE, 'name', 'annotations', '_meta'];
const NO_WRITE = 'Insufficient permissions. This API key may only read.';
const wanted = process.argv.slice(2);
const no_scope = ({ scope }) => `Insufficient permissions. This API key does not have the '${scope}' scope.`;
const eras = { modern, legacy };
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true });

let stack, owner;

before(async () => {
	stack = shared_stack();
	owner = await stack.db();
	await owner.query("set timezone = 'UTC'");
	for (const catalog of folders('tools'))
		if (existsSync(fixtures(catalog)))
			await owner.query(readFileSync(fixtures(catalog), 'utf8'));
});
after(() => stack?.down());

const read_json = (...words) => JSON.parse(readFileSync(path.join(ROOT, ...words), 'utf8'));
const fixtures = (catalog) => path.join(ROOT, 'tests/tools', catalog, 'fixtures.sql');
const folders = (...words) => readdirSync(path.join(ROOT, ...words), { withFileTypes: true })
	.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();

for (const catalog of folders('tools'))
	tell_catalog(catalog);
await run();

function tell_catalog(catalog) {
	const tools = Object.fromEntries(readdirSync(path.join(ROOT, 'tools', catalog))
		.filter((name) => name.endsWith('.json') && !name.endsWith('.answer.json') && !NOT_TOOLS.includes(name))
		.map((name) => [name.slice(0, -5), read_json('tools', catalog, name)]));

	for (const [name, tool] of Object.entries(tools)) {
		if (wanted.length > 0 && !wanted.includes(name))
			continue;
		const file = `tests/tools/${catalog}/${name}.json`;
		const stories = existsSync(path.join(ROOT, file)) ? read_json(file) : [];
		const context = { catalog, name, tool, fits: tool.outputSchema && ajv.compile(tool.outputSchema) };

		test(`${catalog} ${name}: its stories cover it`, () => assert.deepEqual(holes(tool, stories), []));
		for (const story of stories)
			for (const era of Object.keys(eras))
				test(`${catalog} ${name}: ${story.name} (${era})`, () => play(context, story, era));
	}
	if (wanted.length === 0 || wanted.includes('offers'))
		tell_offers(catalog, { stack: () => stack, with_story, with_key, fill, list });
	if (wanted.length > 0)
		return;
	tell_lists(catalog, tools);
	test(`${catalog}: stories are of tools that exist`, () => assert.deepEqual(
		readdirSync(path.join(ROOT, 'tests/tools', catalog)).filter((file) =>
			!NOT_STORIES.includes(file) && !(file.slice(0, -5) in tools)), []));
}

/* ---- what stories must cover -------------------------------------------------------------------- */

/* What no story tells, as sentences. */
function holes(tool, stories) {
	const missing = [];
	const need = (what, told) => stories.some((story) => told(story, story.expect)) || missing.push(`no story: ${what}`);
	const properties = tool.inputSchema.properties ?? {};

	need('success', (story, { error, code }) => !error && code === undefined);
	need('without the scope', (story, { error }) => story.scopes && !story.scopes.includes(tool.scope) && error === no_scope(tool));
	if (tool.writes)
		need('with a key that may only read', (story, { error }) => story.key === 'read' && error === NO_WRITE);
	if (tool.none)
		need(`"${tool.none}"`, (story, { error }) => error === tool.none);
	if (tool.result?.page)
		need('through all pages', (story, { pages }) => pages);
	if (tool.inputSchema.additionalProperties === false)
		need('an argument that is not known', (story, { error }) => error && names(story).some((name) => !(name in properties)));
	for (const name of Object.keys(properties)) {
		need(`a bad ${name}`, (story, { error }) => error?.startsWith(`${name} must `) && name in story.arguments);
		if (name.endsWith('_id'))
			need(`${name} of another tenant`, (story, { error }) => error && /\{foreign\}/.test(source(story, name)));
	}
	for (const name of tool.inputSchema.required ?? [])
		need(`without ${name}`, (story, { error }) => error === `${name} is required` && !(name in (story.arguments ?? {})));
	return missing;
}

function names(story) {
	return Object.keys(story.arguments ?? {});
}

/* The SQL that an argument's value comes from. */
function source(story, name) {
	const variable = /^\{(\w+)\}$/.exec(story.arguments?.[name])?.[1];

	return story.let?.[variable] ?? '';
}

/* ---- a story ------------------------------------------------------------------------------------ */

/* Runs fn with what the story is told with, and clears up behind it. */
async function with_story(context, fn) {
	const { story } = context;
	const told = { ...context, variables: variables_of(context, story) };

	try {
		for (const [name, sql] of Object.entries(story.let ?? {}))
			told.variables[name] = await value(told, sql, `let ${name}`);
		await fn(told);
	} finally {
		for (const sql of story.after ?? [])
			await owner.query(fill(told, sql));
	}
}

function play(context, story, era) {
	return with_story({ ...context, story, era }, async (told) => {
		await with_key(told, (key) => story.expect.pages ? turn_pages(told, key) : one_call(told, key));
		for (const [sql, wanted] of story.then ?? [])
			assert.deepEqual(await value(told, sql, 'then'), fill(told, wanted), fill(told, sql));
	});
}

function variables_of({ catalog }, { tenant = 'bench' }) {
	const { tenants } = stack.say.catalogs[catalog];

	return { tenant: tenants[tenant].id, foreign: tenants[tenant === 'globex' ? 'acme' : 'globex'].id };
}

async function with_key({ catalog, story: { tenant = 'bench', key = 'full', scopes } }, fn) {
	if (!scopes)
		return fn(stack.say.catalogs[catalog].tenants[tenant].keys[key]);

	const made = await stack.mcpctl('key', 'create', '--catalog', catalog, '--tenant', tenant, '--name', 'story',
		...scopes.flatMap((scope) => ['--scope', scope]));
	try {
		return await fn(made.secret);
	} finally {
		await stack.mcpctl('key', 'revoke', made.id);
	}
}

async function one_call(told, key) {
	const answer = await call(told, key, fill(told, told.story.arguments ?? {}));

	try {
		await check(told, answer);
	} catch (trouble) {
		throw new assert.AssertionError({ message: `${trouble.message}\nanswer: ${answer.status} ${clip(answer.text)}` });
	}
}

function call({ catalog, name, era }, key, args) {
	return stack.post_in_session(eras[era]('tools/call', { name, arguments: args }),
		{ key, path: stack.say.catalogs[catalog].endpoint });
}

async function check(told, answer) {
	const { result: some, row, lists, error, code } = told.story.expect;

	assert.equal(answer.status, 200);
	if (code !== undefined)
		return assert.equal(answer.json.error?.code, code);
	const result = result_of(told, answer);
	if (error !== undefined)
		return check_refusal(result, fill(told, error));
	check_result(told, result);
	if (some)
		assert_has(result.structuredContent, fill(told, some), 'structuredContent');
	if (row)
		assert.deepEqual([result.structuredContent], await list(told, row));
	for (const [name, sql] of Object.entries(lists ?? {}))
		assert.deepEqual(result.structuredContent[name], await list(told, sql), name);
}

function result_of({ era }, answer) {
	assert.equal(answer.json?.error, undefined);
	assert.equal(answer.json.result.resultType, era === 'modern' ? 'complete' : undefined, 'resultType');
	assert.equal(answer.json.result.content.length, 1, 'one block of content');
	assert.equal(answer.json.result.content[0].type, 'text');
	return answer.json.result;
}

function check_refusal({ isError, content, structuredContent }, sentence) {
	assert.equal(content[0].text, sentence);
	assert.equal(isError, true, 'isError');
	assert.equal(structuredContent, undefined);
}

function check_result({ tool, fits }, { isError, content, structuredContent }) {
	assert.ok(!isError, 'isError');
	assert.ok(!fits || fits(structuredContent), `outputSchema: ${ajv.errorsText(fits?.errors)}`);
	if (tool.result?.done)
		return assert.equal(content[0].text, structuredContent.message);
	assert.deepEqual(JSON.parse(content[0].text), structuredContent, 'text and structure say the same');
	if (tool.result?.rows)
		assert.equal(structuredContent.count, structuredContent[tool.result.rows].length, 'count');
}

/* Every member of wanted is in got, with that value; lists and plain values are equal. */
function assert_has(got, wanted, where) {
	if (wanted === null || typeof wanted !== 'object' || Array.isArray(wanted))
		return assert.deepEqual(got, wanted, where);
	for (const [name, inner] of Object.entries(wanted))
		assert_has(got?.[name], inner, `${where}.${name}`);
}

async function turn_pages(told, key) {
	const [[member, sql]] = Object.entries(told.story.expect.pages);
	const args = fill(told, told.story.arguments ?? {});
	const size = args.limit ?? told.tool.inputSchema.properties.limit.default;
	const seen = [];

	for (let cursor, pages = 1; pages <= PAGES_MAX; pages++) {
		const result = result_of(told, await call(told, key, { ...args, ...(cursor ? { cursor } : {}) }));

		check_result(told, result);
		seen.push(...result.structuredContent[member]);
		cursor = result.structuredContent.next_cursor;
		if (!cursor)
			return assert.deepEqual(seen, await list(told, sql));
		assert.equal(result.structuredContent.count, size, 'a page that is not the last is full');
	}
	assert.fail(`no end after ${PAGES_MAX} pages`);
}

/* ---- variables and SQL -------------------------------------------------------------------------- */

function fill(told, thing) {
	if (typeof thing === 'string')
		return thing.replace(/\{(\w+)\}/g, (text, name) => told.variables[name] ?? text);
	if (Array.isArray(thing))
		return thing.map((inner) => fill(told, inner));
	if (thing && typeof thing === 'object')
		return Object.fromEntries(Object.entries(thing).map(([name, inner]) => [name, fill(told, inner)]));
	return thing;
}

async function value(told, sql, what) {
	const { rows } = await owner.query({ text: fill(told, sql), rowMode: 'array' });

	assert.ok(rows.length > 0, `${what}: no row came of ${fill(told, sql)}`);
	return rows[0][0];
}

/* Rows as the objects an answer should hold. */
async function list(told, sql) {
	const { rows } = await owner.query(`select to_jsonb(story) from (${fill(told, sql)}) story`);

	return rows.map(({ to_jsonb }) => to_jsonb);
}

/* ---- lists -------------------------------------------------------------------------------------- */

function tell_lists(catalog, tools) {
	const all = Object.keys(tools).sort();
	const ask = (era, key) => listed(catalog, era, key);

	for (const era of Object.keys(eras)) {
		test(`${catalog}: tools/list shows each tool as its file has it (${era})`, async () => {
			const seen = await ask(era, { key: 'full' });

			assert.deepEqual(seen.map(({ name }) => name), all);
			for (const tool of seen)
				check_face(tool, tools[tool.name]);
		});
		test(`${catalog}: a key that may only read is shown no tool that writes (${era})`, async () => {
			assert.deepEqual((await ask(era, { key: 'read' })).map(({ name }) => name), all.filter((name) => !tools[name].writes));
		});
	}
	for (const scope of new Set(all.map((name) => tools[name].scope).filter(Boolean))) {
		test(`${catalog}: a key with scope ${scope} is shown the tools of that scope`, async () => {
			assert.deepEqual((await ask('modern', { scopes: [scope] })).map(({ name }) => name),
				all.filter((name) => !tools[name].scope || tools[name].scope === scope));
		});
	}
}

async function listed(catalog, era, story) {
	return with_key({ catalog, story }, async (key) => {
		const tools = [];

		for (let cursor; ;) {
			const answer = await stack.post_in_session(eras[era]('tools/list', cursor ? { cursor } : {}),
				{ key, path: stack.say.catalogs[catalog].endpoint });
			assert.equal(answer.status, 200, clip(answer.text));
			tools.push(...answer.json.result.tools);
			cursor = answer.json.result.nextCursor;
			if (!cursor)
				return tools;
		}
	});
}

function check_face(seen, file) {
	for (const member of FACE)
		assert.deepEqual(seen[member], file[member], `${seen.name}.${member}`);
	assert.deepEqual(seen.annotations, { ...file.annotations, readOnlyHint: !file.writes });
	assert.deepEqual(Object.keys(seen).filter((member) => !SHOWN.includes(member)), [], `${seen.name}: members that should stay here`);
}
