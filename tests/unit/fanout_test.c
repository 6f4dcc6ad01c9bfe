/* fanout: with a real Redis and a real PostgreSQL: who hears what, once, and that nothing which goes away does harm. */
#include "fanout.h"
#include "ask.h"
#include "notice.h"
#include "server.h"

#define TENANT		"00000000-0000-4000-8000-00000000000a"
#define ANOTHER		"00000000-0000-4000-8000-00000000000b"
#define IDENTITY(more)	"{\"state\": \"ok\", \"catalog\": \"shop\", \"tenant\": \"" TENANT "\", \"mode\": \"full\", \"workspaces\": \"*\", " \
			"\"plan\": \"pro\", \"generation\": 1" more "}"

static struct server redis, postgres;
static struct request rq;
static struct process self;
static struct fanout *f;
static struct db *db;
static int epoll_fd;

/* What was called back, in its order. */
static char told[8192];
static int gone, known;

static void printf_like(1, 2)
note(const char *fmt, ...)
{
	size_t at = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told + at, sizeof(told) - at, fmt, ap);
	va_end(ap);
}

static void
on_list(void *ctx, const char *catalog, const char *tenant, enum lists what)
{
	(void)ctx;
	note("list %s %.1s %s;", catalog, tenant + strlen(tenant) - 1, lists_name(what));
}

static void
on_resource(void *ctx, const char *catalog, const char *tenant, const char *uri)
{
	(void)ctx;
	note("resource %s %.1s %s;", catalog, tenant + strlen(tenant) - 1, uri);
}

static void
on_session(void *ctx, const char *session, const char *json, size_t len)
{
	(void)ctx;
	note("session %s %.*s;", session, (int)len, json);
}

static void
on_cancel(void *ctx, const char *session, const char *id)
{
	(void)ctx;
	note("cancel %s %s;", session, id);
}

static void
on_gap(void *ctx)
{
	(void)ctx;
	note("gap;");
}

static void
on_known(void *ctx, struct fanout_caller *c, const struct identity *who)
{
	(void)ctx;
	(void)c;
	known += who->scope.n == 2;
}

static void
on_sees(void *ctx, struct fanout_caller *c, enum lists what)
{
	(void)ctx;
	note("sees %d %s;", c->hash[0], lists_name(what));
}

/* As a stream does it: who is gone is not followed any more. */
static void
on_gone(void *ctx, struct fanout_caller *c, const char *why)
{
	(void)ctx;
	gone++;
	note("gone %d %s;", c->hash[0], why);
	fanout_forget(f, c);
}

static void
turn(void)
{
	struct epoll_event e;

	if (epoll_wait(epoll_fd, &e, 1, 20) == 1)
		fanout_go_on(f);
}

/* What is told within `most` ms, or until it is `want`. */
static const char *
told_within(const char *want, int most)
{
	int64_t from = base_now_us();

	while ((!want || strcmp(told, want) != 0) && base_now_us() - from < most * INT64_C(1000))
		turn();
	return told;
}

#define is_told(want, ...) do { is_str(told_within(want, 5000), want, __VA_ARGS__); told[0] = '\0'; } while (0)
#define is_quiet(most, ...) do { is_str(told_within(NULL, most), "", __VA_ARGS__); told[0] = '\0'; } while (0)

static void
script(const char *sql)
{
	struct db_error error = { 0 };

	if (db_script(db, &rq.mem, sql, &error) != DB_DONE)
		printf("Bail out! %s: %s\n", sql, error.message);
}

static int
take_number(void *ctx, const struct db_row *row)
{
	*(long *)ctx = strtol(row->at[0], NULL, 10);
	return 1;
}

static long
number_of(const char *sql)
{
	long number = -1;
	struct db_statement s = { .sql = sql, .row = take_number };
	struct db_call call = { .mem = &rq.mem, .client_fd = -1, .main = &s, .ctx = &number };

	return db_query(db, &call) == DB_DONE ? number : -1;
}

