/*
 * bench: measures mcp-fpm and its peers in one run, and prints one table.
 *
 *	node bench.mjs STACK-DIR DIR
 *
 * First every server must answer both requests, and with the same 20 rows.  Then rounds of short
 * loads, each with a warm-up, server after server, so that none has the machine's quiet moments to
 * itself; every second round goes backwards.  It judges nothing but correctness: figures are for
 * people to read.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, requests } from './check.mjs';
import { join, load } from './load.mjs';
import { backends, checkAlive, countTables, startPeers, stopPeers } from './peers.mjs';
import { cpuSeconds, postgresMemory, treeMemory } from './proc.mjs';
import { report } from './report.mjs';

const WARM_S = 1;
const SETTLE_MS = 150;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 2);
const CONNECTIONS = [1, 16, 64];

const [stackDir, dir] = process.argv.slice(2);
const stack = JSON.parse(readFileSync(path(stackDir, 'stack.json'), 'utf8'));
const { endpoint, tenants: { bench: tenant } } = stack.catalogs.planasonix;
const methods = Object.keys(requests);

const ours = {
	name: 'mcp-fpm', pid: stack.pids.master, url: stack.http_url + endpoint, key: tenant.keys.full, login: 'mcp_worker',
};

const requestFile = (method) => path(dir, `${method.replace('/', '-')}.request`);

/* Starts the peers; all servers, ours first, every one of them checked. */
const prepare = async () => {
	countTables(stack);

	const model = await check(ours);

	for (const method of methods)
		writeFileSync(requestFile(method), JSON.stringify(requests[method]));

	const peers = await startPeers({ stack, stackDir, dir, tenant: tenant.id, answers: model.texts });

	for (const peer of peers)
		await check(peer, model.rows);
	return [ours, ...peers];
};

/* --- speed --- */

/*
 * CPU seconds so far of what a load on this server keeps busy.  Not at once: when the load breaks
 * off, some servers drop connections to PostgreSQL, and a process that ends while we look is lost.
 */
const cpu = async (server) => {
	await sleep(SETTLE_MS);
	return cpuSeconds({
		nginx: stack.pids.nginx, server: server.pid, postgres: stack.pids.postgres, redis: stack.pids.redis,
	});
};

const measure = async ({ server, method, connections }) => {
	await load(server, requestFile(method), connections, WARM_S);

	const before = await cpu(server);
	const piece = await load(server, requestFile(method), connections, SECONDS);
	const after = await cpu(server);

	checkAlive();
	piece.cpu = Object.fromEntries(Object.keys(before).map((part) => [part, after[part] - before[part]]));
	return piece;
};

/* One cell of the table: a load on a server, with all its rounds. */
const measureAll = async (servers) => {
	const cells = methods.flatMap((method) => CONNECTIONS.flatMap((connections) =>
		servers.map((server) => ({ server, method, connections, pieces: [] }))));

	for (let round = 0; round < ROUNDS; round++)
		for (const cell of round % 2 ? cells.toReversed() : cells)
			cell.pieces.push(await measure(cell));
	return cells.map(({ pieces, ...cell }) => ({ ...cell, ...join(pieces) }));
};

/* --- memory --- */

const nothing = { processes: 0, kb: 0 };

/* The audit stream, as it is once its consumers have read it: archiving is not part of the load. */
const emptyStream = () => {
	for (const words of [['xtrim', 'mcp:audit', 'maxlen', '0'], ['memory', 'purge']])
		execFileSync('redis-cli', ['-s', stack.redis, ...words]);
};

/* After the load, with all connections still open.  Redis is there for us alone. */
const memories = (servers) => {
	emptyStream();

	const mine = new Map(servers.map((server) => [server, server.login ? backends(stack, server.login) : []]));
	const all = [...mine.values()].flat();

	return servers.map((server) => ({ server, memory: {
		nginx: treeMemory(stack.pids.nginx),
		server: treeMemory(server.pid),
		postgres: server.login ? postgresMemory(stack.pids.postgres, mine.get(server), all) : nothing,
		redis: server === ours ? treeMemory(stack.pids.redis) : nothing,
	} }));
};

/* --- all of it --- */

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

const about = [
	`${cpus().length} CPUs (${cpus()[0].model.trim()}), the load generator on the same machine; plain HTTP/1.1 on`,
	`loopback, one nginx before all; ${ROUNDS} x ${SECONDS} s each.  CPU is that of all processes but the generator's.`,
	'mcp-fpm has everything on: key, limits in Redis, row security, audit.  The others have none of it:',
	`MCP Toolbox ${dependencies['@toolbox-sdk/server-linux-x64']} with its own pool; the TypeScript SDK's server`,
	`${dependencies['@modelcontextprotocol/server']} in ${cpus().length} processes of node ${process.versions.node}, with pg's pool.`,
];

const bench = async () => {
	const servers = await prepare();
	const cells = await measureAll(servers);
	const memory = memories(servers);
	const failed = cells.filter((cell) => cell.failed > 0);

	writeFileSync(path(dir, 'result.json'), JSON.stringify({ cells, memory }, null, '\t'));
	console.log(report(cells, memory, about));
	for (const { server, method, connections, failed: times } of failed)
		console.log(`${server.name} failed ${times} times in ${method} at ${connections} connections.`);
	process.exitCode = failed.length > 0 ? 1 : 0;
};

try {
	await bench();
} catch (error) {
	console.error(`bench: ${error.message}`);
	process.exitCode = 1;
} finally {
	stopPeers();
}
