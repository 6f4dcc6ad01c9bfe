/*
 * resp: just enough Redis to look at a stream: commands over the unix socket, answers as arrays,
 * strings and numbers.  Nothing is retried; a broken connection is the caller's news.
 */

import net from 'node:net';

const COMMAND_MS = 10_000;

export class Redis {
	constructor(socket_path) {
		this.pending = [];
		this.buffer = Buffer.alloc(0);
		this.socket = net.connect(socket_path);
		this.socket.on('data', (chunk) => this.take(chunk));
		this.socket.on('error', (trouble) => this.fail(trouble));
		this.socket.on('close', () => this.fail(new Error('Redis closed the connection')));
	}

	/* Resolves to the answer; an error answer refuses. */
	send(...words) {
		const frame = [`*${words.length}\r\n`, ...words.map((w) => `$${Buffer.byteLength(String(w))}\r\n${w}\r\n`)];

		return new Promise((resolve, refuse) => {
			const timer = setTimeout(() => refuse(new Error(`Redis did not answer ${words[0]}`)), COMMAND_MS);
			this.pending.push({ resolve, refuse, timer });
			this.socket.write(frame.join(''));
		});
	}

	/* The whole stream as [{ id, fields }], read in pages. */
	async stream(key) {
		const rows = [];

		for (let from = '-'; ;) {
			const page = await this.send('XRANGE', key, from, '+', 'COUNT', '2000');
			for (const [id, flat] of page)
				rows.push({ id, fields: Object.fromEntries(evens(flat)) });
			if (page.length < 2000)
				return rows;
			from = `(${page.at(-1)[0]}`;
		}
	}

	close() {
		this.socket.destroy();
	}

	take(chunk) {
		this.buffer = Buffer.concat([this.buffer, chunk]);
		for (;;) {
			const got = parse(this.buffer, 0);
			if (!got)
				return;
			this.buffer = this.buffer.subarray(got.at);
			const waiting = this.pending.shift();
			clearTimeout(waiting?.timer);
			if (got.value instanceof Error)
				waiting?.refuse(got.value);
			else
				waiting?.resolve(got.value);
		}
	}

	fail(trouble) {
		for (const { refuse, timer } of this.pending.splice(0)) {
			clearTimeout(timer);
			refuse(trouble);
		}
	}
}

function evens(flat) {
	return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

/* One value at `at`: { value, at: behind it }, or null when bytes are missing. */
function parse(bytes, at) {
	const stop = bytes.indexOf('\r\n', at);
	if (stop < 0)
		return null;
	const kind = String.fromCharCode(bytes[at]);
	const rest = bytes.toString('utf8', at + 1, stop);
	const next = stop + 2;

	switch (kind) {
	case '+': return { value: rest, at: next };
	case '-': return { value: new Error(rest), at: next };
	case ':': return { value: Number(rest), at: next };
	case '$': return parse_text(bytes, Number(rest), next);
	case '*': return parse_array(bytes, Number(rest), next);
	default: throw new Error(`not RESP: ${kind}${rest}`);
	}
}

function parse_text(bytes, length, at) {
	if (length < 0)
		return { value: null, at };
	if (bytes.length < at + length + 2)
		return null;
	return { value: bytes.toString('utf8', at, at + length), at: at + length + 2 };
}

function parse_array(bytes, length, at) {
	const value = [];

	for (let i = 0; i < length; i++) {
		const got = parse(bytes, at);
		if (!got)
			return null;
		value.push(got.value);
		at = got.at;
	}
	return { value: length < 0 ? null : value, at };
}
