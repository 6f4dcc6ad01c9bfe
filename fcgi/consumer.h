/*
 * consumer: ships the node's audit log to Redis, and keeps its size.
 *
 * Each event becomes an entry of the stream mcp:audit, field "event", exactly once: the position of
 * the next byte to ship lies in Redis too and moves in the same script.  What Redis cannot take
 * waits on disk.  Segments that were shipped a minute ago are removed.
 */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "board.h"

/* The life of the audit process.  SIGQUIT must be blocked: it ships what is there, then ends. */
void consumer_run(const struct process *self) noreturn;

/*
 * One look at the size of the log: removes segments below `below`, writes audit_bytes and audit_full
 * on the board.  For whoever is there to do it where no consumer runs.
 */
void consumer_weigh(const struct config *cfg, struct board *board, uint64_t below);

#endif
