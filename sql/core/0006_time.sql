-- Time as tools speak of it: moments in answers, names of time zones, and cron expressions.
--
-- Cron is Vixie's: five fields, minute hour day-of-month month day-of-week, with lists, ranges, steps and names.  When
-- neither day field begins with *, a day fits that fits either of them; else it must fit both.  What a zone's clock does
-- twice a year is settled by one rule, in mcp.cron_moment: each time of day happens once, when the clock first shows it;
-- one that the clock skips happens at the first moment after the gap.
--
-- A field is a mask with a bit per value.  plpgsql, because a search is a loop.

create function mcp.iso(moment timestamptz) returns text
	language sql stable parallel safe
	return case when isfinite(moment) then (to_jsonb(moment at time zone 'UTC')#>>'{}') || 'Z' end;

comment on function mcp.iso(timestamptz) is 'A moment as answers write it, for tools that build their JSON themselves.';

-- pg_timezone_names reads hundreds of files, so the usual names are tried instead: a name with a slash is no
-- abbreviation, and without a digit it is none of the POSIX rules that PostgreSQL takes for zones too.
create function mcp.zone_check(zone text) returns text
	language plpgsql stable parallel unsafe
	set search_path = pg_catalog, pg_temp
as $$
begin
	if zone in ('UTC', 'GMT') then
		return null;
	elsif zone ~ '^[A-Z][A-Za-z_]*(/[A-Z][A-Za-z_-]*)+$' and length(zone) <= 64 then
		perform now() at time zone zone;
		return null;
	elsif exists (select from pg_timezone_names where name = zone and name ~ '^[A-Z]') then
		return null;
	end if;
	raise invalid_parameter_value;
exception
	when invalid_parameter_value then
		return format('"%s" is not a time zone. IANA names such as Europe/Berlin are, and UTC.', left(zone, 64));
end
$$;

comment on function mcp.zone_check(text) is 'NULL when this is the name of a time zone, else the sentence that says it is not.';

create function mcp.cron_field(field text, unit text, low integer, high integer, names text[]) returns bigint
	language plpgsql immutable parallel safe
	set search_path = pg_catalog, pg_temp
as $$
declare
	top integer := high + (unit = 'day of the week')::integer;	-- Sunday is 0 and 7
	mask bigint := 0;
	part text;
	word text[];
	first integer;
	last integer;
	step integer;
begin
	foreach part in array string_to_array(lower(field), ',') loop
		word := regexp_match(part, '^(?:(\*)|(\d{1,3}|[a-z]{3})(?:-(\d{1,3}|[a-z]{3}))?)(?:/(\d{1,3}))?$');
		if word is null then
			raise exception using errcode = 'MC422',
				message = format('The %s of this cron expression cannot be read: "%s".', unit, left(field, 40));
		end if;

		if word[1] is not null then
			first := low;
			last := high;
		else
			first := case when word[2] ~ '\d' then word[2]::integer else coalesce(array_position(names, word[2]) - 1 + low, -1) end;
			last := case
				when word[3] ~ '\d' then word[3]::integer
				when word[3] = 'sun' then top
				when word[3] is not null then coalesce(array_position(names, word[3]) - 1 + low, -1)
				when word[4] is not null then high
				else first end;
		end if;
		step := coalesce(word[4]::integer, 1);

		if first < low or last < low or first > top or last > top then
			raise exception using errcode = 'MC422',
				message = format('The %s of a cron expression is %s to %s%s, which "%s" is not.', unit, low, top,
					case when names <> '{}' then ' or a name such as ' || names[2] end, part);
		elsif first > last then
			raise exception using errcode = 'MC422',
				message = format('A range of a cron expression runs upwards; "%s" does not.', part);
		elsif step = 0 then
			raise exception using errcode = 'MC422',
				message = format('A step of a cron expression is at least 1, which "%s" is not.', part);
		end if;

		for value in first..last by step loop
			mask := mask | (1::bigint << value);
		end loop;
	end loop;
	return mask;
end
$$;

comment on function mcp.cron_field(text, text, integer, integer, text[]) is
	'The values of one field as bits; raises MC422 when it cannot be read.';

create function mcp.cron_parse(expression text) returns bigint[]
	language plpgsql immutable parallel safe
	set search_path = pg_catalog, pg_temp
as $$
declare
	field text[] := regexp_split_to_array(btrim(left(expression, 201), E' \t'), '[ \t]+');
	fields bigint[];
begin
	if length(expression) > 200 then
		raise exception using errcode = 'MC422', message = 'A cron expression has at most 200 characters.';
	elsif cardinality(field) is distinct from 5 then
		raise exception using errcode = 'MC422',
			message = 'A cron expression has five fields: minute, hour, day of the month, month, day of the week.';
	end if;

	fields := array[
		mcp.cron_field(field[1], 'minute', 0, 59, '{}'),
		mcp.cron_field(field[2], 'hour', 0, 23, '{}'),
		mcp.cron_field(field[3], 'day of the month', 1, 31, '{}'),
		mcp.cron_field(field[4], 'month', 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}'),
		mcp.cron_field(field[5], 'day of the week', 0, 6, '{sun,mon,tue,wed,thu,fri,sat}'),
		(field[3] !~ '^\*' and field[5] !~ '^\*')::integer];
	fields[5] := (fields[5] | (fields[5] >> 7)) & 127;
	return fields;
end
$$;

comment on function mcp.cron_parse(text) is
	'Minutes, hours, days, months and weekdays as bits, and 1 when either day field is enough; raises MC422.';

-- 44 years: the 29th of February comes on a given weekday at least every 40, across a year such as 2100.
create function mcp.cron_wall(fields bigint[], wall timestamp) returns timestamp
	language plpgsql immutable parallel safe
	set search_path = pg_catalog, pg_temp
as $$
declare
	day date := wall::date;
	end_of_search date := day + 44 * 366;
	from_hour integer := extract(hour from wall);
	from_minute integer := extract(minute from wall);
	on_day boolean;
	on_weekday boolean;
	minute integer;
begin
	while day < end_of_search loop
		if fields[4] >> extract(month from day)::integer & 1 = 0 then
			day := date_trunc('month', day::timestamp) + interval '1 month';
			from_hour := 0;
			from_minute := 0;
			continue;
		end if;

		on_day := fields[3] >> extract(day from day)::integer & 1 = 1;
		on_weekday := fields[5] >> extract(dow from day)::integer & 1 = 1;
		if on_day and on_weekday or fields[6] = 1 and (on_day or on_weekday) then
			for hour in from_hour..23 loop
				if fields[2] >> hour & 1 = 1 then
					minute := from_minute;
					while minute < 60 and fields[1] >> minute & 1 = 0 loop
						minute := minute + 1;
					end loop;
					if minute < 60 then
						return day + make_time(hour, minute, 0);
					end if;
				end if;
				from_minute := 0;
			end loop;
		end if;
		day := day + 1;
		from_hour := 0;
		from_minute := 0;
	end loop;
	return null;
end
$$;

comment on function mcp.cron_wall(bigint[], timestamp) is
	'The first time of a calendar, not before wall, that fits the fields; NULL when there is none in 44 years.';

create function mcp.cron_moment(wall timestamp, zone text) returns timestamptz
	language plpgsql stable parallel safe
	set search_path = pg_catalog, pg_temp
as $$
declare
	moment timestamptz := wall at time zone zone;	-- of two the second; of none: as if the clock had not been changed
	skipped integer := extract(epoch from (moment at time zone zone) - wall);	-- by so many seconds
	before interval;	-- how far the clock was ahead of UTC a day ago
	earlier timestamptz;
	low integer;
	high integer;
begin
	if skipped = 0 then
		before := (moment - interval '24 hours') at time zone zone - (moment - interval '24 hours') at time zone 'UTC';
		earlier := (wall - before) at time zone 'UTC';
		return case when earlier < moment and earlier at time zone zone = wall then earlier else moment end;
	end if;

	-- The gap ends at some second of the skipped ones before moment: the last at which the clock is already ahead.
	low := 0;
	high := skipped;
	while high - low > 1 loop
		earlier := moment - make_interval(secs => (low + high) / 2);
		if earlier at time zone zone - earlier at time zone 'UTC' = moment at time zone zone - moment at time zone 'UTC' then
			low := (low + high) / 2;
		else
			high := (low + high) / 2;
		end if;
	end loop;
	return moment - make_interval(secs => low);
end
$$;

comment on function mcp.cron_moment(timestamp, text) is
	'When a clock of the zone first shows wall; when it never does, the first moment after the gap.';

create function mcp.cron_next(expression text, zone text, after timestamptz) returns timestamptz
	language plpgsql stable strict parallel safe
	set search_path = pg_catalog, pg_temp
as $$
declare
	fields bigint[] := mcp.cron_parse(expression);
	wall timestamp := date_trunc('minute', after at time zone zone);
	moment timestamptz;
begin
	if not isfinite(after) then
		return null;
	end if;
	-- More than once only in an hour that comes twice: its times of day have been.
	loop
		wall := mcp.cron_wall(fields, wall + interval '1 minute');
		moment := mcp.cron_moment(wall, zone);
		exit when wall is null or moment > after;
	end loop;
	return moment;
end
$$;

comment on function mcp.cron_next(text, text, timestamptz) is
	'The first moment after after at which the expression comes true in the zone; NULL when it never does.';

create function mcp.cron_check(expression text) returns text
	language plpgsql stable parallel unsafe
	set search_path = pg_catalog, pg_temp
as $$
begin
	if mcp.cron_wall(mcp.cron_parse(expression), timestamp '2000-01-01') is null then
		return 'This cron expression never comes true: there is no such date.';
	end if;
	return null;
exception
	when sqlstate 'MC422' then
		return sqlerrm;
end
$$;

comment on function mcp.cron_check(text) is 'NULL when the expression is one and comes true at some time, else the sentence that says why not.';

revoke execute on function mcp.iso(timestamptz), mcp.zone_check(text), mcp.cron_field(text, text, integer, integer, text[]),
	mcp.cron_parse(text), mcp.cron_wall(bigint[], timestamp), mcp.cron_moment(timestamp, text),
	mcp.cron_next(text, text, timestamptz), mcp.cron_check(text) from public;
