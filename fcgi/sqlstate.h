/*
 * sqlstate: what an error of PostgreSQL says to a model, and what it means.
 *
 * Only sentences that a tool's author wrote go out: raised by a statement, or as the comment of a
 * constraint.  PostgreSQL's own words go to the log.
 */
#ifndef SQLSTATE_H
#define SQLSTATE_H

#include "catalog.h"
#include "request.h"

/* Fails the request as the error says; returns -1. */
int sqlstate_fail(struct request *rq, const struct tool *tool, const struct db_error *error);

/* Is the same call worth a second try? */
bool sqlstate_passes(const struct db_error *error);

#endif
