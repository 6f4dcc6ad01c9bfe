#!/usr/bin/env node
/*
 * planasonix [--delay-ms N] [--fail-every N]: an executor for demo and tests; it moves no data.
 *
 * Claims what trigger_pipeline records, waits so long (2000 ms) and ends the run: with rows, or, each
 * Nth time, as failed.  A product's own executor does its work between claim and end, and is otherwise
 * the same.  EXECUTOR_PG is the libpq string of mcp_executor.  Runs until SIGTERM; what it held then
 * is claimed by the next one when the lease ends.  When PostgreSQL goes it waits for it.
 */

import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { libpq_words } from '../e2e/lib/stack.mjs';

const KIND = 'planasonix.trigger_pipeline';
const AT_ONCE = 20;
const POLL_MS = 5_000;		/* for entries whose lease ran out: nobody sends word of these */
const RETRY_MS = 1_000;
const ATTEMPTS = 5;

const { values } = parseArgs({ options: { 'delay-ms': { type: 'string', default: '2000' }, 'fail-every': { type: 'string', default: '0' } } });
const delay_ms = Number(values['delay-ms']);
const fail_every = Number(values['fail-every']);

if (!process.env.EXECUTOR_PG || !Number.isSafeInteger(delay_ms) || delay_ms < 0 || !Number.isSafeInteger(fail_every) || fail_every < 0) {
	console.error('usage: EXECUTOR_PG=... planasonix.mjs [--delay-ms N] [--fail-every N]');
	process.exit(2);
}

let ended = 0;

/* How a run comes out: nothing but its number and its id decide. */
function outcome({ payload, attempts }) {
	if (attempts > ATTEMPTS)
		return ['failed', 0, `Given up after ${ATTEMPTS} attempts`];
	if (fail_every > 0 && ++ended % fail_every === 0)
		return ['failed', 0, 'Connection to source timed out after 30000 ms'];
	return ['success', 1000 + Number.parseInt(payload.run_id.slice(0, 4), 16) * 7, null];
}

/* The run and its entry end together, or, when somebody else has the entry by now, not at all. */
async function end(db, entry) {
	await db.query('begin');
	await db.query(`update planasonix.run set status = $3, finished_at = clock_timestamp(), rows_loaded = $4, error_message = $5
		where tenant_id = $1 and id = $2 and status = 'running'`, [entry.tenant_id, entry.payload.run_id, ...outcome(entry)]);
	const { rows: [{ done }] } = await db.query('select mcp.finish_outbox($1, $2) as done', [entry.id, entry.attempts]);
	await db.query(done ? 'commit' : 'rollback');
	console.log(`run ${entry.payload.run_id} of pipeline ${entry.payload.pipeline_id} ${done ? 'ended' : 'was taken over'}`);
}

async function work(db, woken) {
	for (;;) {
		const { rows } = await db.query('select * from mcp.claim_outbox($1, $2)', [KIND, AT_ONCE]);

		if (rows.length === 0) {
			await Promise.race([woken(), sleep(POLL_MS)]);
			continue;
		}
		await sleep(delay_ms);
		for (const entry of rows)
			await end(db, entry);
	}
}

async function session() {
	const db = new pg.Client(libpq_words(process.env.EXECUTOR_PG));
	const gone = new Promise((_, refuse) => db.on('error', refuse));
	let wake = () => {};
	let news = false;

	db.on('notification', ({ payload }) => {
		news ||= payload === KIND;
		if (news)
			wake();
	});
	/* Resolves at the next word, or at once when one came since the last. */
	const woken = () => new Promise((resolve) => {
		wake = () => {
			news = false;
			resolve();
		};
		if (news)
			wake();
	});
	try {
		await db.connect();
		await db.query('listen mcp_outbox');
		await Promise.race([gone, work(db, woken)]);
	} finally {
		await db.end().catch(() => {});
	}
}

process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
for (;;) {
	await session().catch((trouble) => console.error(trouble.message));
	await sleep(RETRY_MS);
}
