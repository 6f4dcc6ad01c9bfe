/*
 * pool: one loop around a signalfd.
 *
 * Signals of the master are blocked from its first line to its last and read from the descriptor,
 * so nothing here runs in a handler.
 */
#include "pool.h"
#include "audit.h"
#include "log.h"
#include "sockets.h"

#define YOUNG_US	1000000		/* whoever dies before this age was born with a fault */
#define BRAKE_LEAST_MS	100
#define BRAKE_MOST_MS	10000
#define READY_MS	20		/* between two looks whether all workers stand */

/* One row of the plan, as it goes. */
struct crew {
	const struct pool_plan *plan;
	int64_t alive;
	int64_t brake_ms;		/* 0: off */
	int64_t not_before_us;		/* no fork before this time */
};

struct child {
	int          pid;		/* 0: none */
	struct crew *crew;
	int64_t      born_us;
};

/* How a stop goes on while somebody does not listen. */
static const int stops[] = { SIGQUIT, SIGTERM, SIGKILL };

enum wave { WAVE_NONE, WAVE_FIRST, WAVE_LAST, WAVE_OVER };

static struct {
	const struct process *as;
	struct crew  crew[POOL_COUNT];
	size_t       crews;
	struct child child[SLOTS_MAX];	/* by slot */
	int          signal_fd;
	int          master;		/* our pid */
	enum wave    wave;		/* of the stop */
	size_t       step;		/* in stops[] */
	int64_t      step_us;		/* when the next step is due */
	bool         ready;		/* systemd was told so */
	int64_t      beat_us;		/* systemd's watchdog was told last */
} all;

/* --- birth ------------------------------------------------------------------------------ */

static void
set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGPIPE };	/* a terminal's are for the master */
	sigset_t quit;
	size_t i;

	for (i = 0; i < LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(SIG_SETMASK, &quit, NULL);
}

static void noreturn
live(const struct crew *crew, struct slot *slot)
{
	struct process self = *all.as;
	char name[16];

	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != all.master)
		_exit(0);		/* it died before we could ask to be told */
	snprintf(name, sizeof(name), "mcp-fpm %s", slot_pool_name(crew->plan->pool));
	prctl(PR_SET_NAME, name);
	log_role(slot_pool_name(crew->plan->pool));
	close(all.signal_fd);
	crypt_forked();
	atomic_store(&slot->pid, getpid());
	self.slot = slot;
	set_signals();
	crew->plan->run(&self);
}

static void
brake(struct crew *crew)
{
	int64_t now = base_now_us();

	if (now < crew->not_before_us)
		return;			/* one of several that died together */
	crew->brake_ms = crew->brake_ms ? 2 * crew->brake_ms : BRAKE_LEAST_MS;
	if (crew->brake_ms > BRAKE_MOST_MS)
		crew->brake_ms = BRAKE_MOST_MS;
	crew->not_before_us = now + crew->brake_ms * 1000;
	log_say("%s processes die young: the next one in %" PRId64 " ms", slot_pool_name(crew->plan->pool), crew->brake_ms);
}

static int
bear(struct crew *crew)
{
	struct slot *slot = board_claim(all.as->board, crew->plan->pool);
	struct child *child;
	int pid;

	if (!slot)
		bug("no slot is free");
	pid = fork();
	if (pid == 0)
		live(crew, slot);
	if (pid < 0) {
		log_say("fork: %s", strerror(errno));
		board_free(all.as->board, slot);
		return -1;
	}
	atomic_store(&slot->pid, pid);
	child = &all.child[slot - all.as->board->slot];
	*child = (struct child){ .pid = pid, .crew = crew, .born_us = base_now_us() };
	crew->alive++;
	return 0;
}

static bool
is_stopping(const struct crew *crew)
{
	return all.wave >= (crew->plan->last ? WAVE_LAST : WAVE_FIRST);
}

static void
bear_missing(void)
{
	struct crew *crew;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		while (!is_stopping(crew) && crew->alive < crew->plan->processes &&
		    base_now_us() >= crew->not_before_us)
			if (bear(crew) != 0)
				brake(crew);
}

/* --- death ------------------------------------------------------------------------------ */

static void
say_how(const struct child *child, const struct slot *slot, int status)
{
	const char *pool = slot_pool_name(child->crew->plan->pool);
	bool in_hand = atomic_load(&slot->stage) == EVENT_OPEN;
	char how[64];

	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was ended by signal %d (%s)", WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	log_say("%s process %d %s%s%s", pool, child->pid, how, in_hand ? ", in its hand request " : "",
	    in_hand ? slot->event.id : "");
}

static void
bury(struct child *child, int status)
{
	struct board *board = all.as->board;
	struct slot *slot = &board->slot[child - all.child];
	struct crew *crew = child->crew;
	bool young = base_now_us() - child->born_us < YOUNG_US;

	if (status != 0)
		say_how(child, slot, status);
	audit_bury(all.as->cfg, board, slot);
	crew->alive--;
	child->pid = 0;
	if (!young)
		crew->brake_ms = 0;
	else if (!is_stopping(crew) && (status != 0 || slot->requests == 0))
		brake(crew);
	board_free(board, slot);
}

