/* reload: one variable from image to image, one small file from the master to whoever asks. */
#include "reload.h"
#include "log.h"
#include "sockets.h"

#define VARIABLE	"FPM_HERITAGE"	/* MCP_ is for settings */
#define FORM		2		/* of its text */
#define VARIABLE_MAX	(32 * SLOTS_MAX + 1024)
#define LINE_MAX_BYTES	1024		/* of the file called master */
#define LOOK_MS		20

static struct {
	struct reload_own own;
	char     program[PATH_MAX];
	int      master;		/* descriptor of the file */
	unsigned generation, refused;
} us;

/* --- what one image leaves to the next -------------------------------------------------- */

/* The descriptor, and from now on closed on exec as all of ours. */
static int
take_fd(int fd)
{
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		die(VARIABLE ": descriptor %d: %s", fd, strerror(errno));
	return fd;
}

/* The processes, each " pid slot last". */
static const char *
read_old(struct reload_heritage *h, const char *at)
{
	struct crew_old *o;
	int last, n;

	for (o = h->old; h->olds < SLOTS_MAX && sscanf(at, " %d %d %d%n", &o->pid, &o->slot, &last, &n) == 3; o++, at += n) {
		o->last = last != 0;
		if (o->pid <= 1 || o->slot < -1 || o->slot >= SLOTS_MAX)
			return "?";
		h->olds++;
	}
	return at;
}

/* The sockets' places, each "\nPLACE". */
static int
read_paths(struct reload_heritage *h, const char *at)
{
	size_t len, i;

	for (i = 0; i < POOL_LISTENERS; i++, at += len) {
		if (*at++ != '\n')
			return -1;
		len = strcspn(at, "\n");
		if (len >= sizeof(h->path[i]))
			return -1;
		snprintf(h->path[i], sizeof(h->path[i]), "%.*s", (int)len, at);
	}
	return *at == '\0' ? 0 : -1;
}

static int
read_heritage(struct reload_heritage *h, const char *text)
{
	int form, pid, n = 0;

	if (sscanf(text, "%d %d %d %d %d %d %d %d %u %u%n", &form, &pid, &h->board, &h->lock, &h->master, &h->listen[POOL_FAST],
	    &h->listen[POOL_SLOW], &h->listen[POOL_STREAM], &h->generation, &h->refused, &n) != 10 || form != FORM || pid != getpid())
		return -1;
	return read_paths(h, read_old(h, text + n));
}

void
reload_inherit(struct reload_heritage *h)
{
	const char *text = getenv(VARIABLE);
	size_t i;

	*h = (struct reload_heritage){ .board = -1, .lock = -1, .master = -1, .listen = { -1, -1, -1 } };
	if (!text)
		return;
	if (read_heritage(h, text) != 0)
		die(VARIABLE " in the environment is not of this process");
	unsetenv(VARIABLE);
	take_fd(h->board);
	take_fd(h->lock);
	take_fd(h->master);
	for (i = 0; i < POOL_LISTENERS; i++)
		take_fd(h->listen[i]);
	h->any = true;
}

static void
write_heritage(char out[VARIABLE_MAX], const struct crew_old *old, size_t n)
{
	size_t i;
	int at;

	at = snprintf(out, VARIABLE_MAX, "%d %d %d %d %d %d %d %d %u %u", FORM, (int)getpid(), us.own.board, us.own.lock, us.master,
	    us.own.listen[POOL_FAST], us.own.listen[POOL_SLOW], us.own.listen[POOL_STREAM], us.generation, us.refused);
	for (i = 0; i < n; i++)
		at += snprintf(out + at, VARIABLE_MAX - (size_t)at, " %d %d %d", old[i].pid, old[i].slot, old[i].last);
	for (i = 0; i < POOL_LISTENERS; i++)
		at += snprintf(out + at, VARIABLE_MAX - (size_t)at, "\n%s", sockets_path(us.own.listen[i]));
}

static void
set_cloexec(int flag)
{
	const int fd[] = { us.own.board, us.own.lock, us.master };
	size_t i;

	for (i = 0; i < LEN(fd); i++)
		fcntl(fd[i], F_SETFD, flag);
	for (i = 0; i < POOL_LISTENERS; i++)
		fcntl(us.own.listen[i], F_SETFD, flag);
}

static void
execute(bool check)
{
	const char *argv[5] = { us.program };
	char *copy[LEN(argv)];
	int n = 1;

	if (us.own.file) {
		argv[n++] = "-e";
		argv[n++] = us.own.file;
	}
	if (check)
		argv[n++] = "-t";
	memcpy(copy, argv, sizeof(copy));	/* execv() changes none of them, but does not say so */
	execv(us.program, copy);
}

/* Comes back only when it failed. */
static void
become_another(const struct crew_old *old, size_t n)
{
	static char text[VARIABLE_MAX];

	write_heritage(text, old, n);
	if (setenv(VARIABLE, text, 1) != 0) {
		log_say("reload: %s", strerror(errno));
		return;
	}
	set_cloexec(0);
	execute(false);
	log_say("reload: %s: %s", us.program, strerror(errno));
	set_cloexec(FD_CLOEXEC);
	unsetenv(VARIABLE);
}

