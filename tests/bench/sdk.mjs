/*
 * sdk: the same tools on the official TypeScript SDK, as a careful user would serve them.
 *
 * createMcpHandler (stateless, a server object per request, as its documentation has it) on plain
 * node:http, a pg pool with prepared statements, and one process per CPU, because one node process
 * uses one.  Only list_pipelines is ever called; the other tools are there so that tools/list has as
 * much to say.
 *
 * Environment: SDK_PORT, SDK_PROCESSES, BENCH_QUERY; PGHOST, PGPORT, PGUSER, PGDATABASE for pg.
 */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import pg from 'pg';
import * as z from 'zod';

const env = process.env;
const pool = new pg.Pool({ application_name: 'bench-sdk' });

const listPipelines = async ({ limit }) => {
	const { rows } = await pool.query({ name: 'list_pipelines', text: env.BENCH_QUERY, values: [limit] });
	const structuredContent = { pipelines: rows, count: rows.length };

	return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
};

const notMeasured = async () => ({ content: [{ type: 'text', text: 'Not part of the benchmark.' }], isError: true });

const oneId = z.object({ pipeline_id: z.string().describe('Id of the pipeline.') });

const tools = {
	list_pipelines: [{
		title: 'List pipelines',
		description: 'Lists the pipelines of your organisation, by name.',
		inputSchema: z.object({
			limit: z.number().int().min(1).max(100).default(20).describe('How many pipelines to return.'),
		}),
		annotations: { readOnlyHint: true },
	}, listPipelines],
	get_pipeline: [{
		title: 'Get a pipeline',
		description: 'Shows one pipeline.',
		inputSchema: oneId,
		annotations: { readOnlyHint: true },
	}, notMeasured],
	get_run_history: [{
		title: 'Run history',
		description: 'Lists the latest runs of a pipeline, newest first.',
		inputSchema: oneId.extend({
			limit: z.number().int().default(10).describe('How many runs to return.'),
		}),
		annotations: { readOnlyHint: true },
	}, notMeasured],
	pause_pipeline: [{
		title: 'Pause a pipeline',
		description: 'Pauses a pipeline: its schedule starts no more runs.',
		inputSchema: oneId,
		annotations: { idempotentHint: true },
	}, notMeasured],
	resume_pipeline: [{
		title: 'Resume a pipeline',
		description: 'Lets a paused pipeline run on its schedule again.',
		inputSchema: oneId,
		annotations: { idempotentHint: true },
	}, notMeasured],
};

const makeServer = () => {
	const server = new McpServer({ name: 'bench-sdk', version: '1.0.0' });

	for (const [name, [face, handler]] of Object.entries(tools))
		server.registerTool(name, face, handler);
	return server;
};

if (cluster.isPrimary) {
	for (let left = Number(env.SDK_PROCESSES); left > 0; left--)
		cluster.fork();
	process.on('SIGTERM', () => process.exit(0));	/* the workers see the channel close, and end */
} else {
	createServer(toNodeHandler(createMcpHandler(makeServer))).listen(Number(env.SDK_PORT), '127.0.0.1');
}
