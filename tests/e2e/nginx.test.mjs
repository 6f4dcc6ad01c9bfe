/*
 * nginx: what is installed drops into an nginx that is there, and what nginx itself answers is right.
 *
 * `make install` goes into an empty folder, and the README's lines put its files into a copy of
 * Debian's /etc/nginx that serves another site on the same port.  Both are served from then on: the
 * other site as it was, ours by name, with its limit per address, its headers and its JSON errors.
 */

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, run, test } from './lib/tap.mjs';
import { ROOT, background, must, sh, shared_stack, sleep, until } from './lib/stack.mjs';
import { exchange, message } from './lib/wire.mjs';
import { bearer, check, legacy, modern } from './lib/mcp.mjs';

const NAME = 'mcp.example.com';
const OTHER = 'shop.example.com';
const PORT = Number(process.env.RUN_PORT ?? 9343) + 170;
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
const RATE = 50, BURST = 200;

const stack = shared_stack();
const folder = mkdtempSync(path.join(tmpdir(), 'mcp-nginx-'));
const at = (...words) => path.join(folder, ...words);
const etc = (...words) => at('etc/nginx', ...words);
const nginx_words = ['-p', folder, '-c', etc('nginx.conf'), '-e', at('error.log')];
let nginx;

before(async () => {
	await must('make', ['-s', 'install', `DESTDIR=${at('root')}`, 'PREFIX=/usr'], { timeout_ms: 300_000 });
	await make_debian();
});
after(() => nginx?.kill('SIGTERM'));
after(() => rmSync(folder, { recursive: true, force: true }));

/* Debian's configuration with its paths moved here, and a site of somebody else's, the first of the port. */
async function make_debian() {
	cpSync('/etc/nginx', etc(), { recursive: true, dereference: true });
	for (const name of ['sites-enabled', 'conf.d'])
		rmSync(etc(name), { recursive: true, force: true });
	for (const name of ['sites-enabled', 'conf.d'])
		mkdirSync(etc(name), { recursive: true });
	mkdirSync(at('tmp'));
	await must('chmod', ['-R', 'a+rX', folder]);
	writeFileSync(etc('nginx.conf'), readFileSync(etc('nginx.conf'), 'utf8')
		.replaceAll('/etc/nginx', etc()).replace('/run/nginx.pid', at('nginx.pid')).replaceAll('/var/log/nginx', folder));
	writeFileSync(etc('sites-enabled/shop'), `server {
	listen 127.0.0.1:${PORT} ssl default_server;
	server_name ${OTHER};
	ssl_certificate ${stack.dir}/tls/server.pem;
	ssl_certificate_key ${stack.dir}/tls/server.key;
	location / { return 200 "the shop\\n"; }
}
`);
}

/* The README's block that begins with the copy of our files, moved here. */
function readme_lines() {
	const [, block] = /^```sh\n(cp \/usr\/share\/mcp-fpm\/nginx[^]*?)^```$/m.exec(readFileSync(path.join(ROOT, 'README.md'), 'utf8'));

	return block.split('\n').map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line && !/nginx -t/.test(line))
		.map((line) => line.replaceAll('/usr/share/mcp-fpm', at('root/usr/share/mcp-fpm')).replaceAll('/etc/nginx', etc()));
}

/* What differs from machine to machine, as an operator would edit it. */
function edit_ours() {
	writeFileSync(etc('mcp.site'), readFileSync(etc('mcp.site'), 'utf8').replace(/^listen 443 .*$/m, `listen 127.0.0.1:${PORT} ssl http2;`)
		.replace(/^listen \[::\].*$/m, '').replace(`server_name ${NAME};`, `server_name ${NAME} localhost;`)
		.replaceAll('/var/log/nginx', folder)
		.replace('/etc/ssl/mcp/fullchain.pem', `${stack.dir}/tls/server.pem`).replace('/etc/ssl/mcp/privkey.pem', `${stack.dir}/tls/server.key`));
	writeFileSync(etc('mcp.upstreams'), readFileSync(etc('mcp.upstreams'), 'utf8').replace('/run/mcp-fpm/fast.sock', stack.setting('MCP_LISTEN_FAST'))
		.replace('/run/mcp-fpm/slow.sock', stack.setting('MCP_LISTEN_SLOW')).replace('/run/mcp-fpm/stream.sock', stack.setting('MCP_LISTEN_STREAM')));
}

