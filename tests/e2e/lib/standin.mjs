/*
 * standin: MCP servers made of the official packages, for tests of mcp-stdio alone.
 *
 * The bridge has to get on with servers that are not ours, and with trouble that ours cannot be
 * asked to make at the right moment: a lost session, a stream cut in the middle, a tool that changes
 * its headers.  stand_in(kind) listens on a port of its own on loopback:
 *
 *	modern		@modelcontextprotocol/server: 2026-07-28 only
 *	legacy		@modelcontextprotocol/sdk: Streamable HTTP with sessions
 *	resumable	the same with numbered events, that can be read on
 *	sse		the same on the HTTP+SSE transport of 2024-11-05
 *
 * Tools: echo, count (progress), ask (the user), nap (until cancelled), regional (a header), change
 * (of the list of tools).
 */

import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server as OldServer } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema, SetLevelRequestSchema, SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer, acceptedContent, createMcpHandler, fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';

const STEP_MS = 20;	/* clients forget progress that comes in one piece with the result */
const IDENTITY = { name: 'stand-in', version: '1.0.0' };
const COLOUR = { type: 'object', properties: { colour: { type: 'string' } }, required: ['colour'] };
const shape = (properties = {}, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const TOOLS = {
	echo: shape({ text: { type: 'string' } }),
	count: shape({ to: { type: 'integer' } }),
	ask: shape(),
	nap: shape(),
	regional: shape({ region: { type: 'string', 'x-mcp-header': 'Region' }, size: { type: 'integer', 'x-mcp-header': 'Size' } }, ['region']),
	change: shape(),
};
const says = (text) => ({ content: [{ type: 'text', text }] });

/* { url, seen, ..., close() }; seen: every request as { method, headers, body }. */
export async function stand_in(kind) {
	const self = { seen: [], aborted: 0, sessions: new Map(), told: [] };
	const serve = { modern, legacy, resumable, sse }[kind](self);
	const sockets = new Set();
	const server = http.createServer(async (req, res) => {
		const bytes = [];

		for await (const chunk of req)
			bytes.push(chunk);
		const body = Buffer.concat(bytes).toString();
		self.seen.push({ method: req.method, url: req.url, headers: req.headers, body: body ? JSON.parse(body) : null });
		if (self.instead) {
			self.instead(req, res);
			return;
		}
		await serve(req, res, body);
	});

	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	self.port = server.address().port;
	self.url = `http://127.0.0.1:${self.port}${kind === 'sse' ? '/sse' : '/mcp'}`;
	/* Every connection breaks now, as when a server dies. */
	self.cut = () => sockets.forEach((socket) => socket.destroy());
	self.posts = (method) => self.seen.filter(({ body }) => body?.method === method);
	self.close = async () => {
		server.close();
		self.cut();
		await self.stop?.();
	};
	return self;
}

/* --- 2026-07-28 -------------------------------------------------------------------------- */

function modern(self) {
	const handler = createMcpHandler(() => modern_server(self), { legacy: 'reject', keepAliveMs: 200 });

	self.changed = () => handler.notify.toolsChanged();
	self.stop = () => handler.close();
	return async (req, res, body) => {
		const gone = new AbortController();
		const request = new Request(`http://${req.headers.host}${req.url}`, { method: req.method, headers: req.headers,
			body: body || undefined, signal: gone.signal });

		res.on('close', () => gone.abort());
		const answer = await handler.fetch(request);
		res.writeHead(answer.status, Object.fromEntries(answer.headers));
		if (answer.body)
			Readable.fromWeb(answer.body).on('error', () => res.destroy()).pipe(res);
		else
			res.end();
	};
}

function modern_server(self) {
	const server = new McpServer(IDENTITY, { capabilities: { tools: { listChanged: true }, logging: {} } });
	const handlers = {
		echo: ({ text }) => says(text),
		count: async ({ to }, ctx) => {
			for (let i = 1; i <= to; i++) {
				await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progress: i, total: to,
					progressToken: ctx.mcpReq._meta?.progressToken } });
				await sleep(STEP_MS);
			}
			return says(`counted to ${to}`);
		},
		ask: (_, ctx) => {
			const answer = acceptedContent(ctx.mcpReq.inputResponses, 'colour');
			return answer ? says(`likes ${answer.colour}`)
				: inputRequired({ inputRequests: { colour: inputRequired.elicit({ message: 'Which colour?', requestedSchema: COLOUR }) } });
		},
		nap: (_, ctx) => nap(self, ctx.mcpReq.signal),
		regional: ({ region, size }) => says(`${region} ${size}`),
		change: () => {
			self.changed();
			return says('changed');
		},
	};
	for (const [name, schema] of Object.entries(TOOLS))
		server.registerTool(name, { inputSchema: fromJsonSchema(schema) }, handlers[name]);
	return server;
}

