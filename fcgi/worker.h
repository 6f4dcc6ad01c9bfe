/*
 * worker: a process of a pool that answers FastCGI requests, one at a time.
 *
 * Accepts, hands the request to http_serve(), begins anew.  It ends after SIGQUIT or when it has
 * answered its share of requests, never with one in hand; and by itself when one takes too long.
 */
#ifndef WORKER_H
#define WORKER_H

#include "board.h"

#define WORKER_LATE 75	/* exit status: a request took too long */

/* The life of a worker of the fast pool.  SIGQUIT must be blocked, SIGALRM not. */
void worker_run(const struct process *self) noreturn;

#endif
