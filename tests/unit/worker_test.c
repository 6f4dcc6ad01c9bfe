/*
 * worker: the loop and its ends, with a request that does what its catalog's name says.
 *
 * http_serve() is this file's own: what a worker does around it is what is tested here.
 */
#include "tap.h"
#include "worker.h"
#include "child.h"
#include "http.h"
#include "request.h"

static struct config cfg;
static struct catalogs catalogs;
static struct crypt_key key;
static struct board *board;
static struct process as;
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static char dir[] = "/tmp/worker_test.XXXXXX";

/* --- what the worker serves ------------------------------------------------------------- */

static void
answer(struct request *rq, const char *text)
{
	(void)!rq->wire->write(rq->io, text, strlen(text));
}

static void
flood(struct request *rq)
{
	char *bytes = arena_zero(&rq->mem, 8 << 20);

	(void)!rq->wire->write(rq->io, bytes, 8 << 20);
}

void
http_serve(struct request *rq, const struct catalogs *all)
{
	const char *deed = rq->param[PARAM_CATALOG];
	char *text = arena_fmt(&rq->mem, "%d", (int)getpid());
	bool blank = !rq->twice && !rq->body && rq->start_us > 0 && rq->slot->state == SLOT_BUSY && all == &catalogs;

	atomic_store(&rq->slot->stage, EVENT_OPEN);
	if (!deed || !blank || rq->slot->pid != getpid())
		answer(rq, "not as promised");
	else if (strcmp(deed, "pid") == 0)
		answer(rq, text);
	else if (strcmp(deed, "nap") == 0)
		usleep(300000);
	else if (strcmp(deed, "hang") == 0)
		for (;;)
			pause();
	else if (strcmp(deed, "flood") == 0)
		flood(rq);
	if (deed && strcmp(deed, "nap") == 0)
		answer(rq, "rested");
}

/* --- both ends -------------------------------------------------------------------------- */

/* A worker with a slot of its own, as the master makes one. */
static int
start(void)
{
	struct process self = as;
	sigset_t quit;
	int pid;

	self.slot = board_claim(board, POOL_FAST);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&quit);
		sigaddset(&quit, SIGQUIT);
		sigprocmask(SIG_BLOCK, &quit, NULL);
		signal(SIGPIPE, SIG_IGN);
		atomic_store(&self.slot->pid, getpid());
		worker_run(&self);
	}
	as.slot = self.slot;
	while (atomic_load(&self.slot->state) == SLOT_FREE && kill(pid, 0) == 0)
		usleep(1000);
	return pid;
}

/* How it ended; -1000: it did not, within five seconds. */
static int
end_of(int pid)
{
	int status, waited;

	for (waited = 0; waited < 5000; waited++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			board_free(board, as.slot);
			return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
		}
		usleep(1000);
	}
	return -1000;
}

/* Sends a request without a body. */
static int
ask(const char *deed)
{
	unsigned char bytes[256] = { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1 };
	size_t n = 16, name = strlen("MCP_CATALOG"), value = strlen(deed);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(bytes + n, (unsigned char[]){ 1, 4, 0, 1, 0, (unsigned char)(2 + name + value), 0, 0 }, 8);
	bytes[n + 8] = (unsigned char)name;
	bytes[n + 9] = (unsigned char)value;
	memcpy(bytes + n + 10, "MCP_CATALOG", name);
	memcpy(bytes + n + 10 + name, deed, value);
	n += 10 + name + value;
	memcpy(bytes + n, (unsigned char[]){ 1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0 }, 16);
	n += 16;
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	return fd;
}

