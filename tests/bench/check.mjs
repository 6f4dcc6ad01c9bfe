/*
 * check: the two requests of the benchmark, and what a right answer to them is.
 *
 * All servers are asked in the dialect of 2025-11-25, the newest that all of them speak, with a
 * session where they give one.
 */
export const requests = {
	'tools/list': { jsonrpc: '2.0', id: 1, method: 'tools/list' },
	'tools/call': { jsonrpc: '2.0', id: 1, method: 'tools/call',
		params: { name: 'list_pipelines', arguments: { limit: 20 } } },
};

const ROWS = 20;
const TOOLS = 5;

const hello = { jsonrpc: '2.0', id: 0, method: 'initialize',
	params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } } };

/* Notes the session that the server gives at the beginning, if it does. */
const begin = async (server) => {
	server.session = (await send(server, hello)).headers.get('mcp-session-id') ?? undefined;
};

const send = (server, message) => fetch(server.url, {
	method: 'POST',
	headers: {
		'Content-Type': 'application/json',
		'Accept': 'application/json, text/event-stream',
		'MCP-Protocol-Version': '2025-11-25',
		...(server.key ? { Authorization: `Bearer ${server.key}` } : {}),
		...(server.session ? { 'Mcp-Session-Id': server.session } : {}),
	},
	body: JSON.stringify(message),
});

/* The body as text, whether it came plain or as the one event of a stream. */
const post = async (server, method) => {
	const response = await send(server, requests[method]);
	const text = await response.text();

	if (response.status !== 200)
		throw new Error(`${server.name} answers ${method} with ${response.status}: ${text.slice(0, 300)}`);
	return text;
};

const resultOf = (text) => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text).result;

/* Toolbox gives a text block per row, the others one object with them all. */
const rowsOf = (result) => result.structuredContent?.pipelines ?? result.content.map((block) => JSON.parse(block.text));

const shapeOf = (row) => JSON.stringify([row.id, row.name, row.source, row.destination, row.status, row.schedule,
	row.last_run_at && Date.parse(row.last_run_at), row.last_run_status]);

/* Notes server.session; { 'tools/list': text, 'tools/call': text }, or throws a sentence.  `model`: ids the rows must have. */
export const check = async (server, model) => {
	await begin(server);
	const list = await post(server, 'tools/list');
	const call = await post(server, 'tools/call');
	const tools = resultOf(list).tools.map((tool) => tool.name);
	const rows = rowsOf(resultOf(call)).map(shapeOf);

	if (tools.length !== TOOLS || !tools.includes('list_pipelines'))
		throw new Error(`${server.name} lists ${tools.length} tools: ${tools}`);
	if (rows.length !== ROWS)
		throw new Error(`${server.name} gives ${rows.length} rows: ${call.slice(0, 300)}`);
	if (model && rows.join() !== model.join())
		throw new Error(`${server.name} gives other rows: ${rows[0]}, not ${model[0]}`);
	return { texts: { 'tools/list': list, 'tools/call': call }, rows };
};
