/*
 * reload: tools, settings, keys and the program itself change under load, and nobody notices but by
 * what is new.
 *
 * A stack of its own that runs a copy of the program, so that the copy can be replaced.  During each
 * change a few hundred requests a second (1,000 with SOAK set) go through nginx; one that is not
 * answered 200 is a failure, and in the end each has one event.
 */

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, run, test } from '../e2e/lib/tap.mjs';
import { ROOT, SOAK, private_stack, sleep, until } from '../e2e/lib/stack.mjs';
import { bearer, modern } from '../e2e/lib/mcp.mjs';
import { more_tools } from '../e2e/lib/tools.mjs';

const WORKERS = 6;
const PER_SECOND = SOAK ? 1_000 : 400;
const RELOADS = SOAK ? 50 : 10;
const IN_FLIGHT = 48;		/* more wait here than the server is asked at once */
const LIVE_MS = 10_000;

const tools = more_tools(['nap', 'nap_and_pause']);
const folder = path.join(tools.settings.MCP_TOOLS, 'planasonix');
const home = mkdtempSync(path.join(tmpdir(), 'mcp-reload-'));
const program = path.join(home, 'mcp-fpm');
const ids = [];			/* of every request of the load */
let stack, db, key, pool;

before(async () => {
	copyFileSync(path.resolve(ROOT, process.env.MCP_FPM ?? 'build/mcp-fpm'), program);
	write_word('one');
	stack = await private_stack('reload', 140, {
		settings: { ...tools.settings, MCP_FAST_WORKERS: WORKERS, MCP_NODE_PER_MINUTE: 100000000 },
		env: { MCP_FPM: program },
	});
	db = await stack.db('postgres_super');
	key = stack.key('bench');
	pool = stack.pool(IN_FLIGHT);
	await stack.serving();
});
after(() => stack?.down());
after(() => tools.remove());
after(() => rmSync(home, { recursive: true, force: true }));

/* A tool whose answer tells which of its files is live. */
function write_word(word) {
	writeFileSync(path.join(folder, 'word.json'), JSON.stringify({
		title: 'Word', description: 'Says a word.', inputSchema: { type: 'object', properties: {}, additionalProperties: false },
		outputSchema: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
		scope: 'pipelines:read', writes: false, timeout_ms: 1000, result: { row: true },
	}));
	writeFileSync(path.join(folder, 'word.sql'), `select '${word}' as word\n`);
}

/* Puts another program in place of ours, as a package does: under another name first. */
function replace_program(change = (bytes) => bytes) {
	const aside = `${program}.new`;

	writeFileSync(aside, change(readFileSync(program)), { mode: 0o755 });
	renameSync(aside, program);
}

/* The same text with other letters, everywhere in a program. */
function patched(bytes, from, to) {
	const copy = Buffer.from(bytes);
	let at = copy.indexOf(from), n = 0;

	assert.equal(from.length, to.length);
	for (; at >= 0; at = copy.indexOf(from, at + 1), n++)
		copy.write(to, at, 'latin1');
	assert.ok(n > 0, `the program does not hold ${from}`);
	return copy;
}

const ask = (name, args = {}) => {
	const { headers, body } = modern('tools/call', { name, arguments: args });
	return pool.send({ path: stack.endpoint, body, headers: { Host: `${stack.http.host}:${stack.http.port}`, ...bearer(key), ...headers } });
};
const word = async () => (await ask('word')).json.result.structuredContent.word;
const nap = (seconds, options) => stack.call(key, 'nap', { seconds }, { timeout_ms: 30_000, ...options });
const generation = () => Number(readFileSync(path.join(stack.dir, 'audit/master'), 'utf8').trim().split(/\s+/)[1]);
const only_new = (before) => until('the processes of before are gone', () => stack.children().every(({ pid }) => !before.has(pid)));
const pids = () => new Set(stack.children().map(({ pid }) => pid));

