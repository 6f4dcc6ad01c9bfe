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
#define UNREADY_US	10000000	/* a generation that does not stand by then may be replaced by a reload */
#define CHECK_US	60000000	/* of a reload */
#define CHILDREN_MAX	(2 * SLOTS_MAX)	/* with those on a board that we cannot read */

/* One row of the plan, as it goes. */
struct crew {
	const struct pool_plan *plan;
	bool    old;			/* those that images before us forked */
	int64_t alive;
	int64_t brake_ms;		/* 0: off */
	int64_t not_before_us;		/* no fork before this time */
};

struct child {
	int          pid;		/* 0: none */
	struct crew *crew;
	struct slot *slot;		/* NULL: on a board that we cannot read */
	int64_t      born_us;
};

/* How an end goes on while somebody does not listen. */
static const int stops[] = { SIGQUIT, SIGTERM, SIGKILL };

enum wave { WAVE_NONE, WAVE_FIRST, WAVE_LAST, WAVE_OVER };

/* The end of several crews. */
struct ending {
	enum wave wave;
	size_t    step;			/* in stops[] */
	int64_t   due_us;		/* when the next step is */
};

static struct {
	const struct process    *as;
	const struct pool_order *order;
	struct crew   crew[POOL_COUNT + 2];	/* the last two: the old */
	size_t        crews;
	struct child  child[CHILDREN_MAX];
	int           signal_fd;
	int           master;		/* our pid */
	struct ending stop;		/* of our own crews */
	struct ending retire;		/* of the old ones */
	bool          ready;		/* our own crews stand, and systemd was told so */
	bool          hup;		/* a reload is wanted */
	int           check;		/* pid of its check; 0: none */
	int64_t       check_us;		/* when that has taken too long */
	int64_t       born_us;
	int64_t       beat_us;		/* systemd's watchdog was told last */
} all;

static struct ending *
ending_of(const struct crew *crew)
{
	return crew->old ? &all.retire : &all.stop;
}

static bool
is_ending(const struct crew *crew)
{
	return ending_of(crew)->wave >= (crew->plan->last ? WAVE_LAST : WAVE_FIRST);
}

/* Wanted, and not there yet. */
static bool
is_under_way(const struct ending *e)
{
	return e->wave != WAVE_NONE && e->wave != WAVE_OVER;
}

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

static void
keep_child(int pid, struct crew *crew, struct slot *slot)
{
	struct child *c = all.child;

	while (c->pid > 0)
		c++;		/* there are more than slots */
	*c = (struct child){ .pid = pid, .crew = crew, .slot = slot, .born_us = base_now_us() };
	crew->alive++;
}

static int
bear(struct crew *crew)
{
	struct slot *slot = board_claim(all.as->board, crew->plan->pool);
	int pid;

	if (!slot)
		bug("no slot is free");
	slot->row = all.as->row;
	pid = fork();
	if (pid == 0)
		live(crew, slot);
	if (pid < 0) {
		log_say("fork: %s", strerror(errno));
		board_free(all.as->board, slot);
		return -1;
	}
	atomic_store(&slot->pid, pid);
	keep_child(pid, crew, slot);
	return 0;
}

/*
 * On another board than ours nobody sees where old workers write, so their own audit process ships
 * what they leave, and ours begins after it.
 */
static bool
is_waiting(const struct crew *crew)
{
	const struct child *c;

	if (crew->plan->pool != POOL_AUDIT || all.retire.wave == WAVE_OVER)
		return false;
	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && !c->slot)
			return true;
	return false;
}

static bool
is_short(const struct crew *crew)
{
	return !is_ending(crew) && crew->alive < crew->plan->processes && !is_waiting(crew);
}

static void
bear_missing(void)
{
	struct crew *crew;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		while (is_short(crew) && base_now_us() >= crew->not_before_us)
			if (bear(crew) != 0)
				brake(crew);
}

/* The processes of images before us: nobody is born there any more. */
static void
take_over(void)
{
	static const struct pool_plan plan[] = { { .last = false }, { .last = true } };
	const struct pool_old *o;
	struct crew *crew = all.crew + all.crews;
	size_t i;

	for (i = 0; i < LEN(plan); i++)
		crew[i] = (struct crew){ .plan = &plan[i], .old = true };
	all.crews += LEN(plan);
	for (o = all.order->old; o < all.order->old + all.order->olds; o++)
		keep_child(o->pid, &crew[o->last], o->slot < 0 ? NULL : &all.as->board->slot[o->slot]);
}

