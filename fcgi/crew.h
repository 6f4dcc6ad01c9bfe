/*
 * crew: the master's processes: who they are, how they are born, and how they are buried.
 *
 * A crew is the processes of one pool.  Those that images before us forked are two crews more, in
 * which nobody is born.  When a crew is to end, and how it is urged to, is pool's matter.
 */
#ifndef CREW_H
#define CREW_H

#include "board.h"

/* A row per pool. */
struct crew_plan {
	enum pool pool;
	int64_t   processes;
	bool      last;		/* ends when the others are gone */
	void    (*run)(const struct process *self) noreturn;
};

/* A process that an image hands on to the next one. */
struct crew_old {
	int  pid;
	int  slot;		/* on the board; -1: on one that only it can read */
	bool last;
};

/*
 * The n crews of the plan, empty yet, and the `olds` processes of images before us.  signal_fd is
 * the master's and closed in every child, which gets a copy of *as with a slot of its own.
 */
void crew_open(const struct process *as, int signal_fd, const struct crew_plan *plan, size_t n,
    const struct crew_old *old, size_t olds);

/* Forks whoever is missing, except where many died young: those crews have to wait. */
void crew_fill(void);

/* When crew_fill() could do something; -1: nobody is missing. */
int64_t crew_due_us(void);

/* Has every process that is wanted made its first step? */
bool crew_stands(void);

/* The process has ended: its slot is cleared, and the event of a request in its hand written. */
void crew_bury(int pid, int status);

/* From now on nobody is born in the crews (old: of images before us) that end last, or first. */
void crew_end(bool old, bool last);

/* To every process of the crews that end; and how many there are. */
void crew_tell(bool old, int signal_number);
int64_t crew_ending(bool old);

/* Everybody that lives, as the next image will know them; returns how many. */
size_t crew_list(struct crew_old out[SLOTS_MAX]);

#endif
