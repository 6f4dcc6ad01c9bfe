/* db: against a real PostgreSQL: outcomes, pipelines, clients that leave, servers that go. */
#include "tap.h"
#include "buf.h"
#include "db.h"
#include "server.h"

static struct server server;
static struct arena mem;
static struct db *db;

/* All rows as text: columns divided by ",", rows by ";". */
struct seen {
	char text[4096];
	int  rows, most;	/* enough after so many; 0: never */
};

static int
see(void *ctx, const struct db_row *row)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);
	int i;

	for (i = 0; i < row->n; i++)
		at += (size_t)snprintf(s->text + at, at < sizeof(s->text) ? sizeof(s->text) - at : 0, "%s%s",
		    i ? "," : s->rows ? ";" : "", row->at[i] ? row->at[i] : "null");
	s->rows++;
	return s->rows == s->most;
}

/* One call by db_query or db_run: of main alone, or with statements around it. */
struct call {
	struct db_call      db;
	struct db_statement enter, main;
	const struct db_statement *leave;
	const struct db_statement *(*after)(void *ctx);
	struct seen         seen;	/* what its rows are */
};

static void
steps(void *ctx, int batch, struct db_batch *out)
{
	struct call *c = (struct call *)(void *)((char *)ctx - offsetof(struct call, seen));
	const struct db_statement *more;

	if (batch == 0) {
		out->at[out->n++] = &c->enter;
		out->at[out->n++] = &c->main;
		if (c->leave)
			out->at[out->n++] = c->leave;
	} else if ((more = c->after(ctx))) {
		out->at[out->n++] = more;
	}
	out->last = batch > 0 || !c->after;
}

static struct call *
make_call(const char *enter, const char *main)
{
	static struct call c;

	memset(&c, 0, sizeof(c));
	c.enter.sql = enter;
	c.main.sql = main;
	c.main.row = see;
	c.db = (struct db_call){ .mem = &mem, .client_fd = -1, .main = enter ? NULL : &c.main, .next = steps, .ctx = &c.seen };
	return &c;
}

/* What a query says, or its SQLSTATE. */
static const char *
ask(const char *sql)
{
	static struct call c;

	c = *make_call(NULL, sql);
	c.db.main = &c.main;
	c.db.ctx = &c.seen;
	return db_query(db, &c.db) == DB_DONE ? c.seen.text : c.db.error.state;
}

static void
script(const char *sql)
{
	struct db_error e;

	if (db_script(db, &mem, sql, &e) != DB_DONE) {
		printf("Bail out! %s: %s\n", sql, e.message);
		exit(1);
	}
}

/* --- plain ------------------------------------------------------------------------------ */

static void
test_nobody(void)
{
	struct db *none = db_make("host=/nowhere dbname=x", "test");
	struct call *c = make_call(NULL, "select 1");
	const char *why = NULL;

	is_int(db_open(none, &mem, &why), DB_AWAY, "no server");
	ok(why && strstr(why, "/nowhere") && !strchr(why, '\n'), "said in one line: %s", why ? why : "");
	is_int(db_open(none, &mem, &why), DB_AWAY, "nor a moment later");
	is_str(why, "PostgreSQL is away", "which is not tried again so soon");
	is_int(db_run(none, &c->db), DB_AWAY, "a call");
	is_int(db_query(none, &c->db), DB_AWAY, "a query");
	ok(c->db.error.message && !c->db.error.state[0], "with a sentence and no SQLSTATE");
	is_int(db_socket(none), -1, "there is no socket");
	db_close(none);
	free(none);
}

static void
test_query(void)
{
	struct call *c = make_call(NULL, "select $1::int + 1, $2::text, null, true");

	c->main.n = 2;
	c->main.at[0] = "41";
	is_int(db_query(db, &c->db), DB_DONE, "a query with parameters");
	is_str(c->seen.text, "42,null,null,t", "one of them null");
	ok(c->db.us > 0, "takes time");
	c = make_call(NULL, "select n from generate_series(1, 1000) n");
	c->seen.most = 3;
	is_int(db_query(db, &c->db), DB_DONE, "a query whose reader has enough");
	is_str(c->seen.text, "1;2;3", "after three rows");
	is_str(ask("select 1 where false"), "", "no row");
	is_str(ask("select current_setting('application_name')"), "db_test", "the connection has our name");
	is_str(ask("select '2026-01-02 03:04:05+00'::timestamptz at time zone 'UTC', '\\x00ff'::bytea, interval '1 day', 0.1::float8"),
	    "2026-01-02 03:04:05,\\x00ff,P1D,0.1", "the forms that the encoder reads");
}

