/* warden: against a real PostgreSQL: what it hears, what it says of a server that is away or hangs. */
#include "tap.h"
#include "warden.h"
#include "child.h"
#include "db.h"
#include "server.h"

static struct server server;
static struct db *db;
static struct config cfg;
static struct board *board;
static struct process as;
static struct catalogs none;

static int
start(const char *conninfo)
{
	int pid;

	cfg.pg = cfg.pg_listen = conninfo;
	atomic_store(&board->listening_us, 0);	/* what the one before it said */
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		warden_run(&as);
	return pid;
}

static int
end(int pid)
{
	int status;

	kill(pid, SIGQUIT);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
run(const char *sql)
{
	struct db_error error = { 0 };
	struct arena mem;

	db_close(db);		/* the server may have been another one last time */
	arena_init(&mem, 4096, 1 << 20);
	if (db_script(db, &mem, sql, &error) != DB_DONE)
		printf("# %s: %s\n", sql, error.message);
	arena_close(&mem);
}

/* The news that come within two seconds, up to the last of `want`: "kind catalog tenant's end text;" each. */
static const char *
news_until(uint64_t *seen, const char *want)
{
	static char out[4096];
	int64_t from = base_now_us();
	struct news_item n;
	size_t at = 0;

	out[0] = '\0';
	while (strcmp(out, want) != 0 && base_now_us() - from < 2000000) {
		if (!news_next(&board->news[0], seen, &n)) {
			usleep(5000);
			continue;
		}
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%d %s %.1s %s;", n.kind, n.catalog, n.tenant[0] ? n.tenant + 35 : "", n.text);
	}
	return out;
}

/* How many news of resources come, of so many, before a gap or within five seconds. */
static int
count_news(uint64_t *seen, int most)
{
	int64_t from = base_now_us();
	struct news_item n;
	int count = 0;

	while (count < most && base_now_us() - from < 5000000) {
		if (!news_next(&board->news[0], seen, &n))
			usleep(500);
		else if (n.kind == NEWS_RESOURCE)
			count++;
		else
			break;
	}
	return count;
}

static int64_t
age_ms(void)
{
	return (base_now_us() - atomic_load(&board->listening_us)) / 1000;
}

/* Waits until the stamp is fresh or not, at most `most` ms; how long it took, or -1. */
static int
wait_until(bool fresh, int most)
{
	int ms;

	for (ms = 0; ms < most; ms += 10) {
		if ((age_ms() < 400) == fresh)
			return ms;
		usleep(10000);
	}
	return -1;
}

static void
test_away(void)
{
	int pid = start("host=/nowhere");

	usleep(300000);
	is_int(atomic_load(&board->listening_us), 0, "without PostgreSQL it hears nothing");
	is_int(atomic_load(&board->identity_epoch), 0, "and says so");
	is_int(end(pid), 0, "SIGQUIT ends it");
}

static void
test_hears(void)
{
	uint64_t epoch;
	int pid = start(server.where), i;
	int64_t oldest = 0;

	ok(wait_until(true, 5000) >= 0, "it listens");
	is_int(atomic_load(&board->identity_epoch), 1, "what was known before counts no more");
	for (i = 0; i < 150; i++) {
		oldest = age_ms() > oldest ? age_ms() : oldest;
		usleep(10000);
	}
	ok(oldest <= 600, "its stamp is never old: %d ms", (int)oldest);
	epoch = atomic_load(&board->identity_epoch);
	run("notify mcp_identity, 'one'");
	usleep(100000);
	is_int(atomic_load(&board->identity_epoch), epoch + 1, "a change is heard at once");
	run("notify something_else");
	usleep(300000);
	is_int(atomic_load(&board->identity_epoch), epoch + 1, "others' notifications are not");

	server_tell(&server, "stop");
	ok(wait_until(false, 3000) >= 0, "a server that went is noticed");
	server_tell(&server, "start");
	ok(wait_until(true, 8000) >= 0, "and one that came back");
	is_int(atomic_load(&board->identity_epoch), epoch + 2, "what changed meanwhile nobody knows");
	end(pid);
}

#define TENANT "00000000-0000-4000-8000-00000000000a"
#define NEWS_OF(member) "notify mcp_resource, '{\"tenant\":\"" TENANT "\",\"catalog\":\"shop\"," member "}'"

/* What it hears goes on to whoever reads the board. */
static void
test_news(void)
{
	uint64_t seen = atomic_load(&board->news[0].count), ticks = 0;
	int pid = start(server.where);

	ok(wait_until(true, 5000) >= 0, "it listens");
	is_str(news_until(&seen, "0   ;"), "0   ;", "what was before nobody knows");
	(void)!read(as.news_fd, &ticks, sizeof(ticks));
	run("notify mcp_identity, '" TENANT "'");
	is_str(news_until(&seen, "1  a ;"), "1  a ;", "a change of an identity");
	usleep(20000);
	ok(read(as.news_fd, &ticks, sizeof(ticks)) == 8, "wakes those who wait");
	run(NEWS_OF("\"uri\":\"x://1\""));
	is_str(news_until(&seen, "3 shop a x://1;"), "3 shop a x://1;", "a resource");
	run(NEWS_OF("\"list\":\"tools\""));
	is_str(news_until(&seen, "2 shop a tools;"), "2 shop a tools;", "a list");
	run("notify mcp_identity, 'noise'; notify mcp_resource, 'noise'; notify mcp_resource, '{}'; notify mcp_resource, '[1]'");
	run("notify mcp_resource, '{\"tenant\":\"t\",\"catalog\":\"shop\",\"uri\":\"x\"}'");
	run("select pg_notify('mcp_resource', json_build_object('tenant', '" TENANT "', 'catalog', repeat('c', 64), 'uri', 'x')::text)");
	run("select pg_notify('mcp_resource', json_build_object('tenant', '" TENANT "', 'catalog', 'shop', 'uri', repeat('x', 2049))::text)");
	run("select pg_notify('mcp_resource', json_build_object('tenant', '" TENANT "', 'catalog', 'shop')::text)");
	run(NEWS_OF("\"uri\":\"x://2\""));
	is_str(news_until(&seen, "3 shop a x://2;"), "3 shop a x://2;", "what is none is passed over");
	run("select pg_notify('mcp_resource', json_build_object('tenant', '" TENANT "', 'catalog', 'shop', 'uri', 'x://' || i)::text) "
	    "from generate_series(1, 5000) i");
	is_int(count_news(&seen, 5000), 5000, "thousands at once do not overtake who reads");
	server_tell(&server, "stop");
	server_tell(&server, "start");
	is_str(news_until(&seen, "0   ;"), "0   ;", "a gap is told");
	end(pid);
}

/* To the backend that the warden talks to. */
static void
signal_listener(const char *name)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "copy (select pid from pg_stat_activity where application_name = 'mcp-fpm warden' "
	    "order by backend_start desc limit 1) to program 'xargs kill -%s'", name);
	run(sql);
}

