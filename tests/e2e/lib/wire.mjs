/*
 * wire: HTTP as bytes, for what an ordinary client would tidy up.
 *
 * exchange() sends exactly the bytes it is given over a connection of its own (TLS or plain) and
 * takes the one answer apart; lines() and message() make such bytes.  Pool is the opposite: a small
 * keep-alive client for the suites that hammer.  Neither knows MCP.
 */

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const ANSWER_MS = 20_000;
const ANSWER_BYTES_MAX = 16 << 20;

/* "POST /mcp HTTP/1.1", the headers in the given order, a body: bytes.  Nothing is added. */
export function message(line, headers, body = '') {
	const head = `${line}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

	return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

/* Opens a connection to { host, port, ca }: TLS when there is a ca. */
export function dial({ host, port, ca, options }) {
	return ca ? tls.connect({ host, port, ca, ...options }) : net.connect({ host, port });
}

/*
 * Sends bytes and resolves to { status, headers, all, text, json } when the peer closes, or the
 * answer is complete.  headers: lower-case names, last value; all: every [name, value] as it came.
 * end: our side is closed after the bytes.
 */
export function exchange(to, bytes, { timeout_ms = ANSWER_MS, end = false } = {}) {
	return new Promise((resolve, refuse) => {
		const socket = dial(to);
		const chunks = [];
		const bodyless = bytes.subarray(0, 5).toString('latin1') === 'HEAD ';
		let size = 0;

		const done = (fn, value) => {
			clearTimeout(timer);
			socket.destroy();
			fn(value);
		};
		const timer = setTimeout(() => done(refuse, new Error(`no answer within ${timeout_ms} ms; got ${size} bytes`)),
			timeout_ms);

		socket.on('data', (chunk) => {
			chunks.push(chunk);
			size += chunk.length;
			const answer = size <= ANSWER_BYTES_MAX ? take_apart(Buffer.concat(chunks), { bodyless }) : null;
			if (answer)
				done(resolve, answer);
		});
		socket.on('error', (trouble) => done(refuse, trouble));
		socket.on('close', () => {
			const answer = take_apart(Buffer.concat(chunks), { bodyless, closed: true });
			if (answer)
				done(resolve, answer);
			else
				done(refuse, new Error(`connection closed after ${size} bytes without a whole answer`));
		});
		socket.write(bytes);
		if (end)
			socket.end();
	});
}

/* The first answer in the bytes, or null when it is not complete yet. */
function take_apart(bytes, { bodyless = false, closed = false }) {
	const stop = bytes.indexOf('\r\n\r\n');
	if (stop < 0)
		return null;

	const [first, ...rows] = bytes.subarray(0, stop).toString('latin1').split('\r\n');
	const status = Number(first.split(' ')[1]);
	if (status === 100)
		return take_apart(bytes.subarray(stop + 4), { bodyless, closed });
	const all = rows.map((row) => [row.slice(0, row.indexOf(':')), row.slice(row.indexOf(':') + 1).trim()]);
	const headers = Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value]));
	const rest = bytes.subarray(stop + 4);
	const body = bodyless ? rest.subarray(0, 0) : take_body(rest, headers, status, closed);

	return body && answer_of(status, headers, all, body);
}

function take_body(rest, headers, status, closed) {
	if (status === 204 || status === 304)
		return rest.subarray(0, 0);
	if (/chunked/i.test(headers['transfer-encoding'] ?? ''))
		return unchunk(rest);
	if (headers['content-length'] === undefined)
		return closed ? rest : null;
	const length = Number(headers['content-length']);
	return rest.length >= length ? rest.subarray(0, length) : null;
}

function unchunk(rest) {
	const parts = [];

	for (let at = 0; ;) {
		const stop = rest.indexOf('\r\n', at);
		if (stop < 0)
			return null;
		const size = parseInt(rest.subarray(at, stop).toString('latin1'), 16);
		if (size === 0)
			return Buffer.concat(parts);
		if (rest.length < stop + 2 + size + 2)
			return null;
		parts.push(rest.subarray(stop + 2, stop + 2 + size));
		at = stop + 2 + size + 2;
	}
}

/* json is undefined when the text is no JSON. */
function answer_of(status, headers, all, body) {
	const text = body.toString('utf8');
	let json;

	try {
		json = JSON.parse(text);
	} catch {
		json = undefined;
	}
	return { status, headers, all, text, json };
}

/* Keep-alive connections to one origin; at most `sockets` of them. */
export class Pool {
	constructor({ host, port, ca }, sockets = 16) {
		this.base = { host, port, ca };
		this.module = ca ? https : http;
		this.agent = new this.module.Agent({ keepAlive: true, maxSockets: sockets, ca });
	}

	/*
	 * Resolves to an answer as exchange() does, with started_ms and ended_ms (performance.now()).
	 * abort_ms: walk away after so long; then the promise is refused with name AbortError.
	 */
	send({ method = 'POST', path, headers, body = '', timeout_ms = ANSWER_MS, abort_ms = 0 }) {
		return new Promise((resolve, refuse) => {
			const started_ms = performance.now();
			const request = this.module.request({ ...this.base, agent: this.agent, method, path,
				headers: { 'Content-Length': Buffer.byteLength(body), ...headers } });
			const late = () => request.destroy(new Error(`no answer within ${timeout_ms} ms`));
			const timer = setTimeout(late, timeout_ms);
			const gone = abort_ms && setTimeout(() => request.destroy(Object.assign(new Error('walked away'),
				{ name: 'AbortError' })), abort_ms);

			const finish = (fn, value) => {
				clearTimeout(timer);
				clearTimeout(gone);
				fn(value);
			};
			request.on('error', (trouble) => finish(refuse, trouble));
			request.on('response', (response) => {
				const chunks = [];

				response.on('data', (chunk) => chunks.push(chunk));
				response.on('error', (trouble) => finish(refuse, trouble));
				response.on('aborted', () => finish(refuse, new Error('the answer broke off')));
				response.on('end', () => {
					const all = pairs(response.rawHeaders);
					finish(resolve, { ...answer_of(response.statusCode, response.headers, all,
						Buffer.concat(chunks)), started_ms, ended_ms: performance.now() });
				});
			});
			request.end(body);
		});
	}

	close() {
		this.agent.destroy();
	}
}

function pairs(raw) {
	return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]]);
}
