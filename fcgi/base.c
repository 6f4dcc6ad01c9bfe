/* base: clocks and numbers, the few things the C library has no safe form of. */
#include "base.h"

static int64_t
clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
base_now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int64_t
base_wall_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

void
base_stamp(char out[BASE_STAMP_MAX], int64_t wall_us)
{
	int64_t us = (wall_us % 1000000 + 1000000) % 1000000;	/* also before 1970 */
	time_t s = (time_t)((wall_us - us) / 1000000);
	struct tm t;
	size_t n;

	gmtime_r(&s, &t);
	n = strftime(out, BASE_STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &t);
	snprintf(out + n, BASE_STAMP_MAX - n, ".%06dZ", (int)us);
}

int
base_number(const char *text, int64_t least, int64_t most, int64_t *out)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)text[0]) && text[0] != '-')
		return -1;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end || n < least || n > most)
		return -1;
	*out = n;
	return 0;
}

bool
base_ends(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

int
base_poll(struct pollfd *p, nfds_t n, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGUSR1);
	return ppoll(p, n, ms < 0 ? NULL : &t, &mask);
}