/* Requests at a steady rate until stop(), which throws if one of them was not answered 200. */
function load() {
	const bad = [];
	const begun = performance.now();
	let sent = 0, flying = 0, on = true;

	const one = async () => {
		flying++;
		try {
			const answer = await ask(...(sent % 3 ? ['word'] : ['list_pipelines', { limit: 3 }]));
			ids.push(answer.headers['x-request-id']);
			if (answer.status !== 200 || answer.json.error || answer.json.result.isError)
				bad.push(`${answer.status} ${answer.text.slice(0, 200)}`);
		} catch (trouble) {
			bad.push(String(trouble));
		}
		flying--;
	};
	const ticks = (async () => {
		for (; on; await sleep(5))
			for (; on && flying < IN_FLIGHT && sent < (performance.now() - begun) * PER_SECOND / 1000; sent++)
				one();
	})();

	return async (say) => {
		const seconds = (performance.now() - begun) / 1000;
		on = false;
		await ticks;
		await until('the last answers', () => flying === 0);
		say(`${sent} requests, ${(sent / seconds).toFixed(0)} a second`);
		assert.deepEqual(bad.slice(0, 5), [], `${bad.length} of ${sent} requests failed`);
		assert.ok(sent / seconds >= 100, `only ${(sent / seconds).toFixed(0)} requests a second: no load to speak of`);
	};
}

/* A change under load: make() it, reload, and live() must become true in time. */
function changes(what, make, live) {
	test(`under load: ${what}`, async (say) => {
		const master = stack.pids.master, old = pids(), was = generation();
		const stop = load();

		await sleep(500);
		assert.ok(!await live(), 'not there before');
		await make();
		const { status, out, err } = await stack.reload();
		const from = performance.now();
		assert.equal(status, 0, out + err);
		assert.match(out, new RegExp(`^mcp-fpm [0-9.]+: [0-9]+ workers, catalog planasonix with [0-9]+ tools(, [0-9]+ resources, [0-9]+ prompts)? \\(pid ${master}, generation ${was + 1}\\)\n$`));
		await until(what, live, { timeout_ms: LIVE_MS });
		say(`live ${(performance.now() - from).toFixed(0)} ms after the report`);
		await only_new(old);
		await sleep(500);
		await stop(say);
		assert.ok(stack.children().length > 0, 'the same master has children');
	});
}

/* --- what changes ------------------------------------------------------------------------------ */

changes('a tool\'s file', () => write_word('two'), async () => await word() === 'two');

changes('a setting', () => stack.write_settings({ MCP_FAST_WORKERS: WORKERS + 2 }),
	() => stack.workers('fast').length === WORKERS + 2);

let cursor;
changes('the key, rotated', async () => {
	cursor = (await ask('list_pipelines', { limit: 1 })).json.result.structuredContent.next_cursor;
	assert.ok(cursor);
	assert.ok(!(await ask('list_pipelines', { limit: 1, cursor })).json.result.isError, 'good under its own key');
	writeFileSync(`${home}/key`, Buffer.alloc(64, 'another'));
	stack.write_settings({ MCP_KEY_FILE: `${home}/key` });
}, async () => {
	if (!cursor)
		return false;
	const { error, result } = (await ask('list_pipelines', { limit: 1, cursor })).json;
	return Boolean(error ?? result.isError);
});

const runs_the_file = () => statSync(`/proc/${stack.pids.master}/exe`).ino === statSync(program).ino;
let inode;
changes('the program, the same again', () => {
	replace_program();
	inode = statSync(program).ino;
}, () => inode !== undefined && runs_the_file());

changes('the program, of another version', () => replace_program((bytes) => patched(bytes, 'mcp-fpm 0.1.0', 'mcp-fpm 0.1.9')),
	() => /^ *\d+ +\d+ +\d+ mcp-fpm 0\.1\.9:/.test(readFileSync(path.join(stack.dir, 'audit/master'), 'utf8')));

changes('the program, with another board', () => replace_program((bytes) => patched(bytes, 'mcp-fpm board 2:', 'mcp-fpm board 9:')),
	() => /the status board or MCP_AUDIT_DIR is another than before/.test(stack.log()));

test('kill -HUP does the same', async (say) => {
	const stop = load();

	await sleep(300);
	write_word('three');
	process.kill(stack.pids.master, 'SIGHUP');
	await until('the third word', async () => await word() === 'three', { timeout_ms: LIVE_MS });
	await stop(say);
});

