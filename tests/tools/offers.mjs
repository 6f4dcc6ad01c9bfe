/*
 * offers: the stories of resources, templates and prompts, and of their completions.
 *
 * tests/tools/<catalog>/resources.json and prompts.json hold { NAME: [story, ...] }, NAME being the URI, the
 * template or the prompt's name.  name, tenant, key, scopes, let, after are as a tool's (run.mjs); besides
 *
 *	read		the URI that is read
 *	arguments	of prompts/get
 *	complete	{ argument, value, context }: completion/complete
 *	list		true: all pages of resources/list
 *	expect		json	SQL: what is read, as JSON, equals its one row
 *			has	members of what is read, as deep as they are given
 *			unknown	true: the answer to what is not there, not one word more
 *			text	[texts]: the prompt's text holds each of them
 *			error	the sentence of a -32602
 *			values	SQL: the proposals equal its first column
 *			lists	SQL: what is listed for this template equals its rows
 *
 * What must be told follows from the file: see the two functions of holes.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from '../e2e/lib/tap.mjs';
import { ROOT } from '../e2e/lib/stack.mjs';
import { clip, legacy, modern } from '../e2e/lib/mcp.mjs';

const PAGES_MAX = 1000;
const eras = { modern, legacy };

const read_json = (file) => existsSync(path.join(ROOT, file)) ? JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) : {};

/* tools: what run.mjs has for its own stories: stack, with_story, with_key, fill, list. */
export function tell_offers(catalog, tools) {
	const { resources = [], templates = [] } = read_json(`tools/${catalog}/resources.json`);
	const { prompts = [] } = read_json(`tools/${catalog}/prompts.json`);
	const of_resources = read_json(`tests/tools/${catalog}/resources.json`);
	const of_prompts = read_json(`tests/tools/${catalog}/prompts.json`);

	for (const one of [...resources, ...templates])
		tell(catalog, tools, one.uri ?? one.uriTemplate, one, of_resources, resource_holes);
	for (const one of prompts)
		tell(catalog, tools, one.name, one, of_prompts, prompt_holes);
	test(`${catalog}: stories are of resources and prompts that exist`, () => {
		assert.deepEqual(Object.keys(of_resources).sort(), [...resources, ...templates].map(({ uri, uriTemplate }) => uri ?? uriTemplate).sort());
		assert.deepEqual(Object.keys(of_prompts).sort(), prompts.map(({ name }) => name).sort());
	});
}

function tell(catalog, tools, name, entry, stories, holes) {
	test(`${catalog} ${name}: its stories cover it`, () => assert.deepEqual(holes(entry, stories[name] ?? []), []));
	for (const story of stories[name] ?? [])
		for (const era of Object.keys(eras))
			test(`${catalog} ${name}: ${story.name} (${era})`, () => play({ catalog, name, entry, story, era, tools }));
}

/* ---- what stories must cover -------------------------------------------------------------------- */

const foreign = (story, text) => [...(text ?? '').matchAll(/\{(\w+)\}/g)].some(([, name]) => /\{foreign\}/.test(story.let?.[name] ?? ''));

function needs(stories) {
	const missing = [];

	return [missing, (what, told) => stories.some((story) => told(story, story.expect)) || missing.push(`no story: ${what}`)];
}

function need_completions(names, scope, need) {
	for (const name of names) {
		need(`completes ${name}`, (story, { values }) => story.complete?.argument === name && values);
		need(`completes ${name} without the scope`, (story, { error }) => story.complete?.argument === name && story.scopes && !story.scopes.includes(scope) && error);
	}
}

function resource_holes(entry, stories) {
	const [missing, need] = needs(stories);

	need('is read', (story, { json, has }) => story.read && (json || has));
	if (entry.scope)
		need('without the scope', (story, { unknown }) => story.read && story.scopes && !story.scopes.includes(entry.scope) && unknown);
	if (entry.uriTemplate) {
		need('of another tenant', (story, { unknown }) => unknown && foreign(story, story.read));
		need('that cannot be', (story, { unknown }) => unknown && story.read && !story.let && !story.scopes);
	}
	if (entry.list)
		need('is listed', (story, { lists }) => story.list && lists);
	need_completions(Object.keys(entry.complete ?? {}), entry.scope, need);
	return missing;
}

function prompt_holes(entry, stories) {
	const [missing, need] = needs(stories);

	need('is got', (story, { text }) => text);
	if (entry.scope)
		need('without the scope', (story, { error }) => story.scopes && !story.scopes.includes(entry.scope) && error === `Unknown prompt: ${entry.name}`);
	if (entry.none)
		need(`"${entry.none}"`, (story, { error }) => error === entry.none);
	need('an argument that is not known', (story, { error }) => error?.endsWith('is not an argument of this prompt.'));
	for (const { name, required } of entry.arguments ?? []) {
		need(`a bad ${name}`, (story, { error }) => error === `Invalid params: ${name} must be a string.`);
		if (required)
			need(`without ${name}`, (story, { error }) => error === `Invalid params: ${name} is required.`);
		if (name.endsWith('_id'))
			need(`${name} of another tenant`, (story, { error }) => error === entry.none && foreign(story, story.arguments?.[name]));
	}
	need_completions((entry.arguments ?? []).filter(({ complete }) => complete).map(({ name }) => name), entry.scope, need);
	return missing;
}

