-- Tenants of catalog conformance.  A second load finds them there and changes nothing.

insert into mcp.tenant (id, catalog, slug, name, plan) values
	('c0f0e000-0000-4000-8000-000000000001', 'conformance', 'acme', 'Acme Outfitters', 'professional'),
	('c0f0e000-0000-4000-8000-000000000002', 'conformance', 'globex', 'Globex Logistics', 'enterprise'),
	('c0f0e000-0000-4000-8000-000000000003', 'conformance', 'bench', 'Bench', 'internal')
on conflict do nothing;
