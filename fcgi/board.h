/*
 * board: the mapping all processes of a node share, and what a child is given at its birth.
 *
 * The board lies in a memfd, so that a master that executes itself can hand it on.  Only the master
 * claims and frees slots.
 */
#ifndef BOARD_H
#define BOARD_H

#include "catalog.h"
#include "slot.h"

/* All that a child needs to begin with. */
struct process {
	const struct config    *cfg;
	const struct crypt_key *key, *key_old;	/* key_old NULL: there is none */
	const struct seal_keys *seal;
	const struct catalogs  *catalogs;
	struct board           *board;
	struct slot            *slot;		/* its own */
	int                     row;		/* of board->proof[], for its slot */
	int                     news_fd;	/* an eventfd that the warden writes and stream workers wait for edges of */
	int                     listen[POOL_LISTENERS];	/* the listening sockets */
	const char             *audit_id;	/* segment_own()'s name of the audit log */
};

/* An empty board, mapped shared.  *fd is its memfd, closed on exec.  Dies where there is no memory. */
struct board *board_map(int *fd) must_use;

/* The board of the image before us, by its memfd.  NULL: its layout is not ours. */
struct board *board_adopt(int fd) must_use;

/* A row of proof[] that no living process reads; -1: all are in use. */
int board_row(const struct board *b) must_use;

/* A free slot, now of that pool and without a pid; NULL: all are taken. */
struct slot *board_claim(struct board *b, enum pool pool) must_use;

/* The slot of a process that is gone, after its event was buried. */
void board_free(struct board *b, struct slot *s);

#endif
