/*
 * fastcgi: one FastCGI request on one accepted connection, the one user of libfcgi.
 *
 * libfcgi never accepts and never closes: both are done here, and its own way of closing waits for
 * a peer that may be silent.  It also believes whatever lengths a peer names.  So the head of a
 * request (its parameters) is first looked at in the socket, whole, with caps on bytes and number;
 * libfcgi sees only what passed.  Connections are not kept.
 */
#ifndef FASTCGI_H
#define FASTCGI_H

#include "request.h"

struct fastcgi;

/* For the life of a worker.  silence_ms: a peer that says nothing for so long is given up. */
struct fastcgi *fastcgi_make(int64_t silence_ms);

/*
 * Takes over the connection fd and reads the head of its request into rq: param, wire, io,
 * client_fd.  0; or -1: the client is gone or no request came, the connection is closed, and *why
 * is a phrase for the log, or NULL if there is nothing to say.
 */
int fastcgi_open(struct fastcgi *f, int fd, struct request *rq, const char **why) must_use;

/* Sends what is left of the answer and closes the connection, if that was not done yet. */
void fastcgi_close(struct fastcgi *f);

/*
 * From a signal handler, when time is up: if the worker is waiting for its peer, ends that wait
 * (every later read and write fails).  False: it waits for something else.
 */
bool fastcgi_hang_up(void);

#endif
