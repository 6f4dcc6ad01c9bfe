/*
 * consumer: against a real Redis: every event once, whoever is killed, and the size of the log.
 */
#include "tap.h"
#include "consumer.h"
#include "audit.h"
#include "cache.h"
#include "segment.h"
#include "server.h"

static struct server server;
static struct cache *cache;
static struct config cfg;
static struct board *board;
static struct slot *writer;		/* what a worker would be */
static struct process as;
static char dir[] = "/tmp/consumer_test.XXXXXX", id[SEGMENT_ID];
static int written;			/* events in the log, ever */

/* --- both ends -------------------------------------------------------------------------- */

static void
write_events(int n)
{
	struct arena mem;
	struct buf record;

	arena_init(&mem, 65536, 1 << 20);
	buf_init(&record, &mem, 65536);
	for (; n > 0; n--, written++) {
		memset(&writer->event, 0, sizeof(writer->event));
		crypt_uuid(writer->event.id);
		writer->event.at_us = base_wall_us();
		slot_put(writer->event.method, sizeof(writer->event.method), "tools/call");
		if (audit_append(&cfg, board, writer, &record) != 0)
			abort();
	}
	arena_close(&mem);
}

static int
start(void)
{
	int pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		consumer_run(&as);
	return pid;
}

static int
end(int pid, int signal_number)
{
	int status;

	kill(pid, signal_number);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The stream's entries, and how many different events they are; -1: Redis is away. */
static int
shipped(int *different)
{
	static struct cache_script count = { .text =
		"local seen, n = {}, 0\n"
		"local all = redis.call('XRANGE', KEYS[1], '-', '+')\n"
		"for _, e in ipairs(all) do\n"
		"  local id = string.match(e[2][2], '\"id\":\"([^\"]+)\"')\n"
		"  if e[2][1] == 'event' and id and not seen[id] then seen[id] = true n = n + 1 end\n"
		"end\n"
		"return {#all, n}\n" };
	static const char *const argv[] = { "mcp:audit" };
	static const size_t len[] = { 9 };
	int64_t out[2] = { -1, -1 };
	const char *why;

	(void)!cache_run(cache, &count, 1, 1, argv, len, out, 2, &why);
	*different = (int)out[1];
	return (int)out[0];
}

/* Waits until the stream has what was written, for at most ten seconds. */
static void
is_shipped(const char *name)
{
	int different = 0, n = -1, tries;

	for (tries = 0; tries < 200 && n < written; tries++) {
		usleep(50000);
		n = shipped(&different);
	}
	usleep(100000);
	n = shipped(&different);
	is_int(n, written, "%s: every event is shipped", name);
	is_int(different, n, "%s: none twice", name);
}

static void
forget(const char *key)
{
	const char *const argv[] = { "EVAL", "redis.call('DEL', KEYS[1]) return 'OK'", "1", key };
	struct arena mem;
	const char *why;
	char *text;

	arena_init(&mem, 4096, 1 << 20);
	(void)!cache_text(cache, &mem, LEN(argv), argv, &text, &why);
	arena_close(&mem);
}

/* --- tests ------------------------------------------------------------------------------ */

static void
test_ships(void)
{
	int pid = start();

	write_events(1);
	is_shipped("one");
	write_events(2500);
	is_shipped("many, over several segments");
	ok(atomic_load(&board->segment) > 5, "there were several: %d", (int)atomic_load(&board->segment));
	is_int(end(pid, SIGQUIT), 0, "SIGQUIT ends it");
	pid = start();
	write_events(300);
	is_int(end(pid, SIGQUIT), 0, "and what is there by then");
	is_shipped("at the end");
}

static void
test_killed(void)
{
	int pid, i;

	for (i = 0; i < 25; i++) {
		pid = start();
		write_events(400);
		usleep(1000 * (i % 5) * 8);
		end(pid, SIGKILL);
	}
	pid = start();
	is_shipped("killed 25 times");

	write_events(500);
	server_tell(&server, "kill9");
	write_events(500);
	usleep(300000);
	server_tell(&server, "start");
	is_shipped("Redis killed");
	end(pid, SIGKILL);
}

static void
test_torn(void)
{
	char path[PATH_MAX];
	int fd, pid = start();

	write_events(1);
	audit_path(path, sizeof(path), dir, atomic_load(&board->segment));
	fd = open(path, O_WRONLY | O_APPEND);
	if (write(fd, "\x1E{\"v\":1,\"id\":\"torn", 18) != 18)
		abort();
	close(fd);
	write_events(1);
	is_shipped("around a record whose writer was killed");
	end(pid, SIGQUIT);
}

/* Redis came back empty: everything that is kept is shipped again, and nothing is lost. */
static void
test_redis_forgets(void)
{
	char key[64];
	int pid = start();

	write_events(10);
	is_shipped("before");
	snprintf(key, sizeof(key), "mcp:audit:position:%s", id);
	forget(key);
	forget("mcp:audit");
	write_events(1);
	is_shipped("all that is kept");
	end(pid, SIGQUIT);
}

static void
test_size(void)
{
	int waited, pid;

	consumer_weigh(&cfg, board, 0);
	ok(atomic_load(&board->audit_bytes) > 1000000, "the log is weighed: %d", (int)atomic_load(&board->audit_bytes));
	ok(!atomic_load(&board->audit_full), "it is not full");
	cfg.audit_bytes_max = (int64_t)atomic_load(&board->audit_bytes);
	consumer_weigh(&cfg, board, 0);
	ok(atomic_load(&board->audit_full), "it is, once it has reached its limit");
	cfg.audit_bytes_max += cfg.audit_bytes_max / 20;
	consumer_weigh(&cfg, board, 0);
	ok(atomic_load(&board->audit_full), "a little room is not enough");

	pid = start();		/* all is shipped, and where room is needed it may go at once */
	for (waited = 0; waited < 100 && atomic_load(&board->audit_full); waited++)
		usleep(50000);
	ok(!atomic_load(&board->audit_full), "what was shipped makes room");
	ok(segment_from(dir, 1) == atomic_load(&board->segment), "only the newest segment is left");
	cfg.audit_bytes_max = 1 << 30;
	write_events(3);
	is_shipped("behind that");
	end(pid, SIGQUIT);
}

int
main(void)
{
	char command[96];
	sigset_t quit;
	int fd, lock = -1;

	if (!mkdtemp(dir))
		return 1;
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(SIG_BLOCK, &quit, NULL);	/* as the master has it for its children */
	signal(SIGPIPE, SIG_IGN);
	fd = open("/dev/null", O_WRONLY);
	dup2(fd, STDERR_FILENO);
	server_open(&server, "redis");
	cache = cache_make(server.where, 5000);
	board = board_map(&fd);
	cfg = (struct config){ .redis = server.where, .audit_dir = dir, .node = "n1",
		.audit_segment_bytes = 65536, .audit_bytes_max = 1 << 30 };
	atomic_store(&board->segment, segment_own(dir, id, &lock));
	writer = board_claim(board, POOL_FAST);
	as = (struct process){ .cfg = &cfg, .board = board, .slot = board_claim(board, POOL_AUDIT), .audit_id = id };
	test_ships();
	test_killed();
	test_torn();
	test_redis_forgets();
	test_size();
	server_close(&server);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
