/* usage: what events say of credentials, and how it reaches a real PostgreSQL. */
#include "usage.h"
#include "db.h"
#include "json.h"
#include "server.h"
#include "tap.h"

#define A "00000000-0000-4000-8000-00000000000a"
#define B "00000000-0000-4000-8000-00000000000b"

static struct server server;
static struct arena mem;
static struct db *db;

static void
script(const char *sql)
{
	struct db_error error;

	if (db_script(db, &mem, sql, &error) != DB_DONE)
		printf("Bail out! %s\n", error.message);
}

static int
take(void *ctx, const struct db_row *row)
{
	const char **out = ctx;

	*out = row->at[0] ? arena_str(&mem, row->at[0]) : NULL;
	return 0;
}

/* "name times last; ..." */
static const char *
written(void)
{
	const char *out = NULL;
	struct db_statement s = { .sql = "select string_agg(right(credential_id::text, 1) || ' ' || use_count || ' ' || "
	    "to_char(last_used_at at time zone 'UTC', 'HH24:MI:SS.US'), '; ' order by credential_id) from mcp.credential_use", .row = take };
	struct db_call call = { .mem = &mem, .client_fd = -1, .main = &s, .ctx = &out };

	if (db_query(db, &call) != DB_DONE)
		return call.error.message;
	return out;
}

static void
note(struct usage *u, const char *more, const char *second)
{
	char event[512];
	int n = snprintf(event, sizeof(event), "{\"v\":1,\"id\":\"x\",\"at\":\"2026-11-20T08:00:%sZ\",\"worker\":1,\"seq\":1%s}", second, more);

	usage_note(u, event, (size_t)n);
}

#define BY(id) ",\"count\":1,\"credential\":\"" id "\",\"credential_name\":\"ci\""

static void
test_events(struct usage *u)
{
	note(u, BY(A), "01.000001");
	note(u, BY(A), "03.000000");
	note(u, BY(A), "02.000000");
	note(u, ",\"count\":7,\"credential\":\"" B "\"", "05.500000");
	note(u, ",\"count\":1", "06.000000");
	note(u, BY(A) ",\"outcome\":\"denied\",\"code\":\"401\"", "07.000000");
	note(u, BY(B) ",\"outcome\":\"denied\",\"code\":\"403\"", "07.000000");
	note(u, BY(A) ",\"outcome\":\"rate_limited\",\"code\":\"429\"", "04.000000");
	note(u, ",\"tool\":\"\\\"credential\\\":\\\"" B "\\\"\"", "08.000000");
	note(u, BY("short"), "08.000000");
	note(u, BY("00000000,0000-4000-8000-00000000000a"), "08.000000");
	note(u, BY("'0000000-0000-4000-8000-00000000000a"), "08.000000");
	usage_write(u, false);
	is_str(written(), NULL, "nothing is written before its time");
	usage_write(u, true);
	is_str(written(), "a 4 08:00:04.000000; b 7 08:00:05.500000", "counts and latest times; who was turned away is not counted");
	usage_write(u, true);
	is_str(written(), "a 4 08:00:04.000000; b 7 08:00:05.500000", "and only once");
	note(u, BY(A), "02.000000");
	usage_write(u, true);
	is_str(written(), "a 5 08:00:04.000000; b 7 08:00:05.500000", "an older batch counts, and moves no clock back");
}

/* More credentials than the table holds: it is written early, and goes on. */
static void
test_many(struct usage *u)
{
	char more[128];
	int i;

	script("truncate mcp.credential_use; insert into mcp.credential select ('00000000-0000-4000-9000-' || lpad(i::text, 12, '0'))::uuid "
	    "from generate_series(0, 2999) i");
	for (i = 0; i < 3000; i++) {
		snprintf(more, sizeof(more), ",\"count\":1,\"credential\":\"00000000-0000-4000-9000-%012d\"", i);
		note(u, more, "01.000000");
		usage_write(u, false);
	}
	usage_write(u, true);
	script("delete from mcp.credential_use where credential_id <> '00000000-0000-4000-9000-000000000000' "
	    "and (select count(*) from mcp.credential_use) = 3000");
	is_str(written(), "0 1 08:00:01.000000", "3000 credentials are all there");
}

static void
test_away(struct usage *u)
{
	int64_t from;

	script("truncate mcp.credential_use");
	db_close(db);
	server_tell(&server, "stop");
	note(u, BY(A), "01.000000");
	from = base_now_us();
	usage_write(u, true);
	usage_write(u, true);
	ok(base_now_us() - from < 1000000, "PostgreSQL away holds up nobody");
	server_tell(&server, "start");
	usleep(1100000);		/* db waits a second between two attempts */
	note(u, BY(A), "02.000000");
	usage_write(u, true);
	is_str(written(), "a 2 08:00:02.000000", "what was noted meanwhile is written later");
	script("begin; select * from mcp.credential_use for update");
	note(u, BY(A), "03.000000");
	from = base_now_us();
	usage_write(u, true);
	ok(base_now_us() - from < 3000000, "nor does a row that somebody holds, for more than a moment");
	script("rollback");
	usage_write(u, true);
	is_str(written(), "a 3 08:00:03.000000", "it is written once the row is free");
}

int
main(void)
{
	static struct usage *u, *none;	/* they live as long as the process, and what hangs on them */
	const char *why;
	size_t len;
	int nowhere = open("/dev/null", O_WRONLY);

	none = usage_make(NULL);
	arena_init(&mem, 65536, 1 << 24);
	server_open(&server, "postgres");
	db = db_make(server.where, "test");
	if (db_open(db, &mem, &why) != DB_DONE)
		printf("Bail out! %s\n", why);
	script("create schema mcp; create table mcp.credential (id uuid primary key); "
	    "create table mcp.credential_use (credential_id uuid primary key, last_used_at timestamptz not null, use_count bigint not null); "
	    "insert into mcp.credential values ('" A "'), ('" B "')");
	script(json_file_text(&mem, "sql/core/0009_use.sql", 65536, &len, &why));
	dup2(nowhere, STDERR_FILENO);
	u = usage_make(server.where);
	test_events(u);
	test_many(u);
	test_away(u);
	note(none, BY(A), "01.000000");
	usage_write(none, true);
	is_str(written(), "a 3 08:00:03.000000", "without PostgreSQL nothing is kept");
	db_close(db);
	server_close(&server);
	arena_close(&mem);
	return tap_done();
}
