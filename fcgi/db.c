/*
 * db: libpq in pipeline mode, without threads and without blocking longer than poll() says.
 *
 * Every connection is either in pipeline mode and empty, or out of it.  Whatever leaves it in
 * another state closes it: a fresh connection costs less than a wrong guess.
 */
#include "db.h"
#include "log.h"
#include <libpq-fe.h>

#define RETRY_US	1000000		/* a second between two attempts to connect */
#define CONNECT_S	"3"
#define SKIP_MOST	1000		/* rows */
#define TICK_MS		1000
#define OVERDUE_MS	5000		/* how long a cancelled statement may take to say so */

struct db {
	const char *conninfo;
	const char *application;
	PGconn     *conn;		/* NULL: not open */
	int64_t     retry_us;		/* not before, monotonic */
	uint8_t     prepared[DB_STATEMENTS_MAX];
	struct db_column column[DB_COLUMNS_MAX];	/* of the rows in hand */
};

/* What a pipeline in flight is doing. */
struct flight {
	struct db      *db;
	struct db_call *call;
	int64_t         until_us;	/* monotonic: the server has this long; 0: as long as it takes */
	int64_t         tick_us;	/* monotonic: when the caller is next to look up */
	bool            left;		/* the client is gone and the statement was cancelled */
	bool            enough;		/* row() wants no more of the statement in hand */
	bool            cut;		/* so the rest of it was cancelled */
	int             skipped;	/* rows that came all the same */
	bool            failed;		/* call->error is filled */
};

struct db *
db_make(const char *conninfo, const char *application)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		bug("out of memory");
	db->conninfo = conninfo;
	db->application = application;
	return db;
}

void
db_close(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	memset(db->prepared, 0, sizeof(db->prepared));
}

int
db_socket(const struct db *db)
{
	return db->conn ? PQsocket(db->conn) : -1;
}

static void
drop_notice(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;
}

/* PostgreSQL's sentences end in a line feed and may have several lines; the first says it. */
static const char *
first_line(struct arena *mem, const char *text)
{
	return text ? arena_copy(mem, text, strcspn(text, "\n")) : NULL;
}

static PGconn *
connect_now(const struct db *db)
{
	static const char *const names[] = { "dbname", "application_name", "connect_timeout", "client_encoding", NULL };
	const char *const values[] = { db->conninfo, db->application, CONNECT_S, "UTF8", NULL };
	PGconn *conn = PQconnectdbParams(names, values, 1);
	PGresult *res;

	if (PQstatus(conn) != CONNECTION_OK)
		return conn;
	PQsetNoticeProcessor(conn, NULL, NULL);
	PQsetNoticeReceiver(conn, drop_notice, NULL);
	/* The encoder reads these forms; the database's own defaults may differ. */
	res = PQexec(conn, "set datestyle to iso; set intervalstyle to iso_8601; set bytea_output to hex; "
	    "set extra_float_digits to 1");
	PQclear(res);
	return conn;
}

enum db_outcome
db_open(struct db *db, struct arena *mem, const char **why)
{
	int64_t now = base_now_us();

	if (db->conn && PQstatus(db->conn) == CONNECTION_OK)
		return DB_DONE;
	if (db->conn)
		db_close(db);
	*why = "PostgreSQL is away";
	if (now < db->retry_us)
		return DB_AWAY;
	db->conn = connect_now(db);
	if (PQstatus(db->conn) == CONNECTION_OK)
		return DB_DONE;
	*why = first_line(mem, PQerrorMessage(db->conn));
	db_close(db);
	db->retry_us = base_now_us() + RETRY_US;
	return DB_AWAY;
}

/* --- errors ----------------------------------------------------------------------------- */

