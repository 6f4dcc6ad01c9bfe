/*
 * events: an answer that stays open, as the events in it.
 *
 * open_events() resolves as soon as the head is there.  A stream then collects { event, data, json }
 * and comments as they come; whoever waits for one says how it looks.  close() walks away.
 */

import http from 'node:http';
import https from 'node:https';

const WAIT_MS = 5_000;

class Events {
	constructor(request, response) {
		Object.assign(this, { request, status: response.statusCode, headers: response.headers });
		this.events = [];
		this.comments = [];
		this.text = '';			/* all of it */
		this.rest = '';			/* what is no whole event yet */
		this.ended = false;
		this.waiting = [];
		response.setEncoding('utf8');
		response.on('data', (chunk) => this.take(chunk));
		response.on('error', () => {});
		response.on('close', () => this.look(this.ended = true));
	}

	take(chunk) {
		this.text += chunk;
		const parts = (this.rest + chunk).split('\n\n');

		this.rest = parts.pop();
		parts.forEach((part) => this.take_part(part));
		this.look();
	}

	take_part(part) {
		const lines = part.split('\n');
		const value = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join('\n');
		const data = value('data');

		if (part.startsWith(':'))
			this.comments.push(part);
		else
			this.events.push({ event: value('event'), data, json: data.startsWith('{') ? JSON.parse(data) : undefined });
	}

	look() {
		this.waiting = this.waiting.filter((look) => !look());
	}

	/* The first event that fn finds, now or later; throws when the stream ends without it, or it takes too long. */
	find(what, fn, timeout_ms = WAIT_MS) {
		return this.wait(what, () => this.events.find(fn), timeout_ms);
	}

	/* The answer to a request, by its id. */
	async answer(id, timeout_ms) {
		return (await this.find(`an answer to ${id}`, ({ json }) => json?.id === id && !json.method, timeout_ms)).json;
	}

	end(timeout_ms) {
		return this.wait('its end', () => this.ended, timeout_ms);
	}

	wait(what, fn, timeout_ms = WAIT_MS) {
		return new Promise((resolve, refuse) => {
			const fail = (why) => refuse(new Error(`waited for ${what}, but ${why}: ${this.text.slice(-1000)}`));
			const timer = setTimeout(() => fail(`${timeout_ms} ms are over`), timeout_ms);
			const look = () => {
				const found = fn();
				if (!found && !this.ended)
					return false;
				clearTimeout(timer);
				if (found)
					resolve(found);
				else
					fail('the stream has ended');
				return true;
			};
			if (!look())
				this.waiting.push(look);
		});
	}

	close() {
		this.request.destroy();
	}
}

/* to: { host, port, ca? }; resolves to an Events, whatever the status. */
export function open_events(to, { method = 'GET', path, headers = {}, body = '' }) {
	return new Promise((resolve, refuse) => {
		const request = (to.ca ? https : http).request({ ...to, method, path, agent: false,
			headers: body ? { 'Content-Length': Buffer.byteLength(body), ...headers } : headers });

		request.on('error', refuse);
		request.on('response', (response) => resolve(new Events(request, response)));
		request.end(body);
	});
}
