/*
 * trust: makes the whole process trust the stack's certificate authority.
 *
 * Import it first.  fetch(), and with it the official clients, takes authorities only from
 * NODE_EXTRA_CA_CERTS and only when node starts: so the suite starts itself once more.
 */

import { spawnSync } from 'node:child_process';
import { shared_stack } from './stack.mjs';

const { ca_file } = shared_stack();

if (process.env.NODE_EXTRA_CA_CERTS !== ca_file) {
	const again = spawnSync(process.execPath, process.argv.slice(1),
		{ stdio: 'inherit', env: { ...process.env, NODE_EXTRA_CA_CERTS: ca_file } });
	process.exit(again.status ?? 1);
}
