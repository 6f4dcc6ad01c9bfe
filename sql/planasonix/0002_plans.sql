-- The plans of catalog planasonix, as first offered.  Operators change them with mcpctl; this file never comes back.

insert into mcp.plan (catalog, name, per_minute, in_flight) values
	('planasonix', 'starter', 20, 4),
	('planasonix', 'professional', 60, 16),
	('planasonix', 'premium', 120, 32),
	('planasonix', 'enterprise', 300, 64),
	('planasonix', 'internal', 1000000, 1000);

-- The numbers in_flight start from twice what a small node's fast pool holds: enough that a burst of one tenant is
-- refused by its bucket and not by chance.
