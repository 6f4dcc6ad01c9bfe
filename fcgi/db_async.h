/*
 * db_async: a question to PostgreSQL that nobody waits for, for the one process that must not.
 *
 * One connection, opened by itself and again after a pause when it broke, and one statement at a time.
 * Its descriptor is kept in the epoll set it was given.  (The look-up of a host's name waits; use an
 * address.)  Whoever waits has db.
 */
#ifndef DB_ASYNC_H
#define DB_ASYNC_H

#include "db.h"

struct db_async;

/* A statement with one text parameter, whose rows have one column. */
struct db_question {
	const char *sql;
	const char *given;	/* needed for the call alone, as sql */
	void      (*row)(void *ctx, int number, const char *text);	/* from 0; text NULL: null */
	/* DB_DONE; DB_REFUSED or DB_AWAY with a sentence: ask again later.  Rows are called before it, all or none. */
	void      (*done)(void *ctx, enum db_outcome outcome, const char *why);
	void       *ctx;
};

/* conninfo must stay; lives as long as the process. */
struct db_async *db_async_make(const char *conninfo, const char *application, int epoll_fd);

/* Connects, sends, reads, counts the time: whenever the epoll set is readable, and a few times per second. */
void db_async_go_on(struct db_async *a);

/* Connected, and nothing is being asked? */
bool db_async_is_free(const struct db_async *a);

/* Asks; only when it is free.  Answered from db_async_go_on(). */
void db_async_ask(struct db_async *a, const struct db_question *q);

#endif
