/*
 * stream: one loop over the listening socket, the open requests, what fanout hears, and the clock.
 *
 * A worker that is full leaves the listening socket to another one that has room; when none has, it
 * takes connections to refuse them with a sentence.
 */
#include "stream.h"
#include "hold.h"
#include "log.h"
#include "opening.h"
#include "tell.h"

#define EVENTS		256
#define SPARE_FILES	256		/* besides streams: logs, PostgreSQL, Redis, connections to be refused */
#define STUCK_S		30		/* a turn takes milliseconds: the signal ends a process whose turn has no end */
#define END_US		2000000		/* for answers that have to leave when all is over */
#define BEFORE_END_US	1000000		/* for workers of our generation to leave before we say that we do */
#define BEFORE_END_MS	5		/* how often we look whether they have */

struct loop {
	struct streams all;
	int            quit_fd;		/* readable: SIGQUIT came */
	int            listener, news_fd;
	bool           listening;	/* the listener is in the epoll set */
	bool           quits;
	int64_t        most;		/* streams that may be open here */
	int64_t        tick_us, news_us, end_us;	/* monotonic: the next tick; news of the end; the end */
};

/* --- birth ------------------------------------------------------------------------------ */

static void
add_event(struct loop *l, int *fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = fd };

	if (epoll_ctl(l->all.epoll_fd, EPOLL_CTL_ADD, *fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

/* A stream is an open file. */
static int64_t
raise_files(int64_t most)
{
	struct rlimit files, all;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		bug("getrlimit: %s", strerror(errno));
	all = (struct rlimit){ files.rlim_max, files.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &all) == 0)
		files = all;
	else
		log_say("RLIMIT_NOFILE: %s", strerror(errno));
	if (files.rlim_cur == RLIM_INFINITY || (int64_t)files.rlim_cur >= most + SPARE_FILES)
		return most;
	log_say("RLIMIT_NOFILE is %" PRIu64 ", too low for MCP_STREAMS_MAX: this worker holds %" PRId64 " streams",
	    (uint64_t)files.rlim_cur, (int64_t)files.rlim_cur - SPARE_FILES);
	return (int64_t)files.rlim_cur - SPARE_FILES;
}

static void
listen_on(struct loop *l, bool on)
{
	if (on == l->listening)
		return;
	if (on)
		add_event(l, &l->listener, EPOLLIN | EPOLLEXCLUSIVE);
	else
		epoll_ctl(l->all.epoll_fd, EPOLL_CTL_DEL, l->listener, NULL);
	l->listening = on;
}

static const struct fanout_ears ears;

static void
open_loop(struct loop *l, const struct process *self)
{
	sigset_t quit;

	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	*l = (struct loop){ .listener = self->listen[POOL_STREAM], .most = raise_files(self->cfg->streams_max),
		.tick_us = base_now_us() + STREAMS_TICK_US,
		.all = { .self = self, .left = hold_release, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) } };
	l->quit_fd = signalfd(-1, &quit, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->quit_fd < 0 || l->all.epoll_fd < 0)
		bug("epoll: %s", strerror(errno));
	l->all.fanout = fanout_open(self, &ears, l);
	l->news_fd = fanout_fd(l->all.fanout);
	add_event(l, &l->quit_fd, EPOLLIN);
	add_event(l, &l->news_fd, EPOLLIN);
	listen_on(l, true);
}

/* --- what fanout hears ------------------------------------------------------------------ */

static void
hear_list(void *ctx, const char *catalog, const char *tenant, enum lists what)
{
	struct loop *l = ctx;

	tell_list(&l->all, catalog, tenant, what);
}

static void
hear_resource(void *ctx, const char *catalog, const char *tenant, const char *uri)
{
	struct loop *l = ctx;

	tell_resource(&l->all, catalog, tenant, uri);
}

static void
hear_session(void *ctx, const char *session, const char *json, size_t len)
{
	struct loop *l = ctx;

	tell_session(&l->all, session, json, len);
}

static void
hear_gap(void *ctx)
{
	struct loop *l = ctx;

	tell_all(&l->all);
}

static void
hear_known(void *ctx, struct fanout_caller *caller, const struct identity *who)
{
	(void)ctx;
	tell_known((struct stream *)caller, who);
}

static void
hear_sees(void *ctx, struct fanout_caller *caller, enum lists what)
{
	struct loop *l = ctx;

	tell_one(&l->all, (struct stream *)caller, what);
}

static void
hear_gone(void *ctx, struct fanout_caller *caller, const char *why)
{
	struct loop *l = ctx;

	log_say("a stream of tenant %s ends: %s", caller->tenant, why);
	tell_end(&l->all, (struct stream *)caller);
}

/* On another node; whose worker it is, the board knows. */
static void
hear_cancel(void *ctx, const char *session, const char *id)
{
	struct loop *l = ctx;

	slot_cancel(l->all.self->board, NULL, session, id);
}

static const struct fanout_ears ears = {
	hear_list, hear_resource, hear_session, hear_cancel, hear_gap, hear_known, hear_sees, hear_gone,
};

/* --- connections ------------------------------------------------------------------------ */

static void
take_connection(struct loop *l)
{
	int fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		streams_accept(&l->all, fd);
	else if (errno == EMFILE || errno == ENFILE) {
		log_say("accept: %s", strerror(errno));
		listen_on(l, false);		/* for a second */
	} else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		bug("accept: %s", strerror(errno));
}

static bool
is_full(const struct loop *l)
{
	return l->all.n >= l->most;
}

