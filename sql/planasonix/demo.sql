-- Demo tenants of catalog planasonix: two that look like customers (acme, globex), a small one (initech), and bench,
-- whose limits are too high to matter.
--
-- Nothing here is random: ids come from names, and what happened when follows from the ids.  Times count back from the
-- moment of loading.  A second load finds everything there and changes nothing.

create function pg_temp.demo_id(path text) returns uuid
	language sql immutable
	return overlay(overlay(md5('planasonix/' || path) placing '5' from 13) placing 'a' from 17)::uuid;

-- A number from 0 to below - 1 that belongs to a name.
create function pg_temp.demo_pick(path text, below integer) returns integer
	language sql immutable
	return ('x' || left(md5('pick/' || path), 7))::bit(28)::integer % below;

insert into planasonix.connection_type (id, name, category, description, required_params) values
	('postgres', 'PostgreSQL', 'database', 'Tables of a PostgreSQL database, by query or logical replication.', '{host,port,database,user,password}'),
	('mysql', 'MySQL', 'database', 'Tables of a MySQL or MariaDB database, by query or binlog.', '{host,port,database,user,password}'),
	('sqlserver', 'SQL Server', 'database', 'Tables of a Microsoft SQL Server database.', '{host,port,database,user,password}'),
	('oracle', 'Oracle', 'database', 'Tables of an Oracle database.', '{host,port,service,user,password}'),
	('mongodb', 'MongoDB', 'database', 'Collections of a MongoDB database, flattened.', '{uri,database}'),
	('snowflake', 'Snowflake', 'warehouse', 'A Snowflake warehouse.', '{account,warehouse,database,user,private_key}'),
	('bigquery', 'BigQuery', 'warehouse', 'Datasets of a Google BigQuery project.', '{project,dataset,service_account}'),
	('redshift', 'Redshift', 'warehouse', 'An Amazon Redshift cluster.', '{host,port,database,user,password}'),
	('databricks', 'Databricks', 'warehouse', 'Delta tables behind a Databricks SQL warehouse.', '{host,http_path,token}'),
	('s3', 'Amazon S3', 'storage', 'Files under a prefix of an S3 bucket.', '{bucket,prefix,access_key,secret_key}'),
	('sftp', 'SFTP', 'storage', 'Files of an SFTP server.', '{host,user,private_key}'),
	('kafka', 'Apache Kafka', 'stream', 'Topics of a Kafka cluster.', '{brokers,topic,group}'),
	('segment', 'Segment', 'stream', 'Events from Segment.', '{workspace,token}'),
	('salesforce', 'Salesforce', 'application', 'Objects of a Salesforce organization.', '{instance_url,client_id,client_secret}'),
	('hubspot', 'HubSpot', 'application', 'Contacts, companies and deals of HubSpot.', '{token}'),
	('stripe', 'Stripe', 'application', 'Charges, invoices and payouts of Stripe.', '{secret_key}'),
	('shopify', 'Shopify', 'application', 'Orders and products of a Shopify store.', '{store,token}'),
	('zendesk', 'Zendesk', 'application', 'Tickets and users of Zendesk.', '{subdomain,email,token}'),
	('netsuite', 'NetSuite', 'application', 'Records of Oracle NetSuite.', '{account,consumer_key,consumer_secret}'),
	('workday', 'Workday', 'application', 'Reports of Workday.', '{tenant,user,password}'),
	('google_ads', 'Google Ads', 'application', 'Campaign spend and results of Google Ads.', '{customer_id,refresh_token}'),
	('facebook_ads', 'Meta Ads', 'application', 'Campaign spend and results of Meta.', '{account_id,token}'),
	('jira', 'Jira', 'application', 'Issues of a Jira site.', '{site,email,token}'),
	('github', 'GitHub', 'application', 'Repositories, pull requests and issues of GitHub.', '{organization,token}')
on conflict do nothing;

insert into mcp.tenant (id, catalog, slug, name, plan) values
	('a0c3e000-0000-4000-8000-000000000001', 'planasonix', 'acme', 'Acme Outfitters', 'professional'),
	('a0c3e000-0000-4000-8000-000000000002', 'planasonix', 'globex', 'Globex Logistics', 'enterprise'),
	('a0c3e000-0000-4000-8000-000000000003', 'planasonix', 'initech', 'Initech Payroll', 'premium'),
	('a0c3e000-0000-4000-8000-000000000004', 'planasonix', 'bench', 'Bench', 'internal')
