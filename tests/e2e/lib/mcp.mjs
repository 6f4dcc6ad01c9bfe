/*
 * mcp: the messages of both eras as a correct client writes them, and what one asserts of an answer.
 *
 * modern() and legacy() give { headers, body }; the suites bend them from there.  Everything is
 * plain text and plain objects: what goes over the wire is visible in the test.
 */

import assert from 'node:assert/strict';

export const NS = 'io.modelcontextprotocol/';
export const MODERN = '2026-07-28';
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'];
export const ACCEPT = 'application/json, text/event-stream';
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/* The envelope every modern request carries in params._meta. */
export function envelope(more = {}) {
	return {
		[`${NS}protocolVersion`]: MODERN,
		[`${NS}clientCapabilities`]: {},
		[`${NS}clientInfo`]: { name: 'mcp-fpm-tests', version: '1' },
		...more,
	};
}

/* A modern request: headers as an object, body as text. */
export function modern(method, params = {}, { id = 1, headers = {}, meta = {} } = {}) {
	const named = { 'tools/call': params.name, 'prompts/get': params.name, 'resources/read': params.uri }[method];

	return {
		headers: {
			'Content-Type': 'application/json', Accept: ACCEPT, 'MCP-Protocol-Version': MODERN,
			'Mcp-Method': method, ...(typeof named === 'string' ? { 'Mcp-Name': named } : {}), ...headers,
		},
		body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: envelope(meta), ...params } }),
	};
}

/* A legacy request; version null sends no MCP-Protocol-Version. */
export function legacy(method, params, { id = 1, version = '2025-11-25', headers = {} } = {}) {
	return {
		headers: {
			'Content-Type': 'application/json', Accept: ACCEPT,
			...(version ? { 'MCP-Protocol-Version': version } : {}), ...headers,
		},
		body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
	};
}

export function initialize(protocolVersion = '2025-11-25', capabilities = {}) {
	return legacy('initialize', { protocolVersion, capabilities, clientInfo: { name: 'mcp-fpm-tests', version: '1' } },
		{ version: null });
}

export const session_header = (id) => ({ 'Mcp-Session-Id': id });
export const bearer = (key) => ({ Authorization: `Bearer ${key}` });

/*
 * Compares an answer with what was wanted and throws one error that lists every difference with the
 * answer itself.  want: status (number or list), code (JSON-RPC error code, or null for no error),
 * id (the exact JSON token, or null: no id member), headers ({ name: text, pattern, or null }),
 * empty (no body), also (fn that may throw).
 */
export function check(answer, want) {
	const wrong = [];
	const differ = (what, got, wanted) => wrong.push(`${what}: ${show(got)}, expected ${show(wanted)}`);

	if (![want.status].flat().includes(answer.status))
		differ('status', answer.status, want.status);
	if (want.code !== undefined && ![want.code].flat().includes(answer.json?.error?.code ?? null))
		differ('error code', answer.json?.error?.code ?? null, want.code);
	if (want.id !== undefined)
		check_id(answer, want.id, differ);
	for (const [name, wanted] of Object.entries(want.headers ?? {}))
		check_header(name, answer.headers[name.toLowerCase()], wanted, differ);
	if (want.empty && answer.text !== '')
		differ('body', answer.text, '');
	if (!UUID.test(answer.headers['x-request-id'] ?? '') && want.nginx !== true)
		differ('X-Request-Id', answer.headers['x-request-id'], 'a uuid');
	check_error(answer, differ);
	try {
		want.also?.(answer);
	} catch (trouble) {
		wrong.push(trouble.message);
	}
	if (wrong.length > 0)
		assert.fail(`${wrong.join('\n')}\nanswer: ${answer.status} ${clip(answer.text)}`);
}

/* The token as it stands in the text: 0 and "0", 1 and 1.0 are different things to a client. */
function check_id(answer, wanted, differ) {
	if (wanted === null) {
		if (answer.json && 'id' in answer.json)
			differ('id', answer.json.id, 'no id member');
		return;
	}
	if (wanted.startsWith('"')) {
		if (JSON.stringify(answer.json?.id) !== JSON.stringify(JSON.parse(wanted)))
			differ('id', answer.json?.id, wanted);
		return;
	}
	const token = /"id"\s*:\s*([^\s,}]+)/.exec(answer.text)?.[1];
	if (token !== wanted)
		differ('id token', token, wanted);
}

function check_header(name, got, wanted, differ) {
	const fits = wanted === null ? got === undefined
		: wanted instanceof RegExp ? wanted.test(got ?? '') : got === wanted;
	if (!fits)
		differ(name, got, wanted ?? 'absent');
}

/* Whatever the error: JSON-RPC 2.0, a sentence, and nothing of the machinery in it. */
function check_error(answer, differ) {
	const error = answer.json?.error;
	if (!error || Array.isArray(answer.json))
		return;
	if (answer.json.jsonrpc !== '2.0')
		differ('jsonrpc', answer.json.jsonrpc, '2.0');
	if (typeof error.message !== 'string' || error.message === '')
		differ('error.message', error.message, 'a sentence');
	if (/postgres|redis|socket|planasonix\.[a-z]+\b|mcp_|mcp\.[a-z]|libpq|\bpg_|fcgi\/|\.c:\d/i.test(error.message))
		differ('error.message', error.message, 'no internals');
	if (!/^application\/json/i.test(answer.headers['content-type'] ?? ''))
		differ('Content-Type', answer.headers['content-type'], 'application/json');
}

function show(value) {
	return value instanceof RegExp ? String(value) : JSON.stringify(value) ?? 'nothing';
}

export function clip(text, length = 600) {
	return text.length > length ? `${text.slice(0, length)}... (${text.length} characters)` : text;
}