/* Is there another stream worker of our generation with fewer than it may have? */
static bool
others_have_room(const struct loop *l)
{
	const struct process *self = l->all.self;
	const struct slot *s;

	for (s = self->board->slot; s < self->board->slot + self->board->slots; s++)
		if (s != self->slot && s->pool == POOL_STREAM && s->row == self->row && atomic_load(&s->pid) > 0 &&
		    atomic_load(&s->streams) < self->cfg->streams_max)
			return true;
	return false;
}

static void
balance(struct loop *l)
{
	if (!l->quits && is_full(l))
		listen_on(l, !others_have_room(l));
}

static void
serve_stream(struct loop *l, struct stream *s, uint32_t events)
{
	if (s->stage == STREAM_READING)
		opening_read(&l->all, s, l->most);
	else if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		streams_close(&l->all, s, NULL);	/* the client left */
	else if (s->stage != STREAM_CLOSED)
		streams_go_on(&l->all, s);
}

static void
hear(struct loop *l)
{
	fanout_go_on(l->all.fanout);
	tell_missed(&l->all);
}

static void
serve_event(struct loop *l, const struct epoll_event *e)
{
	if (e->data.ptr == &l->quit_fd)
		l->quits = true;
	else if (e->data.ptr == &l->listener)
		take_connection(l);
	else if (e->data.ptr == &l->news_fd)
		hear(l);
	else
		serve_stream(l, e->data.ptr, e->events);
}

/* --- time ------------------------------------------------------------------------------- */

static void
end_expired(struct streams *all, struct stream *s, void *ctx)
{
	const int64_t *now = ctx;

	if (s->expires_us > 0 && s->expires_us <= *now)
		tell_end(all, s);
}

static void
renew(struct streams *all, struct stream *s, void *ctx)
{
	(void)ctx;
	hold_renew(all, s);
}

static void
tick(struct loop *l)
{
	int64_t now = base_wall_us();

	if (base_now_us() < l->tick_us)
		return;
	l->tick_us = base_now_us() + STREAMS_TICK_US;
	if (l->all.ticks % STREAMS_SECOND == 0) {
		streams_each(&l->all, end_expired, &now);
		listen_on(l, !l->quits);
	}
	streams_each_due(&l->all, STREAMS_RENEWALS, renew);
	streams_tick(&l->all);
}

/* --- the end ---------------------------------------------------------------------------- */

static void
end_one(struct streams *all, struct stream *s, void *ctx)
{
	(void)ctx;
	tell_end(all, s);
}

static void
take_no_more(struct loop *l)
{
	l->news_us = base_now_us() + BEFORE_END_US;
	epoll_ctl(l->all.epoll_fd, EPOLL_CTL_DEL, l->quit_fd, NULL);	/* it stays readable */
	listen_on(l, false);
}

/* Does a worker of our generation still wait for requests? */
static bool
one_waits(const struct process *self)
{
	const struct slot *s;

	for (s = self->board->slot; s < self->board->slot + self->board->slots; s++)
		if ((s->pool == POOL_FAST || s->pool == POOL_SLOW) && s->row == self->row && atomic_load(&s->state) == SLOT_IDLE)
			return true;
	return false;
}

/*
 * Clients that are told of other lists ask for them at once.  A worker that the reload has told to leave,
 * and that sleeps yet, would give them the old ones, and nobody would tell them again.
 */
static bool
may_tell(const struct loop *l)
{
	const struct process *self = l->all.self;

	return atomic_load(&self->board->newest) == self->row || !one_waits(self) || base_now_us() >= l->news_us;
}

/* Whoever listens again finds the next generation; what its catalog lists otherwise, he is told before. */
static void
begin_end(struct loop *l)
{
	const struct catalogs *catalogs = l->all.self->catalogs;
	const struct catalog *c;
	int i;

	l->end_us = base_now_us() + END_US;
	for (c = catalogs->at; c < catalogs->at + catalogs->n; c++)
		for (i = 0; i < LISTS_COUNT; i++)
			if (fanout_changed(l->all.self, c, (enum lists)i))
				tell_list(&l->all, c->name, NULL, (enum lists)i);
}

/*
 * One that is being opened yet, ends as soon as it is open.  What the streams held in Redis is given
 * back before we go: others may have it at once.
 */
static bool
is_over(struct loop *l)
{
	if (!l->quits)
		return false;
	if (l->news_us == 0)
		take_no_more(l);
	if (l->end_us == 0 && !may_tell(l))
		return false;
	if (l->end_us == 0)
		begin_end(l);
	streams_each(&l->all, end_one, NULL);
	streams_sweep(&l->all);
	return (l->all.n == 0 && !fanout_owes(l->all.fanout)) || base_now_us() >= l->end_us;
}

static int
patience_ms(const struct loop *l)
{
	int64_t us = (l->end_us > 0 && l->end_us < l->tick_us ? l->end_us : l->tick_us) - base_now_us();

	if (l->quits && l->end_us == 0)
		return BEFORE_END_MS;
	return us <= 0 ? 0 : (int)(us / 1000) + 1;
}

void
stream_run(const struct process *self)
{
	struct epoll_event e[EVENTS];
	struct loop l;
	int n, i;

	open_loop(&l, self);
	slot_move(self->slot, SLOT_IDLE);
	while (!is_over(&l)) {
		alarm(STUCK_S);
		n = epoll_wait(l.all.epoll_fd, e, LEN(e), patience_ms(&l));
		for (i = 0; i < n; i++)
			serve_event(&l, &e[i]);
		tick(&l);
		balance(&l);
		streams_sweep(&l.all);
	}
	exit(0);
}
