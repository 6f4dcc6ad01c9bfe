/*
 * pool: one loop around a signalfd.
 *
 * Signals of the master are blocked from its first line to its last and read from the descriptor,
 * so nothing here runs in a handler.
 */
#include "pool.h"
#include "log.h"
#include "sockets.h"

#define READY_MS	20		/* between two looks whether all workers stand */
#define UNREADY_US	10000000	/* a generation that does not stand by then may be replaced by a reload */
#define CHECK_US	60000000	/* of a reload */

/* How an end goes on while somebody does not listen. */
static const int stops[] = { SIGQUIT, SIGTERM, SIGKILL };

enum wave { WAVE_NONE, WAVE_FIRST, WAVE_LAST, WAVE_OVER };

/* The end of a generation. */
struct ending {
	bool      old;			/* of those before ours */
	enum wave wave;
	size_t    step;			/* in stops[] */
	int64_t   due_us;		/* when the next step is */
};

static struct {
	const struct process    *as;
	const struct pool_order *order;
	int           signal_fd;
	struct ending stop;		/* of our own crews */
	struct ending retire;		/* of the old ones */
	bool          ready;		/* our own crews stand, and systemd was told so */
	bool          hup;		/* a reload is wanted */
	int           check;		/* pid of its check; 0: none */
	int64_t       check_us;		/* when that has taken too long */
	int64_t       born_us;
	int64_t       beat_us;		/* systemd's watchdog was told last */
} all;

/* Wanted, and not there yet. */
static bool
is_under_way(const struct ending *e)
{
	return e->wave != WAVE_NONE && e->wave != WAVE_OVER;
}

/* --- the end ---------------------------------------------------------------------------- */

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
	crew_end(e->old, wave != WAVE_FIRST);
	crew_tell(e->old, stops[0]);
}

static void
escalate(struct ending *e)
{
	if (e->step + 1 < LEN(stops))
		e->step++;
	e->due_us = base_now_us() + patience_us(e);
	if (crew_ending(e->old) == 0)
		return;
	log_say("not gone yet: %" PRId64 "%s; sending SIG%s", crew_ending(e->old), e->old ? " of before the reload" : "",
	    sigabbrev_np(stops[e->step]));
	crew_tell(e->old, stops[e->step]);
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
	return crew_ending(e->old) == 0 && (e->old || all.retire.wave == WAVE_OVER);
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

/* The generation before has been told to end, and there is room for one more. */
static bool
may_reload(void)
{
	struct crew_old old[SLOTS_MAX];

	if (all.check > 0 || all.stop.wave != WAVE_NONE)
		return false;
	if (!all.ready && base_now_us() - all.born_us < UNREADY_US)
		return false;
	return crew_list(old) <= SLOTS_MAX / 2 && board_row(all.as->board) >= 0;
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
	struct crew_old old[SLOTS_MAX];
	size_t n = crew_list(old);

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
	int pid, status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == all.check)
			end_check(status);
		crew_bury(pid, status);
	}
}

/* Systemd holds other units back until every worker can take a request; so long the old ones go on. */
static void
stand(void)
{
	if (all.ready || all.stop.wave != WAVE_NONE || !crew_stands())
		return;
	all.ready = true;
	log_say("ready");
	begin_wave(&all.retire, WAVE_FIRST);	/* first: who waits for the reload is to meet the new ones */
	all.order->reload->serves();
	sockets_notify("READY=1");
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
	if (crew_due_us() >= 0)
		sooner(&us, crew_due_us());
	return us < 0 ? -1 : us < 60000000 ? (int)((us + 999) / 1000) : 60000;
}

static void
begin(const struct process *as, const struct pool_order *order)
{
	memset(&all, 0, sizeof(all));
	all.as = as;
	all.order = order;
	all.retire.old = true;
	all.born_us = base_now_us();
	open_signals();
	crew_open(as, all.signal_fd, order->plan, order->n, order->old, order->olds);
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
		crew_fill();
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