/* --- what is in hand --------------------------------------------------------------------------- */

test('requests in hand finish, a write among them', async () => {
	const { rows: [{ id }] } = await db.query('select id from planasonix.pipeline where tenant_id = $1 order by name limit 1', [stack.tenant('bench').id]);
	await db.query("update planasonix.pipeline set status = 'active' where id = $1", [id]);
	const old = pids();
	const answers = [nap(3), nap(4), stack.call(key, 'nap_and_pause', { pipeline_id: id, seconds: 3 }, { timeout_ms: 30_000 })];

	await until('three are busy', () => stack.busy().length === 3);
	assert.equal((await stack.reload()).status, 0);
	assert.equal((await stack.probe()).status, 200, 'others are served meanwhile');
	assert.equal(stack.busy().filter(({ pid }) => old.has(pid)).length, 3, 'by the new workers: the old ones are still at it');
	assert.equal((await stack.reload()).status, 0, 'and one may reload once more');
	for (const answer of await Promise.all(answers)) {
		assert.equal(answer.status, 200, answer.text);
		assert.ok(!answer.json.result.isError, answer.text);
	}
	assert.equal((await db.query('select status from planasonix.pipeline where id = $1', [id])).rows[0].status, 'paused');
	await only_new(old);
});

test('an old worker that dies with a request: its event is written', async () => {
	const lost = nap(4);
	const [{ pid }] = await until('one is busy', () => stack.busy().length === 1 && stack.busy());

	assert.equal((await stack.reload()).status, 0);
	process.kill(pid, 'SIGKILL');
	assert.equal((await lost).status, 502);
	const [event] = await stack.events_where('of the dead worker', (e) => e.worker === pid && e.code === 'died');
	assert.equal(event.tool, 'nap');
});

/* --- what is refused --------------------------------------------------------------------------- */

/* A change that must not come in: --reload says why, and so does the log after a HUP. */
function refused(what, make, mend, ...words) {
	test(`refused: ${what}`, async (say) => {
		const children = [...pids()].sort(), was = generation(), seen = stack.log().length;
		const stop = load();

		await make();
		try {
			const { status, out, err } = await stack.reload();
			assert.equal(status, 1, out + err);
			for (const expected of words)
				assert.match(err, expected);
			assert.ok(!/SIGHUP/.test(stack.log().slice(seen)), 'the server was not even told');

			process.kill(stack.pids.master, 'SIGHUP');
			await until('the server\'s refusal', () => /the reload is refused/.test(stack.log().slice(seen)));
			for (const expected of words)
				assert.match(stack.log().slice(seen), expected);
			assert.equal(await word(), 'three', 'the old set serves on');
			assert.deepEqual([...pids()].sort(), children, 'with the processes it had');
			assert.equal(generation(), was);
		} finally {
			await mend();
			await stop(say);
		}
	});
}

const bent = path.join(folder, 'word.json');
const bend = (change) => {
	const tool = JSON.parse(readFileSync(bent, 'utf8'));
	change(tool);
	writeFileSync(bent, JSON.stringify(tool));
};

refused('a tool\'s file that is no JSON', () => writeFileSync(bent, '{"title": "Word",'), () => write_word('three'), /planasonix\/word\.json/);
refused('a member that nobody knows', () => bend((tool) => { tool.colour = 'red'; }), () => write_word('three'), /planasonix\/word\.json/, /colour/);
refused('a keyword that nobody knows', () => bend((tool) => { tool.inputSchema.minKeys = 1; }), () => write_word('three'), /planasonix\/word\.json/, /minKeys/);
refused('a column that the outputSchema lacks', () => bend((tool) => { tool.outputSchema = { type: 'object', properties: { term: { type: 'string' } } }; }),
	() => write_word('three'), /word/);
refused('a table without forced row security', () => db.query('alter table planasonix.pipeline no force row level security'),
	() => db.query('alter table planasonix.pipeline force row level security'), /planasonix\.pipeline/, /force/i);
refused('a setting out of its range', () => stack.write_settings({ MCP_BODY_DEPTH: 1 }), () => stack.write_settings({ MCP_BODY_DEPTH: 64 }), /mcp\.env:\d+: MCP_BODY_DEPTH=1/);