static void
note_error(struct db_error *e, struct arena *mem, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	memset(e, 0, sizeof(*e));
	snprintf(e->state, sizeof(e->state), "%s", state ? state : "");
	e->message = first_line(mem, PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
	if (!e->message)
		e->message = first_line(mem, PQresultErrorMessage(res));
	e->detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	e->hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
	e->constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
	e->detail = e->detail ? arena_str(mem, e->detail) : NULL;
	e->hint = e->hint ? arena_str(mem, e->hint) : NULL;
	e->constraint = e->constraint ? arena_str(mem, e->constraint) : NULL;
}

/* The connection is of no use any more. */
static enum db_outcome
away(struct db *db, struct db_call *call)
{
	memset(&call->error, 0, sizeof(call->error));
	call->error.message = first_line(call->mem, PQerrorMessage(db->conn));
	db_close(db);
	return DB_AWAY;
}

/* --- waiting ---------------------------------------------------------------------------- */

static void
cancel(PGconn *conn)
{
	PGcancel *c = PQgetCancel(conn);
	char says[256];

	if (c && !PQcancel(c, says, sizeof(says)))
		log_say("cancel: %s", says);
	PQfreeCancel(c);
}

/* How long to wait at most; -1: without end. */
static int
patience_ms(const struct flight *f)
{
	int64_t left;

	if (f->left || f->cut)
		return OVERDUE_MS;
	if (f->until_us == 0)
		return -1;
	left = (f->until_us - base_now_us()) / 1000;
	return left > 0 ? (int)left : 0;
}

/* The answer is wanted no more. */
static void
leave(struct flight *f)
{
	f->left = true;
	cancel(f->db->conn);
}

/* Once a second, and when a signal wakes us. */
static void
look_up(struct flight *f)
{
	f->tick_us = base_now_us() + TICK_MS * 1000;
	if (f->call->tick(f->call->ctx) != 0)
		leave(f);
}

/* Waits until libpq can read or write.  0, or -1: nothing came for too long. */
static int
wait_io(struct flight *f, short events)
{
	struct pollfd p[2] = {
		{ .fd = PQsocket(f->db->conn), .events = events },
		{ .fd = f->left ? -1 : f->call->client_fd, .events = POLLRDHUP },
	};
	bool ticks = f->call->tick && !f->left;
	int most = patience_ms(f), nap = ticks && (most < 0 || most > TICK_MS) ? TICK_MS : most, n;

	n = base_poll(p, 2, nap);
	if (n == 0 && nap == most)
		return -1;
	if (n > 0 && p[1].revents)
		leave(f);
	else if (ticks && (n < 0 || base_now_us() >= f->tick_us))
		look_up(f);
	return 0;
}

/* Sends what is buffered, reading meanwhile so that neither side waits for the other. */
static int
flush(struct flight *f)
{
	int rest;

	while ((rest = PQflush(f->db->conn)) > 0) {
		if (wait_io(f, POLLIN | POLLOUT) != 0 || PQconsumeInput(f->db->conn) == 0)
			return -1;
	}
	return rest;
}

/* The next result of the pipeline in *res (NULL ends a command).  0, or -1: the connection broke. */
static int
next_result(struct flight *f, PGresult **res)
{
	while (PQisBusy(f->db->conn))
		if (wait_io(f, POLLIN) != 0 || PQconsumeInput(f->db->conn) == 0)
			return -1;
	*res = PQgetResult(f->db->conn);
	return 0;
}

/* --- rows ------------------------------------------------------------------------------- */

static int
column_count(const PGresult *res)
{
	int n = PQnfields(res);

	return n < DB_COLUMNS_MAX ? n : DB_COLUMNS_MAX;
}

static int
give_row(struct flight *f, const struct db_statement *s, const PGresult *res, int at)
{
	const char *value[DB_COLUMNS_MAX];
	int len[DB_COLUMNS_MAX], i;
	struct db_row row = { .n = column_count(res), .column = f->db->column, .at = value, .len = len };

	for (i = 0; i < row.n; i++) {
		f->db->column[i] = (struct db_column){ PQfname(res, i), pgtype_of(PQftype(res, i)) };
		value[i] = PQgetisnull(res, at, i) ? NULL : PQgetvalue(res, at, i);
		len[i] = PQgetlength(res, at, i);
	}
	return s->row(f->call->ctx, &row);
}

/* Many rows that nobody wants are not waited for. */
static void
skip(struct flight *f)
{
	f->skipped++;
	if (!f->call->reads || f->cut || f->skipped < SKIP_MOST)
		return;
	f->cut = true;
	cancel(f->db->conn);
}

static void
take_rows(struct flight *f, const struct db_statement *s, const PGresult *res)
{
	int i;

	for (i = 0; i < PQntuples(res) && s->row && !f->failed; i++) {
		if (f->enough)
			skip(f);
		else if (give_row(f, s, res, i) != 0)
			f->enough = true;
	}
}

/* --- the pipeline ----------------------------------------------------------------------- */

static const Oid all_jsonb[DB_PARAMS_MAX] = { [0 ... DB_PARAMS_MAX - 1] = 3802 };

/* *prepares: a command that prepares it goes first.  A batch may have a statement twice. */
static int
send_statement(struct db *db, const struct db_statement *s, bool *prepares)
{
	const Oid *types = s->json ? all_jsonb : NULL;
	char name[16] = "";

	*prepares = s->id != 0 && s->id < DB_STATEMENTS_MAX && !db->prepared[s->id];
	if (s->id >= DB_STATEMENTS_MAX)
		bug("statement %u", s->id);
	if (s->id == 0)
		return PQsendQueryParams(db->conn, s->sql, s->n, types, s->at, NULL, NULL, 0);
	snprintf(name, sizeof(name), "s%u", s->id);
	if (*prepares && PQsendPrepare(db->conn, name, s->sql, types ? s->n : 0, types) == 0)
		return 0;
	db->prepared[s->id] = true;
	return PQsendQueryPrepared(db->conn, name, s->n, s->at, NULL, NULL, 0);
}

/*
 * Reads the results of one command up to the NULL behind them.  s: whose rows are taken; NULL: none
 * are.  A command that fails or is skipped behind a failed one is a result too; only a broken
 * connection is -1.
 */
static int
read_command(struct flight *f, const struct db_statement *s, bool *good)
{
	PGresult *res;

	*good = true;
	f->enough = false;
	f->skipped = 0;
	if (s && s->row)
		PQsetSingleRowMode(f->db->conn);	/* where it is refused the result comes whole; the caps still hold */
	for (;;) {
		if (next_result(f, &res) != 0)
			return -1;
		if (!res)
			return 0;
		switch (PQresultStatus(res)) {
		case PGRES_SINGLE_TUPLE:
		case PGRES_TUPLES_OK:
			if (s)
				take_rows(f, s, res);
			break;
		case PGRES_COMMAND_OK:
			break;
		case PGRES_PIPELINE_ABORTED:
			*good = false;
			break;
		default:
			*good = false;
			if (!f->failed)
				note_error(&f->call->error, f->call->mem, res);
			f->failed = true;
		}
		PQclear(res);
	}
}

static int
read_statement(struct flight *f, const struct db_statement *s, bool prepares)
{
	bool good;

	if (prepares) {
		if (read_command(f, NULL, &good) != 0)
			return -1;
		f->db->prepared[s->id] = good;
	}
	return read_command(f, s, &good);
}

static int
read_sync(struct flight *f)
{
	PGresult *res;
	ExecStatusType got;

	for (;;) {
		if (next_result(f, &res) != 0)
			return -1;
		if (!res && PQstatus(f->db->conn) != CONNECTION_OK)
			return -1;
		if (!res)
			continue;
		got = PQresultStatus(res);
		if (got == PGRES_FATAL_ERROR && !f->failed) {	/* a deferred constraint fails here */
			note_error(&f->call->error, f->call->mem, res);
			f->failed = true;
		}
		PQclear(res);
		if (got == PGRES_PIPELINE_SYNC)
			return PQstatus(f->db->conn) == CONNECTION_OK ? 0 : -1;
	}
}

static void
next_batch(const struct db_call *call, int number, struct db_batch *out)
{
	memset(out, 0, sizeof(*out));
	if (!call->main) {
		call->next(call->ctx, number, out);
		return;
	}
	out->at[out->n++] = call->main;
	out->last = true;
}

/* Sends a batch and reads its results.  The transaction goes on unless it was the last. */
static int
fly_batch(struct flight *f, const struct db_batch *b)
{
	bool prepares[DB_BATCH_MAX];
	int i;

	for (i = 0; i < b->n; i++)
		if (send_statement(f->db, b->at[i], &prepares[i]) == 0)
			return -1;
	f->call->unsure = b->last && !f->call->reads && !f->failed;
	if ((b->last ? PQpipelineSync(f->db->conn) : PQsendFlushRequest(f->db->conn)) == 0 || flush(f) != 0)
		return -1;
	for (i = 0; i < b->n; i++)
		if (read_statement(f, b->at[i], prepares[i]) != 0)
			return -1;
	return 0;
}

/* Each batch is a round trip; behind a failed one only the Sync follows. */
static int
fly(struct flight *f)
{
	struct db_batch b;
	int number = 0;

	do {
		if (f->failed)
			b = (struct db_batch){ .last = true };
		else
			next_batch(f->call, number++, &b);
		if (fly_batch(f, &b) != 0)
			return -1;
	} while (!b.last);
	return read_sync(f);
}

/*
 * An idle connection has nothing to say.  If it does, it is most likely that PostgreSQL is going
 * down or was restarted; a new connection is asked then, not the next caller told to come again.
 */
static bool
is_stale(const struct db *db)
{
	struct pollfd p = { .fd = db_socket(db), .events = POLLIN };

	return p.fd >= 0 && poll(&p, 1, 0) != 0;
}

enum db_outcome
db_run(struct db *db, struct db_call *call)
{
	int64_t from = base_now_us();
	struct flight f = { .db = db, .call = call, .until_us = call->timeout_ms ? from + call->timeout_ms * 1000 : 0,
		.tick_us = from + TICK_MS * 1000 };
	const char *why;
	int broken;

	memset(&call->error, 0, sizeof(call->error));
	if (is_stale(db))
		db_close(db);
	if (db_open(db, call->mem, &why) != DB_DONE) {
		call->error.message = why;
		call->us += base_now_us() - from;
		return DB_AWAY;
	}
	broken = PQpipelineStatus(db->conn) == PQ_PIPELINE_OFF && PQenterPipelineMode(db->conn) == 0 ? -1 : fly(&f);
	call->us += base_now_us() - from;
	if (broken != 0 || PQstatus(db->conn) != CONNECTION_OK)
		return away(db, call);
	if (!f.failed)
		return DB_DONE;		/* even when the client left: the cancel came too late */
	if (strcmp(call->error.state, "57014") != 0)
		return DB_REFUSED;
	return f.left ? DB_LEFT : f.cut ? DB_DONE : DB_REFUSED;
}

/* --- plain queries ---------------------------------------------------------------------- */

static enum db_outcome
plain_ready(struct db *db, struct arena *mem, struct db_error *error)
{
	const char *why;

	memset(error, 0, sizeof(*error));
	if (db_open(db, mem, &why) != DB_DONE) {
		error->message = why;
		return DB_AWAY;
	}
	if (PQpipelineStatus(db->conn) != PQ_PIPELINE_OFF && PQexitPipelineMode(db->conn) == 0) {
		error->message = first_line(mem, PQerrorMessage(db->conn));
		db_close(db);
		return DB_AWAY;
	}
	return DB_DONE;
}

/* The outcome of a finished result, which is cleared. */
static enum db_outcome
plain_outcome(struct db *db, struct arena *mem, PGresult *res, struct db_error *error)
{
	ExecStatusType got = PQresultStatus(res);

	if (got != PGRES_TUPLES_OK && got != PGRES_COMMAND_OK && got != PGRES_EMPTY_QUERY)
		note_error(error, mem, res);
	PQclear(res);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		db_close(db);
		return DB_AWAY;
	}
	return error->message ? DB_REFUSED : DB_DONE;
}