/* What mcp.identify() says of the credential whose hash begins with this byte; NULL: it does not exist. */
static void
identify_as(int byte, const char *json)
{
	script(arena_fmt(&rq.mem, "delete from mcp.said where byte = %d", byte));
	if (json)
		script(arena_fmt(&rq.mem, "insert into mcp.said values (%d, '%s')", byte, json));
}

static struct fanout_caller
caller(int byte, const char *tenant)
{
	struct fanout_caller c = { .hash = { (unsigned char)byte }, .catalog = &ask.catalog, .address = "10.0.0.1" };

	slot_put(c.tenant, sizeof(c.tenant), tenant);
	c.seen[LISTS_TOOLS] = lists_digest(&ask.catalog, &ask.who, LISTS_TOOLS);
	c.seen[LISTS_PROMPTS] = lists_digest(&ask.catalog, &ask.who, LISTS_PROMPTS);
	c.seen[LISTS_RESOURCES] = lists_digest(&ask.catalog, &ask.who, LISTS_RESOURCES);
	return c;
}

static void
news(enum news_kind kind, const char *tenant, const char *text)
{
	news_tell(&self.board->news[self.slot->row], kind, kind == NEWS_GAP ? "" : "shop", tenant, text);
	(void)!write(self.news_fd, &(uint64_t){ 1 }, 8);
}

/* --- the tests -------------------------------------------------------------------------- */

static void
test_notices(void)
{
	const char *why = "";

	is_told("gap;", "what was told before it listens nobody heard");
	notice_list(&rq, "prompts");
	is_told("list shop a prompts;", "a list");
	notice_resource(&rq, "x://1");
	is_told("resource shop a x://1;", "a resource");
	is_int(notice_session(&rq, "s", "{\"id\":1}", 8), 0, "a message for a session");
	is_told("session s {\"id\":1};", "arrives");
	is_int(notice_cancel(&rq, "s", "7"), 0, "a cancellation");
	is_told("cancel s 7;", "arrives");
	is_int(cache_publish(rq.cache, NOTICE_CHANNEL, "noise", 5, &why), 0, "noise");
	is_int(cache_publish(rq.cache, NOTICE_CHANNEL, "{\"v\":2,\"kind\":\"gap\"}", 20, &why), 0, "another version");
	is_int(cache_publish(rq.cache, NOTICE_CHANNEL, "{\"v\":1,\"kind\":\"list\"}", 21, &why), 0, "something left out");
	is_quiet(200, "are passed over");
}

static void
test_news(void)
{
	int64_t from = base_now_us();

	news(NEWS_RESOURCE, TENANT, "x://2");
	is_told("resource shop a x://2;", "what PostgreSQL tells of a resource");
	ok(base_now_us() - from < 150000, "is heard at once");
	news(NEWS_LIST, TENANT, "tools");
	is_told("list shop a tools;", "and of a list");
	news(NEWS_GAP, "", "");
	is_told("gap;", "and of a gap");
	is_quiet(300, "once");
}

static void
test_identities(void)
{
	struct fanout_caller one = caller(1, TENANT), same = one, two = caller(2, TENANT), other = caller(3, ANOTHER);

	identify_as(1, IDENTITY(", \"scopes\": [\"a\", \"b\"]"));
	identify_as(2, IDENTITY(", \"scopes\": [\"a\", \"b\"]"));
	identify_as(3, IDENTITY(", \"scopes\": [\"a\", \"b\"]"));
	fanout_follow(f, &one);
	fanout_follow(f, &same);
	fanout_follow(f, &two);
	fanout_follow(f, &other);
	known = 0;
	is_quiet(500, "who may see what it saw is told nothing");
	is_int(known, 4, "but what it may is known");
	ok(one.due_us - base_now_us() > 45000000 && one.due_us - base_now_us() < 60000000, "but looked at again within a minute");
	ok(one.due_us != other.due_us, "not all at the same time");

	identify_as(1, IDENTITY(", \"scopes\": [\"a\"]"));
	identify_as(3, IDENTITY(", \"scopes\": [\"a\"]"));
	is_quiet(500, "nobody is asked about without a reason");
	news(NEWS_IDENTITY, TENANT, "");
	is_told("sees 1 tools;sees 1 tools;", "news of a tenant: each stream of whom it concerns is told");
	news(NEWS_IDENTITY, TENANT, "");
	is_quiet(500, "once");
	news(NEWS_IDENTITY, ANOTHER, "");
	is_told("sees 3 tools;", "and another tenant's by its own news");

	identify_as(1, NULL);
	identify_as(2, "{\"state\": \"suspended\", \"catalog\": \"shop\"}");
	news(NEWS_IDENTITY, TENANT, "");
	is_told("gone 2 the credential is suspended;gone 1 the credential is unknown;gone 1 the credential is unknown;",
	    "who may not be here any more goes");
	fanout_forget(f, &other);
}

