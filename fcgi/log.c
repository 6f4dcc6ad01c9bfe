/* log: one write to stderr per line. */
#include "log.h"

#define LINE_MAX_BYTES 4096

static const char *log_as;	/* NULL: a command; only its name stands in front */

void
log_role(const char *role)
{
	log_as = role;
}

void
log_line(const char *line, size_t len)
{
	ssize_t n = write(STDERR_FILENO, line, len);

	(void)n;	/* nobody is left to tell */
}

static void printf_like(1, 0)
say(const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int at = 0, n;

	if (log_as)
		at = snprintf(line, sizeof(line), "mcp-fpm[%s %d]: ", log_as, (int)getpid());
	n = vsnprintf(line + at, sizeof(line) - (size_t)at - 1, fmt, ap);
	at += n < (int)sizeof(line) - at - 1 ? n : (int)sizeof(line) - at - 2;
	line[at++] = '\n';
	log_line(line, (size_t)at);
}

void
log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(1);
}

void
bug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	abort();
}
