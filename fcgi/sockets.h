/*
 * sockets: where requests come in, and what systemd is told.
 *
 * A listening socket is inherited from systemd, which names it, or made here.  FastCGI has no
 * credentials of its own: who may come is decided by the mode of a file, so it never runs over TCP.
 * Whoever accepts is somebody else's matter.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "base.h"

/*
 * The listening socket called `name` ("fast"): systemd's if it passed one of that name, else a new
 * one at path with mode 0660, given to group (NULL: as it comes).  Non-blocking, closed on exec.
 * Dies with a sentence: systemd passed something else, a program answers at path already, no such
 * folder or group.
 */
int sockets_open(const char *name, const char *path, const char *group) must_use;

/* Removes the files of the sockets that were made here. */
void sockets_close(void);

/* Tells systemd something (sd_notify(3)); nothing happens where it did not start us. */
void sockets_notify(const char *state);

/* How often systemd wants to hear WATCHDOG=1, in microseconds; 0: never. */
int64_t sockets_watchdog_us(void);

#endif
