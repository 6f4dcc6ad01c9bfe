/*
 * run: all tests of this folder, in one process against one private PostgreSQL; TAP on standard output.
 */

import { after, before, run } from '../e2e/lib/tap.mjs';
import { start, stop } from './cluster.mjs';

before(start);
after(stop);

for (const part of ['demo', 'roles', 'identity', 'isolation', 'tools'])
	await import(`./${part}.mjs`);

await run();
