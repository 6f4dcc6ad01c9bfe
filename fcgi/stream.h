/*
 * stream: the process that holds many open requests at a time.
 *
 * One epoll loop.  What a fast worker has looked at and handed over with a ticket stays open here
 * until its client leaves or we end it: subscriptions/listen, the legacy GET stream, and the
 * HTTP+SSE transport of 2024-11-05.
 */
#ifndef STREAM_H
#define STREAM_H

#include "board.h"

/* The life of a stream worker.  SIGQUIT: it ends every stream gracefully, and itself. */
void stream_run(const struct process *self) noreturn;

#endif