on conflict do nothing;

-- What the tenants load, and into what: each stream into as many destinations as its tenant has turns.
create temporary table demo_stream (position, stream, type) on commit drop as values
	(1, 'Salesforce accounts', 'salesforce'), (2, 'Salesforce opportunities', 'salesforce'),
	(3, 'Salesforce campaign members', 'salesforce'), (4, 'HubSpot contacts', 'hubspot'),
	(5, 'HubSpot deals', 'hubspot'), (6, 'Stripe charges', 'stripe'), (7, 'Stripe invoices', 'stripe'),
	(8, 'Stripe payouts', 'stripe'), (9, 'Shopify orders', 'shopify'), (10, 'Shopify products', 'shopify'),
	(11, 'Shopify refunds', 'shopify'), (12, 'Zendesk tickets', 'zendesk'), (13, 'Zendesk satisfaction ratings', 'zendesk'),
	(14, 'NetSuite journal entries', 'netsuite'), (15, 'NetSuite vendor bills', 'netsuite'),
	(16, 'Workday employees', 'workday'), (17, 'Workday time off', 'workday'), (18, 'Google Ads spend', 'google_ads'),
	(19, 'Google Ads conversions', 'google_ads'), (20, 'Meta Ads spend', 'facebook_ads'), (21, 'Jira issues', 'jira'),
	(22, 'Jira worklogs', 'jira'), (23, 'GitHub pull requests', 'github'), (24, 'GitHub deployments', 'github'),
	(25, 'Orders database', 'postgres'), (26, 'Billing database', 'postgres'), (27, 'Customer profiles', 'postgres'),
	(28, 'Inventory levels', 'mysql'), (29, 'Warehouse movements', 'mysql'), (30, 'Store registers', 'sqlserver'),
	(31, 'Fleet telematics', 'kafka'), (32, 'Clickstream', 'kafka'), (33, 'Checkout events', 'segment'),
	(34, 'Mobile app events', 'segment'), (35, 'Product catalog', 'mongodb'), (36, 'Session recordings index', 'mongodb'),
	(37, 'Bank statements', 'sftp'), (38, 'Carrier tracking files', 'sftp'), (39, 'CDN access logs', 's3'),
	(40, 'General ledger balances', 'oracle');

create temporary table demo_destination (tenant_id, slug, position, name, type, place, streams, turns, runs) on commit drop as
	select t.id, t.slug, d.position, d.name, d.type, d.place, d.streams, d.turns, d.runs
	from mcp.tenant t
	join (values
		('acme', 0, 'Snowflake ANALYTICS', 'snowflake', 'Snowflake', 40, 2, 26),
		('acme', 1, 'S3 data lake', 's3', 'S3 lake', 40, 2, 26),
		('globex', 0, 'BigQuery operations', 'bigquery', 'BigQuery', 40, 2, 26),
		('globex', 1, 'Redshift finance', 'redshift', 'Redshift', 40, 2, 26),
		('initech', 0, 'Databricks lakehouse', 'databricks', 'Databricks', 24, 1, 12),
		('bench', 0, 'Snowflake', 'snowflake', 'Snowflake', 40, 1, 20),
		('bench', 1, 'BigQuery', 'bigquery', 'BigQuery', 40, 1, 20),
		('bench', 2, 'Redshift', 'redshift', 'Redshift', 40, 1, 20),
		('bench', 3, 'Databricks', 'databricks', 'Databricks', 40, 1, 20),
		('bench', 4, 'PostgreSQL marts', 'postgres', 'Postgres marts', 40, 1, 20)
	) as d (slug, position, name, type, place, streams, turns, runs) on d.slug = t.slug
	where t.catalog = 'planasonix';

insert into planasonix.connection (id, tenant_id, name, type, category, created_at)
select distinct pg_temp.demo_id(d.slug || '/source/' || s.type), d.tenant_id, t.name || ' production', s.type, 'source',
	now() - interval '400 days'
from demo_destination d
join demo_stream s on s.position <= d.streams
join planasonix.connection_type t on t.id = s.type
on conflict do nothing;