static void
test_errors(void)
{
	struct call *c = make_call(NULL, "select 1/0");
	struct db_error e;

	is_int(db_query(db, &c->db), DB_REFUSED, "a query that fails");
	is_str(c->db.error.state, "22012", "its SQLSTATE");
	is_str(c->db.error.message, "division by zero", "its message");
	ok(!c->db.error.detail && !c->db.error.hint && !c->db.error.constraint, "and nothing that is not there");
	is_str(ask("select 1"), "1", "the session is good for the next");
	c = make_call(NULL, "select 'x'::text::int; select 1");
	is_int(db_query(db, &c->db), DB_REFUSED, "two statements are one too many");
	is_str(c->db.error.state, "42601", "whatever they are");
	is_int(db_script(db, &mem, "create temp table a (n int constraint positive check (n > 0)); insert into a values (1); select 1", &e),
	    DB_DONE, "a script has many");
	is_int(db_script(db, &mem, "insert into a values (2); insert into a values (-1)", &e), DB_REFUSED, "one that fails");
	is_str(e.constraint, "positive", "names its constraint");
	ok(e.detail && strstr(e.detail, "-1"), "and has a detail: %s", e.detail);
	is_str(ask("select n from a"), "1", "and is undone as a whole");
	c = make_call(NULL, "do $$ begin raise exception using errcode = 'MC404', message = E'gone\\nfor good', detail = '{}', hint = 'look'; end $$");
	is_int(db_query(db, &c->db), DB_REFUSED, "an error of our own");
	is_str(c->db.error.state, "MC404", "SQLSTATE");
	is_str(c->db.error.message, "gone", "the first line of its message");
	is_str(c->db.error.detail, "{}", "detail");
	is_str(c->db.error.hint, "look", "hint");
	script("drop table a");
}

static void
test_describe(void)
{
	static const char types[] = "select true a, 1::int2 b, 1::int4 c, 1::int8 d, 1::float4 e, 1::float8 f, 1::numeric g, '1'::json h, "
	    "$1::jsonb i, now() j, ''::bytea k, ''::text l, gen_random_uuid() m, now()::date n, 1::oid o, array[1] p";
	static const enum db_type want[] = { DB_BOOL, DB_NUMBER, DB_NUMBER, DB_NUMBER, DB_NUMBER, DB_NUMBER, DB_NUMBER, DB_JSON, DB_JSON,
	    DB_STAMP, DB_BYTES, DB_TEXT, DB_TEXT, DB_TEXT, DB_NUMBER, DB_TEXT };
	struct db_column column[DB_COLUMNS_MAX];
	struct db_error e;
	int n = 0, i;

	is_int(db_describe(db, &mem, types, 1, column, &n, &e), DB_DONE, "a statement is described");
	is_int(n, LEN(want), "with its columns");
	for (i = 0; i < n; i++) {
		is_str(column[i].name, ((char[]){ (char)('a' + i), '\0' }), "column %d", i);
		is_int(column[i].type, want[i], "and its type");
	}
	is_int(db_describe(db, &mem, "insert into pg_temp.none values ($1)", 1, column, &n, &e), DB_REFUSED, "one that cannot be parsed");
	is_str(e.state, "42P01", "is refused");
	is_int(db_describe(db, &mem, "select 1; select 2", 1, column, &n, &e), DB_REFUSED, "so are two");
	is_str(ask("select 1"), "1", "the session is good for the next");
}

static void
test_many_columns(void)
{
	struct buf b;
	struct call *c;
	int i;

	buf_init(&b, &mem, 1 << 16);
	buf_str(&b, "select 0");
	for (i = 1; i < 300; i++)
		buf_fmt(&b, ",%d", i);
	c = make_call(NULL, b.at);
	is_int(db_query(db, &c->db), DB_DONE, "300 columns");
	ok(base_ends(c->seen.text, ",127"), "of which 128 are seen");
}

static void
test_identifier(void)
{
	static const struct {
		const char *name, *want;
	} rows[] = { { "a", "\"a\"" }, { "a b", "\"a b\"" }, { "a\"b", "\"a\"\"b\"" }, { "\"", "\"\"\"\"" }, { "", "\"\"" } };
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		is_str(db_identifier(&mem, rows[i].name), rows[i].want, "identifier %s", rows[i].name);
}

/* --- pipelines -------------------------------------------------------------------------- */