static void
bury_dead(void)
{
	int pid, status, i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < SLOTS_MAX; i++)
			if (all.child[i].pid == pid)
				bury(&all.child[i], status);
}

/* --- the stop --------------------------------------------------------------------------- */

static void
tell(int signal_number)
{
	const struct child *c;

	for (c = all.child; c < all.child + SLOTS_MAX; c++)
		if (c->pid > 0 && is_stopping(c->crew))
			kill(c->pid, signal_number);
}

static int64_t
alive_in_wave(void)
{
	const struct crew *crew;
	int64_t n = 0;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		n += is_stopping(crew) ? crew->alive : 0;
	return n;
}

static int64_t
patience_ms(void)
{
	return all.wave == WAVE_FIRST ? all.as->cfg->drain_timeout_ms : POOL_LAST_MS;
}

static void
begin_wave(enum wave wave)
{
	all.wave = wave;
	all.step = 0;
	all.step_us = base_now_us() + patience_ms() * 1000;
	tell(stops[0]);
}

static void
escalate(void)
{
	if (all.step + 1 < LEN(stops))
		all.step++;
	all.step_us = base_now_us() + patience_ms() * 1000;
	log_say("not gone yet: %" PRId64 "; sending SIG%s", alive_in_wave(), sigabbrev_np(stops[all.step]));
	tell(stops[all.step]);
}

/* A second SIGTERM is for those who cannot wait. */
static void
stop(int signal_number)
{
	if (all.wave != WAVE_NONE) {
		escalate();
		return;
	}
	log_say("%s: finishing the requests in hand", sigdescr_np(signal_number));
	sockets_notify("STOPPING=1");
	begin_wave(WAVE_FIRST);
}

static void
go_on_stopping(void)
{
	while (all.wave != WAVE_NONE && all.wave != WAVE_OVER && alive_in_wave() == 0)
		begin_wave(all.wave + 1);
	if (all.wave != WAVE_NONE && all.wave != WAVE_OVER && base_now_us() >= all.step_us)
		escalate();
}

/* --- the master ------------------------------------------------------------------------- */

static void
open_signals(void)
{
	static const int ours[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < LEN(ours); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	all.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (all.signal_fd < 0)
		die("signalfd: %s", strerror(errno));
}

static void
take_signals(void)
{
	struct signalfd_siginfo info;

	while (read(all.signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			log_say("SIGHUP: settings and tools are read at start only; a restart is needed");
		else if (info.ssi_signo != SIGCHLD)
			stop((int)info.ssi_signo);
	}
}

/* Every process of every pool has made its first step. */
static bool
all_stand(void)
{
	const struct board *board = all.as->board;
	const struct crew *crew;
	int i;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (crew->alive < crew->plan->processes)
			return false;
	for (i = 0; i < SLOTS_MAX; i++)
		if (all.child[i].pid > 0 && atomic_load(&board->slot[i].state) == SLOT_FREE)
			return false;
	return true;
}

/* It holds other units back until every worker can take a request. */
static void
tell_systemd(void)
{
	int64_t watchdog = sockets_watchdog_us();

	if (watchdog > 0 && base_now_us() - all.beat_us >= watchdog / 2) {
		all.beat_us = base_now_us();
		sockets_notify("WATCHDOG=1");
	}
	if (all.ready || all.wave != WAVE_NONE || !all_stand())
		return;
	all.ready = true;
	log_say("ready");
	sockets_notify("READY=1");
}

static void
sooner(int64_t *us, int64_t at_us)
{
	int64_t left = at_us - base_now_us();

	if (left < 0)
		left = 0;
	if (*us < 0 || left < *us)
		*us = left;
}

/* Until something is due; -1: only a signal wakes us. */
static int
idle_ms(void)
{
	int64_t us = -1, watchdog = sockets_watchdog_us();
	const struct crew *crew;

	if (!all.ready && all.wave == WAVE_NONE)
		sooner(&us, base_now_us() + READY_MS * 1000);
	if (watchdog > 0)
		sooner(&us, all.beat_us + watchdog / 2);
	if (all.wave != WAVE_NONE)
		sooner(&us, all.step_us);
	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (!is_stopping(crew) && crew->alive < crew->plan->processes)
			sooner(&us, crew->not_before_us);
	return us < 0 ? -1 : (int)((us + 999) / 1000);
}

void
pool_run(const struct process *as, const struct pool_plan *plan, size_t n)
{
	struct pollfd p = { .events = POLLIN };
	size_t i;

	memset(&all, 0, sizeof(all));
	all.as = as;
	all.master = getpid();
	all.crews = n;
	for (i = 0; i < n; i++)
		all.crew[i].plan = &plan[i];
	open_signals();
	for (p.fd = all.signal_fd; all.wave != WAVE_OVER; ) {
		bear_missing();
		tell_systemd();
		poll(&p, 1, idle_ms());
		take_signals();
		bury_dead();
		go_on_stopping();
	}
	close(all.signal_fd);
}
