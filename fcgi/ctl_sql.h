/*
 * ctl_sql: what mcpctl asks PostgreSQL, as mcp_owner.
 *
 * The login (MCP_PG_ADMIN) may nothing by itself; every transaction takes the owner's role for its
 * length.  Whatever goes wrong ends mcpctl with a sentence: the connection closes, and with it the
 * transaction.
 */
#ifndef CTL_SQL_H
#define CTL_SQL_H

#include "ctl_args.h"

/* Rows as text, in the command's arena. */
struct ctl_rows {
	int                     columns;
	const struct db_column *column;
	size_t                  n;
	const char           ***at;	/* at[row][column]; NULL: null */
};

/* Connects, or dies. */
void ctl_sql_open(struct ctl *c);

void ctl_sql_begin(struct ctl *c);
void ctl_sql_commit(struct ctl *c);

/* One statement with n text parameters; dies where PostgreSQL refuses. */
const struct ctl_rows *ctl_sql_rows(struct ctl *c, const char *sql, int n, const char *const *value);

/* The same with the parameters written out: CTL_SQL(c, "select $1", word). */
#define CTL_SQL(c, sql, ...) \
	ctl_sql_rows(c, sql, (int)LEN(((const char *const[]){ __VA_ARGS__ })), (const char *const[]){ __VA_ARGS__ })

/* A script; dies with `what` before PostgreSQL's sentence. */
void ctl_sql_script(struct ctl *c, const char *sql, const char *what);

#endif
