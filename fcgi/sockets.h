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
 * The listening socket called `name` ("fast", "slow", "stream"): systemd's if it passed one of that name, else a new
 * one at path with mode 0660, given to group (NULL: as it comes).  Non-blocking, closed on exec.
 * Dies with a sentence: systemd passed something else, a program answers at path already, no such
 * folder or group.
 */
int sockets_open(const char *name, const char *path, const char *group) must_use;

/*
 * The same for a master that executed itself: fd is the socket of the image before, which had made
 * it at `was`, or ("") had it from systemd.  If path is another one now, a new socket is made there
 * and fd is kept for the workers that still listen on it.  What goes wrong is said, and fd stays.
 */
int sockets_keep(int fd, const char *was, const char *path, const char *group) must_use;

/* Nobody listens any more on the sockets that sockets_keep() replaced: they are closed and removed. */
void sockets_leave(void);

/* Where the socket was made; "": it is systemd's. */
const char *sockets_path(int fd);

/* Removes the files of the sockets that were made here. */
void sockets_close(void);

/* Tells systemd something (sd_notify(3)); nothing happens where it did not start us. */
void sockets_notify(const char *state);

/* How often systemd wants to hear WATCHDOG=1, in microseconds; 0: never. */
int64_t sockets_watchdog_us(void);

#endif
