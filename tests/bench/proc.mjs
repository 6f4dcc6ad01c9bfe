/*
 * proc: what processes cost, read from /proc.
 *
 * A server is a tree: its first process and all that descend from it.  CPU time includes children
 * that have ended, so a worker that retires in the middle of a run is not lost.
 */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;	/* USER_HZ; the same on every Linux that Debian supports */

const readOrNothing = (path) => {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';	/* it ended while we looked */
	}
};

/* One line of /proc/PID/stat, cut behind the name, which may itself hold spaces and brackets. */
const readStat = (pid) => {
	const line = readOrNothing(`/proc/${pid}/stat`);
	const field = line.slice(line.lastIndexOf(')') + 2).split(' ');

	return line && {
		pid,
		parent: Number(field[1]),
		/* utime, stime, cutime, cstime */
		ticks: Number(field[11]) + Number(field[12]) + Number(field[13]) + Number(field[14]),
	};
};

/* Every process of the machine, once; the functions below choose from it. */
export const processes = () => readdirSync('/proc')
	.filter((name) => /^\d+$/.test(name))
	.map((name) => readStat(Number(name)))
	.filter(Boolean);

/* The tree under `root`, root first. */
export const tree = (all, root) => {
	const found = all.filter((p) => p.pid === root);

	for (const p of found)	/* grows while we walk */
		found.push(...all.filter((child) => child.parent === p.pid));
	return found;
};

/* CPU seconds of each named tree, ended children included. */
export const cpuSeconds = (roots) => {
	const all = processes();

	return Object.fromEntries(Object.entries(roots).map(([name, root]) =>
		[name, tree(all, root).reduce((sum, p) => sum + p.ticks, 0) / TICKS_PER_SECOND]));
};

/* Proportional memory in kB: { anon, file, shmem, all }; zeros when the process is gone. */
const memoryOf = (pid) => {
	const text = readOrNothing(`/proc/${pid}/smaps_rollup`);
	const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);

	return { anon: field('Pss_Anon'), file: field('Pss_File'), shmem: field('Pss_Shmem'), all: field('Pss') };
};

const sumOf = (pids, part) => pids.reduce((sum, pid) => sum + memoryOf(pid)[part], 0);

/* { processes, kb } of a whole tree. */
export const treeMemory = (root) => {
	const pids = tree(processes(), root).map((p) => p.pid);

	return { processes: pids.length, kb: sumOf(pids, 'all') };
};

/*
 * { processes, kb } of a PostgreSQL as one of its clients would have it alone: what the server's
 * processes share (buffers, program text) in full, private memory only of its own processes and of
 * `mine`, the backends that serve this client.
 */
export const postgresMemory = (postmaster, mine, everybodys) => {
	const pids = tree(processes(), postmaster).map((p) => p.pid);
	const others = new Set(everybodys.filter((pid) => !mine.includes(pid)));
	const counted = pids.filter((pid) => !others.has(pid));

	return {
		processes: counted.length,
		kb: sumOf(pids, 'shmem') + sumOf(pids, 'file') + sumOf(counted, 'anon'),
	};
};
