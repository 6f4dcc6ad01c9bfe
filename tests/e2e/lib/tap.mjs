/*
 * tap: the few verbs a suite needs, and TAP on standard output.
 *
 * A suite declares its tests while it is loaded and calls run() last: the plan stands first, so a
 * suite that dies in the middle is seen to be short.  Tests run one after another, each bounded in
 * time; what went wrong follows the "not ok" line as diagnostics.  What is right or wrong is left
 * to node:assert and to the suites.
 */

let failed = 0;
const tests = [];
const befores = [];
const afters = [];

const TEST_MS = 60_000;

/* Declares a test; fn gets a function that prints a diagnostic line. */
export function test(name, fn, { timeout_ms = TEST_MS } = {}) {
	tests.push({ name, fn, timeout_ms });
}

/* Runs once before the first test.  When it throws, every test has failed for that reason. */
export function before(fn, { timeout_ms = 180_000 } = {}) {
	befores.push({ fn, timeout_ms });
}

/* Runs once after the last test, newest first, whatever happened. */
export function after(fn, { timeout_ms = 60_000 } = {}) {
	afters.unshift({ fn, timeout_ms });
}

export function diag(text) {
	for (const line of String(text).split('\n'))
		console.log(`# ${line}`);
}

/* Whether something has gone wrong so far: then it is worth telling more. */
export const has_failed = () => failed > 0;

export async function run() {
	console.log(`TAP version 13\n1..${tests.length}`);
	const broken = await attempt_all(befores);
	if (broken)
		diag(`setting up: ${words(broken)}`);
	for (const [i, t] of tests.entries()) {
		const trouble = broken ? new Error('setting up failed') : await attempt(t);

		console.log(`${trouble ? 'not ok' : 'ok'} ${i + 1} - ${t.name.replaceAll('#', '\\#')}`);
		if (!trouble)
			continue;
		failed++;
		diag(words(trouble));
	}
	const untidy = await attempt_all(afters);
	if (untidy)
		diag(`cleaning up: ${words(untidy)}`);
	diag(`${tests.length - failed} passed, ${failed} failed`);
	process.exit(failed || untidy ? 1 : 0);
}

async function attempt_all(steps) {
	for (const step of steps) {
		const trouble = await attempt(step);
		if (trouble)
			return trouble;
	}
	return null;
}

/* What fn threw, or that it took too long; null when all went well. */
async function attempt({ fn, timeout_ms }) {
	let timer;
	const late = new Promise((_, refuse) => {
		timer = setTimeout(() => refuse(new Error(`still running after ${timeout_ms} ms`)), timeout_ms);
	});

	try {
		await Promise.race([Promise.resolve().then(() => fn(diag)), late]);
		return null;
	} catch (trouble) {
		return trouble ?? new Error('thrown: nothing');
	} finally {
		clearTimeout(timer);
	}
}

/* An assertion speaks for itself; of anything else one wants to know where it came from. */
function words(trouble) {
	if (trouble?.code === 'ERR_ASSERTION')
		return trouble.message;
	const where = trouble?.stack?.split('\n').find((line) => line.includes('.mjs'))?.trim();
	return `${trouble?.message ?? trouble}${where ? `\n${where}` : ''}${trouble?.cause ? `\ncause: ${trouble.cause}` : ''}`;
}

process.on('unhandledRejection', (trouble) => {
	diag(`unhandled: ${trouble?.stack ?? trouble}`);
	process.exitCode = 1;
});
