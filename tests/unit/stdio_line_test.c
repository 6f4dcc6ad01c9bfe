/* stdio_line: lines in pieces, long ones, the end; a writer whose reader is slow, gone, or outlived. */
#include "tap.h"
#include "stdio_line.h"

static int in_pipe[2];

static void
put(const char *text, size_t n)
{
	if (write(in_pipe[1], text, n) != (ssize_t)n)
		abort();
}

static void
open_pipe(struct stdio_line *in)
{
	if (pipe(in_pipe) != 0)
		abort();
	*in = (struct stdio_line){ .fd = in_pipe[0] };
}

static void
test_reading(void)
{
	struct stdio_line in;
	char *line;
	size_t n;

	open_pipe(&in);
	put("one\ntwo\r\n\n\r\nth", 14);
	stdio_line_fill(&in);
	is_int(stdio_line_next(&in, &line, &n), STDIO_LINE, "a line");
	is_str(line, "one", "without its end");
	is_int(stdio_line_next(&in, &line, &n), STDIO_LINE, "another");
	is_str(line, "two", "without CR");
	is_int(n, 3, "and its length");
	is_int(stdio_line_next(&in, &line, &n), STDIO_NO_LINE, "empty ones say nothing, half ones wait");
	put("ree\n", 4);
	stdio_line_fill(&in);
	is_int(stdio_line_next(&in, &line, &n), STDIO_LINE, "the other half");
	is_str(line, "three", "put together");
	put("rest", 4);
	close(in_pipe[1]);
	stdio_line_fill(&in);
	ok(!in.ended, "not ended while there is something");
	stdio_line_fill(&in);
	ok(in.ended && !stdio_line_wants(&in), "ended");
	is_int(stdio_line_next(&in, &line, &n), STDIO_NO_LINE, "a line without its end is none");
	close(in_pipe[0]);
	free(in.at);
}

static void
test_long_lines(void)
{
	static char block[1 << 16];
	struct stdio_line in;
	int sent = 0, told = 0;
	char *line;
	size_t n;

	memset(block, 'x', sizeof(block));
	open_pipe(&in);
	fcntl(in_pipe[1], F_SETPIPE_SZ, (int)sizeof(block));
	while (sent < 2 * STDIO_LINE_MAX) {
		put(block, sizeof(block));
		sent += (int)sizeof(block);
		stdio_line_fill(&in);
		told += stdio_line_next(&in, &line, &n) == STDIO_LONG_LINE;
	}
	is_int(told, 1, "a line that is too long is told of once");
	ok(in.room <= STDIO_LINE_MAX + (1 << 19), "and does not grow for ever");
	put("y\nshort\n", 8);
	stdio_line_fill(&in);
	is_int(stdio_line_next(&in, &line, &n), STDIO_LINE, "what follows is read");
	is_str(line, "short", "from its beginning");
	put("z\n", 2);
	stdio_line_fill(&in);
	ok(in.room <= (1 << 17), "the memory is given back");
	close(in_pipe[0]);
	close(in_pipe[1]);
	free(in.at);
}

static void
test_writing(void)
{
	static char big[1 << 20];
	int out[2], stop[2];
	pid_t pid;
	char c = 0;

	if (pipe(out) != 0 || pipe(stop) != 0)
		abort();
	memset(big, 'b', sizeof(big));
	is_int(stdio_line_write(out[1], stop[0], "hello", 5), 0, "a line");
	is_int(read(out[0], big, 100), 6, "and its end");
	ok(memcmp(big, "hello\n", 6) == 0, "as it was");
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(write(stop[1], &c, 1) == 1 ? 0 : 1);
	}
	is_int(stdio_line_write(out[1], stop[0], big, sizeof(big)), -1, "who does not read holds us until we are told to end");
	waitpid(pid, NULL, 0);
	if (read(stop[0], &c, 1) != 1)
		abort();
	signal(SIGPIPE, SIG_IGN);
	close(out[0]);
	is_int(stdio_line_write(out[1], stop[0], "hello", 5), -1, "a reader that is gone");
}

int
main(void)
{
	test_reading();
	test_long_lines();
	test_writing();
	return tap_done();
}