async function nap(self, signal) {
	self.napping = (self.napping ?? 0) + 1;
	try {
		await sleep(20_000, null, { signal });
	} catch {
		self.aborted++;
	}
	return says('slept');
}

/* --- 2025-11-25 and older ---------------------------------------------------------------- */

function old_server(self) {
	const server = new OldServer(IDENTITY, { capabilities: { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } } });
	const handlers = {
		echo: ({ text }) => says(text),
		count: async ({ to }, extra) => {
			for (let i = 1; i <= to; i++) {
				await extra.sendNotification({ method: 'notifications/progress', params: { progress: i, total: to,
					progressToken: extra._meta?.progressToken } });
				await sleep(STEP_MS);
			}
			await self.between?.(extra);
			return says(`counted to ${to}`);
		},
		ask: async (_, extra) => {
			const { action, content } = await server.elicitInput({ message: 'Which colour?', requestedSchema: COLOUR },
				{ relatedRequestId: extra.requestId });
			return says(action === 'accept' ? `likes ${content.colour}` : action);
		},
		nap: (_, extra) => nap(self, extra.signal),
		regional: ({ region, size }) => says(`${region} ${size}`),
		change: async () => {
			await self.changed();
			return says('changed');
		},
	};

	server.setRequestHandler(ListToolsRequestSchema, () =>
		({ tools: Object.entries(TOOLS).map(([name, inputSchema]) => ({ name, inputSchema })) }));
	server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => handlers[params.name](params.arguments ?? {}, extra));
	server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
		self.told.push(`level ${params.level}`);
		return {};
	});
	server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
		self.told.push(`subscribe ${params.uri}`);
		return {};
	});
	return server;
}

/* Sends to every session. */
const tell_all = (self) => Promise.all([...self.sessions.values()].map(({ server }) => server.sendToolListChanged()));

function legacy(self, options = {}) {
	self.changed = () => tell_all(self);
	/* As a restart would: every session is unknown from now on. */
	self.forget = () => self.sessions.clear();
	self.stop = () => Promise.all([...self.sessions.values()].map(({ server }) => server.close()));
	return async (req, res, body) => {
		const id = req.headers['mcp-session-id'];
		let session = self.sessions.get(id);

		if (id && !session) {
			res.writeHead(404, { 'Content-Type': 'application/json' });
			res.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }));
			return;
		}
		if (!session) {
			session = { server: old_server(self) };
			session.transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, ...options,
				onsessioninitialized: (given) => self.sessions.set(given, session),
				onsessionclosed: (given) => self.sessions.delete(given) });
			await session.server.connect(session.transport);
		}
		await session.transport.handleRequest(req, res, body ? JSON.parse(body) : undefined);
	};
}

/* Keeps every event of every stream. */
class Events {
	kept = [];

	async storeEvent(stream, message) {
		this.kept.push({ stream, message });
		return String(this.kept.length);
	}

	async replayEventsAfter(last, { send }) {
		const { stream } = this.kept[Number(last) - 1];

		for (const [i, event] of this.kept.entries())
			if (i >= Number(last) && event.stream === stream)
				await send(String(i + 1), event.message);
		return stream;
	}
}

function resumable(self) {
	return legacy(self, { eventStore: new Events(), retryInterval: 100 });
}

function sse(self) {
	self.changed = () => tell_all(self);
	self.stop = () => Promise.all([...self.sessions.values()].map(({ server }) => server.close()));
	return async (req, res, body) => {
		const { pathname, searchParams } = new URL(req.url, 'http://stand-in');

		if (req.method === 'GET' && pathname === '/sse') {
			const session = { server: old_server(self), transport: new SSEServerTransport('/messages', res) };
			self.sessions.set(session.transport.sessionId, session);
			res.on('close', () => self.sessions.delete(session.transport.sessionId));
			await session.server.connect(session.transport);
			return;
		}
		const session = self.sessions.get(searchParams.get('sessionId'));
		if (req.method === 'POST' && pathname === '/messages' && session)
			await session.transport.handlePostMessage(req, res, JSON.parse(body));
		else
			res.writeHead(pathname === '/sse' ? 405 : 404).end();
	};
}
