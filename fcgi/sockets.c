/* sockets: unix sockets, and the one user of libsystemd. */
#include "sockets.h"
#include "log.h"
#include <systemd/sd-daemon.h>

#define BACKLOG	1024	/* connections of nginx that wait while all workers are busy */
#define KNOWN	"fast, slow, stream"	/* names of sockets that systemd may pass */

/* --- from systemd ----------------------------------------------------------------------- */

static struct {
	bool   asked;
	int    n;
	char **name;	/* of descriptor SD_LISTEN_FDS_START + i */
} passed;

static bool
is_known(const char *name)
{
	static const char *const known[] = { "fast", "slow", "stream" };
	size_t i;

	for (i = 0; i < LEN(known); i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

static void
ask_systemd(void)
{
	int i;

	passed.asked = true;
	passed.n = sd_listen_fds_with_names(1, &passed.name);
	if (passed.n < 0)
		die("systemd's sockets: %s", strerror(-passed.n));
	for (i = 0; i < passed.n; i++) {
		if (!is_known(passed.name[i]))
			die("systemd passed a socket called %s; FileDescriptorName= must be one of: " KNOWN, passed.name[i]);
		if (sd_is_socket(SD_LISTEN_FDS_START + i, AF_UNIX, SOCK_STREAM, 1) <= 0)
			die("systemd's socket %s is not a listening unix stream socket", passed.name[i]);
	}
}

/* -1: systemd passed none of this name. */
static int
inherited(const char *name)
{
	int i;

	if (!passed.asked)
		ask_systemd();
	for (i = 0; i < passed.n; i++)
		if (strcmp(passed.name[i], name) == 0)
			return SD_LISTEN_FDS_START + i;
	return -1;
}

/* --- made here -------------------------------------------------------------------------- */

static struct made {
	int  fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];		/* "": unused */
} made[8];

static void
keep(struct made list[LEN(made)], int fd, const char *path)
{
	struct made *m;

	for (m = list; m < list + LEN(made); m++)
		if (!m->path[0]) {
			m->fd = fd;
			snprintf(m->path, sizeof(m->path), "%s", path);
			return;
		}
	bug("more than %zu sockets", LEN(made));
}

static char why_not[512];	/* of the last socket that could not be made */

static int printf_like(1, 2)
refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why_not, sizeof(why_not), fmt, ap);
	va_end(ap);
	return -1;
}

/* A file is in the way: remove it if it is a socket that nobody serves any more. */
static int
clear_stale(const struct sockaddr_un *at)
{
	struct stat about;
	int fd, got, trouble;

	if (lstat(at->sun_path, &about) != 0)
		return 0;
	if (!S_ISSOCK(about.st_mode))
		return refuse("%s: there is a file in place of the socket", at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	got = connect(fd, (const struct sockaddr *)at, sizeof(*at));
	trouble = got == 0 ? EAGAIN : errno;
	close(fd);
	if (trouble == EAGAIN)
		return refuse("%s: another program answers there; is mcp-fpm running already?", at->sun_path);
	if (trouble != ECONNREFUSED)
		return refuse("%s: %s", at->sun_path, strerror(trouble));
	unlink(at->sun_path);
	return 0;
}

static int
give_to_group(const char *path, const char *group)
{
	struct group *g;

	errno = 0;
	g = group ? getgrnam(group) : NULL;
	if (group && !g)
		return refuse("MCP_SOCKET_GROUP: %s", errno ? strerror(errno) : "there is no such group");
	if (g && chown(path, (uid_t)-1, g->gr_gid) != 0)
		return refuse("%s: cannot give it to group %s: %s", path, group, strerror(errno));
	return 0;
}

/* fd, bound to a file of mode 0660 from its first moment. */
static int
bind_file(int fd, const struct sockaddr_un *at, const char *group)
{
	mode_t mask = umask(0117);
	int bound = bind(fd, (const struct sockaddr *)at, sizeof(*at)), trouble = errno;

	umask(mask);
	if (bound != 0)
		return refuse("%s: %s", at->sun_path, strerror(trouble));
	if (give_to_group(at->sun_path, group) != 0) {
		unlink(at->sun_path);
		return -1;
	}
	return listen(fd, BACKLOG) == 0 ? 0 : refuse("%s: %s", at->sun_path, strerror(errno));
}

/* The descriptor; -1: why_not. */
static int
make(const char *path, const char *group)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return refuse("%s: the path of a socket has at most %zu characters", path, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	if (clear_stale(&at) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse("%s: %s", path, strerror(errno));
	if (bind_file(fd, &at, group) != 0) {
		close(fd);
		return -1;
	}
	keep(made, fd, path);
	return fd;
}

int
sockets_open(const char *name, const char *path, const char *group)
{
	int fd = inherited(name);

	if (fd < 0 && (fd = make(path, group)) < 0)
		die("%s", why_not);
	/* Siblings race for each connection; whoever comes too late must not sleep in accept(). */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
		die("socket %s: %s", name, strerror(errno));
	return fd;
}

/* --- of the image before ---------------------------------------------------------------- */

static struct made left[LEN(made)];	/* replaced, and still listened on */

const char *
sockets_path(int fd)
{
	size_t i;

	for (i = 0; i < LEN(made); i++)
		if (made[i].path[0] && made[i].fd == fd)
			return made[i].path;
	return "";
}

int
sockets_keep(int fd, const char *was, const char *path, const char *group)
{
	int other;

	if (was[0] && strcmp(was, path) != 0 && (other = make(path, group)) >= 0) {
		log_say("requests come in at %s; %s is closed when the workers there are gone", path, was);
		keep(left, fd, was);
		return other;
	}
	if (!was[0])
		return fd;
	if (strcmp(was, path) != 0)
		log_say("%s; requests still come in at %s", why_not, was);
	else if (give_to_group(was, group) != 0)
		log_say("%s", why_not);
	keep(made, fd, was);
	return fd;
}

void
sockets_leave(void)
{
	struct made *m;

	for (m = left; m < left + LEN(left); m++) {
		if (!m->path[0])
			continue;
		close(m->fd);
		unlink(m->path);
		log_say("%s is closed", m->path);
		m->path[0] = '\0';
	}
}

void
sockets_close(void)
{
	size_t i;

	for (i = 0; i < LEN(made); i++) {
		if (made[i].path[0])
			unlink(made[i].path);
		made[i].path[0] = '\0';
	}
}

/* --- to systemd ------------------------------------------------------------------------- */

void
sockets_notify(const char *state)
{
	sd_notify(0, state);
}

int64_t
sockets_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 && us < INT64_MAX ? (int64_t)us : 0;
}
