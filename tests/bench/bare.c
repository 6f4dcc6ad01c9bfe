/*
 * bare: the least a FastCGI server can do.
 *
 * Pre-forked libfcgi workers that read each request whole and answer with a fixed text, so that the
 * table shows what nginx, the socket and libfcgi cost before anybody does any work.  The answers are
 * given as files: mcp-fpm's own, so the sizes are the same.  It looks at a request only to tell
 * tools/call from the rest.
 *
 *	bare SOCKET WORKERS LIST-FILE CALL-FILE
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_MAX 65536	/* the requests of the benchmark have a few hundred bytes */

struct answer {
	char  *text;	/* the HTTP body */
	size_t length;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static struct answer
answer_load(const char *path)
{
	struct answer answer = { 0 };
	struct stat about;
	FILE *file = fopen(path, "r");

	if (!file || fstat(fileno(file), &about) != 0)
		die(path);
	answer.length = (size_t)about.st_size;
	answer.text = malloc(answer.length + 1);
	if (!answer.text || fread(answer.text, 1, answer.length, file) != answer.length)
		die(path);
	fclose(file);
	return answer;
}

static void
work(int listener, const struct answer *list, const struct answer *call)
{
	static char body[BODY_MAX];
	FCGX_Request io;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&io, listener, 0) != 0)
		die("libfcgi");
	while (FCGX_Accept_r(&io) == 0) {
		const char *said = FCGX_GetParam("CONTENT_LENGTH", io.envp);
		long wanted = said ? strtol(said, NULL, 10) : 0;
		int length = FCGX_GetStr(body, wanted > 0 && wanted < BODY_MAX ? (int)wanted : 0, io.in);
		const struct answer *answer = memmem(body, (size_t)length, "tools/call", 10) ? call : list;

		FCGX_FPrintF(io.out, "Content-Type: application/json\r\nContent-Length: %lu\r\n\r\n",
		             (unsigned long)answer->length);
		FCGX_PutStr(answer->text, (int)answer->length, io.out);
		FCGX_Finish_r(&io);
	}
	_exit(1);
}

static void
stop(int signal_number)
{
	(void)signal_number;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	_exit(0);
}

int
main(int argc, char **argv)
{
	struct answer list, call;
	int listener;

	if (argc != 5) {
		fprintf(stderr, "usage: bare SOCKET WORKERS LIST-FILE CALL-FILE\n");
		return 2;
	}
	list = answer_load(argv[3]);
	call = answer_load(argv[4]);
	umask(0);	/* nginx runs as another user */
	listener = FCGX_OpenSocket(argv[1], 512);
	if (listener < 0)
		die(argv[1]);
	setpgid(0, 0);
	for (int left = atoi(argv[2]); left > 0; left--)
		if (fork() == 0)
			work(listener, &list, &call);
	signal(SIGTERM, stop);
	while (wait(NULL) > 0)
		;
	return 1;	/* a worker never ends by itself */
}
