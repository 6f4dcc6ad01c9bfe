/* sockets: unix sockets, and the one user of libsystemd. */
#include "sockets.h"
#include "log.h"
#include <systemd/sd-daemon.h>

#define BACKLOG	1024	/* connections of nginx that wait while all workers are busy */
#define KNOWN	"fast"	/* names of sockets that systemd may pass */

/* --- from systemd ----------------------------------------------------------------------- */

static struct {
	bool   asked;
	int    n;
	char **name;	/* of descriptor SD_LISTEN_FDS_START + i */
} passed;

static void
ask_systemd(void)
{
	int i;

	passed.asked = true;
	passed.n = sd_listen_fds_with_names(1, &passed.name);
	if (passed.n < 0)
		die("systemd's sockets: %s", strerror(-passed.n));
	for (i = 0; i < passed.n; i++) {
		if (strcmp(passed.name[i], KNOWN) != 0)
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

static char made[8][sizeof(((struct sockaddr_un *)0)->sun_path)];	/* paths; "": unused */

static void
keep_path(const char *path)
{
	size_t i;

	for (i = 0; i < LEN(made); i++)
		if (!made[i][0]) {
			snprintf(made[i], sizeof(made[i]), "%s", path);
			return;
		}
	bug("more than %zu sockets", LEN(made));
}

/* A file is in the way: remove it if it is a socket that nobody serves any more. */
static void
clear_stale(const struct sockaddr_un *at)
{
	struct stat about;
	int fd, got;

	if (lstat(at->sun_path, &about) != 0)
		return;
	if (!S_ISSOCK(about.st_mode))
		die("%s: there is a file in place of the socket", at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	got = connect(fd, (const struct sockaddr *)at, sizeof(*at));
	if (got == 0 || errno == EAGAIN)
		die("%s: another program answers there; is mcp-fpm running already?", at->sun_path);
	if (errno != ECONNREFUSED)
		die("%s: %s", at->sun_path, strerror(errno));
	close(fd);
	unlink(at->sun_path);
}

static void
give_to_group(const char *path, const char *group)
{
	struct group *g;

	errno = 0;
	g = getgrnam(group);
	if (!g)
		die("MCP_SOCKET_GROUP: %s", errno ? strerror(errno) : "there is no such group");
	if (chown(path, (uid_t)-1, g->gr_gid) != 0)
		die("%s: cannot give it to group %s: %s", path, group, strerror(errno));
}

static int
make(const char *path, const char *group)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, bound;

	if (strlen(path) >= sizeof(at.sun_path))
		die("%s: the path of a socket has at most %zu characters", path, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	clear_stale(&at);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	mask = umask(0117);	/* 0660 from its first moment */
	bound = bind(fd, (const struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (bound != 0)
		die("%s: %s", path, strerror(errno));
	keep_path(path);
	if (group)
		give_to_group(path, group);
	if (listen(fd, BACKLOG) != 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

int
sockets_open(const char *name, const char *path, const char *group)
{
	int fd = inherited(name);

	if (fd < 0)
		fd = make(path, group);
	/* Siblings race for each connection; whoever comes too late must not sleep in accept(). */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
		die("socket %s: %s", name, strerror(errno));
	return fd;
}

void
sockets_close(void)
{
	size_t i;

	for (i = 0; i < LEN(made); i++) {
		if (made[i][0])
			unlink(made[i]);
		made[i][0] = '\0';
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
