/* stream: a worker that opens, keeps and ends streams, and ends itself when it is told to. */
#include "streaming.h"
#include "stream.h"

#define PATIENCE_MS 5000

static int listener;
static char path[128];

static void
live(void *ctx)
{
	sigset_t quit;

	(void)ctx;
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(SIG_BLOCK, &quit, NULL);
	streaming.self.listen[POOL_STREAM] = listener;
	stream_run(&streaming.self);
}

static void
open_listener(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(path, sizeof(path), "%s/sock", streaming.log);
	memcpy(at.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 64) != 0)
		abort();
}

static int
ask(const char *ticket)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, path, strlen(path) + 1);
	streaming_request(ticket, STREAMING_BODY);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || send(fd, records.out, records.len, 0) != (ssize_t)records.len)
		abort();
	records_forget();
	return fd;
}

/* Until that text was heard on fd. */
static bool
hears(int fd, const char *text)
{
	int64_t until = base_now_us() + PATIENCE_MS * 1000;

	while (!strstr(records.text, text) && base_now_us() < until) {
		records_hear(fd);
		usleep(1000);
	}
	return strstr(records.text, text);
}

static bool
counts(int n)
{
	int64_t until = base_now_us() + PATIENCE_MS * 1000;

	while (atomic_load(&streaming.self.slot->streams) != n && base_now_us() < until)
		usleep(1000);
	return atomic_load(&streaming.self.slot->streams) == n;
}

static int
ask_nothing(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		abort();
	return fd;
}

/* Processor time of children that ended. */
static int
spent_ms(void)
{
	struct rusage r;

	getrusage(RUSAGE_CHILDREN, &r);
	return (int)((r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000);
}

int
main(void)
{
	int first, second, silent, status, pid;
	const char *ticket;
	int64_t from;

	streaming_init();
	open_listener();
	streaming.cfg.pg = "host=/nowhere/at/all";
	streaming.self.news_fd = eventfd(0, EFD_NONBLOCK);
	ticket = streaming_ticket(STREAMING_FACTS);
	pid = fork();
	if (pid == 0)
		live(NULL);
	first = ask(ticket);
	ok(hears(first, "acknowledged"), "a listen is acknowledged");
	second = ask(ticket);
	ok(hears(second, "acknowledged"), "a second one too");
	ok(counts(2), "the board says two");
	close(second);
	ok(counts(1), "who leaves is not counted");
	records_forget();
	silent = ask_nothing();
	usleep(100000);
	from = base_now_us();
	kill(pid, SIGQUIT);
	ok(hears(first, "\"resultType\":\"complete\""), "SIGQUIT: the result");
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "and it ends");
	ok(base_now_us() - from < 3000000, "within seconds");
	ok(base_now_us() - from > 1000000 && spent_ms() < 500, "it waits a while for a request that does not come, and does not spin meanwhile: %d ms", spent_ms());
	is_int(atomic_load(&streaming.board->seat[0].who), 0, "its seats are free");
	close(first);
	close(silent);
	unlink(path);
	return streaming_done();
}