/* --- the master's file ------------------------------------------------------------------ */

static void
file_path(char out[PATH_MAX], const char *audit_dir)
{
	snprintf(out, PATH_MAX, "%s/master", audit_dir);
}

/* Numbers have fixed places, so that a reader never sees one half written. */
static void
write_file(void)
{
	char text[LINE_MAX_BYTES];
	int n = snprintf(text, sizeof(text), "%10d %10u %10u %s\n", (int)getpid(), us.generation, us.refused, us.own.says);

	if (n >= (int)sizeof(text))
		n = (int)sizeof(text) - 1;
	if (pwrite(us.master, text, (size_t)n, 0) != n || ftruncate(us.master, n) != 0)
		log_say("MCP_AUDIT_DIR/master: %s", strerror(errno));
}

/* Of the folder that is ours alone already. */
static int
own_file(const char *audit_dir)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	int fd;

	file_path(path, audit_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0 || fcntl(fd, F_SETLK, &whole) != 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* Does the descriptor that came with the heritage hold the file of this folder? */
static bool
is_file_of(int fd, const char *audit_dir)
{
	struct stat a, b;
	char path[PATH_MAX];

	file_path(path, audit_dir);
	return fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void
reload_own(const struct reload_heritage *h, const struct reload_own *own)
{
	ssize_t n = readlink("/proc/self/exe", us.program, sizeof(us.program) - 1);

	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
	us.program[n] = '\0';
	us.own = *own;
	us.generation = h->generation + 1;
	us.refused = h->refused;
	us.master = h->master;
	if (!is_file_of(h->master, own->audit_dir)) {
		if (h->master >= 0)
			close(h->master);
		us.master = own_file(own->audit_dir);
	}
}

/* --- deeds ------------------------------------------------------------------------------ */

/* Its findings go to our log.  What it prints when all is well is for people. */
static int
begin_check(void)
{
	int pid, null;
	sigset_t none;

	log_say("SIGHUP: checking %s", us.own.file ? us.own.file : "the settings");
	pid = fork();
	if (pid < 0)
		log_say("fork: %s", strerror(errno));
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execute(true);
	log_say("%s: %s", us.program, strerror(errno));
	_exit(1);
}

static void
become(int status, const struct crew_old *old, size_t n)
{
	bool away = WIFEXITED(status) && WEXITSTATUS(status) == RELOAD_AWAY;

	if (status == 0 || away) {
		log_say("reloading%s", away ? " without PostgreSQL" : "");
		become_another(old, n);
	}
	log_say("the reload is refused; everything stays as it was");
	us.refused++;
	write_file();
}

static void
alone(void)
{
	sockets_leave();
	if (us.generation > 1)
		log_say("the processes of before the reload are gone");
}

const struct pool_reload reload_deeds = { .check = begin_check, .become = become, .serves = write_file, .alone = alone };

/* --- whoever asks ----------------------------------------------------------------------- */

struct news {
	int      pid;			/* of the master; 0: there is none */
	unsigned generation, refused;
	char     says[LINE_MAX_BYTES];
};

/* The kernel knows who holds the lock; a file may be left over. */
static int
holder(int fd)
{
	struct flock whole = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK ? whole.l_pid : 0;
}

static struct news
read_news(int fd)
{
	struct news news = { .pid = holder(fd) };
	char text[LINE_MAX_BYTES] = "";
	int pid, at = 0;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (sscanf(text, "%d %u %u %n", &pid, &news.generation, &news.refused, &at) == 3)
		snprintf(news.says, sizeof(news.says), "%s", text + at);
	return news;
}

/* Until something else is in the file, or the master is gone. */
static struct news
await(int fd, const struct news *before, int64_t most_ms)
{
	int64_t until_us = base_now_us() + most_ms * 1000;
	struct news now;

	do {
		usleep(LOOK_MS * 1000);
		now = read_news(fd);
	} while (now.pid == before->pid && now.generation == before->generation && now.refused == before->refused &&
	    base_now_us() < until_us);
	usleep(LOOK_MS * 1000);		/* the line behind the numbers */
	return read_news(fd);
}

void
reload_ask(const char *audit_dir, int64_t most_ms)
{
	struct news before, now;
	char path[PATH_MAX];
	int fd;

	file_path(path, audit_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		die("%s: %s", path, strerror(errno));
	before = fd < 0 ? (struct news){ 0 } : read_news(fd);
	if (before.pid == 0)
		die("MCP_AUDIT_DIR %s: no mcp-fpm runs that writes its log there", audit_dir);
	if (kill(before.pid, SIGHUP) != 0)
		die("cannot tell mcp-fpm (pid %d) to reload: %s", before.pid, strerror(errno));
	now = await(fd, &before, most_ms);
	close(fd);
	if (now.pid != before.pid)
		die("mcp-fpm (pid %d) has ended instead of reloading; its log says why", before.pid);
	if (now.refused != before.refused)
		die("mcp-fpm (pid %d) refused to reload; its log says why", before.pid);
	if (now.generation == before.generation)
		die("mcp-fpm (pid %d) has not reloaded after %" PRId64 " s; its log says why", before.pid, most_ms / 1000);
	printf("%s (pid %d, generation %u)\n", now.says, now.pid, now.generation);
}