/* ---- a story ------------------------------------------------------------------------------------ */

function play(context) {
	const { story, tools } = context;

	return tools.with_story(context, (told) => tools.with_key(told, (key) => {
		const ask = async (method, params) => {
			const answer = await tools.stack().post_in_session(eras[context.era](method, params),
				{ key, path: tools.stack().say.catalogs[context.catalog].endpoint });

			assert.equal(answer.status, 200, clip(answer.text));
			return answer.json;
		};

		if (story.list)
			return play_list(told, ask);
		if (story.complete)
			return play_completion(told, ask);
		return story.read ? play_read(told, ask) : play_get(told, ask);
	}));
}

/* The result, in the form of the era. */
function result_of({ era }, answer, cacheable) {
	assert.equal(answer.error, undefined, JSON.stringify(answer.error));
	assert.equal(answer.result.resultType, era === 'modern' ? 'complete' : undefined, 'resultType');
	assert.equal(answer.result.cacheScope, era === 'modern' && cacheable ? 'private' : undefined, 'cacheScope');
	return answer.result;
}

function check_error(answer, sentence) {
	assert.equal(answer.result, undefined);
	assert.equal(answer.error.code, -32602);
	assert.equal(answer.error.message, sentence);
}

async function play_read(told, ask) {
	const { entry, era, story, tools } = told;
	const uri = tools.fill(told, story.read);
	const answer = await ask('resources/read', { uri });

	if (story.expect.unknown)
		return assert.deepEqual(answer.error, { code: era === 'modern' ? -32602 : -32002, message: 'Resource not found', data: { uri } });
	const { contents } = result_of(told, answer, true);
	assert.equal(contents.length, 1);
	assert.deepEqual([contents[0].uri, contents[0].mimeType], [uri, entry.mimeType]);
	const seen = JSON.parse(contents[0].text);
	for (const [name, wanted] of Object.entries(tools.fill(told, story.expect.has ?? {})))
		assert.deepEqual(seen[name], wanted, name);
	if (story.expect.json)
		assert.deepEqual([seen], await tools.list(told, story.expect.json));
}

async function play_get(told, ask) {
	const { entry, name, story, tools } = told;
	const answer = await ask('prompts/get', { name, ...(story.arguments ? { arguments: tools.fill(told, story.arguments) } : {}) });

	if (story.expect.error)
		return check_error(answer, tools.fill(told, story.expect.error));
	const { description, messages } = result_of(told, answer, false);
	const text = messages.map(({ content }) => content.text).join('\n');

	assert.equal(description, entry.description);
	for (const wanted of tools.fill(told, story.expect.text))
		assert.ok(text.includes(wanted), `${wanted}\nis not in\n${text}`);
}

async function play_completion(told, ask) {
	const { entry, name, story, tools } = told;
	const { argument, value, context } = tools.fill(told, story.complete);
	const ref = entry.uriTemplate ? { type: 'ref/resource', uri: name } : { type: 'ref/prompt', name };
	const answer = await ask('completion/complete', { ref, argument: { name: argument, value }, ...(context ? { context: { arguments: context } } : {}) });

	if (story.expect.error)
		return check_error(answer, story.expect.error);
	const wanted = (await tools.list(told, story.expect.values)).map((row) => Object.values(row)[0]);
	const { completion } = result_of(told, answer, false);

	assert.deepEqual(completion.values, wanted.slice(0, 100));
	assert.equal(completion.hasMore, wanted.length > 100);
	assert.equal(completion.total, wanted.length > 100 ? undefined : wanted.length);
}

async function play_list(told, ask) {
	const { name, story, tools } = told;
	const begins = name.slice(0, name.indexOf('{'));
	const seen = [];

	for (let cursor, pages = 1; pages === 1 || cursor; pages++) {
		const page = result_of(told, await ask('resources/list', cursor ? { cursor } : {}), true);

		assert.ok(pages <= PAGES_MAX, 'the list has an end');
		seen.push(...page.resources);
		cursor = page.nextCursor;
	}
	assert.deepEqual(seen.filter(({ uri }) => uri.startsWith(begins)).map(({ uri, name, description }) => ({ uri, name, description })),
		await tools.list(told, story.expect.lists));
	assert.equal(new Set(seen.map(({ uri }) => uri)).size, seen.length, 'nothing is listed twice');
}
