/* db_async: libpq's non-blocking half; each turn goes as far as the socket lets it. */
#include "db_async.h"
#include "log.h"
#include <libpq-fe.h>

#define PATIENCE_US	5000000		/* that a connection, or an answer, may take */
#define RETRY_US	250000		/* the first pause; each is twice the one before */
#define RETRY_MOST_US	1000000		/* no longer: whoever was suspended meanwhile is still listening */

enum stage { AWAY, CONNECTING, FREE, ASKING };

struct db_async {
	const char *conninfo, *application;
	int         epoll_fd;
	enum stage  stage;
	PGconn     *conn;		/* NULL: AWAY */
	bool        said_away;
	int64_t     retry_us, pause_us;	/* monotonic, as since_us */
	int64_t     since_us;		/* of stage */
	short       wants;		/* in CONNECTING: what libpq waits for, as poll(2) has it */
	struct db_question q;		/* in ASKING */
	PGresult   *answer;		/* to it, as far as it is there; NULL: nothing yet */
	char        why[256];
};

struct db_async *
db_async_make(const char *conninfo, const char *application, int epoll_fd)
{
	struct db_async *a = calloc(1, sizeof(*a));

	if (!a)
		bug("out of memory");
	a->conninfo = conninfo;
	a->application = application;
	a->epoll_fd = epoll_fd;
	a->pause_us = RETRY_US;
	return a;
}

static void
move(struct db_async *a, enum stage to)
{
	a->stage = to;
	a->since_us = base_now_us();
}

bool
db_async_is_free(const struct db_async *a)
{
	return a->stage == FREE;
}

/* While it connects libpq may change its socket, and a new one may have an old one's number. */
static void
watch(struct db_async *a, bool reads, bool writes)
{
	struct epoll_event e = { .events = (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0), .data.fd = PQsocket(a->conn) };

	if (e.data.fd < 0 || epoll_ctl(a->epoll_fd, EPOLL_CTL_MOD, e.data.fd, &e) == 0)
		return;
	if (errno != ENOENT || epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, e.data.fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

static void
note_why(struct db_async *a, const char *text)
{
	snprintf(a->why, sizeof(a->why), "%.*s", (int)strcspn(text, "\n"), text);
}

static void
hang_up(struct db_async *a, const char *why)
{
	struct db_question q = a->q;
	bool asking = a->stage == ASKING;

	note_why(a, why);
	if (!a->said_away)
		log_say("PostgreSQL is away: %s", a->why);
	a->said_away = true;
	PQclear(a->answer);
	a->answer = NULL;
	PQfinish(a->conn);
	a->conn = NULL;
	move(a, AWAY);
	a->retry_us = a->since_us + a->pause_us;
	a->pause_us = a->pause_us * 2 < RETRY_MOST_US ? a->pause_us * 2 : RETRY_MOST_US;
	if (asking)
		q.done(q.ctx, DB_AWAY, a->why);
}

/* --- connecting ------------------------------------------------------------------------- */

static void
drop_notice(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;
}

static void
await(struct db_async *a, PostgresPollingStatusType what)
{
	a->wants = what == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	watch(a, a->wants == POLLIN, a->wants == POLLOUT);
}

static void
begin(struct db_async *a)
{
	static const char *const names[] = { "dbname", "application_name", "client_encoding", NULL };
	const char *const values[] = { a->conninfo, a->application, "UTF8", NULL };

	if (base_now_us() < a->retry_us)
		return;
	a->conn = PQconnectStartParams(names, values, 1);
	if (!a->conn)
		bug("out of memory");
	if (PQstatus(a->conn) == CONNECTION_BAD) {
		hang_up(a, PQerrorMessage(a->conn));
		return;
	}
	move(a, CONNECTING);
	await(a, PGRES_POLLING_WRITING);
}

static void
connected(struct db_async *a)
{
	if (PQsetnonblocking(a->conn, 1) != 0) {
		hang_up(a, PQerrorMessage(a->conn));
		return;
	}
	PQsetNoticeReceiver(a->conn, drop_notice, NULL);
	if (a->said_away)
		log_say("PostgreSQL is back");
	a->said_away = false;
	a->pause_us = RETRY_US;
	move(a, FREE);
	watch(a, true, false);
}

static bool
is_ready(const struct db_async *a)
{
	struct pollfd p = { .fd = PQsocket(a->conn), .events = a->wants };

	return poll(&p, 1, 0) > 0;
}

/* PQconnectPoll() is only for a socket that is ready for what it wanted last; it waits on another. */
static void
go_on_connecting(struct db_async *a)
{
	PostgresPollingStatusType got = is_ready(a) ? PQconnectPoll(a->conn) : PGRES_POLLING_ACTIVE;

	if (got == PGRES_POLLING_OK)
		connected(a);
	else if (got == PGRES_POLLING_FAILED)
		hang_up(a, PQerrorMessage(a->conn));
	else if (got != PGRES_POLLING_ACTIVE)
		await(a, got);
}

/* --- asking ----------------------------------------------------------------------------- */

void
db_async_ask(struct db_async *a, const struct db_question *q)
{
	if (a->stage != FREE)
		bug("a question to PostgreSQL in stage %d", a->stage);
	a->q = *q;
	move(a, ASKING);
	/* What cannot be sent has closed the connection, which the next turn finds. */
	if (PQsendQueryParams(a->conn, q->sql, 1, NULL, &q->given, NULL, NULL, 0) == 1)
		watch(a, true, true);
}

static void
give_rows(const struct db_async *a, const PGresult *res)
{
	int i;

	for (i = 0; i < PQntuples(res); i++)
		a->q.row(a->q.ctx, i, PQgetisnull(res, i, 0) ? NULL : PQgetvalue(res, i, 0));
}

/* The answer is there whole.  Whoever is told may ask the next question. */
static void
finish(struct db_async *a)
{
	struct db_question q = a->q;
	PGresult *res = a->answer;
	bool good = res && PQresultStatus(res) == PGRES_TUPLES_OK;

	a->answer = NULL;
	if (good)
		give_rows(a, res);
	else
		note_why(a, res ? PQresultErrorMessage(res) : PQerrorMessage(a->conn));
	PQclear(res);
	move(a, FREE);
	q.done(q.ctx, good ? DB_DONE : DB_REFUSED, good ? NULL : a->why);
}

static void
read_answer(struct db_async *a)
{
	PGresult *res;

	while (!PQisBusy(a->conn)) {
		res = PQgetResult(a->conn);
		if (!res) {
			finish(a);
			return;
		}
		PQclear(a->answer);
		a->answer = res;
	}
}

/* Also when it is free: that the server went shows here. */
static void
go_on_talking(struct db_async *a)
{
	int rest = PQflush(a->conn);

	if (rest < 0 || PQconsumeInput(a->conn) == 0 || PQstatus(a->conn) != CONNECTION_OK) {
		hang_up(a, PQerrorMessage(a->conn));
		return;
	}
	watch(a, true, rest > 0);
	if (a->stage == ASKING)
		read_answer(a);
}

void
db_async_go_on(struct db_async *a)
{
	if (a->stage == AWAY)
		begin(a);
	if (a->stage == CONNECTING)
		go_on_connecting(a);
	else if (a->stage != AWAY)
		go_on_talking(a);
	if ((a->stage == CONNECTING || a->stage == ASKING) && base_now_us() - a->since_us > PATIENCE_US)
		hang_up(a, "it does not answer");
}