test('refused: a program that cannot be executed', async () => {
	const seen = stack.log().length;

	renameSync(program, `${program}.aside`);
	process.kill(stack.pids.master, 'SIGHUP');
	await until('the server\'s refusal', () => /the reload is refused/.test(stack.log().slice(seen)));
	assert.match(stack.log().slice(seen), /mcp-fpm: No such file/);
	renameSync(`${program}.aside`, program);
	await stack.serving();
});

/* --- again and again --------------------------------------------------------------------------- */

/* What of the master must not grow. */
function weight() {
	const status = readFileSync(`/proc/${stack.pids.master}/status`, 'utf8');

	return { kb: Number(/VmRSS:\s*(\d+)/.exec(status)[1]), fds: readdirSync(`/proc/${stack.pids.master}/fd`).length };
}

test(`${RELOADS} reloads in a row leave the master as it was`, async (say) => {
	const names = () => stack.children().map(({ name }) => name).sort();
	const first = names();
	let before;

	for (let i = 0; i < RELOADS; i++) {
		assert.equal((await stack.reload()).status, 0);
		if (i === 1)
			before = weight();
		if (i % 10 === 0)
			assert.equal((await stack.probe()).status, 200);
	}
	await until('only one generation', () => stack.children().length === first.length);
	const now = weight();
	say(`${before.kb} kB and ${before.fds} descriptors, then ${now.kb} kB and ${now.fds}`);
	assert.equal(now.fds, before.fds);
	assert.ok(now.kb < before.kb * 1.1 + 512, `${before.kb} kB became ${now.kb} kB`);
	assert.deepEqual(names(), first, 'and leave nobody behind');
	assert.deepEqual(stack.children().filter(({ state }) => state === 'Z'), []);
}, { timeout_ms: 120_000 });

/* --- neighbours -------------------------------------------------------------------------------- */

test('a reload while PostgreSQL is away', async () => {
	await stack.ctl('stop', 'postgres');
	const { status, out, err } = await stack.reload();
	assert.equal(status, 0, out + err);
	assert.match(err, /PostgreSQL is away/);
	await stack.ctl('start', 'postgres');
	await stack.serving();
	db = await stack.db('postgres_super');
}, { timeout_ms: 120_000 });

const answers = (socket) => new Promise((resolve) => {
	const client = net.connect(socket);
	client.on('connect', () => { client.destroy(); resolve(true); });
	client.on('error', () => resolve(false));
});

test('MCP_LISTEN_FAST, moved and moved back', async () => {
	const here = stack.setting('MCP_LISTEN_FAST'), there = `${home}/other.sock`, nowhere = `${home}/none/other.sock`;

	stack.write_settings({ MCP_LISTEN_FAST: there });
	assert.equal((await stack.reload()).status, 0);
	assert.ok(await answers(there), 'it listens at the new place');
	await until('the old socket is closed', async () => !await answers(here));
	assert.match(stack.log(), new RegExp(`${here} is closed`));

	stack.write_settings({ MCP_LISTEN_FAST: nowhere });
	assert.equal((await stack.reload()).status, 0);
	assert.ok(await answers(there), 'a place that cannot be is no reason to stop listening');
	assert.match(stack.log(), /No such file.*; requests still come in at /);

	stack.write_settings({ MCP_LISTEN_FAST: here });
	assert.equal((await stack.reload()).status, 0);
	await stack.serving();
});

test('every request of all this has one event', async (say) => {
	const events = new Map();

	await sleep(1_500);
	await stack.events_where('the last one', (e) => e.id === ids.at(-1));
	for (const { id } of await stack.events())
		events.set(id, (events.get(id) ?? 0) + 1);
	say(`${ids.length} requests`);
	const wrong = ids.filter((id) => events.get(id) !== 1);
	assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} requests with no event or more than one`);
}, { timeout_ms: 60_000 });

test('where nobody runs, nobody is asked to reload', async () => {
	await stack.ctl('stop', 'fpm');
	const { status, err } = await stack.reload();
	assert.equal(status, 1);
	assert.match(err, /no mcp-fpm runs/);
	await stack.ctl('start', 'fpm');
	await stack.serving();
});

await run();
