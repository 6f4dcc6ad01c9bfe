/*
 * bind_sql: a tool call as one transaction of PostgreSQL.
 *
 * First who is calling and what the transaction may do, then the tool's statement as it stands,
 * and for a tool that writes its audit event, all up to one Sync: an implicit
 * transaction, without BEGIN and COMMIT.  Errors of PostgreSQL become sentences in sqlstate.
 */
#ifndef BIND_SQL_H
#define BIND_SQL_H

#include "bind.h"
#include "catalog.h"
#include "request.h"

/* Runs the tool with checked arguments.  0 and *out in rq's memory, or -1. */
int bind_sql(struct request *rq, const struct tool *tool, const struct bind_args *args, struct bind_result *out) must_use;

/* The same for a statement that is not a tool's: values are its arguments as they stand. */
int bind_sql_ask(struct request *rq, const struct tool *tool, struct json_object *values, struct bind_result *out) must_use;

/* Would it succeed, as things are?  Runs the statement and undoes it.  0, or -1 with the refusal it would end with. */
int bind_sql_rehearse(struct request *rq, const struct tool *tool, const struct bind_args *args) must_use;

#endif
