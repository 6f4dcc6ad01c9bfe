/*
 * log: what is said to the operator, on stderr.
 *
 * One line per call, one write per line, so lines of many processes do not mix.  A line starts
 * with the role and pid of its process.  Request lines are made elsewhere and go out with
 * log_line() as they stand.
 */
#ifndef LOG_H
#define LOG_H

#include "base.h"

/* Names this process in its lines: "master", "fast", "audit".  The text must stay. */
void log_role(const char *role);

/* A line for the operator. */
void log_say(const char *fmt, ...) printf_like(1, 2);

/* Writes len bytes that already end in a line feed. */
void log_line(const char *line, size_t len);

/* Before serving: the operator has to mend something.  Prints the sentence, exits 1. */
void die(const char *fmt, ...) printf_like(1, 2) noreturn;

/* What cannot happen: prints the sentence and aborts; the pool forks another worker. */
void bug(const char *fmt, ...) printf_like(1, 2) noreturn;

#endif
