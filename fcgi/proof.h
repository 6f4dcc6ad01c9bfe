/*
 * proof: that a catalog's calls cannot reach another tenant's rows.
 *
 * Static queries over the system catalogs, a canary per table, and every tool's statement prepared
 * as the catalog's role.
 */
#ifndef PROOF_H
#define PROOF_H

#include "catalog.h"

/*
 * DB_DONE: proven.  DB_REFUSED: not; one sentence per finding, each ending in a line feed, is added
 * to *says.  DB_AWAY: PostgreSQL could not be asked; the reason is added in the same way.
 * db is a connection as the workers' login.  Leaves no setting behind.
 */
enum db_outcome proof_catalog(struct db *db, struct arena *mem, const struct catalog *c, struct buf *says) must_use;

#endif
