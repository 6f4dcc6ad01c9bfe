-- The plan whose limits are too high to matter, for benchmarks and bulk tests: here too.

update mcp.plan set streams = 100000, sessions = 100000 where catalog = 'planasonix' and name = 'internal';