const to = (name) => ({ host: '127.0.0.1', port: PORT, ca: stack.ca, options: { servername: name, checkServerIdentity: () => undefined } });
const ask = (name, line, headers = {}, body = '') => exchange(to(name), message(line, [['Host', name],
	...Object.entries(headers), ['Content-Length', Buffer.byteLength(body)], ['Connection', 'close']], body));
/* mcp-fpm of the shared stack knows localhost. */
const ours = (headers = {}, request = modern('tools/list')) => ask('localhost', 'POST /planasonix/mcp HTTP/1.1',
	{ ...request.headers, ...headers }, request.body);
const key = stack.key('bench');

async function reload() {
	await must(NGINX, [...nginx_words, '-t']);
	process.kill(Number(readFileSync(at('nginx.pid'), 'utf8')), 'SIGHUP');
}

const serves = (name, path_asked, status) => until(`${name} answers ${status}`, async () =>
	(await ask(name, `GET ${path_asked} HTTP/1.1`).catch(() => ({}))).status === status);

test('make install: programs, units, pages, toolkit.h and nginx files are in their places', () => {
	const want = ['sbin/mcp-fpm', 'bin/mcpctl', 'bin/mcp-stdio', 'include/mcp-fpm/toolkit.h', 'lib/systemd/system/mcp-fpm.service',
		'lib/systemd/system/mcp-fpm-fast.socket', 'lib/systemd/system/mcp-fpm-slow.socket', 'lib/systemd/system/mcp-fpm-stream.socket', 'lib/sysusers.d/mcp-fpm.conf', 'lib/tmpfiles.d/mcp-fpm.conf',
		'share/man/man1/mcp-stdio.1', 'share/man/man5/mcp-tool.5', 'share/man/man8/mcp-fpm.8', 'share/man/man8/mcpctl.8', 'share/mcp-fpm/mcp-fpm.env',
		'share/mcp-fpm/sql/roles.sql', 'share/mcp-fpm/tools/README.md', 'share/mcp-fpm/tools/planasonix/catalog.json',
		...readdirSync(path.join(ROOT, 'nginx')).map((name) => `share/mcp-fpm/nginx/${name}`)];

	assert.deepEqual(want.filter((name) => !existsSync(at('root/usr', name))), []);
	assert.deepEqual(readdirSync(at('root')), ['usr'], 'nothing elsewhere');
});

test('a C tool is built against what is installed, as the manual says', async () => {
	const [line] = /^cc .*$/m.exec(readFileSync(at('root/usr/share/man/man5/mcp-tool.5'), 'utf8').replaceAll('\\-', '-'));

	mkdirSync(at('c'));
	writeFileSync(at('c/hello.c'), '#include "toolkit.h"\nTOOLKIT;\nint tool_hello(struct request *rq, struct json_object *args)\n'
		+ '{\n\t(void)args;\n\treturn toolkit_says(rq, "hello");\n}\n');
	const { status, err } = await sh('sh', ['-c', line.replace('/usr/include', at('root/usr/include'))], { cwd: at('c') });
	assert.deepEqual([status, err, existsSync(at('c/tools.so'))], [0, '', true]);
});

test('an nginx with another site takes our files as the README says, and serves both', async () => {
	nginx = background(NGINX, [...nginx_words, '-g', 'daemon off;']);
	await serves(OTHER, '/', 200);
	for (const line of readme_lines())
		await must('sh', ['-c', line]);
	edit_ours();
	await reload();
	await serves('localhost', '/', 404);

	assert.equal((await ask(OTHER, 'GET /planasonix/mcp HTTP/1.1')).text, 'the shop\n');
	const { headers } = await ask(OTHER, 'GET / HTTP/1.1');
	assert.equal(headers['content-security-policy'], undefined, 'the other site has no header of ours');
	const answer = await ours(bearer(key));
	check(answer, { status: 200, code: null });
	assert.equal(answer.json.result.tools.length > 10, true);
	check(await ours({ API_KEY: key }), { status: 200, code: null });
	check(await ours(), { status: 401, code: 401 });
});

