/*
 * db: a connection to PostgreSQL, the one user of libpq.
 *
 * Opens a connection when first needed, notices when it is lost, and waits before it tries again.
 * db_run() sends a pipeline that is one implicit transaction up to its Sync (PostgreSQL 15,
 * protocol, "Pipelining"): there is no BEGIN or COMMIT, and any error leaves the session idle.
 * Knows nothing of tenants or tools.
 */
#ifndef DB_H
#define DB_H

#include "arena.h"
#include "pgtype.h"

#define DB_COLUMNS_MAX		128
#define DB_PARAMS_MAX		16
#define DB_STATEMENTS_MAX	32768
#define DB_BATCH_MAX		8

struct db;

struct db_column {
	const char  *name;
	enum db_type type;
};

/* One row as text; at[i] is NULL for null.  Valid until the callback returns. */
struct db_row {
	int                     n;
	const struct db_column *column;
	const char *const      *at;
	const int              *len;
};

struct db_statement {
	unsigned    id;		/* from 1, below DB_STATEMENTS_MAX: prepared once per connection; 0: not kept */
	const char *sql;
	int         n;
	const char *at[DB_PARAMS_MAX];	/* parameters as text; NULL: null */
	bool        json;	/* each of them is jsonb; else PostgreSQL infers their types */
	/* Takes a row; nonzero: enough, the rest is dropped.  NULL: rows are not looked at. */
	int       (*row)(void *ctx, const struct db_row *row);
};

struct db_error {
	char        state[6];	/* SQLSTATE; "" for trouble of the connection */
	const char *message, *detail, *hint, *constraint;	/* in the call's arena; NULL: none */
};

enum db_outcome {
	DB_DONE,
	DB_REFUSED,	/* an error from PostgreSQL, in call->error; the session is idle */
	DB_AWAY,	/* no connection, or it broke; call->error.message says why */
	DB_LEFT		/* the client left while we waited: PostgreSQL cancelled the statement and undid it */
};

/* Statements that travel together. */
struct db_batch {
	const struct db_statement *at[DB_BATCH_MAX];
	int                        n;
	bool                       last;	/* the transaction ends behind it */
};

struct db_call {
	struct arena              *mem;
	int                        client_fd;	/* hangs up when the client leaves; -1: nobody is watched */
	/* One statement; or, NULL, next() fills the batches, each when the rows of the one before were taken. */
	const struct db_statement *main;
	void                     (*next)(void *ctx, int batch, struct db_batch *out);
	void                      *ctx;		/* of next(), of tick(), and of the statements' row() */
	bool                       reads;	/* nothing is lost when rows beyond enough are cancelled */
	/* Called about every second while we wait; nonzero: as if the client had left.  NULL: nobody does. */
	int                      (*tick)(void *ctx);
	int64_t                    timeout_ms;	/* a server that says nothing for so long is away; 0: wait */
	bool                       unsure;	/* with DB_AWAY: it may have been done all the same */
	struct db_error            error;
	int64_t                    us;		/* time spent here, added up */
};

/* A connection that is not open yet.  conninfo must stay; lives as long as the process. */
struct db *db_make(const char *conninfo, const char *application);

/* Opens it if it is not.  DB_DONE or DB_AWAY with a sentence in *why (in mem). */
enum db_outcome db_open(struct db *db, struct arena *mem, const char **why) must_use;

/* Closes it; the next use opens it again. */
void db_close(struct db *db);

/* Runs the call as one transaction.  A result cut by its row() is DB_DONE. */
enum db_outcome db_run(struct db *db, struct db_call *call) must_use;

/* One statement with text parameters outside any pipeline; rows as in db_call. */
enum db_outcome db_query(struct db *db, struct db_call *call) must_use;

/* A script of many statements, one after the other.  Errors as in db_call; mem as given. */
enum db_outcome db_script(struct db *db, struct arena *mem, const char *sql, struct db_error *error) must_use;

/*
 * Result columns of a statement, parsed but not run.  *n of them in column (DB_COLUMNS_MAX); names
 * are in mem.  The session's role and search_path count: set them first.
 */
enum db_outcome db_describe(struct db *db, struct arena *mem, const char *sql, int params,
    struct db_column *column, int *n, struct db_error *error) must_use;

/* The socket, to wait on for notifications; -1: not connected. */
int db_socket(const struct db *db);

/* Takes in what has arrived; calls back per notification.  0, or -1: the connection broke. */
int db_notified(struct db *db, void (*heard)(void *ctx, const char *channel, const char *payload), void *ctx) must_use;

/* The text as an SQL identifier with quotes, in mem. */
char *db_identifier(struct arena *mem, const char *name);

#endif
