/*
 * ctl_time: when a key expires, as an operator writes it.
 */
#ifndef CTL_TIME_H
#define CTL_TIME_H

#include "base.h"

/*
 * Writes the time that text means into out, as PostgreSQL reads it: 90d, 12h, 30m, 45s from wall_us
 * on (with a - before: ago), or an RFC 3339 time.  0, or -1: it is neither, or further than a
 * hundred years away.
 */
int ctl_time_parse(char out[BASE_STAMP_MAX], const char *text, int64_t wall_us) must_use;

#endif
