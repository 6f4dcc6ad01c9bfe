/*
 * cron: mcp.cron_next and mcp.cron_check, by tables and against an independent implementation.
 *
 * Croner supplies the calendar: it is asked in UTC, as if wall clocks never changed.  When a zone's
 * clock shows such a time is worked out here from the offsets that Intl knows, by this rule:
 * a skipped time happens when the gap ends, a doubled one the first time.  On ordinary days
 * croner is asked in the zone itself too.
 */

import assert from 'node:assert/strict';
import { Cron } from 'croner';
import { before, test } from '../e2e/lib/tap.mjs';
import { SOAK } from '../e2e/lib/stack.mjs';
import { connect, connect_owner, enter_as, one, rows, undone } from './cluster.mjs';

const BERLIN = 'Europe/Berlin', NEW_YORK = 'America/New_York', LORD_HOWE = 'Australia/Lord_Howe';
const MINUTE = 60_000, DAY = 86_400_000;

let owner;

before(async () => {
	owner = await connect_owner();
	await owner.query('set timezone = \'America/Sao_Paulo\'');	/* no answer may depend on it */
});

const next = (expression, zone, after) => one(owner, 'select mcp.iso(mcp.cron_next($1, $2, $3))', [expression, zone, after]);

/* The runs after a moment, as long as some are wanted. */
async function runs(expression, zone, after, count) {
	const found = [];

	for (let at = after; found.length < count && at; )
		found.push(at = await next(expression, zone, at));
	return found;
}