static void
test_run(void)
{
	struct call *c = make_call("select set_config('a.b', $1, true)", "select current_setting('a.b'), txid_current() > 0");

	c->enter.n = 1;
	c->enter.at[0] = "inside";
	is_int(db_run(db, &c->db), DB_DONE, "two statements in one transaction");
	is_str(c->seen.text, "inside,t", "the second sees what the first set");
	is_str(ask("select coalesce(current_setting('a.b', true), '')"), "", "and afterwards it is gone");
	c = make_call("select 1/0", "select 1");
	is_int(db_run(db, &c->db), DB_REFUSED, "the first fails");
	is_str(c->db.error.state, "22012", "which is what is told");
	is_int(c->seen.rows, 0, "the second does not run");
	c = make_call("select 1", "select x from generate_series(1, 5) x where 1 / (4 - x) > -5");
	is_int(db_run(db, &c->db), DB_REFUSED, "the second fails in the middle");
	ok(c->seen.rows <= 3, "after some rows");
	c = make_call(NULL, "select repeat('x', 100) from generate_series(1, 200000)");
	c->seen.most = 2;
	is_int(db_run(db, &c->db), DB_DONE, "a long result whose reader has enough");
	is_int(c->seen.rows, 2, "after two rows");
	c = make_call("select 1", "select 2");
	c->main.row = NULL;
	is_int(db_run(db, &c->db), DB_DONE, "rows that nobody looks at");
}

static void
test_prepared(void)
{
	struct call *c;
	int i;

	for (i = 0; i < 3; i++) {
		c = make_call("select set_config('a.b', $1, true)", "select current_setting('a.b')");
		c->enter.id = 1;
		c->enter.n = 1;
		c->enter.at[0] = i == 1 ? "one" : "other";
		c->main.id = 2;
		is_int(db_run(db, &c->db), DB_DONE, "a call of kept statements");
		is_str(c->seen.text, i == 1 ? "one" : "other", "with parameters of its own");
	}
	is_str(ask("select string_agg(name, ' ' order by name) from pg_prepared_statements where name <> ''"), "s1 s2", "each was prepared once");
	c = make_call("select 1", "select * from later");
	c->enter.id = 3;
	c->main.id = 4;
	is_int(db_run(db, &c->db), DB_REFUSED, "a statement that cannot be prepared");
	is_str(c->db.error.state, "42P01", "says so");
	script("create temp table later as select 7 as n");
	is_int(db_run(db, &c->db), DB_DONE, "and is prepared again when it can be");
	is_str(c->seen.text, "7", "with its rows");
	db_close(db);
	c = make_call("select 1", "select 5");
	c->enter.id = 1;
	c->main.id = 2;
	is_int(db_run(db, &c->db), DB_DONE, "a new connection knows no statements");
	is_str(c->seen.text, "5", "and learns them anew");
	db_close(db);
	c = make_call("select 1", "select 6");
	c->enter.id = 1;
	c->leave = &c->enter;
	is_int(db_run(db, &c->db), DB_DONE, "a new statement that is there twice in a call is prepared once");
	is_str(c->seen.text, "6", "and its results are told apart from the others'");
	is_int(db_run(db, &c->db), DB_DONE, "also when it is known");
	db_close(db);
}

static void
test_large(void)
{
	struct call *c = make_call(NULL, "select length($1), length($2)");
	char *big = arena_take(&mem, (4 << 20) + 1);

	memset(big, 'x', 4 << 20);
	big[4 << 20] = '\0';
	c->main.n = 2;
	c->main.at[0] = c->main.at[1] = big;
	is_int(db_run(db, &c->db), DB_DONE, "parameters larger than any buffer");
	is_str(c->seen.text, "4194304,4194304", "arrive");
}

static struct db_statement later = { .sql = "insert into done select count(*) from work" };
static int asked;

static const struct db_statement *
go_on(void *ctx)
{
	asked++;
	return ((struct seen *)ctx)->rows ? &later : NULL;
}

static void
test_after(void)
{
	struct call *c;

	script("create table work (n int); create table done (n int)");
	c = make_call("select 1", "insert into work values (1), (2) returning n");
	c->after = go_on;
	is_int(db_run(db, &c->db), DB_DONE, "a call with one more statement behind its rows");
	is_str(c->seen.text, "1;2", "its rows");
	is_str(ask("select n from done"), "2", "and the other saw what it did");
	c = make_call("select 1", "update work set n = 3 where false returning n");
	c->after = go_on;
	is_int(db_run(db, &c->db), DB_DONE, "a call that wants none after all");
	is_int(asked, 2, "was asked");
	c = make_call("select 1", "insert into work values (1 / 0)");
	c->after = go_on;
	is_int(db_run(db, &c->db), DB_REFUSED, "a call that fails");
	is_int(asked, 2, "is not asked");
	later.sql = "insert into done values (1 / 0)";
	c = make_call("select 1", "insert into work values (9) returning n");
	c->after = go_on;
	is_int(db_run(db, &c->db), DB_REFUSED, "a last statement that fails");
	is_str(c->db.error.state, "22012", "is the call's failure");
	is_str(ask("select count(*) from work"), "2", "and undoes the rest");
	script("drop table work, done");
}

