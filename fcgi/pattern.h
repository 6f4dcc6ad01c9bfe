/*
 * pattern: regular expressions as JSON Schema means them, with bounds on their work.
 *
 * The dialect is ECMA-262's with the u flag (JSON Schema 2020-12, core 6.4): \d and \w are ASCII, \s
 * takes in Unicode's spaces, $ is the very end, \u{...} and \p{...} work.  PCRE2 does the matching,
 * so what it knows beyond that works too.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "arena.h"

struct pattern;

enum pattern_verdict {
	PATTERN_DIFFERS,
	PATTERN_MATCHES,
	PATTERN_UNKNOWN	/* finding out would take more steps, memory or time than a pattern gets */
};

/* Compiles; lives as long as mem.  NULL with a sentence in *why. */
struct pattern *pattern_compile(struct arena *mem, const char *text, const char **why) must_use;

/* Does p match anywhere in the n bytes, which are UTF-8?  until_us: of base_now_us(), when to give up. */
enum pattern_verdict pattern_try(const struct pattern *p, const char *s, size_t n, int64_t until_us);

#endif
