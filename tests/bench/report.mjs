/*
 * report: the one table, and under it what mcp-fpm is to each peer.
 */
const PARTS = ['nginx', 'server', 'postgres', 'redis'];

const number = (value, digits = 0) =>
	value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const ms = (us) => number(us / 1000, 2);
const mb = (kb) => number(kb / 1024, 0);

const cpuOf = (cell) => PARTS.reduce((sum, part) => sum + cell.cpu[part], 0) / cell.requests * 1e6;

/* Figures stand right, words left. */
const lines = (rows) => {
	const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
	const isWord = (i) => !/^[\d,.]+$/.test(rows.at(-1)[i]);

	return rows.map((row) =>
		row.map((cell, i) => isWord(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join('  ').trimEnd());
};

const head = ['request', 'conns', 'server', 'req/s', 'p50 ms', 'p99 ms', 'CPU us/req', '= nginx', '+ server',
	'+ postgres', '+ redis', 'bytes'];

const row = (cell) => [
	cell.method, number(cell.connections), cell.server.name, number(cell.perSecond), ms(cell.p50_us), ms(cell.p99_us),
	number(cpuOf(cell)), ...PARTS.map((part) => number(cell.cpu[part] / cell.requests * 1e6)), number(cell.bytes),
];

/* A blank line where another load begins. */
const spaced = (cells, text) => text.flatMap((one, i) =>
	i > 1 && cells[i - 1].connections !== cells[i - 2].connections ? ['', one] : [one]);

const memoryHead = ['memory (PSS), MB', 'processes', 'all', '= nginx', '+ server', '+ postgres', '+ redis'];

const memoryRow = ({ server, memory }) => {
	const parts = PARTS.map((part) => memory[part]);

	return [server.name, ...[
		number(parts.reduce((sum, part) => sum + part.processes, 0)),
		mb(parts.reduce((sum, part) => sum + part.kb, 0)), ...parts.map((part) => mb(part.kb)),
	]];
};

const find = (cells, cell, name) =>
	cells.find((c) => c.server.name === name && c.method === cell.method && c.connections === cell.connections);

const ratioRow = (cells, cell, peers) => [
	cell.method, number(cell.connections), ...peers.flatMap((peer) => {
		const other = find(cells, cell, peer);

		return [number(cell.perSecond / other.perSecond, 2), number(cpuOf(cell) / cpuOf(other), 2)];
	}),
];

/* cells: one per server and load; memories: one per server, ours first. */
export const report = (cells, memories, about) => {
	const [ours, ...peers] = memories.map((m) => m.server.name);
	const mine = cells.filter((cell) => cell.server.name === ours);
	const ratios = [
		[`${ours} to`, 'conns', ...peers.flatMap((peer) => [`${peer}: req/s`, 'CPU/req'])],
		...mine.map((cell) => ratioRow(cells, cell, peers)),
	];

	return [
		...about, '',
		...spaced(cells, lines([head, ...cells.map(row)])), '',
		...lines([memoryHead, ...memories.map(memoryRow)]), '',
		...lines(ratios),
	].join('\n');
};
