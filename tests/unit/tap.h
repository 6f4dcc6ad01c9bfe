/*
 * tap: what a unit test needs.
 *
 * Prints the Test Anything Protocol on stdout: a line per check, the plan at the end.  A test
 * program includes this once, makes its checks in main() and ends with `return tap_done();`.  If it
 * dies on the way there is no plan, and tests/run counts that as a failure.
 *
 *	ok(cond, "name %d", i)			the condition holds
 *	is_int(got, want, "name %d", i)		the same number
 *	is_str(got, want, "name %d", i)		the same text; NULL equals only NULL
 */
#ifndef TAP_H
#define TAP_H

#include "base.h"

#define ok(cond, ...)		tap_ok((cond), __LINE__, #cond, __VA_ARGS__)
#define is_int(got, want, ...)	tap_int((long long)(got), (long long)(want), __LINE__, __VA_ARGS__)
#define is_str(got, want, ...)	tap_str((got), (want), __LINE__, __VA_ARGS__)

static int tap_count;
static int tap_failed;

/* Flushed at once: a test that forks must not print its past twice. */
static inline bool printf_like(3, 0)
tap_line(bool good, int line, const char *fmt, va_list ap)
{
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	vprintf(fmt, ap);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# line %d\n", line);
	}
	fflush(stdout);
	return good;
}

static inline bool printf_like(4, 5)
tap_ok(bool good, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, line, fmt, ap);
	va_end(ap);
	if (!good)
		printf("# does not hold: %s\n", cond);
	return good;
}

static inline bool printf_like(4, 5)
tap_int(long long got, long long want, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(got == want, line, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("#  got %lld\n# want %lld\n", got, want);
	return got == want;
}

static inline bool printf_like(4, 5)
tap_str(const char *got, const char *want, int line, const char *fmt, ...)
{
	bool    good = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, line, fmt, ap);
	va_end(ap);
	if (!good)
		printf("#  got %s\n# want %s\n", got ? got : "(null)", want ? want : "(null)");
	return good;
}

/* The last word of main(). */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failed ? 1 : 0;
}

#endif
