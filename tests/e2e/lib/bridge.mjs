/*
 * bridge: mcp-stdio as a child process, a line at a time.
 *
 * What an SDK client hides can be seen here: every line on stdout, what stderr said, how and when it
 * ended.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, until } from './stack.mjs';
import { envelope } from './mcp.mjs';

export const MCP_STDIO = process.env.MCP_STDIO ?? path.join(ROOT, 'build/mcp-stdio');

const ENDS_MS = 3_000;

export class Bridge {
	constructor(args, env = {}) {
		this.lines = [];
		this.err = '';
		this.rest = '';
		this.child = spawn(MCP_STDIO, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
		this.pid = this.child.pid;
		this.child.stdin.on('error', () => {});
		this.child.stderr.on('data', (chunk) => { this.err += chunk; });
		this.child.stdout.on('data', (chunk) => this.take(chunk));
		this.ended = new Promise((resolve) => this.child.on('close', (status, signal) => resolve(status ?? signal)));
	}

	/* Anything on stdout that is no JSON is a fault of the bridge. */
	take(chunk) {
		const lines = (this.rest + chunk).split('\n');

		this.rest = lines.pop();
		this.lines.push(...lines.map((line) => JSON.parse(line)));
	}

	write(message) {
		this.child.stdin.write(typeof message === 'string' ? message : `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
	}

	/* The first line that fn finds, as soon as it is there. */
	line(what, fn, timeout_ms = 10_000) {
		return until(what, () => this.lines.find(fn), { timeout_ms, every_ms: 5 })
			.catch((trouble) => { throw new Error(`${trouble.message}\nlines: ${JSON.stringify(this.lines)}\nstderr: ${this.err}`); });
	}

	response(id, timeout_ms) {
		return this.line(`a response to ${JSON.stringify(id)}`, (m) => m.id === id && !m.method, timeout_ms);
	}

	/* A modern request; resolves to its response. */
	async ask(id, method, params = {}, meta = {}) {
		this.write({ id, method, params: { _meta: envelope(meta), ...params } });
		return this.response(id);
	}

	async ask_legacy(id, method, params = {}) {
		this.write({ id, method, params });
		return this.response(id);
	}

	async begin_legacy(capabilities = {}, protocolVersion = '2025-11-25') {
		const answer = await this.ask_legacy(0, 'initialize', { protocolVersion, capabilities, clientInfo: { name: 'tests', version: '1' } });
		this.write({ method: 'notifications/initialized' });
		return answer;
	}

	/* Ends it by closing its input, or with a signal; resolves to { status, ms }. */
	async end(signal) {
		const from = performance.now();

		if (signal)
			this.child.kill(signal);
		else
			this.child.stdin.end();
		const timer = setTimeout(() => this.child.kill('SIGKILL'), ENDS_MS);
		const status = await this.ended;
		clearTimeout(timer);
		return { status, ms: performance.now() - from };
	}

	async end_well(signal) {
		const { status, ms } = await this.end(signal);
		assert.equal(status, 0, this.err);
		assert.ok(ms < 1_500, `it took ${Math.round(ms)} ms to end`);
	}
}