static void
test_reasons(void)
{
	struct fanout_caller c = caller(1, TENANT);
	const struct {
		const char *json, *want;
	} all[] = {
		{ "{\"state\": \"revoked\"}", "gone 1 the credential is revoked;" },
		{ "{\"state\": \"ok\", \"catalog\": \"bank\"}", "gone 1 the credential is of another catalog;" },
		{ IDENTITY(", \"addresses\": [\"192.168.0.0/16\"]"), "gone 1 the credential may not be used from there any more;" },
		{ "{\"state\": \"ok\", \"catalog\": \"shop\", \"workspaces\": [\"" ANOTHER "\"]}", "gone 1 the credential may not be used from there any more;" },
	};
	size_t i;

	slot_put(c.workspace, sizeof(c.workspace), TENANT);
	for (i = 0; i < LEN(all); i++) {
		identify_as(1, all[i].json);
		fanout_follow(f, &c);
		is_told(all[i].want, "%s", all[i].want);
	}
	c.sse = true;			/* which the catalog does not offer */
	identify_as(1, IDENTITY(", \"scopes\": [\"a\", \"b\"]"));
	fanout_follow(f, &c);
	is_told("gone 1 the transport of 2024-11-05 is not offered to this plan any more;", "a plan without that transport");
	c.sse = false;
	identify_as(1, IDENTITY(", \"scopes\": [\"a\", \"b\"], \"expires_at\": 9999999999"));
	fanout_follow(f, &c);
	is_quiet(300, "what expires some day does not yet");
	fanout_forget(f, &c);
	identify_as(1, arena_fmt(&rq.mem, IDENTITY(", \"scopes\": [\"a\", \"b\"], \"expires_at\": %.3f"), (double)base_wall_us() / 1e6 + 0.6));
	fanout_follow(f, &c);
	is_quiet(300, "what expires in a moment neither");
	identify_as(1, "{\"state\": \"expired\"}");
	is_told("gone 1 the credential is expired;", "but then");
}

/* More than fit into one question, all of one tenant. */
static void
test_many(void)
{
	static struct fanout_caller many[1200];
	size_t i;

	script("create table mcp.asked (n int); create or replace function mcp.identify(hash bytea) returns jsonb language plpgsql as "
	    "$$ begin insert into mcp.asked values (1); return '{\"state\": \"revoked\"}'; end $$");
	for (i = 0; i < LEN(many); i++) {
		many[i] = caller(9, TENANT);
		many[i].hash[1] = (unsigned char)((i % 600) >> 8);
		many[i].hash[2] = (unsigned char)(i % 600);
		fanout_follow(f, &many[i]);
	}
	gone = 0;
	for (i = 0; i < 300 && gone < (int)LEN(many); i++)
		turn();
	told[0] = '\0';
	is_int(gone, LEN(many), "1200 streams of 600 credentials are all identified");
	is_int(number_of("select count(*) from mcp.asked"), 600, "and each credential was asked for once");
}

