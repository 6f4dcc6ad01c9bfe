/*
 * server: a real PostgreSQL or Redis for a unit test, by the program of the same name beside this.
 */
#ifndef SERVER_H
#define SERVER_H

#include "base.h"

struct server {
	FILE *to, *from;
	char  where[1024];	/* as the program prints it */
};

static inline void
server_line(struct server *s, char *line, size_t room)
{
	if (!fgets(line, (int)room, s->from)) {
		printf("Bail out! tests/unit/server ended\n");
		exit(1);
	}
	line[strcspn(line, "\n")] = '\0';
}

/* Starts it; ends the test if that fails.  name: "postgres" or "redis". */
static inline void
server_open(struct server *s, const char *name)
{
	int to[2], from[2];

	fflush(stdout);
	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
		abort();
	if (fork() == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl("tests/unit/server", "server", name, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	s->to = fdopen(to[1], "w");
	s->from = fdopen(from[0], "r");
	server_line(s, s->where, sizeof(s->where));
}

/* "stop" or "start"; returns when it is done. */
static inline void
server_tell(struct server *s, const char *word)
{
	char line[16];

	fprintf(s->to, "%s\n", word);
	fflush(s->to);
	server_line(s, line, sizeof(line));
}

/* Ends it, and waits for that. */
static inline void
server_close(struct server *s)
{
	int status;

	fclose(s->to);
	fclose(s->from);
	wait(&status);
}

#endif