/* --- death ------------------------------------------------------------------------------ */

static void
say_how(const struct child *child, int status)
{
	const struct slot *slot = child->slot;
	bool in_hand = slot && atomic_load(&slot->stage) == EVENT_OPEN;
	char how[64];

	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was ended by signal %d (%s)", WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	log_say("%s process %d %s%s%s", slot ? slot_pool_name(slot->pool) : "old", child->pid, how,
	    in_hand ? ", in its hand request " : "", in_hand ? slot->event.id : "");
}

static void
brake_if_young(const struct child *child, int status)
{
	struct crew *crew = child->crew;

	if (base_now_us() - child->born_us >= YOUNG_US)
		crew->brake_ms = 0;
	else if (!crew->old && !is_ending(crew) && (status != 0 || child->slot->requests == 0))
		brake(crew);
}

static void
bury(struct child *child, int status)
{
	if (status != 0)
		say_how(child, status);
	child->crew->alive--;
	child->pid = 0;
	if (child->slot)
		audit_bury(all.as->cfg, all.as->board, child->slot);
	brake_if_young(child, status);
	if (child->slot)
		board_free(all.as->board, child->slot);
}

/* --- the end ---------------------------------------------------------------------------- */

static void
tell(const struct ending *e, int signal_number)
{
	const struct child *c;

	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && ending_of(c->crew) == e && is_ending(c->crew))
			kill(c->pid, signal_number);
}

static int64_t
alive_in_wave(const struct ending *e)
{
	const struct crew *crew;
	int64_t n = 0;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		n += ending_of(crew) == e && is_ending(crew) ? crew->alive : 0;
	return n;
}

static int64_t
patience_us(const struct ending *e)
{
	return 1000 * (e->wave == WAVE_FIRST ? all.as->cfg->drain_timeout_ms : POOL_LAST_MS);
}

static void
begin_wave(struct ending *e, enum wave wave)
{
	e->wave = wave;
	e->step = 0;
	e->due_us = base_now_us() + patience_us(e);
	tell(e, stops[0]);
}

static void
escalate(struct ending *e)
{
	if (e->step + 1 < LEN(stops))
		e->step++;
	e->due_us = base_now_us() + patience_us(e);
	if (alive_in_wave(e) == 0)
		return;
	log_say("not gone yet: %" PRId64 "%s; sending SIG%s", alive_in_wave(e), e == &all.retire ? " of before the reload" : "",
	    sigabbrev_np(stops[e->step]));
	tell(e, stops[e->step]);
}

/* A second SIGTERM is for those who cannot wait. */
static void
stop(int signal_number)
{
	if (all.stop.wave != WAVE_NONE) {
		escalate(&all.stop);
		if (is_under_way(&all.retire))
			escalate(&all.retire);
		return;
	}
	log_say("%s: finishing the requests in hand", sigdescr_np(signal_number));
	sockets_notify("STOPPING=1");
	if (all.check > 0)
		kill(all.check, SIGKILL);
	begin_wave(&all.stop, WAVE_FIRST);
	if (all.retire.wave == WAVE_NONE)
		begin_wave(&all.retire, WAVE_FIRST);
}

/* Our last pools also wait for the old workers: the audit process ships what those write. */
static bool
may_go_on(const struct ending *e)
{
	return alive_in_wave(e) == 0 && (e == &all.retire || all.retire.wave == WAVE_OVER);
}

static void
go_on_ending(struct ending *e)
{
	while (is_under_way(e) && may_go_on(e))
		begin_wave(e, e->wave + 1);
	if (is_under_way(e) && base_now_us() >= e->due_us)
		escalate(e);
}

static void
go_on_retiring(void)
{
	bool was_over = all.retire.wave == WAVE_OVER;

	go_on_ending(&all.retire);
	if (!was_over && all.retire.wave == WAVE_OVER)
		all.order->reload->alone();
}

/* --- the reload ------------------------------------------------------------------------- */

static size_t
list_children(struct pool_old old[SLOTS_MAX])
{
	const struct child *c;
	size_t n = 0;

	for (c = all.child; c < all.child + CHILDREN_MAX && n < SLOTS_MAX; c++)
		if (c->pid > 0)
			old[n++] = (struct pool_old){ c->pid, c->slot ? (int)(c->slot - all.as->board->slot) : -1, c->crew->plan->last };
	return n;
}

