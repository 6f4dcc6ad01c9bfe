/* crew: one table of children, which only the master sees; what others see is on the board. */
#include "crew.h"
#include "audit.h"
#include "log.h"
#include "seat.h"

#define YOUNG_US	1000000		/* whoever dies before this age was born with a fault */
#define BRAKE_LEAST_MS	100
#define BRAKE_MOST_MS	10000
#define CHILDREN_MAX	(2 * SLOTS_MAX)	/* with those on a board that we cannot read */

struct crew {
	const struct crew_plan *plan;
	bool    old;			/* those that images before us forked */
	bool    ending;
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

static struct {
	const struct process *as;
	struct crew  crew[POOL_COUNT + 2];	/* the last two: the old */
	size_t       crews;
	struct child child[CHILDREN_MAX];
	int          signal_fd;
	int          master;		/* our pid */
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

	if (crew->plan->pool != POOL_AUDIT)
		return false;
	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && !c->slot)
			return true;
	return false;
}

static bool
is_short(const struct crew *crew)
{
	return !crew->ending && crew->alive < crew->plan->processes && !is_waiting(crew);
}

void
crew_fill(void)
{
	struct crew *crew;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		while (is_short(crew) && base_now_us() >= crew->not_before_us)
			if (bear(crew) != 0)
				brake(crew);
}

int64_t
crew_due_us(void)
{
	const struct crew *crew;
	int64_t due = -1;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (is_short(crew) && (due < 0 || crew->not_before_us < due))
			due = crew->not_before_us;
	return due;
}

bool
crew_stands(void)
{
	const struct child *c;

	if (crew_due_us() >= 0)
		return false;
	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && !c->crew->old && atomic_load(&c->slot->state) == SLOT_FREE)
			return false;
	return true;
}

static void
take_over(const struct crew_old *old, size_t n)
{
	static const struct crew_plan plan[] = { { .last = false }, { .last = true } };
	const struct crew_old *o;
	struct crew *crew = all.crew + all.crews;
	size_t i;

	for (i = 0; i < LEN(plan); i++)
		crew[i] = (struct crew){ .plan = &plan[i], .old = true };
	all.crews += LEN(plan);
	for (o = old; o < old + n; o++)
		keep_child(o->pid, &crew[o->last], o->slot < 0 ? NULL : &all.as->board->slot[o->slot]);
}

void
crew_open(const struct process *as, int signal_fd, const struct crew_plan *plan, size_t n,
    const struct crew_old *old, size_t olds)
{
	size_t i;

	memset(&all, 0, sizeof(all));
	all.as = as;
	all.signal_fd = signal_fd;
	all.master = getpid();
	all.crews = n;
	for (i = 0; i < n; i++)
		all.crew[i].plan = &plan[i];
	take_over(old, olds);
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
	else if (!crew->old && !crew->ending && (status != 0 || child->slot->requests == 0))
		brake(crew);
}

static void
bury(struct child *child, int status)
{
	if (status != 0)
		say_how(child, status);
	child->crew->alive--;
	child->pid = 0;
	if (child->slot) {
		audit_bury(all.as->cfg, all.as->board, child->slot);
		seat_clear(all.as->board, child->slot);
	}
	brake_if_young(child, status);
	if (child->slot)
		board_free(all.as->board, child->slot);
}

void
crew_bury(int pid, int status)
{
	struct child *c;

	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid == pid)
			bury(c, status);
}

/* --- the end ---------------------------------------------------------------------------- */

void
crew_end(bool old, bool last)
{
	struct crew *crew;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		if (crew->old == old && crew->plan->last == last)
			crew->ending = true;
}

void
crew_tell(bool old, int signal_number)
{
	const struct child *c;

	for (c = all.child; c < all.child + CHILDREN_MAX; c++)
		if (c->pid > 0 && c->crew->old == old && c->crew->ending)
			kill(c->pid, signal_number);
}

int64_t
crew_ending(bool old)
{
	const struct crew *crew;
	int64_t n = 0;

	for (crew = all.crew; crew < all.crew + all.crews; crew++)
		n += crew->old == old && crew->ending ? crew->alive : 0;
	return n;
}

size_t
crew_list(struct crew_old out[SLOTS_MAX])
{
	const struct child *c;
	size_t n = 0;

	for (c = all.child; c < all.child + CHILDREN_MAX && n < SLOTS_MAX; c++)
		if (c->pid > 0)
			out[n++] = (struct crew_old){ c->pid, c->slot ? (int)(c->slot - all.as->board->slot) : -1, c->crew->plan->last };
	return n;
}