/* expression, zone, after, what follows */
const table = [
	/* fields */
	['* * * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z']],
	['* * * * *', 'UTC', '2026-01-01T00:00:59.999999Z', ['2026-01-01T00:01:00Z']],
	['* * * * *', 'UTC', '2025-12-31T23:59:30Z', ['2026-01-01T00:00:00Z']],
	['0 0 1 1 *', 'UTC', '2026-01-01T00:00:00Z', ['2027-01-01T00:00:00Z']],
	['5,10-12,50-59/5 3 * * *', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-01T03:05:00Z', '2026-05-01T03:10:00Z', '2026-05-01T03:11:00Z',
		'2026-05-01T03:12:00Z', '2026-05-01T03:50:00Z', '2026-05-01T03:55:00Z', '2026-05-02T03:05:00Z']],
	['*/25 * * * *', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-01T00:25:00Z', '2026-05-01T00:50:00Z', '2026-05-01T01:00:00Z']],
	['7/20 * * * *', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-01T00:07:00Z', '2026-05-01T00:27:00Z', '2026-05-01T00:47:00Z', '2026-05-01T01:07:00Z']],
	['0 8-18/5 * * *', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-01T08:00:00Z', '2026-05-01T13:00:00Z', '2026-05-01T18:00:00Z', '2026-05-02T08:00:00Z']],
	[' 0\t 12  * * *  ', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-01T12:00:00Z']],
	['0 0 * * 0', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-03T00:00:00Z', '2026-05-10T00:00:00Z']],
	['0 0 * * 7', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-03T00:00:00Z', '2026-05-10T00:00:00Z']],
	['0 0 * * Sun', 'UTC', '2026-05-01T00:00:00Z', ['2026-05-03T00:00:00Z']],
	['0 0 * * FRI-SUN', 'UTC', '2026-05-01T12:00:00Z', ['2026-05-02T00:00:00Z', '2026-05-03T00:00:00Z', '2026-05-08T00:00:00Z']],
	['0 0 * * 5-7', 'UTC', '2026-05-01T12:00:00Z', ['2026-05-02T00:00:00Z', '2026-05-03T00:00:00Z', '2026-05-08T00:00:00Z']],
	['0 0 * * sun-tue', 'UTC', '2026-05-01T12:00:00Z', ['2026-05-03T00:00:00Z', '2026-05-04T00:00:00Z', '2026-05-05T00:00:00Z', '2026-05-10T00:00:00Z']],
	['0 0 1 jan,Jul *', 'UTC', '2026-05-01T00:00:00Z', ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
	['0 0 1 NOV-dec *', 'UTC', '2026-05-01T00:00:00Z', ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2027-11-01T00:00:00Z']],

	/* one day field or the other, when neither begins with a star; else both */
	['0 0 13 * 5', 'UTC', '2026-11-01T00:00:00Z', ['2026-11-06T00:00:00Z', '2026-11-13T00:00:00Z', '2026-11-20T00:00:00Z', '2026-11-27T00:00:00Z',
		'2026-12-04T00:00:00Z', '2026-12-11T00:00:00Z', '2026-12-13T00:00:00Z']],
	['0 0 13 * *', 'UTC', '2026-11-01T00:00:00Z', ['2026-11-13T00:00:00Z', '2026-12-13T00:00:00Z']],
	['0 0 * * 5', 'UTC', '2026-11-01T00:00:00Z', ['2026-11-06T00:00:00Z', '2026-11-13T00:00:00Z']],
	['0 0 */2 * 1', 'UTC', '2026-11-01T00:00:00Z', ['2026-11-09T00:00:00Z', '2026-11-23T00:00:00Z']],
	['0 0 13 * */5', 'UTC', '2026-01-01T00:00:00Z', ['2026-02-13T00:00:00Z', '2026-03-13T00:00:00Z', '2026-09-13T00:00:00Z']],

	/* ends of months, leap days */
	['0 0 31 * *', 'UTC', '2026-01-31T00:00:00Z', ['2026-03-31T00:00:00Z', '2026-05-31T00:00:00Z', '2026-07-31T00:00:00Z', '2026-08-31T00:00:00Z']],
	['0 0 30 * *', 'UTC', '2026-01-30T00:00:00Z', ['2026-03-30T00:00:00Z']],
	['59 23 28-31 2 *', 'UTC', '2027-01-01T00:00:00Z', ['2027-02-28T23:59:00Z', '2028-02-28T23:59:00Z', '2028-02-29T23:59:00Z']],
	['0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
	['0 0 29 2 *', 'UTC', '2096-02-29T00:00:00Z', ['2104-02-29T00:00:00Z']],
	['0 0 29 2 *', 'UTC', '1999-01-01T00:00:00Z', ['2000-02-29T00:00:00Z']],
	['0 0 29 2 */7', 'UTC', '2088-02-29T00:00:00Z', ['2128-02-29T00:00:00Z']],
	['0 0 31 4,6,9,11 1', 'UTC', '2026-06-29T00:00:00Z', ['2026-09-07T00:00:00Z']],
	['0 0 30 2 *', 'UTC', '2026-01-01T00:00:00Z', [null]],
	['0 0 31 2,4,6,9,11 *', BERLIN, '2026-01-01T00:00:00Z', [null]],
	['* * * * *', 'UTC', 'infinity', [null]],

	/* Berlin: 02:00 to 03:00 is skipped on 29 March 2026, and comes twice on 25 October */
	['30 2 * * *', BERLIN, '2026-03-27T23:00:00Z', ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z']],
	['0 2 * * *', BERLIN, '2026-03-28T23:00:00Z', ['2026-03-29T01:00:00Z', '2026-03-30T00:00:00Z']],
	['0 3 * * *', BERLIN, '2026-03-28T23:00:00Z', ['2026-03-29T01:00:00Z', '2026-03-30T01:00:00Z']],
	['0,30 2,3 * * *', BERLIN, '2026-03-28T23:00:00Z', ['2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z', '2026-03-30T00:00:00Z']],
	['*/20 * * * *', BERLIN, '2026-03-29T00:30:00Z', ['2026-03-29T00:40:00Z', '2026-03-29T01:00:00Z', '2026-03-29T01:20:00Z']],
	['59 1 * * *', BERLIN, '2026-03-28T23:00:00Z', ['2026-03-29T00:59:00Z', '2026-03-29T23:59:00Z']],
	['30 2 * * *', BERLIN, '2026-10-24T00:00:00Z', ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']],
	['30 2 * * *', BERLIN, '2026-10-25T01:10:00Z', ['2026-10-26T01:30:00Z']],
	['*/30 * * * *', BERLIN, '2026-10-24T23:40:00Z', ['2026-10-25T00:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T02:00:00Z']],
	['0 3 * * *', BERLIN, '2026-10-24T23:40:00Z', ['2026-10-25T02:00:00Z', '2026-10-26T02:00:00Z']],

	/* New York: 02:00 to 03:00 is skipped on 8 March 2026, 01:00 to 02:00 comes twice on 1 November */
	['30 2 * * *', NEW_YORK, '2026-03-07T08:00:00Z', ['2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z']],
	['15 * * * *', NEW_YORK, '2026-03-08T06:00:00Z', ['2026-03-08T06:15:00Z', '2026-03-08T07:00:00Z', '2026-03-08T07:15:00Z']],
	['0 0 8 3 *', NEW_YORK, '2026-01-01T00:00:00Z', ['2026-03-08T05:00:00Z']],
	['30 1 * * *', NEW_YORK, '2026-10-31T12:00:00Z', ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z']],
	['0 1,2 * * *', NEW_YORK, '2026-11-01T04:30:00Z', ['2026-11-01T05:00:00Z', '2026-11-01T07:00:00Z']],
	['* 1 * * *', NEW_YORK, '2026-11-01T05:58:00Z', ['2026-11-01T05:59:00Z', '2026-11-02T06:00:00Z']],

	/* Lord Howe: half an hour; 02:00 to 02:30 is skipped on 4 October 2026, 01:30 to 02:00 comes twice on 5 April */
	['15 2 * * *', LORD_HOWE, '2026-10-02T20:00:00Z', ['2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z']],
	['30 2 * * *', LORD_HOWE, '2026-10-02T20:00:00Z', ['2026-10-03T15:30:00Z', '2026-10-04T15:30:00Z']],
	['*/10 2 * * *', LORD_HOWE, '2026-10-03T15:00:00Z', ['2026-10-03T15:30:00Z', '2026-10-03T15:40:00Z', '2026-10-03T15:50:00Z', '2026-10-04T15:00:00Z']],
	['45 1 * * *', LORD_HOWE, '2026-04-04T00:00:00Z', ['2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z']],
	['15 1 * * *', LORD_HOWE, '2026-04-04T00:00:00Z', ['2026-04-04T14:15:00Z', '2026-04-05T14:45:00Z']],
	['*/20 1 * * *', LORD_HOWE, '2026-04-04T14:10:00Z', ['2026-04-04T14:20:00Z', '2026-04-04T14:40:00Z', '2026-04-05T14:30:00Z']],

	/* clocks that change at midnight, and a day that never was */
	['0 0 * * *', 'America/Santiago', '2026-09-05T12:00:00Z', ['2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z']],
	['30 12 * * *', 'Pacific/Apia', '2011-12-29T00:00:00Z', ['2011-12-29T22:30:00Z', '2011-12-30T10:00:00Z', '2011-12-30T22:30:00Z']],
];

for (const [expression, zone, after, wanted] of table) {
	test(`cron "${expression}" in ${zone} after ${after}`, async () => {
		assert.deepEqual(await runs(expression, zone, after, wanted.length), wanted);
		assert.equal(await one(owner, 'select mcp.cron_check($1)', [expression]) === null, wanted[0] !== null || after === 'infinity');
	});
}

const FIELDS = 'A cron expression has five fields: minute, hour, day of the month, month, day of the week.';
const refused = [
	['', FIELDS], ['* * * *', FIELDS], ['* * * * * *', FIELDS], ['@daily', FIELDS], [null, FIELDS], ['*\n* * * *', FIELDS],
	['60 * * * *', 'The minute of a cron expression is 0 to 59, which "60" is not.'],
	['* 24 * * *', 'The hour of a cron expression is 0 to 23, which "24" is not.'],
	['* * 0 * *', 'The day of the month of a cron expression is 1 to 31, which "0" is not.'],
	['* * 1-32 * *', 'The day of the month of a cron expression is 1 to 31, which "1-32" is not.'],
	['* * * 13 *', 'The month of a cron expression is 1 to 12 or a name such as feb, which "13" is not.'],
	['* * * mai *', 'The month of a cron expression is 1 to 12 or a name such as feb, which "mai" is not.'],
	['* * * * 8', 'The day of the week of a cron expression is 0 to 7 or a name such as mon, which "8" is not.'],
	['mon * * * *', 'The minute of a cron expression is 0 to 59, which "mon" is not.'],
	['30-10 * * * *', 'A range of a cron expression runs upwards; "30-10" does not.'],
	['* * * * fri-mon', 'A range of a cron expression runs upwards; "fri-mon" does not.'],
	['*/0 * * * *', 'A step of a cron expression is at least 1, which "*/0" is not.'],
	['1,,2 * * * *', 'The minute of this cron expression cannot be read: "1,,2".'],
	['-1 * * * *', 'The minute of this cron expression cannot be read: "-1".'],
	['? * * * *', 'The minute of this cron expression cannot be read: "?".'],
	['1.5 * * * *', 'The minute of this cron expression cannot be read: "1.5".'],
	['*-5 * * * *', 'The minute of this cron expression cannot be read: "*-5".'],
	['99999999999 * * * *', 'The minute of this cron expression cannot be read: "99999999999".'],
	['* * L * *', 'The day of the month of this cron expression cannot be read: "L".'],
	[`${'1,'.repeat(200)}1 * * * *`, 'A cron expression has at most 200 characters.'],
	['0 0 30 2 *', 'This cron expression never comes true: there is no such date.'],
	['0 0 31 feb-feb,4,6,9,11 *', 'This cron expression never comes true: there is no such date.'],
	['0 0 31 2 */2', 'This cron expression never comes true: there is no such date.'],
];

for (const [expression, sentence] of refused) {
	test(`cron_check refuses ${JSON.stringify(expression)?.slice(0, 60)}`, async () => {
		assert.equal(await one(owner, 'select mcp.cron_check($1)', [expression]), sentence);
		if (expression !== null && !/no such date/.test(sentence))
			await assert.rejects(next(expression, 'UTC', '2026-01-01Z'), { code: 'MC422', message: sentence });
	});
}

const zones = [
	[true, ['UTC', 'GMT', BERLIN, NEW_YORK, LORD_HOWE, 'America/Port-au-Prince', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'EST5EDT']],
	[false, ['', 'CEST', '+03', 'UTC+3', 'Foo/Bar', 'Foo/Bar5', 'europe/berlin', 'posix/Europe/Berlin', 'Europe/Berlin ', '../Berlin', 'x'.repeat(10000), null]],
];

for (const [good, names] of zones)
	for (const name of names)
		test(`zone_check ${good ? 'takes' : 'refuses'} ${JSON.stringify(name)?.slice(0, 60)}`, async () => {
			const says = await one(owner, 'select mcp.zone_check($1)', [name]);

			assert.equal(says, good ? null : `"${(name ?? '').slice(0, 64)}" is not a time zone. IANA names such as Europe/Berlin are, and UTC.`);
		});

test('a zone that is none is an error of cron_next, not a guess', () =>
	assert.rejects(next('* * * * *', 'Mars/Olympus', '2026-01-01Z'), { code: '22023' }));

/* ---- against croner ----------------------------------------------------------------------------- */

/* Numbers that look random and are the same each time. */
function random_of(seed) {
	return (below) => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % below;
	};
}

const UNITS = [
	{ low: 0, high: 59 }, { low: 0, high: 23 }, { low: 1, high: 31 },
	{ low: 1, high: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
	{ low: 0, high: 6, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

function part_of({ low, high, names }, random) {
	const a = low + random(high - low + 1);
	const b = a + random(high - a + 1);
	const word = (n) => names && random(3) === 0 ? names[n - low] : n;
	const step = `/${1 + random(high - low)}`;

	return [() => word(a), () => word(a), () => `${word(a)}-${word(b)}`, () => `${a}-${b}${step}`, () => `*${step}`][random(5)]();
}

function field_of(unit, random) {
	return random(5) < 2 ? '*' : Array.from({ length: 1 + random(3) % 2 * random(3) }, () => part_of(unit, random)).join(',');
}

const formats = {};

/* How far the zone's clock is ahead of UTC at a moment. */
function offset_of(zone, moment) {
	formats[zone] ??= new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
		hour: 'numeric', minute: 'numeric', second: 'numeric' });
	const { year, month, day, hour, minute, second } = Object.fromEntries(formats[zone].formatToParts(moment).map(({ type, value }) => [type, value]));

	return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
}

/* When the zone's clock first shows this time, or has jumped over it. */
function moment_of(zone, wall) {
	const [before_it, after_it] = [offset_of(zone, wall - DAY), offset_of(zone, wall + DAY)];
	const shown = [wall - before_it, wall - after_it].filter((moment) => moment + offset_of(zone, moment) === wall);

	if (shown.length > 0)
		return Math.min(...shown);
	for (let moment = wall - after_it; ; moment += MINUTE)
		if (offset_of(zone, moment) === after_it)
			return moment;
}

/* Vixie's rule for the two day fields, in croner's words. */
function croner(expression, timezone) {
	const [, , day, , weekday] = expression.split(' ');

	return new Cron(expression, { timezone, mode: '5-part', paused: true, domAndDow: day.startsWith('*') || weekday.startsWith('*') });
}

function next_of(expression, zone, after) {
	const calendar = croner(expression, 'UTC');

	for (let wall = after + offset_of(zone, after) - 3 * 60 * MINUTE; ; ) {
		const then = calendar.nextRun(new Date(wall));
		if (!then)
			return null;
		wall = then.getTime();
		const moment = moment_of(zone, wall);
		if (moment > after)
			return moment;
	}
}

/* The moments between two years at which the zone's clock is changed. */
function changes_of(zone, from, to) {
	const found = [];

	for (let day = Date.UTC(from, 0, 1); day < Date.UTC(to, 0, 1); day += DAY)
		if (offset_of(zone, day) !== offset_of(zone, day + DAY))
			found.push(day);
	return found;
}

const ordinary = (zone, from, to) => [-DAY, 0, DAY].every((more) => offset_of(zone, from) === offset_of(zone, to + more)
	&& offset_of(zone, from + more) === offset_of(zone, from)) && to - from < 60 * DAY;

test('random expressions come true when croner\'s calendar and the zone\'s clock say', async (say) => {
	const random = random_of(20261120);
	const all = SOAK ? 5000 : 500;
	const places = ['UTC', BERLIN, NEW_YORK, LORD_HOWE].map((zone) => ({ zone, changes: changes_of(zone, 2020, 2036) }));
	const told = { asked: 0, never: 0, near: 0, same: 0 };

	for (let done = 0; done < all; done += 100) {
		const cases = Array.from({ length: 100 }, () => {
			const { zone, changes } = places[random(places.length)];
			const near = changes.length > 0 && random(2) === 0;
			const after = (near ? changes[random(changes.length)] + random(2 * 1440) * MINUTE - 12 * 60 * MINUTE : Date.UTC(2020, 0, 1) + random(15 * 365 * 1440) * MINUTE)
				+ random(60) * 1000;

			told.near += near;
			return { expression: UNITS.map((unit) => field_of(unit, random)).join(' '), zone, after };
		});
		const found = await rows(owner, `select a, b, mcp.cron_next(e, z, b), mcp.cron_check(e) is null
			from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as c (e, z, t, n)
			cross join lateral (select mcp.cron_next(e, z, t) as a) first cross join lateral (select mcp.cron_next(e, z, a) as b) second
			order by n`, [cases.map((c) => c.expression), cases.map((c) => c.zone), cases.map((c) => new Date(c.after).toISOString())]);

		for (const [i, { expression, zone, after }] of cases.entries()) {
			const name = `"${expression}" in ${zone} after ${new Date(after).toISOString()}`;
			const good = found[i].pop();
			let from = after;

			for (const run of found[i]) {
				const wanted = from === null ? null : next_of(expression, zone, from);

				assert.equal(run?.toISOString(), wanted === null ? undefined : new Date(wanted).toISOString(), name);
				if (wanted !== null && ordinary(zone, from, wanted)) {
					assert.equal(run.getTime(), croner(expression, zone).nextRun(new Date(from)).getTime(), `${name}, asked in the zone`);
					told.same++;
				}
				from = wanted;
				told.asked++;
			}
			told.never += !good;
			assert.equal(good, found[i][0] !== null, name);
		}
	}
	say(JSON.stringify(told));
	assert.ok(told.near > all / 5 && told.same > all / 2, JSON.stringify(told));
}, { timeout_ms: 600_000 });

test('a run takes well under a millisecond to find, and an impossible date few', async (say) => {
	const speed = async (expression, zone) => Number(await one(owner, `with start as materialized (select clock_timestamp() as t),
			found as materialized (select mcp.cron_next($1, $2, start.t + i * interval '1 hour') as at, i from start, generate_series(1, 300) i),
			last as materialized (select count(at) filter (where i > 0) as n from found)
		select extract(epoch from clock_timestamp() - start.t) * 1000 / 300 from last, start where last.n >= 0`, [expression, zone]));

	for (const [expression, zone, most] of [['*/15 8-18 * * 1-5', 'America/Chicago', 1], ['0 * * * *', 'UTC', 1], ['0 5 * * 1', BERLIN, 1],
		['0 0 1 1 *', NEW_YORK, 1], ['0 0 29 2 *', 'UTC', 2], ['0 0 30 2 *', 'UTC', 20]]) {
		await speed(expression, zone);
		const ms = Math.min(await speed(expression, zone), await speed(expression, zone));
		say(`"${expression}": ${ms.toFixed(3)} ms`);
		assert.ok(ms < most, `"${expression}" took ${ms} ms`);
	}
});

test('the catalog\'s role may ask all of it, in a read-only transaction too', async () => {
	const worker = await connect('mcp_worker');

	await undone(worker, async () => {
		await worker.query('set local transaction_read_only = on');
		await enter_as(worker, '');
		assert.equal(await one(worker, 'select mcp.iso(mcp.cron_next(\'0 5 * * mon\', \'UTC\', \'2026-11-20Z\'))'), '2026-11-23T05:00:00Z');
		assert.match(await one(worker, 'select mcp.cron_check(\'x\')'), /five fields/);
		assert.equal(await one(worker, 'select mcp.zone_check(\'Europe/Berlin\')'), null);
	});
});

const isos = [
	['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'], ['2026-01-02T03:04:05.600Z', '2026-01-02T03:04:05.6Z'],
	['2026-01-02T03:04:05.123456+02', '2026-01-02T01:04:05.123456Z'], ['infinity', null], [null, null],
];

for (const [moment, wanted] of isos)
	test(`mcp.iso(${moment}) is ${wanted}`, async () => assert.equal(await one(owner, 'select mcp.iso($1)', [moment]), wanted));
