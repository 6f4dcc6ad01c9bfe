/*
 * reload: how a master becomes another image of itself, and how it is asked to.
 *
 * A reload is execve: settings, keys, tools and the program come anew, in one way, under the same
 * pid.  What must outlive it are descriptors (the listening sockets, the board, the lock of the audit
 * log) and the names of the processes; an environment variable says which they are.  A check by the
 * new program goes before, because there is no way back.  When all this is done is pool's matter.
 *
 * MCP_AUDIT_DIR/master tells who the master is: it is locked by it (fcntl(2), a lock that stays over
 * execve and that children do not share), and holds what `mcp-fpm --reload` reports.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "pool.h"

#define RELOAD_AWAY 3	/* what -t ends with when all is well but PostgreSQL is away */

/* What an image gets from the one before. */
struct reload_heritage {
	bool     any;			/* there was one */
	int      board, lock, master;	/* descriptors; -1: none */
	int      listen[POOL_LISTENERS];
	char     path[POOL_LISTENERS][108];	/* where they were made; "": they are systemd's */
	unsigned generation;		/* of that image */
	unsigned refused;		/* reloads that were not done */
	struct crew_old old[SLOTS_MAX];
	size_t   olds;
};

/* What the next one will get from us. */
struct reload_own {
	const char *file;		/* of -e; NULL: none */
	const char *audit_dir;
	const char *says;		/* what runs, in a line without a line feed */
	int         board, lock, listen[POOL_LISTENERS];
};

/* Takes the variable out of the environment.  Dies when it is not ours. */
void reload_inherit(struct reload_heritage *h);

/* Says in the audit log's folder that this process is its master; gets ready to become another. */
void reload_own(const struct reload_heritage *h, const struct reload_own *own);

/* The deeds, after reload_own(). */
extern const struct pool_reload reload_deeds;

/*
 * For --reload: asks the master of that audit log to reload, and prints what runs then.  Dies with
 * a sentence when there is none, when it refuses, or when it takes longer than most_ms.
 */
void reload_ask(const char *audit_dir, int64_t most_ms);

#endif
