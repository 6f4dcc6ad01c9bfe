-- The plans of catalog planasonix, as first offered.  Operators change them later; this file is run once.
--
-- in_flight: a starter holds at most half of a small node's fast pool of eight; from professional on a burst is refused
-- by its bucket, which says when to come again, and not by chance.

insert into mcp.plan (catalog, name, per_minute, in_flight) values
	('planasonix', 'starter', 20, 4),
	('planasonix', 'professional', 60, 16),
	('planasonix', 'premium', 120, 32),
	('planasonix', 'enterprise', 300, 64),
	('planasonix', 'internal', 1000000, 1000);
