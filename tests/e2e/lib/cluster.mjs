/*
 * cluster: a private PostgreSQL with our roles in it, and mcpctl to fill it; no server, no Redis.
 *
 * Made by tests/stack/postgres, as a stack's is.  Its folder is RUN_DIR-name.
 */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { ROOT, libpq_words, must, sh } from './stack.mjs';

export class Cluster {
	constructor(name) {
		this.dir = path.resolve(ROOT, `${process.env.RUN_DIR ?? 'build/private'}-${name}`);
		this.clients = [];
	}

	async start() {
		rmSync(this.dir, { recursive: true, force: true });
		for (const name of ['log', 'pid'])
			mkdirSync(path.join(this.dir, name), { recursive: true });
		this.place = mkdtempSync('/tmp/mcp.');
		chmodSync(this.place, 0o711);
		writeFileSync(path.join(this.dir, 'place'), `${this.place}\n`);
		await this.postgres('make');
		this.tools = path.join(ROOT, 'tools');
		this.env = {
			MCP_PG: await this.conninfo('mcp_worker'),
			MCP_PG_ADMIN: await this.conninfo('mcp_admin'),
			MCP_TOOLS: this.tools,
		};
	}

	async stop() {
		await Promise.all(this.clients.splice(0).map((client) => client.end().catch(() => {})));
		if (!this.place)
			return;
		await this.postgres('stop');
		for (const dir of [this.place, this.dir])
			rmSync(dir, { recursive: true, force: true });
	}

	/* make, start, stop, conninfo LOGIN */
	postgres(...words) {
		return must(path.join(ROOT, 'tests/stack/postgres'), words, { env: { RUN_DIR: this.dir }, timeout_ms: 120_000 });
	}

	async conninfo(login) {
		return (await this.postgres('conninfo', login)).trim();
	}

	/* A new connection of a login: postgres is the superuser. */
	async connect(login) {
		const client = new pg.Client(libpq_words(await this.conninfo(login)));

		client.on('error', () => {});
		await client.connect();
		this.clients.push(client);
		return client;
	}

	/* mcpctl with these words: { status, out, err }. */
	ctl(words, { env = {}, ...options } = {}) {
		return sh(process.env.MCPCTL ?? path.join(ROOT, 'build/mcpctl'), words, { env: { ...this.env, ...env }, ...options });
	}

	/* The same with --json: the value it printed; throws unless it did. */
	async json(...words) {
		const { status, out, err } = await this.ctl([...words, '--json']);

		if (status !== 0)
			throw new Error(`mcpctl ${words.join(' ')}: ${status}\n${out}${err}`);
		return JSON.parse(out);
	}

	/* A copy of a folder of the tree to be changed; gone with the cluster. */
	copy(of) {
		const to = mkdtempSync(path.join(this.dir, 'copy.'));

		cpSync(path.join(ROOT, of), to, { recursive: true });
		return to;
	}
}