insert into planasonix.connection (id, tenant_id, name, type, category, created_at)
select pg_temp.demo_id(d.slug || '/destination/' || d.name), d.tenant_id, d.name, d.type, 'destination', now() - interval '401 days'
from demo_destination d
on conflict do nothing;

-- Connections that no pipeline uses: one just made, one left behind.
insert into planasonix.connection (id, tenant_id, name, type, category, created_at, updated_at)
select pg_temp.demo_id(d.slug || '/' || c.category || '/' || c.name), d.tenant_id, c.name, c.type, c.category, c.created_at, c.created_at
from demo_destination d
cross join (values
	('PostgreSQL staging', 'postgres', 'source', now() - interval '2 days'),
	('Redshift (decommissioned)', 'redshift', 'destination', now() - interval '900 days')
) as c (name, type, category, created_at)
where d.position = 0 and d.slug <> 'bench'
on conflict do nothing;

-- turns = 2: the tenant's streams take turns between its two destinations.
create temporary table demo_pipeline on commit drop as
	select pg_temp.demo_id(d.slug || '/' || s.stream || ' to ' || d.place) as id, d.tenant_id, d.slug, d.runs,
		s.stream || ' to ' || d.place as name,
		pg_temp.demo_id(d.slug || '/source/' || s.type) as source,
		pg_temp.demo_id(d.slug || '/destination/' || d.name) as destination,
		pg_temp.demo_pick(d.slug || s.stream || d.place, 100) as chance,
		s.position as stream
	from demo_destination d
	join demo_stream s on s.position <= d.streams and s.position % d.turns = d.position % d.turns;

-- What an analyst adds later: scores and segments back into the applications.
insert into demo_pipeline
select pg_temp.demo_id(t.slug || '/' || t.name), d.tenant_id, t.slug, d.runs, t.name, pg_temp.demo_id(t.slug || '/source/postgres'),
	pg_temp.demo_id(t.slug || '/source/' || t.type), 50, 41
from (values
	('acme', 'Lead scores to Salesforce', 'salesforce'), ('acme', 'Churn risk to HubSpot', 'hubspot'),
	('acme', 'Loyalty tiers to Shopify', 'shopify'),
	('globex', 'Delivery promises to Zendesk', 'zendesk'), ('globex', 'Carrier scores to Salesforce', 'salesforce')
) as t (slug, name, type)
join demo_destination d on d.slug = t.slug and d.position = 0;

insert into planasonix.pipeline (id, tenant_id, name, source_connection_id, dest_connection_id, status, created_at, updated_at)
select id, tenant_id, name, source, destination,
	case when chance < 8 then 'error' when chance < 20 then 'paused' else 'active' end,
	now() - interval '300 days' + chance * interval '1 day', now() - chance * interval '1 hour'
from demo_pipeline
on conflict do nothing;

-- One that was drawn and never started, one that was deleted: their tools' corners.
insert into planasonix.pipeline (id, tenant_id, name, source_connection_id, dest_connection_id, status, created_at, updated_at, deleted_at)
select pg_temp.demo_id(d.slug || '/' || e.name), d.tenant_id, e.name, pg_temp.demo_id(d.slug || '/source/salesforce'),
	pg_temp.demo_id(d.slug || '/destination/' || d.name), 'paused', now() - interval '20 days', now() - interval '10 days', e.deleted_at
from demo_destination d
cross join (values
	('Salesforce quotes (draft)', null),
	('Salesforce leads (2019 import)', now() - interval '10 days')
) as e (name, deleted_at)
where d.position = 0 and d.slug <> 'bench'
on conflict do nothing;

-- A pipeline's runs, the newest first: k = 1 happened lately, each earlier one a period before.  A pipeline in error
-- failed lately; others fail now and then.
create temporary table demo_run on commit drop as
	select pg_temp.demo_id(p.slug || '/run/' || p.name || '/' || k) as id, p.tenant_id, p.id as pipeline_id, c.chance,
		case
			when k <= 2 and p.chance < 8 then 'failed'
			when k = 1 and p.chance between 20 and 25 then 'running'
			when c.chance % 14 = 0 then 'failed'
			else 'success'
		end as status,
		now() - interval '5 minutes' - p.chance * interval '53 seconds' - (k - 1) * case p.chance % 5
			when 0 then interval '1 hour'
			when 3 then interval '7 days'
			when 4 then interval '15 minutes'
			else interval '1 day'
		end as started_at
	from demo_pipeline p
	cross join lateral generate_series(1, p.runs) as k
	cross join lateral pg_temp.demo_pick(p.slug || p.name || k, 997) as c (chance);

