/*
 * pattern: regular expressions (PCRE2) with bounds on their work.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "arena.h"

struct pattern;

/* Compiles with Unicode semantics; lives as long as mem.  NULL with a sentence in *why. */
struct pattern *pattern_compile(struct arena *mem, const char *text, const char **why) must_use;

/* Does p match anywhere in s?  A match that would take too much work counts as none. */
bool pattern_match(const struct pattern *p, const char *s, size_t n);

#endif
