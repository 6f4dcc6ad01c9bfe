/* sockets: made here with their modes, inherited from systemd by name, and the words for systemd. */
#include "tap.h"
#include "child.h"
#include "sockets.h"

static char dir[] = "/tmp/sockets_test.XXXXXX";
static char path[64], group[64];

static int
answers(const char *at)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), got;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", at);
	got = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return got;
}

static void
open_at(void *ctx)
{
	if (sockets_open("fast", ctx, NULL) < 0)
		abort();
}

static void
open_for_nobody(void *ctx)
{
	if (sockets_open("fast", ctx, "no-such-group") < 0)
		abort();
}

static void
test_made(void)
{
	struct stat about;
	int fd;

	umask(0);
	fd = sockets_open("fast", path, group);
	stat(path, &about);
	ok(S_ISSOCK(about.st_mode), "there is a socket");
	is_int(about.st_mode & 0777, 0660, "owner and group may connect, nobody else");
	is_int(umask(0), 0, "the umask is as it was");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
	is_int(accept(fd, NULL, NULL), -1, "nobody is there");
	is_int(errno, EAGAIN, "and accept does not wait");
	is_int(answers(path), 0, "a client gets through");

	sockets_close();
	is_int(access(path, F_OK), -1, "its file is removed at the end");
	close(fd);
}

static void
test_in_the_way(void)
{
	struct child c;
	char file[80], long_path[200];
	int fd;

	fd = sockets_open("fast", path, NULL);
	child_run(&c, open_at, path);
	is_int(c.status, 1, "where another program answers there is no start");
	ok(strstr(c.said, "another program answers there"), "and it is said: %s", c.said);
	is_int(answers(path), 0, "the other one is left alone");

	close(fd);	/* as if that program had been killed: the file stays */
	is_int(access(path, F_OK), 0, "a stale socket is there");
	child_run(&c, open_at, path);
	is_int(c.status, 0, "it is replaced: %s", c.said);
	sockets_close();

	snprintf(file, sizeof(file), "%s/file", dir);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	child_run(&c, open_at, file);
	ok(c.status == 1 && strstr(c.said, "in place of the socket"), "a file is not replaced: %s", c.said);
	is_int(access(file, F_OK), 0, "it is still there");
	unlink(file);

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	child_run(&c, open_at, long_path);
	ok(c.status == 1 && strstr(c.said, "at most 107"), "a path that is too long: %s", c.said);

	snprintf(file, sizeof(file), "%s/none/fast.sock", dir);
	child_run(&c, open_at, file);
	ok(c.status == 1 && strstr(c.said, "No such file"), "a folder that is not there: %s", c.said);
	child_run(&c, open_for_nobody, path);
	ok(c.status == 1 && strstr(c.said, "no such group"), "a group that is not there: %s", c.said);
	unlink(path);
}

/* As an image does that was executed by the one that made the socket. */
static void
test_kept(void)
{
	char other[72], bad[80];
	int fd = sockets_open("fast", path, NULL), now;

	snprintf(other, sizeof(other), "%s/other.sock", dir);
	snprintf(bad, sizeof(bad), "%s/none/fast.sock", dir);
	is_str(sockets_path(fd), path, "where a socket was made is known");
	is_int(sockets_keep(7, "", other, NULL), 7, "systemd's socket stays");
	is_str(sockets_path(7), "", "and is nobody else's");

	is_int(sockets_keep(fd, path, path, group), fd, "so does one whose path did not change");
	is_int(sockets_keep(fd, path, path, "no-such-group"), fd, "even for a group that is not there");
	is_int(sockets_keep(fd, path, bad, NULL), fd, "or a path that cannot be");
	is_int(answers(path), 0, "clients get through");

	now = sockets_keep(fd, path, other, NULL);
	ok(now >= 0 && now != fd, "a new path is a new socket");
	is_int(answers(other), 0, "which clients reach");
	is_int(answers(path), 0, "and the old one too");
	sockets_leave();
	is_int(access(path, F_OK), -1, "until its workers are gone");
	is_int(fcntl(fd, F_GETFD), -1, "then it is closed");
	sockets_close();
	is_int(access(other, F_OK), -1, "the new one goes with the master");
	close(now);
}

/* --- systemd ---------------------------------------------------------------------------- */

/* What systemd does between fork and exec; its descriptors begin with 3. */
static void
be_given(const char *name, int fd)
{
	char pid[16];

	if (dup2(fd, 3) != 3)
		abort();
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", name, 1);
}

static int
listening(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/given", dir);
	unlink(at.sun_path);
	if (family == AF_UNIX && bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		abort();
	if (listen(fd, 5) != 0)
		abort();
	return fd;
}

static void
take_given(void *ctx)
{
	int fd;

	(void)ctx;
	be_given("fast", listening(AF_UNIX));
	fd = sockets_open("fast", path, NULL);
	if (fd != 3 || getenv("LISTEN_FDS") || access(path, F_OK) == 0)
		_exit(2);
	if (accept(fd, NULL, NULL) != -1 || errno != EAGAIN || !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		_exit(3);
	sockets_close();
	if (access(path, F_OK) == 0)
		_exit(4);
}

static void
take_strange(void *ctx)
{
	(void)ctx;
	be_given("mail", listening(AF_UNIX));
	open_at(path);
}

static void
take_tcp(void *ctx)
{
	(void)ctx;
	be_given("fast", listening(AF_INET));
	open_at(path);
}

static void
test_given(void)
{
	struct child c;

	child_run(&c, take_given, NULL);
	is_int(c.status, 0, "a socket called fast is taken from systemd: %s", c.said);
	child_run(&c, take_strange, NULL);
	ok(c.status == 1 && strstr(c.said, "called mail"), "one of another name is refused: %s", c.said);
	child_run(&c, take_tcp, NULL);
	ok(c.status == 1 && strstr(c.said, "not a listening unix"), "FastCGI over TCP is refused: %s", c.said);
}

static void
test_words(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char text[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	is_int(sockets_watchdog_us(), 0, "no watchdog without systemd");
	sockets_notify("READY=1");	/* goes nowhere */
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", dir);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		abort();
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	sockets_notify("READY=1");
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	is_str(text, "READY=1", "systemd hears it");
	setenv("WATCHDOG_USEC", "3000000", 1);
	is_int(sockets_watchdog_us(), 3000000, "and says how often it wants to");
}

int
main(void)
{
	char command[96];
	struct group *g = getgrgid(getgid());

	if (!mkdtemp(dir) || !g)
		return 1;
	snprintf(group, sizeof(group), "%s", g->gr_name);
	snprintf(path, sizeof(path), "%s/fast.sock", dir);
	test_given();		/* first: systemd is asked once in the life of a process */
	test_made();
	test_kept();
	test_in_the_way();
	test_words();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
