/*
 * load: one measured piece of load by wrk, and how pieces are joined.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = fileURLToPath(new URL('post.lua', import.meta.url));

/* target: { url, key?, session? }; body: name of a file.  What post.lua prints, as an object. */
export const load = async (target, body, connections, seconds) => {
	const { stdout } = await run('wrk', [
		'-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', '-s', script,
		target.url, '--', body, target.key ?? '', target.session ?? '',
	], { maxBuffer: 64 << 20 });

	return JSON.parse(/^RESULT (.*)$/m.exec(stdout)[1]);
};

const percentile = (histogram, share) => {
	const wanted = share * histogram.reduce((sum, [, count]) => sum + count, 0);
	let seen = 0;

	for (const [us, count] of histogram) {
		seen += count;
		if (seen >= wanted)
			return us;
	}
	return 0;
};

/* Pieces of the same load, each with `cpu` (seconds by part), as one. */
export const join = (pieces) => {
	const sum = (name) => pieces.reduce((total, piece) => total + piece[name], 0);
	const parts = Object.keys(pieces[0].cpu);
	const histogram = pieces.flatMap((piece) => piece.latency).sort((a, b) => a[0] - b[0]);

	return {
		requests: sum('requests'),
		perSecond: sum('requests') / (sum('duration_us') / 1e6),
		bytes: sum('bytes') / sum('requests'),
		failed: sum('refused') + sum('broken'),
		p50_us: percentile(histogram, 0.50),
		p99_us: percentile(histogram, 0.99),
		cpu: Object.fromEntries(parts.map((part) => [part, pieces.reduce((total, piece) => total + piece.cpu[part], 0)])),
	};
};