enum db_outcome
db_query(struct db *db, struct db_call *call)
{
	struct flight f = { .db = db, .call = call };
	const struct db_statement *s = call->main;
	int64_t from = base_now_us();
	enum db_outcome ready = plain_ready(db, call->mem, &call->error);
	PGresult *res;

	if (ready != DB_DONE)
		return ready;
	res = PQexecParams(db->conn, s->sql, s->n, NULL, s->at, NULL, NULL, 0);
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		take_rows(&f, s, res);
	call->us += base_now_us() - from;
	return plain_outcome(db, call->mem, res, &call->error);
}

enum db_outcome
db_script(struct db *db, struct arena *mem, const char *sql, struct db_error *error)
{
	enum db_outcome ready = plain_ready(db, mem, error);

	if (ready != DB_DONE)
		return ready;
	return plain_outcome(db, mem, PQexec(db->conn, sql), error);
}

enum db_outcome
db_describe(struct db *db, struct arena *mem, const char *sql, int params,
    struct db_column *column, int *n, struct db_error *error)
{
	enum db_outcome got = plain_ready(db, mem, error);
	PGresult *res;
	int i;

	if (got != DB_DONE)
		return got;
	got = plain_outcome(db, mem, PQprepare(db->conn, "", sql, params, all_jsonb), error);
	if (got != DB_DONE)
		return got;
	res = PQdescribePrepared(db->conn, "");
	for (i = 0, *n = column_count(res); i < *n; i++)
		column[i] = (struct db_column){ arena_str(mem, PQfname(res, i)), pgtype_of(PQftype(res, i)) };
	return plain_outcome(db, mem, res, error);
}

int
db_notified(struct db *db, void (*heard)(void *ctx, const char *channel, const char *payload), void *ctx)
{
	PGnotify *n;

	if (!db->conn || PQconsumeInput(db->conn) == 0) {
		db_close(db);
		return -1;
	}
	while ((n = PQnotifies(db->conn))) {
		heard(ctx, n->relname, n->extra);
		PQfreemem(n);
	}
	return 0;
}

char *
db_identifier(struct arena *mem, const char *name)
{
	char *out = arena_take(mem, 2 * strlen(name) + 3), *to = out;

	for (*to++ = '"'; *name; name++) {
		if (*name == '"')
			*to++ = '"';
		*to++ = *name;
	}
	*to++ = '"';
	*to = '\0';
	return out;
}
