/*
 * base: what every file starts from.
 *
 * Includes the C library once, then poisons the functions that cannot be used safely, so that no
 * later file can bring them back.  Knows nothing of anything else here.
 */
#ifndef BASE_H
#define BASE_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Under clang the fortified library has macros of these names, and a macro cannot be poisoned. */
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#pragma GCC poison strcpy strcat strncpy sprintf vsprintf strtok atoi gets

#define must_use		__attribute__((warn_unused_result))
#define printf_like(at, from)	__attribute__((format(printf, at, from)))
#define noreturn		__attribute__((noreturn))
#define LEN(a)			(sizeof(a) / sizeof((a)[0]))
#define MCP_VERSION		"0.1.0"

/* A piece of text that somebody else owns and that need not end in NUL. */
struct text {
	const char *at;
	size_t      len;
};

/* Microseconds of the monotonic clock: for durations. */
int64_t base_now_us(void);

/* Microseconds since 1970 of the wall clock: for stamps. */
int64_t base_wall_us(void);

/* Writes at as RFC 3339 in UTC with microseconds: 2026-11-20T08:00:00.123456Z */
#define BASE_STAMP_MAX 32
void base_stamp(char out[BASE_STAMP_MAX], int64_t wall_us);

/* The whole of the text is one decimal number within [least, most]: 0 and *out, else -1. */
int base_number(const char *text, int64_t least, int64_t most, int64_t *out) must_use;

/*
 * poll() that lets SIGUSR1 in, which a worker otherwise keeps out: then it is -1 with EINTR, even if the
 * signal came just before.
 */
int base_poll(struct pollfd *p, nfds_t n, int ms);

/* Does text end in suffix? */
bool base_ends(const char *text, const char *suffix);

#endif