const HEADERS = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
	'referrer-policy': 'no-referrer', 'cache-control': 'no-store' };

test('every answer has the headers, once, whoever made it', async () => {
	const answers = {
		'of mcp-fpm': await ours(bearer(key)), 'of mcp-fpm, 401': await ours(),
		'of mcp-fpm, for another name': await ask(NAME, 'POST /planasonix/mcp HTTP/1.1', modern('ping').headers, modern('ping').body),
		'404': await ask(NAME, 'GET /nothing HTTP/1.1'), '413': await ours({ Authorization: 'x' }, { ...modern('ping'), body: ' '.repeat(1_200_000) }),
		'400': await ask(NAME, `GET /${'x'.repeat(40_000)} HTTP/1.1`),
	};

	for (const [what, { all, status }] of Object.entries(answers)) {
		for (const [name, value] of Object.entries(HEADERS))
			assert.deepEqual(all.filter(([word]) => word.toLowerCase() === name).map(([, v]) => v), [value], `${what} (${status}): ${name}`);
		assert.ok(!all.some(([word, v]) => /^server$/i.test(word) && v !== 'nginx'), 'no version of nginx');
	}
	assert.equal(answers['404'].headers['strict-transport-security'], 'max-age=31536000');
	assert.equal(answers['of mcp-fpm, for another name'].headers['strict-transport-security'], 'max-age=31536000');
	assert.equal(answers['of mcp-fpm'].headers['strict-transport-security'], undefined, 'localhost has other ports');
});

/* Nobody's requests, which mcp-fpm refuses with 401, all at once: their statuses. */
const flood = async (n) => (await Promise.all(Array.from({ length: n }, () => ours()))).map(({ status }) => status);

test('this machine is not counted', async () => {
	assert.deepEqual([...new Set(await flood(BURST + 100))], [401]);
});

test('an address that is counted is refused beyond its burst, in JSON, and served again', async () => {
	const counted = readFileSync(etc('mcp.upstreams'), 'utf8').replace(/^\t127\.0\.0\.0\/8 1;$/m, '');

	writeFileSync(etc('mcp.upstreams'), counted);
	await reload();
	await until('the new configuration counts', async () => (await flood(BURST + 150)).includes(429), { every_ms: 1000 });

	/* Empty again, then filled: the burst passes, and what the rate lets through meanwhile. */
	await sleep(1000 * (BURST / RATE + 1));
	const from = performance.now(), statuses = await flood(BURST + 150), seconds = (performance.now() - from) / 1000;
	const passed = statuses.filter((status) => status === 401).length;
	assert.ok(passed >= BURST && passed <= BURST + 2 + RATE * seconds, `${passed} of ${statuses.length} passed in ${seconds} s`);
	assert.deepEqual([...new Set(statuses)].sort(), [401, 429]);

	const refused = (await Promise.all(Array.from({ length: 60 }, () => ours(bearer(key))))).find(({ status }) => status === 429);
	check(refused, { status: 429, code: 429, id: null, nginx: true, headers: { ...HEADERS, 'Retry-After': '1', 'X-Request-Id': null } });
	await until('it is served again', async () => (await ours(bearer(key))).status === 200);
}, { timeout_ms: 90_000 });

/* Of requests without a tool a credential has 600 a minute and node: nobody else's are used up. */
test('a limit of mcp-fpm keeps its own words and its own Retry-After', async () => {
	const { id, secret } = await stack.new_key('acme');
	let refused;

	await until('600 a minute are used up', async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => stack.post_in_session(legacy('ping'), { key: secret })));
		refused = answers.find(({ status }) => status === 429);
		return refused;
	}, { every_ms: 1 });
	await stack.mcpctl('key', 'revoke', id);
	assert.equal(refused.all.filter(([name]) => /^retry-after$/i.test(name)).length, 1);
	check(refused, { status: 429, code: 429, headers: { 'Retry-After': /^[1-9]\d*$/, ...HEADERS } });
});

await run();
