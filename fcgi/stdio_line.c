/* stdio_line: one growing buffer for what comes in; what goes out is written at once. */
#include "stdio_line.h"
#include "log.h"

#define READ_BYTES	(64 << 10)
#define BUFFER_MAX	(STDIO_LINE_MAX + 4 * READ_BYTES)

bool
stdio_line_wants(const struct stdio_line *in)
{
	return !in->ended && in->to - in->from <= STDIO_LINE_MAX;
}

static void
make_room(struct stdio_line *in)
{
	size_t room;

	if (in->from > 0) {
		memmove(in->at, in->at + in->from, in->to - in->from);
		in->to -= in->from;
		in->from = 0;
	}
	if (in->to == 0 && in->room > READ_BYTES) {	/* one long line must not cost memory for ever */
		free(in->at);
		in->at = NULL;
		in->room = 0;
	}
	room = in->room ? in->room : READ_BYTES;
	while (room - in->to < READ_BYTES)
		room *= 2;
	if (room > BUFFER_MAX)
		room = BUFFER_MAX;
	if (room == in->room)
		return;
	in->at = realloc(in->at, room);
	if (!in->at)
		bug("out of memory: %zu bytes", room);
	in->room = room;
}

void
stdio_line_fill(struct stdio_line *in)
{
	ssize_t n;

	make_room(in);
	n = read(in->fd, in->at + in->to, in->room - in->to);
	if (n > 0)
		in->to += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		in->ended = true;
}

/* A long line is given up as soon as it is too long, not when its end has come. */
static enum stdio_got
no_end(struct stdio_line *in)
{
	if (in->skipping || in->to - in->from > STDIO_LINE_MAX) {
		bool first = !in->skipping;

		in->skipping = true;
		in->from = in->to = 0;
		return first ? STDIO_LONG_LINE : STDIO_NO_LINE;
	}
	return STDIO_NO_LINE;
}

enum stdio_got
stdio_line_next(struct stdio_line *in, char **line, size_t *n)
{
	char *end;

	for (;;) {
		end = in->to > in->from ? memchr(in->at + in->from, '\n', in->to - in->from) : NULL;
		if (!end)
			return no_end(in);
		*line = in->at + in->from;
		*n = (size_t)(end - *line);
		in->from += *n + 1;
		if (in->skipping) {		/* this was its rest */
			in->skipping = false;
			continue;
		}
		if (*n > STDIO_LINE_MAX)
			return STDIO_LONG_LINE;
		if (*n > 0 && (*line)[*n - 1] == '\r')
			(*n)--;
		(*line)[*n] = '\0';
		if (*n > 0)			/* an empty line says nothing */
			return STDIO_LINE;
	}
}

static int
write_some(int fd, int stop_fd, const char *bytes, size_t n)
{
	struct pollfd ready[] = { { .fd = fd, .events = POLLOUT }, { .fd = stop_fd, .events = POLLIN } };
	ssize_t done;

	if (poll(ready, LEN(ready), -1) < 0)
		return errno == EINTR ? 0 : -1;
	if (ready[1].revents)
		return -1;
	done = write(fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);	/* never blocks where POLLOUT is said */
	if (done < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -1;
	return (int)done;
}

static int
write_all(int fd, int stop_fd, const char *bytes, size_t n)
{
	int done;

	for (; n > 0; bytes += done, n -= (size_t)done) {
		done = write_some(fd, stop_fd, bytes, n);
		if (done < 0)
			return -1;
	}
	return 0;
}

int
stdio_line_write(int fd, int stop_fd, const char *text, size_t n)
{
	if (write_all(fd, stop_fd, text, n) != 0)
		return -1;
	return write_all(fd, stop_fd, "\n", 1);
}
