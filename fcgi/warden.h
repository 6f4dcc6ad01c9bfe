/*
 * warden: knows for all workers how things stand with PostgreSQL.
 *
 * One process.  It listens for changes of identities and of resources, raises the board's epoch, and
 * passes the news on to the stream workers of its generation; says on the board when it last knew that
 * it can hear; and makes the proof of isolation, at the first connection if the start could not, and
 * every hour.  What follows from that the workers decide.
 */
#ifndef WARDEN_H
#define WARDEN_H

#include "board.h"

/* The life of the warden.  It has nothing to lose: SIGQUIT ends it at once. */
void warden_run(const struct process *self) noreturn;

/*
 * Makes the proof for every catalog, as the workers' login.  What it found lands in verdict[] by
 * catalog number; a catalog that PostgreSQL could not be asked about keeps its verdict.  Sentences
 * (one per finding, each with a line feed) are added to says.  DB_DONE: all proven; DB_REFUSED: some
 * are not; DB_AWAY: PostgreSQL is away.
 */
enum db_outcome warden_prove(const struct config *cfg, const struct catalogs *catalogs, struct arena *mem,
    enum proof verdict[CATALOGS_MAX], struct buf *says) must_use;

#endif
