/*
 * usage: when credentials were last used, and how often.
 *
 * Learnt from the audit events that pass by anyway, so that no request pays for it, and written to
 * PostgreSQL in batches.  It is a help for operators: a batch that is lost is not missed, and
 * PostgreSQL that is away must not hold up whoever ships the log.
 */
#ifndef USAGE_H
#define USAGE_H

#include "base.h"

struct usage;

/* Nothing noted yet.  conninfo: libpq string of the workers' login; NULL: nothing will be kept. */
struct usage *usage_make(const char *conninfo) must_use;

/* Notes what an event (its JSON text, of len bytes) says. */
void usage_note(struct usage *u, const char *event, size_t len);

/* Writes what was noted, if it is time to; last: in any case. */
void usage_write(struct usage *u, bool last);

#endif
