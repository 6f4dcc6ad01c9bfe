/* worker: the loop, and the watchdog over it. */
#include "worker.h"
#include "audit.h"
#include "cache.h"
#include "db.h"
#include "fastcgi.h"
#include "http.h"
#include "log.h"

#define CHUNK_BYTES	(64 << 10)	/* an ordinary request needs no second one */
#define ARENA_BASE	(64 << 20)	/* what a request may take besides copies of its body */
#define BODY_COPIES	16		/* body, objects, escaped text, results: each a few times its size */
#define CACHE_MS	50
#define SILENCE_MS	5000		/* nginx sends a request whole */
#define FLOOD_MS	1000		/* idle for so long: gathered 401s are written */
#define GRACE_MS	1000		/* to end a request whose client was hung up on */

struct worker {
	const struct process *self;
	struct fastcgi *fastcgi;
	struct request  rq;
	struct request  blank;		/* what each request begins with */
	int64_t         left;		/* requests until it retires; -1: never */
	int             quit_fd;	/* readable: SIGQUIT came */
	bool            quits;		/* and was seen */
	int             epoll_fd;
	int             listener;	/* of our pool */
};

/* --- the watchdog ----------------------------------------------------------------------- */

static char late_line[160];	/* made beforehand: a handler may not format */
static int64_t usual_ms;	/* that a request may take */

static void
arm(int64_t ms)
{
	struct itimerval at = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	setitimer(ITIMER_REAL, &at, NULL);
}

/* More time for the request in hand, which is going to need it. */
static void
grant(int64_t ms)
{
	arm(usual_ms + ms);
}

/*
 * Time is up.  If it went by in waiting for nginx, that alone is ended and the worker goes on;
 * else only the end of the process ends the wait.  The master writes its event.
 */
static void
be_late(int signal_number)
{
	ssize_t n;

	(void)signal_number;
	if (fastcgi_hang_up()) {
		arm(GRACE_MS);
		return;
	}
	n = write(STDERR_FILENO, late_line, strlen(late_line));
	(void)n;
	_exit(WORKER_LATE);
}

/*
 * SIGUSR1 says that slot->cancelled was set.  It ends a base_poll() and nothing else; it may come when the
 * request it was meant for is over.
 */
static void
wake(int signal_number)
{
	(void)signal_number;
}

static void
let_wake(void)
{
	struct sigaction act = { .sa_handler = wake };
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigaction(SIGUSR1, &act, NULL);
}

static void
watch(const struct process *self)
{
	struct sigaction act = { .sa_handler = be_late };

	snprintf(late_line, sizeof(late_line), "mcp-fpm[%s %d]: a request took longer than %" PRId64
	    " ms: this worker ends itself\n", slot_pool_name(self->slot->pool), (int)getpid(), self->cfg->request_timeout_ms);
	sigaction(SIGALRM, &act, NULL);
	let_wake();
	usual_ms = self->cfg->request_timeout_ms;
}

/* --- birth ------------------------------------------------------------------------------ */

static void
add_event(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

/* SIGQUIT stands beside the socket, so that neither a busy nor a waiting worker can miss it. */
static void
open_events(struct worker *w)
{
	sigset_t quit;

	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	w->quit_fd = signalfd(-1, &quit, SFD_NONBLOCK | SFD_CLOEXEC);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->quit_fd < 0 || w->epoll_fd < 0)
		bug("epoll: %s", strerror(errno));
	add_event(w->epoll_fd, w->quit_fd, EPOLLIN);
	add_event(w->epoll_fd, w->listener, EPOLLIN | EPOLLEXCLUSIVE);
}

/* Up to a tenth fewer: workers that were born together must not retire together. */
static int64_t
share_of_requests(int64_t most)
{
	uint64_t r;

	if (most == 0)
		return -1;
	crypt_random(&r, sizeof(r));
	return most - (int64_t)(r % (uint64_t)(most / 10 + 1));
}

static void
open_worker(struct worker *w, const struct process *self)
{
	const struct config *cfg = self->cfg;
	int64_t silence = cfg->request_timeout_ms < SILENCE_MS ? cfg->request_timeout_ms : SILENCE_MS;

	*w = (struct worker){ .self = self, .fastcgi = fastcgi_make(silence), .left = share_of_requests(cfg->worker_requests),
		.listener = self->listen[self->slot->pool] };
	w->blank = (struct request){
		.cfg = cfg,
		.key = self->key,
		.key_old = self->key_old,
		.seal = self->seal,
		.board = self->board,
		.slot = self->slot,
		.db = db_make(cfg->pg, self->slot->pool == POOL_SLOW ? "mcp-fpm slow" : "mcp-fpm fast"),
		.cache = cache_make(cfg->redis, CACHE_MS),
		.client_fd = -1,
		.grant = grant,
		.place = self->slot->pool,
	};
	arena_init(&w->blank.mem, CHUNK_BYTES, BODY_COPIES * (size_t)cfg->body_bytes_max + ARENA_BASE);
	w->rq = w->blank;
	watch(self);
	open_events(w);
}

/* --- life ------------------------------------------------------------------------------- */

/* SIGQUIT came while a request was in hand: nothing woke us since, so nothing is owed to anybody. */
static bool
was_told(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGQUIT) == 1;
}

/*
 * Waits for a connection.  -1: SIGQUIT came.  If it came in our sleep together with a connection,
 * that one is still ours: the kernel woke nobody else for it.
 */
static int
accept_next(struct worker *w)
{
	struct slot *slot = w->self->slot;
	struct epoll_event e[2];
	int fd, n, i;

	while (!w->quits && !was_told()) {
		n = epoll_wait(w->epoll_fd, e, LEN(e), slot->flood.count > 0 ? FLOOD_MS : -1);
		if (n == 0)
			audit_flush(w->self->cfg, w->self->board, slot, true);
		for (i = 0; i < n; i++)
			if (e[i].data.fd == w->quit_fd)
				w->quits = true;
		fd = n > w->quits ? accept4(w->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (fd >= 0)
			return fd;
		if (n > w->quits && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			bug("accept: %s", strerror(errno));
	}
	return -1;
}

static void
serve(struct worker *w, int fd)
{
	const char *why;

	if (fastcgi_open(w->fastcgi, fd, &w->rq, &why) != 0) {
		if (why)
			log_say("refused a connection: %s", why);
		return;
	}
	http_serve(&w->rq, w->self->catalogs);
	fastcgi_close(w->fastcgi);
	w->self->slot->requests++;
}

static void
blank_request(struct worker *w)
{
	struct arena mem = w->rq.mem;

	arena_reset(&mem);
	w->rq = w->blank;
	w->rq.mem = mem;
}

static void
take(struct worker *w, int fd)
{
	struct slot *slot = w->self->slot;

	slot_move(slot, SLOT_BUSY);
	atomic_store(&slot->cancelled, 0);
	w->rq.start_us = base_now_us();
	arm(usual_ms);
	serve(w, fd);
	arm(0);
	atomic_store(&slot->stage, EVENT_NONE);
	blank_request(w);
	slot_move(slot, SLOT_IDLE);
}

void
worker_run(const struct process *self)
{
	struct worker w;
	int fd;

	open_worker(&w, self);
	slot_move(self->slot, SLOT_IDLE);
	for (; w.left != 0 && (fd = accept_next(&w)) >= 0; w.left -= w.left > 0)
		take(&w, fd);
	audit_flush(self->cfg, self->board, self->slot, true);
	exit(0);
}
