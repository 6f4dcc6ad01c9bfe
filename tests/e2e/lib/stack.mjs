/*
 * stack: a running mcp-fpm with its PostgreSQL, Redis and nginx, as the suites see it.
 *
 * shared_stack() is the one named by STACK (default build/run/stack.json): suites that leave no
 * trace use it.  private_stack() starts one of its own, to be hurt; take it down with down().
 * How the servers are started is tests/stack's affair; everything here goes through make,
 * stack.json, mcpctl and tests/stack/ctl.
 */

import { execFile, spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { diag, has_failed } from './tap.mjs';
import { Pool, exchange, message } from './wire.mjs';
import { open_events } from './events.mjs';
import { Redis } from './resp.mjs';
import { ACCEPT, bearer, initialize, modern, session_header } from './mcp.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const STACK_DIR = path.join(ROOT, 'tests/stack');
const UP_MS = 180_000;
const COMMAND_MS = 60_000;

/* What must not stand in the log of a server, whatever was done to it. */
const FINDINGS = /runtime error:|Sanitizer|stack smashing|double free|corrupted|Assertion/;

/* Set by make soak: the long proofs in full; else each with about a tenth. */
export const SOAK = Boolean(process.env.SOAK);

export { sleep };

/* Runs a program; resolves to { status, out, err }.  Killed after timeout_ms. */
export function sh(program, args, { env = {}, timeout_ms = COMMAND_MS, cwd = ROOT, input } = {}) {
	return new Promise((resolve, refuse) => {
		const child = execFile(program, args,
			{ cwd, env: { ...clean_env(), ...env }, timeout: timeout_ms, maxBuffer: 64 << 20, killSignal: 'SIGKILL' },
			(trouble, out, err) => {
				if (trouble?.killed)
					refuse(new Error(`${program} ${args.join(' ')}: still running after ${timeout_ms} ms\n${out}${err}`));
				else if (trouble && typeof trouble.code !== 'number' && !trouble.signal)
					refuse(trouble);
				else
					resolve({ status: trouble ? trouble.code ?? trouble.signal : 0, out, err });
			});
		child.stdin.on('error', () => {});
		child.stdin.end(input ?? '');
	});
}

/* The same, but anything else than success is an error with what it said. */
export async function must(program, args, options) {
	const { status, out, err } = await sh(program, args, options);
	if (status !== 0)
		throw new Error(`${program} ${args.join(' ')}: ${status}\n${out}${err}`);
	return out;
}

/* What make told its own children must not decide where ours run. */
function clean_env() {
	const ours = /^(MAKE.*|MFLAGS|RUN_DIR|RUN_PORT|SECOND_PORT|STACK|STACK_ENV|SANITIZE|MCP_.*)$/;
	return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/* Waits until fn() gives something true; throws with `what` when it takes too long. */
export async function until(what, fn, { timeout_ms = 20_000, every_ms = 50 } = {}) {
	const stop = performance.now() + timeout_ms;

	for (;;) {
		const got = await fn();
		if (got)
			return got;
		if (performance.now() > stop)
			throw new Error(`waited ${timeout_ms} ms for: ${what}`);
		await sleep(every_ms);
	}
}

export function shared_stack() {
	return new Stack(path.resolve(ROOT, process.env.STACK ?? 'build/run/stack.json'));
}

/*
 * Starts a stack beside the shared one: its folder is RUN_DIR-name, its port a hundred and `offset`
 * above RUN_PORT.  settings: further MCP_ settings for the server; env: what tests/stack/up itself
 * understands (MCP_FPM names another build).
 */
export async function private_stack(name, offset, { settings = {}, env = {} } = {}) {
	const dir = path.resolve(ROOT, `${process.env.RUN_DIR ?? 'build/private'}-${name}`);
	const own = {
		RUN_DIR: dir,
		RUN_PORT: String(Number(process.env.RUN_PORT ?? 9343) + 100 + offset),
		...(process.env.MCP_FPM ? { MCP_FPM: path.resolve(ROOT, process.env.MCP_FPM) } : {}),
		STACK_ENV: Object.entries(settings).map(([word, value]) => `${word}=${value}`).join('\n'),
		...env,
	};

	await must(`${STACK_DIR}/down`, [], { env: own, timeout_ms: UP_MS });	/* of a run that was broken off */
	await must(`${STACK_DIR}/up`, [], { env: own, timeout_ms: UP_MS });
	return new Stack(path.join(dir, 'stack.json'), own);
}

export class Stack {
	constructor(file, own = null) {
		this.own = own;		/* of a private stack: the environment it was started with */
		this.file = file;
		this.dir = path.dirname(file);
		this.clients = [];	/* everything to be closed in the end */
		this.sessions = new Map();
		this.read();
	}

	/* stack.json changes when a server is started again. */
	read() {
		const say = JSON.parse(readFileSync(this.file, 'utf8'));

		Object.assign(this, { say, pids: say.pids, env: say.env, redis_path: say.redis });
		this.ca_file = path.resolve(ROOT, say.ca_file);
		this.ca = readFileSync(this.ca_file);
		this.tls = place(say.base_url, this.ca);
		this.http = place(say.http_url);
		this.endpoint = say.catalogs.planasonix.endpoint;
		this.url = say.base_url + this.endpoint;
		this.http_endpoint_url = say.http_url + this.endpoint;
	}

	tenant(slug) {
		return this.say.catalogs.planasonix.tenants[slug];
	}

	key(slug, kind = 'full') {
		return this.tenant(slug).keys[kind];
	}

	/* A POST (or another method) over a connection of its own; request: { headers, body } as of mcp.mjs. */
	post(request, { key, to = this.http, path: where = this.endpoint, method = 'POST', headers = {}, ...options } = {}) {
		const all = { Host: `${to.host}:${to.port}`, ...(key ? bearer(key) : {}), ...request.headers,
			'Content-Length': Buffer.byteLength(request.body), ...headers };
		const rows = Object.entries(all).filter(([, value]) => value !== undefined && value !== null);

		return exchange(to, message(`${method} ${where} HTTP/1.1`, [...rows, ['Connection', 'close']], request.body), options);
	}

	/*
	 * The id of a session of this key and revision: initialized when first asked for, then the same
	 * until forget_sessions().
	 */
	async session(key, version = '2025-11-25', options = {}) {
		const name = `${key} ${version} ${options.path ?? ''}`;

		if (!this.sessions.get(name))
			this.sessions.set(name, await this.new_session(key, version, options));
		return this.sessions.get(name);
	}

	/* The id of a new one; capabilities: what the client says it can do. */
	async new_session(key, version = '2025-11-25', { capabilities, ...options } = {}) {
		const { status, headers, text } = await this.post(initialize(version, capabilities), { key, ...options });

		if (status !== 200)
			throw new Error(`initialize: ${status}: ${text}`);
		return headers['mcp-session-id'];
	}

	forget_sessions() {
		this.sessions.clear();
	}

	/*
	 * The header that a request of an older revision needs besides, in the session of its key; none for
	 * modern ones and for initialize.  Only 2025-03-26 has batches.
	 */
	async session_for({ headers, body }, key, options = {}) {
		if (headers['Mcp-Method'] || body.includes('"initialize"'))
			return {};
		const id = await this.session(key, body.toString().startsWith('[') ? '2025-03-26' : '2025-11-25', options);
		return id ? session_header(id) : {};
	}

	/* A request as a correct client posts it: in a session, if its era has them. */
	async post_in_session(request, { key, path: where, to, headers = {}, ...options } = {}) {
		const session = await this.session_for(request, key, { path: where, to });

		return this.post(request, { key, path: where, to, headers: { ...session, ...headers }, ...options });
	}

	/* A request whose answer is read as it comes; by itself the stream of a session. */
	async open({ headers = {}, body } = {}, { key, to = this.http, path: where = this.endpoint, method = body ? 'POST' : 'GET' } = {}) {
		const stream = await open_events(to, { method, path: where, body,
			headers: { ...(key ? bearer(key) : {}), Accept: ACCEPT, ...headers } });
		this.clients.push(() => stream.close());
		return stream;
	}

	/* A modern tools/call. */
	call(key, name, args = {}, options = {}) {
		return this.post(modern('tools/call', { name, arguments: args }), { key, ...options });
	}

	pool(sockets, to = this.http) {
		const pool = new Pool(to, sockets);
		this.clients.push(() => pool.close());
		return pool;
	}

	redis() {
		const redis = new Redis(this.redis_path);
		this.clients.push(() => redis.close());
		return redis;
	}

	/* A connected pg client: who is "postgres" (mcp_admin, every row), or "postgres_worker". */
	async db(who = 'postgres', more = {}) {
		const client = new pg.Client({ ...libpq_words(this.say[who] ?? who), connectionTimeoutMillis: 10_000, ...more });

		client.on('error', () => {});
		await client.connect();
		this.clients.push(() => client.end().catch(() => {}));
		return client;
	}

	/* mcpctl with --json: the value it printed. */
	async mcpctl(...args) {
		return JSON.parse(await must(process.env.MCPCTL ?? path.join(ROOT, 'build/mcpctl'), [...args, '--json'],
			{ env: this.env }));
	}

	/* A new key of a tenant; more: further words for mcpctl key create. */
	new_key(tenant, scopes = ['*'], ...more) {
		return this.mcpctl('key', 'create', '--catalog', 'planasonix', '--tenant', tenant, '--name', 'test',
			...scopes.flatMap((scope) => ['--scope', scope]), ...more);
	}

	/* A tenant with a full key of its own: { id, slug, key }. */
	async new_tenant(slug, plan) {
		const { id } = await this.mcpctl('tenant', 'add', '--catalog', 'planasonix', '--slug', slug,
			'--name', `Test ${slug}`, '--plan', plan);
		const { secret } = await this.new_key(slug);

		return { id, slug, key: secret };
	}

	/* Does something to one server: verb stop, start, kill9; what postgres, redis, nginx, fpm. */
	async ctl(verb, what) {
		await must(`${STACK_DIR}/ctl`, [verb, what], { env: { RUN_DIR: this.dir }, timeout_ms: UP_MS });
		this.read();
	}

	/* Starts a second node on the same PostgreSQL and Redis; resolves to where it answers plain HTTP. */
	async second() {
		const say = JSON.parse(await must(`${STACK_DIR}/second`, [], { env: this.own, timeout_ms: UP_MS }));
		return { ...place(say.http_url), master: say.pids.master };
	}

	/* The server's program with this stack's settings and further words; resolves as sh() does. */
	fpm(...words) {
		const program = readFileSync(path.join(this.dir, 'program'), 'utf8').trim();
		return sh(program, ['-e', path.join(this.dir, 'mcp.env'), ...words]);
	}

	/* What a server has logged so far; fpm: the master and its workers. */
	log(server = 'fpm') {
		return readFileSync(path.join(this.dir, `log/${server}.log`), 'utf8');
	}

	/* The answer to one tools/list of a tenant that no limit stops, or the error as { status: 0 }. */
	async probe(key = this.key('bench'), options = {}) {
		try {
			return await this.call(key, 'list_pipelines', { limit: 1 }, { timeout_ms: 5_000, ...options });
		} catch (trouble) {
			return { status: 0, text: String(trouble) };
		}
	}

	/* Serves again: three answers in a row, because not every worker learns it at once. */
	async serving(timeout_ms = 30_000) {
		let good = 0;

		await until('tools/call answered 200 three times in a row', async () => {
			good = (await this.probe()).status === 200 ? good + 1 : 0;
			return good >= 3;
		}, { timeout_ms });
	}

	/* A setting as the server's file has it. */
	setting(name) {
		return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(this.settings_file(), 'utf8'))?.[1];
	}

	settings_file() {
		return path.join(this.dir, 'mcp.env');
	}

	/* Other settings in the server's file; it does not know of them yet. */
	write_settings(settings) {
		const names = Object.keys(settings);
		const kept = readFileSync(this.settings_file(),
			'utf8').split('\n').filter((line) => line && !names.includes(line.split('=')[0]));

		writeFileSync(this.settings_file(), [...kept, ...names.map((name) => `${name}=${settings[name]}`), ''].join('\n'));
	}

	/* Other settings from now on: the server is stopped, told, and started. */
	async configure(settings) {
		await this.ctl('stop', 'fpm');
		this.write_settings(settings);
		await this.ctl('start', 'fpm');
		await this.serving();
	}

	/* mcp-fpm --reload; resolves as sh() does. */
	reload() {
		return this.fpm('--reload');
	}

	/* Every event shipped so far. */
	async events() {
		const redis = this.redis();
		const rows = await redis.stream('mcp:audit');

		redis.close();
		return rows.map((row) => JSON.parse(row.fields.event));
	}

	/* The events that fn finds, as soon as there are `least` of them. */
	async events_where(what, fn, { least = 1, timeout_ms = 15_000 } = {}) {
		return until(`${least} event(s): ${what}`, async () => {
			const found = (await this.events()).filter(fn);
			return found.length >= least ? found : null;
		}, { timeout_ms, every_ms: 200 });
	}

	async event(id) {
		return (await this.events_where(`of ${id}`, (event) => event.id === id))[0];
	}

	/* Workers that hold a connection of nginx: those with a request in their hand. */
	busy() {
		const ours = new Set(connected_to(this.setting('MCP_LISTEN_FAST')));
		return this.children().filter(({ pid }) => sockets_of(pid).some((inode) => ours.has(inode)));
	}

	/* The living children of one pool: fast, slow, stream, audit, warden. */
	workers(pool) {
		return this.children().filter(({ name, state }) => name === `mcp-fpm ${pool}` && state !== 'Z');
	}

	/* Processes whose parent is the master: [{ pid, parent, state, name, title }]. */
	children(pid = this.pids.master) {
		return process_table().filter((p) => p.parent === pid);
	}

	async down() {
		for (const close of this.clients.splice(0).reverse())
			await close();
		const finding = this.log().split('\n').find((line) => FINDINGS.test(line));

		if (this.own && has_failed())
			diag(`what the server said:\n${this.log().split('\n').filter((line) => line && !line.startsWith('{')).slice(-30).join('\n')}`);
		if (this.own)
			await must(`${STACK_DIR}/down`, [], { env: this.own, timeout_ms: UP_MS });
		if (finding)
			throw new Error(`in the log of the server: ${finding}`);
	}
}

/* From /proc: pid, parent, state letter, the name the kernel knows, and the title it gave itself. */
export function process_table() {
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
		try {
			const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
			const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			const title = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
			const called = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
			return [{ pid: Number(name), parent: Number(parent), state, name: called, title }];
		} catch {
			return [];	/* gone in the meantime */
		}
	});
}