/* The generation before has been told to end, and there is room for one more. */
static bool
may_reload(void)
{
	struct pool_old old[SLOTS_MAX];

	if (all.check > 0 || all.stop.wave != WAVE_NONE)
		return false;
	if (!all.ready && base_now_us() - all.born_us < UNREADY_US)
		return false;
	return list_children(old) <= SLOTS_MAX / 2 && board_row(all.as->board) >= 0;
}

static void
tell_systemd_reloading(void)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, base_now_us());
	sockets_notify(text);
}

static void
end_check(int status)
{
	struct pool_old old[SLOTS_MAX];
	size_t n = list_children(old);

	all.check = 0;
	if (all.stop.wave != WAVE_NONE)
		return;
	if (all.hup)
		kill(getpid(), SIGHUP);		/* blocked, so it is the next image that hears of it */
	all.order->reload->become(status, old, n);
	sockets_notify("READY=1");
}

static void
begin_check(void)
{
	all.hup = false;
	tell_systemd_reloading();
	all.check = all.order->reload->check();
	all.check_us = base_now_us() + CHECK_US;
	if (all.check < 0)
		end_check(-1);
}

static void
go_on_reloading(void)
{
	if (all.hup && may_reload())
		begin_check();
	if (all.check > 0 && base_now_us() >= all.check_us) {
		log_say("the check takes too long; it is ended");
		kill(all.check, SIGKILL);
		all.check_us = INT64_MAX;
	}
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
			all.hup = true;
		else if (info.ssi_signo != SIGCHLD)
			stop((int)info.ssi_signo);
	}
}

static void
bury_dead(void)
{
	struct child *c;
	int pid, status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == all.check)
			end_check(status);
		for (c = all.child; c < all.child + CHILDREN_MAX; c++)
			if (c->pid == pid)
				bury(c, status);
	}
}

/* Every process of every pool has made its first step. */
static bool
all_stand(void)
{
	const struct crew *crew;
	const struct child *c;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (is_short(crew))
			return false;
	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && !c->crew->old && atomic_load(&c->slot->state) == SLOT_FREE)
			return false;
	return true;
}

/* Systemd holds other units back until every worker can take a request; so long the old ones go on. */
static void
stand(void)
{
	if (all.ready || all.stop.wave != WAVE_NONE || !all_stand())
		return;
	all.ready = true;
	log_say("ready");
	all.order->reload->serves();
	sockets_notify("READY=1");
	begin_wave(&all.retire, WAVE_FIRST);
}

static void
feed_watchdog(void)
{
	int64_t watchdog = sockets_watchdog_us();

	if (watchdog > 0 && base_now_us() - all.beat_us >= watchdog / 2) {
		all.beat_us = base_now_us();
		sockets_notify("WATCHDOG=1");
	}
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

	if ((!all.ready && all.stop.wave == WAVE_NONE) || (all.hup && all.check == 0))
		sooner(&us, base_now_us() + READY_MS * 1000);
	if (watchdog > 0)
		sooner(&us, all.beat_us + watchdog / 2);
	if (all.check > 0)
		sooner(&us, all.check_us);
	if (is_under_way(&all.stop))
		sooner(&us, all.stop.due_us);
	if (is_under_way(&all.retire))
		sooner(&us, all.retire.due_us);
	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (is_short(crew))
			sooner(&us, crew->not_before_us);
	return us < 0 ? -1 : us < 60000000 ? (int)((us + 999) / 1000) : 60000;
}

static void
begin(const struct process *as, const struct pool_order *order)
{
	size_t i;

	memset(&all, 0, sizeof(all));
	all.as = as;
	all.order = order;
	all.master = getpid();
	all.born_us = base_now_us();
	all.crews = order->n;
	for (i = 0; i < order->n; i++)
		all.crew[i].plan = &order->plan[i];
	take_over();
	open_signals();
}

static bool
is_over(void)
{
	return all.stop.wave == WAVE_OVER && all.retire.wave == WAVE_OVER;
}

void
pool_run(const struct process *as, const struct pool_order *order)
{
	struct pollfd p = { .events = POLLIN };

	begin(as, order);
	for (p.fd = all.signal_fd; !is_over(); ) {
		bear_missing();
		stand();
		feed_watchdog();
		poll(&p, 1, idle_ms());
		take_signals();
		bury_dead();
		go_on_reloading();
		go_on_retiring();
		go_on_ending(&all.stop);
	}
	close(all.signal_fd);
}
