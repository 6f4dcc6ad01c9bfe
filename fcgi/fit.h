/*
 * fit: does a tool's statement fit what its file declares?
 *
 * The statement is prepared and explained as the catalog's role, so a missing table, column or
 * grant is found before the first call; it is never run.
 */
#ifndef FIT_H
#define FIT_H

#include "catalog.h"

/*
 * Adds to *says one sentence per finding, each ending in a line feed.  DB_DONE: PostgreSQL could be
 * asked; DB_AWAY: it could not, and nothing was added.  Leaves no setting behind.
 */
enum db_outcome fit_tool(struct db *db, struct arena *mem, const struct tool *t, struct buf *says) must_use;

/*
 * Calls found(name) for each top-level argument that the SQL text asks of $1 by name: $1->'x',
 * $1->>'x', $1 ? 'x', $1['x'].  Comments and literals are passed over.
 */
void fit_arguments(struct arena *mem, const char *sql, void (*found)(void *ctx, const char *name), void *ctx);

/* Compares result columns with the tool's result and outputSchema. */
void fit_columns(const struct tool *t, const struct db_column *column, int n, struct buf *says);

#endif
