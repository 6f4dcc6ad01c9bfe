/*
 * cluster: a private PostgreSQL with our roles, migrations and demo in it, for the tests of this folder.
 *
 * The server is made by tests/stack/postgres, as a stack's is.  Migrations are run here the way
 * mcpctl runs them, but without it, so that the SQL is tested alone.
 */

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { ROOT, libpq_words, must } from '../e2e/lib/stack.mjs';

export const ACME = 'a0c3e000-0000-4000-8000-000000000001';
export const GLOBEX = 'a0c3e000-0000-4000-8000-000000000002';
export const SQL = path.join(ROOT, 'sql');
export const TOOLS = path.join(ROOT, 'tools/planasonix');

const RUN_DIR = path.join(ROOT, 'build/sql-test');
const postgres = (...words) => must(path.join(ROOT, 'tests/stack/postgres'), words, { env: { RUN_DIR }, timeout_ms: 120_000 });

let place;
let clients = [];

export async function start() {
	rmSync(RUN_DIR, { recursive: true, force: true });
	for (const name of ['log', 'pid'])
		mkdirSync(path.join(RUN_DIR, name), { recursive: true });
	place = mkdtempSync('/tmp/mcp-sql.');
	chmodSync(place, 0o711);
	writeFileSync(path.join(RUN_DIR, 'place'), `${place}\n`);
	await postgres('make');

	const admin = await connect('mcp_admin');
	await migrate(admin, 'create schema mcp');
	for (const file of ['core', 'planasonix'].flatMap(migrations))
		await migrate(admin, readFileSync(file, 'utf8'), file);
	await load_demo(admin);
}

export async function stop() {
	await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
	if (!place)
		return;
	await postgres('stop');
	for (const dir of [place, RUN_DIR])
		rmSync(dir, { recursive: true, force: true });
}

export const conninfo = (login) => postgres('conninfo', login).then((text) => text.trim());

/* A new connection of a login. */
export async function connect(login) {
	const client = new pg.Client(libpq_words(await conninfo(login)));

	await client.connect();
	clients.push(client);
	return client;
}

/* A new connection that may do and see everything, as mcp_owner. */
export async function connect_owner() {
	const client = await connect('mcp_admin');

	await client.query('set role mcp_owner');
	return client;
}

export function load_demo(admin) {
	return migrate(admin, readFileSync(path.join(SQL, 'planasonix/demo.sql'), 'utf8'), 'demo.sql');
}

/* sql/roles.sql speaks psql; as it stands, by a superuser. */
export async function run_roles() {
	const words = libpq_words(await conninfo('postgres'));

	return must('psql', ['-X', '-h', words.host, '-p', words.port, '-U', words.user, '-d', words.database,
		'-f', path.join(SQL, 'roles.sql')], { env: { PGPASSWORD: words.password } });
}

function migrations(catalog) {
	const dir = path.join(SQL, catalog);

	return readdirSync(dir).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort().map((name) => path.join(dir, name));
}

async function migrate(admin, text, name = text) {
	try {
		await admin.query(`begin; set local role mcp_owner; set local row_security = off;\n${text}\n; commit`);
	} catch (trouble) {
		await admin.query('rollback');
		throw new Error(`${name}: ${trouble.message}`);
	}
}

/* Runs fn in a transaction and takes everything back. */
export async function undone(client, fn) {
	await client.query('begin');
	try {
		return await fn();
	} finally {
		await client.query('rollback');
	}
}

/* The rows of a query as arrays of values; the first value of the first row. */
export async function rows(client, text, values) {
	return (await client.query({ text, values, rowMode: 'array' })).rows;
}

export async function one(client, text, values) {
	return (await rows(client, text, values))[0]?.[0];
}

/* The SQLSTATE a query ends with, null when with none; the transaction around it goes on. */
export async function state_of(client, text, values) {
	await client.query('savepoint here');
	try {
		await client.query(text, values);
		return null;
	} catch (trouble) {
		await client.query('rollback to savepoint here');
		return trouble.code;
	}
}

/* As a worker does at the start of a call of this tenant ('' : none).  Lasts as long as the transaction. */
export function enter_as(client, tenant, { schema = 'planasonix', scopes = '' } = {}) {
	return client.query(`select set_config('search_path', $1, true), set_config('TimeZone', 'UTC', true),
		set_config('mcp.tenant', $2, true), set_config('mcp.scopes', $3, true), set_config('role', $4, true)`,
	[`${schema}, pg_temp`, tenant, scopes, `${schema}_tenant`]);
}
