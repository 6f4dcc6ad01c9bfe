/*
 * listen: a stream that stays open, and what has been heard on it.
 *
 * listen() posts a modern subscriptions/listen and resolves when it is acknowledged.
 */

import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { NS, bearer, modern } from './mcp.mjs';

const ANSWER_MS = 5_000;

/* Notifications as they are compared: "tools", or the URI of a resource. */
const word = ({ method, params }) => method === 'notifications/resources/updated' ? params.uri
	: /^notifications\/(\w+)\/list_changed$/.exec(method)?.[1] ?? method;

export class Listener {
	constructor(request, response) {
		Object.assign(this, { request, response, messages: [], status: response.statusCode, ended: false, text: '' });
		response.setEncoding('utf8');
		response.on('data', (text) => this.take(text));
		response.on('error', () => {});
		response.on('close', () => { this.ended = true; });
	}

	/* Frames as they become whole; comments are no messages, nor is the endpoint of the older transport. */
	take(text) {
		const frames = (this.text + text).split('\n\n');

		this.text = frames.pop();
		for (const frame of frames) {
			const data = frame.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
			if (frame.startsWith('event: endpoint\n'))
				this.endpoint = data;
			else if (data)
				this.messages.push({ at_ms: performance.now(), ...JSON.parse(data) });
		}
	}

	/* What was heard since the acknowledgement, or since the last forget(). */
	get heard() {
		return this.messages.filter(({ method }) => method && !method.endsWith('/acknowledged')).map(word);
	}

	/* The result, which ends it. */
	get result() {
		return this.messages.find(({ result }) => result)?.result;
	}

	forget() {
		this.messages = [];
	}

	close() {
		this.request.destroy();
	}
}

/* to: { host, port, ca } */
export function open(to, path, { headers, body }, method = 'POST') {
	const { promise, resolve, reject } = Promise.withResolvers();
	const request = (to.ca ? https : http).request({ host: to.host, port: to.port, ca: to.ca, path, method, agent: false, headers }, (response) => {
		resolve(new Listener(request, response));
	});

	request.on('error', reject);
	request.end(body);
	return promise;
}

export async function listen(stack, key, notifications, { to = stack.http, path = stack.endpoint, id = 1 } = {}) {
	const { headers, body } = modern('subscriptions/listen', { notifications }, { id });
	const listener = await open(to, path, { headers: { ...headers, ...bearer(key) }, body });
	const stop = performance.now() + ANSWER_MS;

	while (!listener.messages.some(({ method }) => method?.endsWith('/acknowledged'))) {
		if (performance.now() > stop || listener.ended)
			throw new Error(`no acknowledgement: ${listener.status} ${listener.text}${JSON.stringify(listener.messages)}`);
		await sleep(5);
	}
	listener.honoured = listener.messages[0].params.notifications;
	if (listener.messages[0].params._meta[`${NS}subscriptionId`] !== id)
		throw new Error(`another subscription was acknowledged: ${JSON.stringify(listener.messages[0])}`);
	stack.clients.push(() => listener.close());
	return listener;
}