/* The content of the first record of the answer; "" if there is none. */
static const char *
hear(int fd)
{
	static char text[256];
	unsigned char h[8];
	ssize_t n = 0;

	if (recv(fd, h, sizeof(h), MSG_WAITALL) == sizeof(h) && h[1] == 6 && h[4] == 0)
		n = recv(fd, text, h[5], MSG_WAITALL);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

/* --- tests ------------------------------------------------------------------------------ */

static void
test_answers(void)
{
	int pid = start(), fd;
	char mine[16];
	struct slot *slot = as.slot;

	snprintf(mine, sizeof(mine), "%d", pid);
	is_str(hear(ask("pid")), mine, "a request is answered");
	is_str(hear(ask("pid")), mine, "and another, as blank as the first");
	usleep(20000);
	is_int(slot->requests, 2, "both are counted");
	is_int(atomic_load(&slot->state), SLOT_IDLE, "it waits again");
	is_int(atomic_load(&slot->stage), EVENT_NONE, "with nothing in its hand");

	kill(pid, SIGSTOP);
	close(ask("pid"));
	kill(pid, SIGCONT);
	fd = ask("pid");
	is_str(hear(fd), mine, "a client that left in the queue");
	usleep(20000);
	is_int(slot->requests, 3, "is not served");

	kill(pid, SIGQUIT);
	is_int(end_of(pid), 0, "SIGQUIT ends a waiting worker");
}

static void
test_quit_when_busy(void)
{
	int pid = start(), fd = ask("nap");

	usleep(50000);
	is_int(atomic_load(&as.slot->state), SLOT_BUSY, "a worker is busy");
	kill(pid, SIGQUIT);
	is_str(hear(fd), "rested", "SIGQUIT lets it finish");
	is_int(end_of(pid), 0, "then it ends");

	pid = start();
	fd = ask("nap");
	usleep(50000);
	kill(pid, SIGTERM);
	is_str(hear(fd), "", "SIGTERM does not");
	is_int(end_of(pid), -SIGTERM, "it ends at once");
}

static void
test_retires(void)
{
	int pid, n;

	cfg.worker_requests = 5;	/* a tenth of it is nothing: exactly five */
	pid = start();
	for (n = 1; n < 5; n++)
		(void)hear(ask("pid"));
	usleep(20000);
	is_int(kill(pid, 0), 0, "it is there after four");
	ok(*hear(ask("pid")), "the fifth is answered");
	is_int(end_of(pid), 0, "then it retires");
	cfg.worker_requests = 0;
}

static void
test_watchdog(void)
{
	struct slot *slot;
	int pid, fd;

	cfg.request_timeout_ms = 300;
	pid = start();
	slot = as.slot;
	fd = ask("hang");
	is_str(hear(fd), "", "a request that never ends has no answer");
	is_int(end_of(pid), WORKER_LATE, "and ends its worker");
	is_int(atomic_load(&slot->stage), EVENT_OPEN, "whose draft is left for the master");

	pid = start();
	fd = ask("flood");
	usleep(800000);
	is_int(kill(pid, 0), 0, "a peer that does not read costs no worker");
	is_int(slot->requests, 1, "it is let go");
	is_str(hear(ask("nap")), "", "and the next one");
	close(fd);
	kill(pid, SIGQUIT);
	end_of(pid);
	cfg.request_timeout_ms = 30000;
}

static void
test_garbage(void)
{
	int pid = start(), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char mine[16];

	snprintf(mine, sizeof(mine), "%d", pid);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || write(fd, "GET / HTTP/1.1\r\n", 16) != 16)
		abort();
	is_str(hear(fd), "", "who speaks something else is hung up on");
	is_str(hear(ask("pid")), mine, "and the worker stays");
	kill(pid, SIGQUIT);
	is_int(end_of(pid), 0, "until it is told to go");
}

int
main(void)
{
	int fd, silent;

	if (!mkdtemp(dir))
		return 1;
	silent = open("/dev/null", O_WRONLY);
	dup2(silent, STDERR_FILENO);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/sock", dir);
	board = board_map(&fd);
	cfg = (struct config){ .pg = "", .request_timeout_ms = 30000, .body_bytes_max = 1 << 20 };
	as = (struct process){ .cfg = &cfg, .key = &key, .catalogs = &catalogs, .board = board };
	as.listen[POOL_FAST] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(as.listen[POOL_FAST], (struct sockaddr *)&at, sizeof(at)) != 0 || listen(as.listen[POOL_FAST], 16) != 0)
		return 1;
	test_answers();
	test_quit_when_busy();
	test_retires();
	test_watchdog();
	test_garbage();
	unlink(at.sun_path);
	rmdir(dir);
	return tap_done();
}
