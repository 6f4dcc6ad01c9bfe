/*
 * tools: a copy of the shipped tools with a few more that only tests want.
 *
 * nap sleeps in PostgreSQL, nap_and_pause writes and then sleeps, rare may be called five times a
 * minute.  They are ordinary tool files; the server does not know that it is being tested.
 * example_files() are the two tools that tools/README.md shows, one of them in C; or the files of
 * the catalog that it makes.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './stack.mjs';

const seconds = { type: 'number', minimum: 0, maximum: 30, description: 'How long to sleep.' };
const pipeline_id = { type: 'string', description: 'Id of a pipeline.' };
const shape = (properties, required = Object.keys(properties)) =>
	({ type: 'object', properties, required, additionalProperties: false });

const EXTRA = {
	nap: {
		json: {
			title: 'Nap', description: 'Sleeps in the database.', inputSchema: shape({ seconds }),
				outputSchema: shape({ slept: { type: 'string' } }),
			scope: 'pipelines:read', writes: false, timeout_ms: 5000, result: { row: true },
		},
		sql: "select 'well' as slept from pg_sleep(($1->>'seconds')::float8)\n",
	},
	nap_and_pause: {
		json: {
			title: 'Nap and pause', description: 'Pauses a pipeline, then sleeps in the same statement.',
			inputSchema: shape({ seconds, pipeline_id }), outputSchema: shape({ message: { type: 'string' } }),
			scope: 'pipelines:write', writes: true, timeout_ms: 5000, result: { done: 'Pipeline {pipeline_id} paused.' },
				none: 'pipeline not found',
		},
		sql: "with done as (update pipeline set status = 'paused', updated_at = now() where id = mcp.uuid($1->>'pipeline_id') returning id)\n"
			+ "select id from done cross join lateral (select pg_sleep(($1->>'seconds')::float8)) as slept\n",
	},
	rare: {
		json: {
			title: 'Rare', description: 'May be called five times a minute.', inputSchema: shape({}),
				outputSchema: shape({ fine: { type: 'boolean' } }),
			scope: 'pipelines:read', writes: false, timeout_ms: 1000, limit: 5, result: { row: true },
		},
		sql: 'select true as fine\n',
	},
};

/* The blocks of tools/README.md that say which file of this catalog they are: { path: text }. */
export function example_files(catalog = 'planasonix') {
	const page = readFileSync(path.join(ROOT, 'tools/README.md'), 'utf8');
	const blocks = [...page.matchAll(/^File: (\S+)\n```\w+\n([^]*?)^```$/gm)];

	return Object.fromEntries(blocks.filter(([, name]) => path.basename(path.dirname(name)) === catalog).map(([, name, text]) => [name, text]));
}

/* Makes the folder: { settings for private_stack(), remove() }. */
export function more_tools(names = Object.keys(EXTRA)) {
	const folder = mkdtempSync(path.join(tmpdir(), 'mcp-tools-'));

	cpSync(path.join(ROOT, 'tools'), folder, { recursive: true });
	for (const name of names) {
		writeFileSync(path.join(folder, 'planasonix', `${name}.json`), JSON.stringify(EXTRA[name].json, null, '\t'));
		writeFileSync(path.join(folder, 'planasonix', `${name}.sql`), EXTRA[name].sql);
	}
	return {
		folder,
		settings: { MCP_TOOLS: folder, MCP_SQL: path.join(ROOT, 'sql') },
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