static void
test_deferred(void)
{
	struct call *c;

	script("create table parent (id int primary key); "
	    "create table child (id int constraint of_parent references parent deferrable initially deferred)");
	c = make_call("select 1", "insert into child values (1) returning id");
	is_int(db_run(db, &c->db), DB_REFUSED, "a constraint that is looked at when the transaction ends");
	is_str(c->db.error.state, "23503", "refuses the call");
	is_str(c->db.error.constraint, "of_parent", "and is named");
	is_str(ask("select count(*) from child"), "0", "nothing was done");
	script("drop table child, parent");
}

static void
test_leave(void)
{
	struct db_statement leave = { .id = 9, .sql = "insert into left_at select current_setting('role'), current_setting('a.b')" };
	struct call *c;

	script("create table left_at (role text, b text)");
	c = make_call("select set_config('a.b', 'x', true), set_config('role', 'pg_monitor', true)", "select set_config('role', 'none', true)");
	c->leave = &leave;
	is_int(db_run(db, &c->db), DB_DONE, "a statement behind main, in the same round trip");
	is_str(c->seen.text, "none", "whose rows are main's");
	is_str(ask("select * from left_at"), "none,x", "and which saw what main left");
	c = make_call("select 1", "select 1/0");
	c->leave = &leave;
	is_int(db_run(db, &c->db), DB_REFUSED, "main fails");
	is_str(ask("select count(*) from left_at"), "1", "and it does not run");
	script("drop table left_at");
}

static void
test_json(void)
{
	struct call *c = make_call(NULL, "select $1->>'a', pg_typeof($1)");

	c->main = (struct db_statement){ .id = 8, .sql = c->main.sql, .n = 1, .at = { "{\"a\":7}" }, .json = true, .row = see };
	is_int(db_run(db, &c->db), DB_DONE, "a parameter that is jsonb whatever the statement says of it");
	is_str(c->seen.text, "7,jsonb", "in a kept statement");
	c->main.id = 0;
	is_int(db_run(db, &c->db), DB_DONE, "and in another");
	c->main.at[0] = "{";
	is_int(db_run(db, &c->db), DB_REFUSED, "and no JSON is refused");
	is_str(c->db.error.state, "22P02", "as such");
}

static void
test_timeout(void)
{
	struct call *c = make_call("select set_config('statement_timeout', '100', true)", "select pg_sleep(10)");
	int64_t from = base_now_us();

	is_int(db_run(db, &c->db), DB_REFUSED, "a statement that takes too long");
	is_str(c->db.error.state, "57014", "is ended by PostgreSQL");
	ok(base_now_us() - from < 3000000, "in time");
	is_str(ask("select current_setting('statement_timeout')"), "0", "and the limit is gone with its call");
}

/* --- clients and servers that go -------------------------------------------------------- */

/* A socket whose other end closes after so long. */
static int
client_for(int us)
{
	int end[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, end) != 0)
		abort();
	fflush(stdout);
	if (fork() == 0) {
		close(end[0]);
		usleep((useconds_t)us);
		_exit(0);
	}
	close(end[1]);
	return end[0];
}

static void
test_left(void)
{
	struct call *c = make_call("select 1", "select pg_sleep(10)");
	int64_t from = base_now_us();

	c->db.client_fd = client_for(200000);
	is_int(db_run(db, &c->db), DB_LEFT, "the client leaves during a long statement");
	ok(base_now_us() - from < 3000000, "which ends soon");
	is_str(c->db.error.state, "57014", "cancelled by PostgreSQL, so nothing was done");
	close(c->db.client_fd);
	is_str(ask("select 1"), "1", "and the session is good for the next");
	c = make_call("select 1", "select 1");
	c->db.client_fd = client_for(500000);
	is_int(db_run(db, &c->db), DB_DONE, "a client that leaves later");
	close(c->db.client_fd);
}

static int ticks;

/* Has enough at the second look. */
static int
look(void *ctx)
{
	(void)ctx;
	return ++ticks == 2;
}

static void
wake(int signal_number)
{
	(void)signal_number;
}