export function alive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/* Inodes of the accepted connections of a listening unix socket: they bear its path. */
function connected_to(socket_path) {
	const CONNECTED = '03';
	return readFileSync('/proc/net/unix', 'utf8').split('\n').map((line) => line.trim().split(/\s+/))
		.filter(([, , , , , state, , where]) => where === socket_path && state === CONNECTED).map((words) => words[6]);
}

function sockets_of(pid) {
	try {
		return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
			} catch {
				return [];	/* closed in the meantime */
			}
		});
	} catch {
		return [];
	}
}

function place(url, ca) {
	const { hostname, port } = new URL(url);
	return { host: hostname, port: Number(port), ca };
}

/* "host=/x port=5432 options='-c a=b'": what node's pg wants as an object. */
export function libpq_words(text) {
	const names = { dbname: 'database', user: 'user', host: 'host', port: 'port', password: 'password',
		options: 'options', application_name: 'application_name' };
	const words = {};

	for (const [, name, quoted, bare] of text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))/g)) {
		if (names[name])
			words[names[name]] = (quoted ?? bare).replace(/\\(.)/g, '$1');
	}
	return words;
}

/* Starts a program that stays; collects what it says; kill() ends it. */
export function background(program, args, { env = {}, cwd = ROOT } = {}) {
	const child = spawn(program, args, { cwd, env: { ...clean_env(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
	const self = { child, out: '', err: '' };

	child.stdout.on('data', (chunk) => { self.out += chunk; });
	child.stderr.on('data', (chunk) => { self.err += chunk; });
	self.ended = new Promise((resolve) => child.on('close', (status, signal) => resolve(status ?? signal)));
	self.kill = async (signal = 'SIGTERM') => {
		child.kill(signal);
		return self.ended;
	};
	return self;
}
