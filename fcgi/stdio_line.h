/*
 * stdio_line: the two pipes to the client, a message a line.
 *
 * The reader takes whatever there is and hands it out line by line, so that the end of the input is
 * seen even while lines have to wait.  The writer waits for a client that reads slowly, but not
 * longer than we are to live.
 */
#ifndef STDIO_LINE_H
#define STDIO_LINE_H

#include "base.h"

#define STDIO_LINE_MAX	(4 << 20)	/* bytes of a line from the client */

enum stdio_got { STDIO_NO_LINE, STDIO_LINE, STDIO_LONG_LINE };

struct stdio_line {
	int    fd;
	char  *at;		/* NULL: nothing was read yet */
	size_t room;
	size_t from, to;	/* what was read and not handed out */
	bool   skipping;	/* in the middle of a line that is too long */
	bool   ended;		/* end of the input, or an error */
};

/* Reads what is there, once; waits if nothing is. */
void stdio_line_fill(struct stdio_line *in);

/* Has it room for more?  Else a line has to be taken first. */
bool stdio_line_wants(const struct stdio_line *in);

/* The next whole line, ending in NUL instead of LF or CRLF; it lives until the next call on in. */
enum stdio_got stdio_line_next(struct stdio_line *in, char **line, size_t *n);

/*
 * Writes n bytes and a line feed to fd.  0, or -1: the reader is gone, or there is something to
 * read at stop_fd, which says that we are to end.
 */
int stdio_line_write(int fd, int stop_fd, const char *text, size_t n) must_use;

#endif