static void
test_postgres_away(void)
{
	struct fanout_caller c = caller(1, TENANT);

	script("create or replace function mcp.identify(hash bytea) returns jsonb language sql as "
	    "$$ select said from mcp.said where byte = get_byte(hash, 0) $$");
	identify_as(1, IDENTITY(", \"scopes\": [\"a\", \"b\"]"));
	fanout_follow(f, &c);
	is_quiet(500, "a stream");
	server_tell(&postgres, "stop");
	news(NEWS_IDENTITY, TENANT, "");
	is_quiet(2500, "stays when PostgreSQL goes");
	notice_list(&rq, "tools");
	is_told("list shop a tools;", "and hears the others");
	server_tell(&postgres, "start");
	db_close(db);
	identify_as(1, IDENTITY(", \"scopes\": [\"a\"]"));
	is_told("sees 1 tools;", "when PostgreSQL is back it is identified");
	fanout_forget(f, &c);
}

static void
test_redis_away(void)
{
	server_tell(&redis, "stop");
	notice_list(&rq, "tools");
	is_quiet(300, "without Redis nothing is heard of other workers");
	news(NEWS_RESOURCE, TENANT, "x://3");
	is_told("resource shop a x://3;", "but of PostgreSQL");
	server_tell(&redis, "start");
	is_told("gap;", "when it is back there was a gap");
	is_quiet(1500, "one, though a notice was lost in it");
	notice_list(&rq, "tools");
	is_told("list shop a tools;", "and all is as before");
	atomic_store(&self.board->lost.last_us, base_wall_us());
	is_told("gap;", "a notice that only its sender could not get rid of is made up for");
	is_quiet(500, "once");
}

static void
never(void *ctx, const struct feed_reply *r)
{
	(void)ctx;
	note("answer %s;", r ? r->text.at : "away");
}

static void
test_commands(void)
{
	int64_t from = base_now_us();
	int got;

	do
		turn();
	while ((got = fanout_command(f, 2, (const char *const[]){ "ECHO", "hello" }, NULL, never, NULL)) != 0 && base_now_us() - from < 3000000);
	is_int(got, 0, "a command for Redis");
	is_told("answer hello;", "is answered");
}

static void
test_changed(void)
{
	uint64_t (*face)[FACE] = self.board->face[0], (*newer)[FACE] = self.board->face[1];

	face[0][0] = newer[3][0] = slot_number("shop");
	face[0][1] = face[0][2] = newer[3][1] = 7;
	atomic_store(&self.board->newest, 0);
	ok(!fanout_changed(&self, &ask.catalog, LISTS_PROMPTS), "no other generation, no other lists");
	atomic_store(&self.board->newest, 1);
	ok(!fanout_changed(&self, &ask.catalog, LISTS_TOOLS), "the same in a newer one");
	ok(fanout_changed(&self, &ask.catalog, LISTS_PROMPTS), "another one");
	newer[3][0]++;
	ok(fanout_changed(&self, &ask.catalog, LISTS_TOOLS), "a catalog that is there no more");
}

static void
prepare(void)
{
	static const struct fanout_ears ears = { on_list, on_resource, on_session, on_cancel, on_gap, on_known, on_sees, on_gone };
	struct epoll_event e = { .events = EPOLLIN };

	server_open(&redis, "redis");
	server_open(&postgres, "postgres");
	ask.cfg.redis = redis.where;
	ask.cfg.pg = postgres.where;
	ask.who.tenant = TENANT;
	rq.cache = cache_make(redis.where, 1000);
	db = db_make(postgres.where, "fanout_test");
	script("create schema mcp; create table mcp.said (byte int, said jsonb); create function mcp.identify(hash bytea) returns jsonb "
	    "language sql as $$ select said from mcp.said where byte = get_byte(hash, 0) $$");
	self = (struct process){ .cfg = &ask.cfg, .catalogs = &ask.all, .board = ask.board, .slot = rq.slot,
	    .news_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	f = fanout_open(&self, &ears, NULL);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fanout_fd(f), &e);
}

int
main(void)
{
	ask_silence();
	signal(SIGPIPE, SIG_IGN);
	ask_init(&rq);
	ask_message(&rq, "{}");
	prepare();
	test_notices();
	test_news();
	test_identities();
	test_reasons();
	test_many();
	test_postgres_away();
	test_redis_away();
	test_commands();
	test_changed();
	server_close(&redis);
	server_close(&postgres);
	return ask_done(&rq);
}