insert into planasonix.run (id, tenant_id, pipeline_id, status, trigger, started_at, finished_at, rows_loaded, error_message)
select id, tenant_id, pipeline_id, status,
	case when chance % 6 = 0 then 'manual' else 'schedule' end,
	started_at,
	case when status <> 'running' then started_at + (20 + chance % 250) * interval '1 second' end,
	case status when 'success' then 1000 + chance * 811 when 'running' then chance * 40 else 0 end,
	case when status = 'failed' then (array[
		'Salesforce: INVALID_SESSION_ID: Session expired or invalid',
		'Connection to source timed out after 30000 ms',
		'Snowflake: 002003 (42S02): Object ''ANALYTICS.RAW.ORDERS'' does not exist or not authorized.',
		'FATAL: remaining connection slots are reserved for non-replication superuser connections',
		'HTTP 429 Too Many Requests: daily API limit reached, retry after 00:00 UTC',
		'Column "discount_pct" is missing in the destination; schema drift policy is "fail"',
		'S3: AccessDenied: User is not authorized to perform: s3:PutObject',
		'Row 48211: invalid input for type date: "0000-00-00"'
	])[1 + chance % 8] end
from demo_run
order by started_at
on conflict do nothing;

-- Its last run is the pipeline's newest that was not asked for by hand.
insert into planasonix.schedule
	(id, tenant_id, pipeline_id, cron_expression, frequency, timezone, enabled, next_run_at, last_run_at, last_run_status, created_at, updated_at)
select pg_temp.demo_id(p.slug || '/schedule/' || p.name), p.tenant_id, p.id, c.cron, c.frequency, c.zone, p.chance % 10 <> 9,
	case when p.chance % 10 <> 9 then mcp.cron_next(c.cron, c.zone, now()) end, last.started_at, last.status,
	now() - interval '300 days' + p.chance * interval '1 day', now() - p.chance * interval '1 hour'
from demo_pipeline p
join (values
	(0, '0 * * * *', 'hourly', 'UTC'),
	(1, '15 6 * * *', 'daily', 'America/New_York'),
	(2, '30 2 * * *', 'daily', 'UTC'),
	(3, '0 5 * * 1', 'weekly', 'Europe/Berlin'),
	(4, '*/15 8-18 * * 1-5', 'custom', 'America/Chicago')
) as c (kind, cron, frequency, zone) on c.kind = p.chance % 5
left join lateral (
	select r.started_at, r.status
	from demo_run r
	where r.pipeline_id = p.id and r.chance % 6 <> 0
	order by r.started_at desc
	limit 1
) last on true
where p.chance % 8 <> 7
on conflict do nothing;

-- A second schedule, for books that close in March and December.
insert into planasonix.schedule (id, tenant_id, pipeline_id, cron_expression, frequency, timezone, next_run_at, created_at, updated_at)
select pg_temp.demo_id(p.slug || '/schedule/closing/' || p.name), p.tenant_id, p.id, '0 22 31 mar,dec *', 'custom', 'America/New_York',
	mcp.cron_next('0 22 31 mar,dec *', 'America/New_York', now()), now() - interval '90 days', now() - interval '90 days'
from demo_pipeline p
where p.name like 'NetSuite journal entries%'
on conflict do nothing;

insert into planasonix.alert (id, tenant_id, pipeline_id, kind, fired_at)
select pg_temp.demo_id('alert/' || id), tenant_id, pipeline_id, 'run_failed', started_at + interval '5 minutes'
from demo_run
where status = 'failed'
on conflict do nothing;

drop function pg_temp.demo_id(text);
drop function pg_temp.demo_pick(text, integer);

-- Now, not when autovacuum comes by: until then the planner would think that these tables are empty.
analyze planasonix.pipeline, planasonix.run, planasonix.schedule, planasonix.connection, planasonix.alert;
