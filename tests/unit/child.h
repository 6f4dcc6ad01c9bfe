/*
 * child: what a unit test needs where the code under test ends its process, or writes to stderr.
 *
 * Runs fn(ctx) in a child with stderr going into a buffer, and says how it ended.
 */
#ifndef CHILD_H
#define CHILD_H

#include "base.h"

struct child {
	int  status;		/* exit status, or -1: ended by a signal */
	int  signal;		/* 0: none */
	char said[8192];	/* on stderr */
};

static inline void
child_read(int fd, struct child *c)
{
	size_t at = 0;
	ssize_t n;

	while (at < sizeof(c->said) - 1 && (n = read(fd, c->said + at, sizeof(c->said) - 1 - at)) > 0)
		at += (size_t)n;
	c->said[at] = '\0';
	close(fd);
}

static inline void
child_run(struct child *c, void (*fn)(void *ctx), void *ctx)
{
	struct rlimit no_core = { 0, 0 };
	int end[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(end) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		close(end[0]);
		dup2(end[1], STDERR_FILENO);
		fn(ctx);
		_exit(0);
	}
	close(end[1]);
	child_read(end[0], c);
	waitpid(pid, &status, 0);
	c->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
