/*
 * peers: starts and stops what mcp-fpm is measured against.
 *
 * All of them stand behind the stack's nginx, in its server block, and read the same tables of the
 * stack's PostgreSQL over its unix socket, each as a login to which row security does not apply:
 * what isolation costs is ours alone to pay.  Nothing outside the private stack is touched.
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS = 3000;	/* Toolbox and node need one or two seconds until they answer */

const here = dirname(fileURLToPath(import.meta.url));

/* The binary itself; what @toolbox-sdk/server adds is a node process that starts it and waits. */
const toolboxBinary = join(here, 'node_modules/@toolbox-sdk/server-linux-x64/bin/toolbox');

/* A file of this folder with its @NAMES@ filled in. */
const fill = (name, values) =>
	readFileSync(join(here, name), 'utf8').replace(/@([A-Z_]+)@/g, (_, key) => values[key]);

/* The peers' query on one line, as an environment variable can carry it. */
const query = (tenant) =>
	fill('query.sql', { TENANT: tenant }).replace(/^--.*$/gm, '').replace(/\s+/g, ' ').trim();

/* --- processes --- */

const started = [];

/* Starts a server with its output in a log file; gives its pid. */
const start = (dir, name, command, args, env = {}) => {
	const log = join(dir, `${name}.log`);
	const out = openSync(log, 'w');
	const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', out, out] });

	child.on('error', (error) => { child.trouble = `${name}: ${error.message}`; });
	child.on('exit', (code, signal) => { child.trouble = `${name} ended (${signal ?? code}), see ${log}`; });
	started.push(child);
	return child.pid;
};

/* Throws when a peer has ended: what is measured then is nginx saying so. */
export const checkAlive = () => {
	const dead = started.find((child) => child.trouble);

	if (dead)
		throw new Error(dead.trouble);
};

export const stopPeers = () => {
	for (const child of started)
		child.kill('SIGTERM');
};

/* --- PostgreSQL --- */

/* The words of a libpq string, without quotes. */
const words = (conninfo) => Object.fromEntries(
	[...conninfo.matchAll(/(\w+)=('(?:[^'\\]|\\.)*'|\S+)/g)].map(([, key, value]) =>
		[key, value.replace(/^'|'$/g, '').replace(/\\(.)/g, '$1')]));

/* What libpq, and pg after it, read from the environment. */
const pgEnv = ({ host, port, dbname, user, password }) =>
	({ PGHOST: host, PGPORT: port, PGDATABASE: dbname, PGUSER: user, PGPASSWORD: password });

const sql = (stack, text) => execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1'],
	{ input: text, encoding: 'utf8', env: { ...process.env, ...pgEnv(words(stack.postgres_super)) } });

/* Pids of the backends that serve a login. */
export const backends = (stack, login) =>
	sql(stack, `select pid from pg_stat_activity where usename = '${login}'`).split('\n').filter(Boolean).map(Number);

const makeLogin = (stack, login) => sql(stack, `
	create role ${login} login bypassrls password '${words(stack.postgres_super).password}';
	grant connect on database ${words(stack.postgres_super).dbname} to ${login};
	grant usage on schema planasonix to ${login};
	grant select on all tables in schema planasonix to ${login};`);

/* What autovacuum would do a minute later: before that, plans are made for tables nobody has counted. */
export const countTables = (stack) => sql(stack, 'vacuum analyze');

/* --- the peers --- */

/* As many workers as the stack's settings give mcp-fpm, and the answers that mcp-fpm gave. */
const startBare = ({ dir, stackDir, answers }, socket) => {
	const settings = readFileSync(join(stackDir, 'mcp.env'), 'utf8');
	const files = Object.entries(answers).map(([method, text]) => {
		const file = join(dir, `${method.replace('/', '-')}.answer`);

		writeFileSync(file, text);
		return file;
	});

	return start(dir, 'bare', join(dir, 'bare'), [socket, /^MCP_FAST_WORKERS=(\d+)$/m.exec(settings)[1], ...files]);
};

/* Its pool is the default: four connections, or one per CPU where that is more. */
const startToolbox = ({ dir, pg, tenant }, port) =>
	start(dir, 'toolbox', toolboxBinary,
		['--config', join(here, 'toolbox.yaml'), '--port', String(port), '--disable-reload', '--disable-version-check'], {
			...pgEnv({ ...pg, user: 'bench_toolbox' }), BENCH_QUERY: query(tenant),
		});

/* One process per CPU; the pool of each is pg's default of ten connections. */
const startSdk = ({ dir, pg, tenant }, port) =>
	start(dir, 'sdk', process.execPath, [join(here, 'sdk.mjs')], {
		NODE_ENV: 'production', SDK_PORT: String(port), SDK_PROCESSES: String(cpus().length),
		...pgEnv({ ...pg, user: 'bench_sdk' }), BENCH_QUERY: query(tenant),
	});

/* Puts the peers behind the stack's nginx, which reads its configuration again. */
const extendNginx = (stack, folder, values) => {
	appendFileSync(join(folder, 'mcp.upstreams'), fill('nginx.upstreams', values));
	appendFileSync(join(folder, 'mcp.site'), fill('nginx.locations', values));
	process.kill(stack.pids.nginx, 'SIGHUP');
};

/*
 * Starts them all.  stack: its stack.json; stackDir: its folder; dir: where logs go, and where the
 * program `bare` is; tenant: whose rows; answers: what `bare` says, by method.  As many servers come
 * back, each { name, pid, url, login }: login is that of its backends, null where there are none.
 */
export const startPeers = async ({ stack, ...about }) => {
	const pg = words(stack.postgres_super);
	const port = Number(new URL(stack.http_url).port);
	const bareSocket = join(readFileSync(join(about.stackDir, 'place'), 'utf8').trim(), 'bare.sock');
	const server = (name, path, pid, login) => ({ name, pid, url: stack.http_url + path, login });

	makeLogin(stack, 'bench_toolbox');
	makeLogin(stack, 'bench_sdk');
	const servers = [
		server('MCP Toolbox', '/toolbox', startToolbox({ ...about, pg }, port + 1), 'bench_toolbox'),
		server('TypeScript SDK', '/sdk', startSdk({ ...about, pg }, port + 2), 'bench_sdk'),
		server('bare libfcgi', '/bare', startBare(about, bareSocket), null),
	];

	extendNginx(stack, join(about.stackDir, 'nginx'), {
		BARE: bareSocket, TOOLBOX_PORT: port + 1, SDK_PORT: port + 2,
	});
	await sleep(START_MS);
	checkAlive();
	return servers;
};