/* A server that hangs answers nothing, and closes nothing. */
static void
test_hangs(void)
{
	int pid = start(server.where);

	ok(wait_until(true, 5000) >= 0, "it listens");
	/* A stopped backend of the warden's is what a hung machine looks like from here. */
	signal_listener("STOP");
	ok(wait_until(false, 10000) >= 0, "a server that hangs shows");
	signal_listener("CONT");
	ok(wait_until(true, 10000) >= 0, "and so does its return");
	end(pid);
}

/* In a process of its own: the connection for proofs is made once. */
static void
prove_nowhere(void *ctx)
{
	enum proof verdict[CATALOGS_MAX] = { PROOF_PENDING };
	struct arena mem;
	struct buf says;

	arena_init(&mem, 65536, 64 << 20);
	buf_init(&says, &mem, 1 << 20);
	cfg.pg = "host=/nowhere";
	if (warden_prove(&cfg, ctx, &mem, verdict, &says) != DB_AWAY || verdict[3] != PROOF_PENDING)
		_exit(1);
	arena_close(&mem);
}

static void
test_proof(void)
{
	static struct tool tools[1];
	struct catalog one = { .number = 3, .name = "shop", .role = "shop_tenant", .schema = "shop",
		.search_path = "shop, pg_temp", .tool = tools };
	struct catalogs some = { &one, 1 };
	enum proof verdict[CATALOGS_MAX] = { PROOF_PENDING };
	struct arena mem;
	struct child c;
	struct buf says;
	int pid, ms;

	arena_init(&mem, 65536, 64 << 20);
	buf_init(&says, &mem, 1 << 20);
	child_run(&c, prove_nowhere, &some);
	is_int(c.status, 0, "without a server the verdict stays as it was");
	cfg.pg = server.where;
	is_int(warden_prove(&cfg, &some, &mem, verdict, &says), DB_REFUSED, "a superuser proves nothing");
	is_int(verdict[3], PROOF_FAILED, "which is the verdict");
	ok(strstr(says.at, "superuser"), "and is said");

	as.catalogs = &some;
	pid = start(server.where);
	for (ms = 0; ms < 5000 && atomic_load(&board->proof[0][3]) == PROOF_PENDING; ms += 10)
		usleep(10000);
	is_int(atomic_load(&board->proof[0][3]), PROOF_FAILED, "a pending proof is made at the first connection");
	end(pid);
	as.catalogs = &none;
	arena_close(&mem);
}

int
main(void)
{
	int fd;

	fd = open("/dev/null", O_WRONLY);
	dup2(fd, STDERR_FILENO);
	server_open(&server, "postgres");
	db = db_make(server.where, "warden_test");
	board = board_map(&fd);
	cfg.audit_workers = 1;
	as = (struct process){ .cfg = &cfg, .board = board, .catalogs = &none, .slot = board_claim(board, POOL_WARDEN),
		.news_fd = eventfd(0, EFD_NONBLOCK) };
	test_away();
	test_hears();
	test_news();
	test_hangs();
	test_proof();
	db_close(db);
	server_close(&server);
	return tap_done();
}
