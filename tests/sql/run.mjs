/*
 * run [PART...]: all tests of this folder, or of some files, in one process against one private PostgreSQL; TAP on
 * standard output.
 */

import { after, before, run } from '../e2e/lib/tap.mjs';
import { start, stop } from './cluster.mjs';

const PARTS = ['demo', 'roles', 'identity', 'isolation', 'tools', 'planasonix', 'cron', 'outbox', 'idempotency', 'trust', 'news', 'executor'];

before(start);
after(stop);

for (const part of process.argv.length > 2 ? process.argv.slice(2) : PARTS)
	await import(`./${part}.mjs`);

await run();
