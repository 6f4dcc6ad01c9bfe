/*
 * reload: this program becomes another image of itself, with what it has to hand on; and is asked.
 *
 * The master under test is a child; after its execve() it is this program again, which finds the
 * variable and says what it got.
 */
#include "tap.h"
#include "child.h"
#include "config.h"
#include "log.h"
#include "reload.h"
#include "sockets.h"

static char dir[] = "/tmp/reload_test.XXXXXX";

/* Descriptors as a master has them. */
static void
own(struct reload_own *own, const char *at)
{
	char path[96];
	int i;

	*own = (struct reload_own){ .file = "/etc/some.env", .audit_dir = at, .says = "what runs" };
	own->board = memfd_create("board", MFD_CLOEXEC);
	own->lock = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < POOL_LISTENERS; i++) {
		snprintf(path, sizeof(path), "%s/%s.sock", dir, slot_pool_name((enum pool)i));
		own->listen[i] = sockets_open(slot_pool_name((enum pool)i), path, NULL);
	}
}

/* --- the next image --------------------------------------------------------------------- */

/* As `-e FILE`: executed by become().  As `-e FILE -t`: by check(); says how it ends by its status. */
static int
be_executed(int argc, char **argv)
{
	struct reload_heritage h;

	if (argc != 3 && !(argc == 4 && strcmp(argv[3], "-t") == 0))
		return 90;
	if (strcmp(argv[1], "-e") != 0 || strcmp(argv[2], "/etc/some.env") != 0)
		return 91;
	if (argc == 4)
		return getenv("FPM_HERITAGE") ? 92 : 17;
	reload_inherit(&h);
	if (!h.any || getenv("FPM_HERITAGE") || h.generation != 1 || h.refused != 1)
		return 93;
	if (h.olds != 2 || h.old[0].pid != 4711 || h.old[0].slot != 3 || h.old[0].last || h.old[1].slot != -1 || !h.old[1].last)
		return 94;
	if (strncmp(h.path[POOL_FAST], dir, 16) != 0 || !strstr(h.path[POOL_FAST], "/fast.sock") || !strstr(h.path[POOL_STREAM], "/stream.sock"))
		return 95;
	if (!(fcntl(h.board, F_GETFD) & FD_CLOEXEC) || !(fcntl(h.listen[POOL_SLOW], F_GETFD) & FD_CLOEXEC) || h.lock < 0 || h.master < 0)
		return 96;
	return 42;
}

/* --- tests ------------------------------------------------------------------------------ */

static void
become_another(void *ctx)
{
	static const struct crew_old old[] = { { 4711, 3, false }, { 4712, -1, true } };
	static const struct reload_heritage none = { .master = -1 };
	struct reload_own o;

	own(&o, ctx);
	reload_own(&none, &o);
	reload_deeds.become(256, old, LEN(old));	/* refused */
	reload_deeds.become(0, old, LEN(old));
	_exit(80);
}

static void
check_first(void *ctx)
{
	static const struct reload_heritage none = { .master = -1 };
	struct reload_own o;
	int status = 0, pid;

	own(&o, ctx);
	reload_own(&none, &o);
	pid = reload_deeds.check();
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void
inherit_garbage(void *ctx)
{
	struct reload_heritage h;

	setenv("FPM_HERITAGE", ctx, 1);
	reload_inherit(&h);
}

static void
test_images(void)
{
	static char garbage[] = "hello";
	struct reload_heritage h;
	char text[64];
	struct child c;

	child_run(&c, become_another, dir);
	is_int(c.status, 42, "the next image gets all that the one before had: %s", c.said);
	ok(strstr(c.said, "refused"), "a check that failed is told");
	child_run(&c, check_first, dir);
	is_int(c.status, 17, "the check is the same program with -t: %s", c.said);
	reload_inherit(&h);
	ok(!h.any && h.master == -1, "an ordinary start inherits nothing");
	child_run(&c, inherit_garbage, garbage);
	is_int(c.status, 1, "what is no heritage stops the start: %s", c.said);
	snprintf(text, sizeof(text), "1 %d 3 4 5 6 1 0 at ", (int)getpid());
	child_run(&c, inherit_garbage, text);
	is_int(c.status, 1, "so does that of another process: %s", c.said);
}

/* --- asking ----------------------------------------------------------------------------- */

static int answers_how;		/* of the master below: 0 serves, 1 refuses, 2 ends, 3 says nothing */

/* A master that answers SIGHUP without any pool. */
static int
start_master(int how)
{
	struct reload_heritage h = { .master = -1, .generation = 6 };
	struct reload_own o;
	int pid, number, ready[2];
	sigset_t hup;

	answers_how = how;
	fflush(stdout);
	if (pipe(ready) != 0 || (pid = fork()) < 0)
		abort();
	if (pid > 0) {
		(void)!read(ready[0], &number, 1);
		close(ready[0]);
		close(ready[1]);
		return pid;
	}
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	own(&o, dir);
	h.generation = 6;
	reload_own(&h, &o);
	reload_deeds.serves();
	(void)!write(ready[1], "", 1);
	sigwait(&hup, &number);
	if (answers_how == 1)
		reload_deeds.become(256, NULL, 0);
	if (answers_how == 0) {
		h.generation = 7;
		reload_own(&h, &o);	/* the file is ours already */
		reload_deeds.serves();
	}
	if (answers_how == 2)
		_exit(0);
	sleep(20);
	_exit(0);
}

static void
ask(void *ctx)
{
	dup2(STDERR_FILENO, STDOUT_FILENO);
	reload_ask(ctx, 500);
	fflush(stdout);
}

static void
test_asking(void)
{
	static const struct { const char *says; int status; } want[] = {
		{ "generation 8", 0 },
		{ "refused to reload", 1 },
		{ "has ended instead", 1 },
		{ "has not reloaded after", 1 },
	};
	struct child c;
	char text[24], path[96];
	int how, pid;

	snprintf(path, sizeof(path), "%s/master", dir);
	unlink(path);
	child_run(&c, ask, dir);
	ok(c.status == 1 && strstr(c.said, "no mcp-fpm runs"), "where nobody ever was: %s", c.said);
	for (how = 0; how < (int)LEN(want); how++) {
		pid = start_master(how);
		child_run(&c, ask, dir);
		snprintf(text, sizeof(text), "(pid %d", pid);
		is_int(c.status, want[how].status, "asked, case %d", how);
		ok(strstr(c.said, want[how].says) && strstr(c.said, text), "and told so: %s", c.said);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	is_int(access(path, F_OK), 0, "a file is left over");
	child_run(&c, ask, dir);
	ok(c.status == 1 && strstr(c.said, "no mcp-fpm runs"), "and deceives nobody: %s", c.said);
}

int
main(int argc, char **argv)
{
	char command[96];

	if (argc > 1) {
		snprintf(dir, sizeof(dir), "/tmp/reload_test.");
		return be_executed(argc, argv);
	}
	if (!mkdtemp(dir))
		return 1;
	test_images();
	test_asking();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
