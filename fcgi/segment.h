/*
 * segment: the audit log as its reader sees it.
 *
 * audit.c appends; here are the other ends of a segment's life: the folder is taken into possession,
 * records are read back, segments are counted and removed.  A segment is closed when nobody can
 * append to it any more.  Where its records go is the consumer's matter.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "audit.h"

#define SEGMENT_ID	33	/* the log's own name, with its NUL */
#define SEGMENT_RECORDS	500	/* most in one batch */

/* A byte of the log. */
struct segment_place {
	uint64_t number;
	int64_t  offset;
};

struct segment_batch {
	const char *at[SEGMENT_RECORDS];	/* JSON texts, in the caller's arena */
	size_t      len[SEGMENT_RECORDS];
	int         n;
	int         torn;	/* records that were never finished; dropped */
	int64_t     used;	/* bytes from the place that this batch accounts for */
};

/*
 * Takes possession of the folder for this master and its children, gives it an id, and begins a new
 * segment behind all that are there, whose number it returns.  *lock: the descriptor of the image
 * before us if it owned a folder, else -1; then the one that holds the folder.  Where it is the same
 * folder, the new segment is far behind the others: processes of that image still begin new ones.
 * Dies with a sentence: no such folder, not writable, or another master has it.
 */
uint64_t segment_own(const char *dir, char id[SEGMENT_ID], int *lock) must_use;

/* Goes on owning the folder that lock holds, in the segment that was current; -1: it is not dir. */
int segment_keep(const char *dir, char id[SEGMENT_ID], int lock) must_use;

/* Can nobody append to it any more?  A record that is not finished then never will be. */
bool segment_closed(const struct board *board, uint64_t number);

/*
 * Reads whole records from the place on into b, and sees to it that they are on disk.  0 (n may be
 * 0), or -1: the segment cannot be read (errno; ENOENT: there is none).
 */
int segment_read(struct arena *mem, const char *dir, struct segment_place from, bool closed,
    struct segment_batch *b) must_use;

/* The same over bytes that were read; closed: nothing will follow them. */
void segment_parse(struct arena *mem, const char *text, size_t n, bool closed, struct segment_batch *b);

/* The lowest number that is `least` or more; 0: there is none. */
uint64_t segment_from(const char *dir, uint64_t least);

/* Bytes of all segments, after those below `below` were removed.  Never removes the newest. */
uint64_t segment_sweep(const char *dir, uint64_t below);

#endif