/* SIGUSR1 is kept out of everything but our waiting, as a worker has it. */
static void
test_tick(void)
{
	struct sigaction act = { .sa_handler = wake };
	struct call *c = make_call("select 1", "select pg_sleep(10)");
	int64_t from = base_now_us();
	sigset_t usr1;

	c->db.tick = look;
	is_int(db_run(db, &c->db), DB_LEFT, "who waits looks up, and may have enough");
	ok(ticks == 2 && base_now_us() - from >= 1900000 && base_now_us() - from < 4000000, "once a second");
	is_str(ask("select 1"), "1", "and the session is good for the next");
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	ticks = 1;
	from = base_now_us();
	c = make_call("select 1", "select pg_sleep(10)");
	c->db.tick = look;
	is_int(db_run(db, &c->db), DB_LEFT, "a signal");
	ok(base_now_us() - from < 900000, "has it look at once, also one that came before");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

static void
test_terminated(void)
{
	struct db *other = db_make(server.where, "other");
	struct call *c;
	const char *why;

	script("select 1");
	c = make_call(NULL, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'db_test'");
	is_int(db_open(other, &mem, &why), DB_DONE, "another connection");
	is_int(db_query(other, &c->db), DB_DONE, "ends ours");
	usleep(100000);
	c = make_call("select 1", "select 1");
	is_int(db_run(db, &c->db), DB_DONE, "a call after that connects anew, and nobody notices");
	c = make_call(NULL, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'db_test'");
	is_int(db_run(db, &c->db), DB_AWAY, "a connection that ends under a call");
	ok(c->db.error.message && c->db.error.message[0], "has a sentence: %s", c->db.error.message);
	db_close(other);
	free(other);
}

/* A server that says nothing is away, whatever it is doing. */
static void
test_silent(void)
{
	struct call *c = make_call("select 1", "select pg_sleep(5)");
	int64_t from = base_now_us();

	c->db.timeout_ms = 300;
	is_int(db_run(db, &c->db), DB_AWAY, "a server that says nothing");
	ok(base_now_us() - from < 3000000, "is not waited for");
	ok(c->db.unsure, "what was on its way may have been done");
	c = make_call("select 1", "select pg_sleep(5)");
	c->db.timeout_ms = 300;
	c->db.reads = true;
	is_int(db_run(db, &c->db), DB_AWAY, "the same for a call that only reads");
	ok(!c->db.unsure, "of which nothing can have been done");
	c = make_call("select 1", "select 2");
	c->db.timeout_ms = 300;
	is_int(db_run(db, &c->db), DB_DONE, "the next one has a new connection");
}

static void
test_restart(void)
{
	struct call *c = make_call("select 1", "select 1");
	int64_t from;

	server_tell(&server, "stop");
	is_int(db_run(db, &c->db), DB_AWAY, "a server that was stopped");
	is_int(db_run(db, &c->db), DB_AWAY, "is away");
	server_tell(&server, "start");
	for (from = base_now_us(); db_run(db, &c->db) != DB_DONE && base_now_us() - from < 5000000;)
		usleep(50000);
	ok(base_now_us() - from < 2000000, "and found again within two seconds of its start");
}

static void
hear(void *ctx, const char *channel, const char *payload)
{
	struct buf *b = ctx;

	buf_fmt(b, "%s=%s ", channel, payload);
}

static void
test_notified(void)
{
	struct db *other = db_make(server.where, "other");
	struct pollfd p;
	struct db_error e;
	struct buf b;

	buf_init(&b, &mem, 1000);
	script("listen news");
	is_int(db_notified(db, hear, &b), 0, "no news");
	is_int(db_script(other, &mem, "notify news, 'one'; notify news, 'two'", &e), DB_DONE, "news");
	p = (struct pollfd){ .fd = db_socket(db), .events = POLLIN };
	is_int(poll(&p, 1, 5000), 1, "the socket can be waited on");
	is_int(db_notified(db, hear, &b), 0, "and is read");
	is_str(b.at, "news=one news=two ", "in order");
	server_tell(&server, "stop");
	while (poll(&p, 1, 5000) == 1 && db_notified(db, hear, &b) == 0)
		;
	is_int(db_notified(db, hear, &b), -1, "a connection that broke");
	is_int(db_socket(db), -1, "is closed");
	db_close(other);
	free(other);
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 256 << 20);
	server_open(&server, "postgres");
	db = db_make(server.where, "db_test");
	test_nobody();
	test_query();
	test_errors();
	test_describe();
	test_many_columns();
	test_identifier();
	test_run();
	test_prepared();
	test_large();
	test_after();
	test_deferred();
	test_leave();
	test_json();
	test_timeout();
	test_left();
	test_tick();
	test_terminated();
	test_silent();
	test_restart();
	test_notified();
	db_close(db);
	free(db);
	server_close(&server);
	arena_close(&mem);
	return tap_done();
}
