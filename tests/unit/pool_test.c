/*
 * pool: forks, replaces, brakes, buries and stops, with children that do what they are told.
 *
 * The master under test is a child of this program; its children speak through the board.
 */
#include "tap.h"
#include "pool.h"
#include "log.h"
#include "segment.h"

static struct config cfg;
static struct board *board;
static struct process as;
static char dir[] = "/tmp/pool_test.XXXXXX";
static int said;			/* what the master says */

/* How the master is to reload; shared with it. */
static struct {
	_Atomic int checks;		/* how many were begun */
	_Atomic int check_status;	/* of the next */
	_Atomic int check_hangs;
	_Atomic int exec_fails;
	_Atomic int foreign;		/* the next image cannot read the board of this one */
	_Atomic int images, alone;
} *how;

/* --- children --------------------------------------------------------------------------- */

static void noreturn
wait_for_quit(const struct process *self)
{
	sigset_t quit;
	int number;

	slot_move(self->slot, SLOT_IDLE);
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigwait(&quit, &number);
	_exit(0);
}

static void noreturn
be_stubborn(const struct process *self)
{
	signal(SIGTERM, SIG_IGN);
	slot_move(self->slot, SLOT_IDLE);
	for (;;)
		pause();
}

static void noreturn
die_young(const struct process *self)
{
	atomic_fetch_add(&board->audit_lost, 1);	/* a counter that nobody else uses here */
	slot_move(self->slot, SLOT_IDLE);
	_exit(3);
}

static void noreturn
die_with_request(const struct process *self)
{
	struct slot *s = self->slot;

	slot_move(s, SLOT_BUSY);
	if (atomic_fetch_add(&board->redis_away, 1) > 0)	/* only the first of us */
		wait_for_quit(self);
	crypt_uuid(s->event.id);
	s->event.at_us = base_wall_us();
	slot_put(s->event.tool, sizeof(s->event.tool), "list_pipelines");
	atomic_store(&s->stage, EVENT_OPEN);
	raise(SIGKILL);
	_exit(0);
}

/* --- reloads ---------------------------------------------------------------------------- */

static const struct crew_plan *next_plan;	/* of the next image */
static size_t next_n;

static int
check(void)
{
	int pid = fork();

	if (pid != 0)
		return pid;
	atomic_fetch_add(&how->checks, 1);
	while (atomic_load(&how->check_hangs))
		usleep(10000);
	_exit(atomic_load(&how->check_status));
}

static void serve(void);

static void
count_alone(void)
{
	atomic_fetch_add(&how->alone, 1);
}

static void become(int status, const struct crew_old *old, size_t n);

static const struct pool_reload deeds = { .check = check, .become = become, .serves = serve, .alone = count_alone };

static void
serve(void)
{
	atomic_fetch_add(&how->images, 1);
}

/* What stands for execve() here: the same process runs a pool that knows only what it was told. */
static void
become(int status, const struct crew_old *old, size_t n)
{
	static struct crew_old kept[SLOTS_MAX];
	struct pool_order order = { .plan = next_plan, .n = next_n, .old = kept, .olds = n, .reload = &deeds };
	size_t i;
	int fd;

	if (status != 0 || atomic_load(&how->exec_fails)) {
		log_say("refused: %d", status);
		return;
	}
	memcpy(kept, old, n * sizeof(*old));
	for (i = 0; atomic_load(&how->foreign) && i < n; i++)
		kept[i].slot = -1;
	if (atomic_load(&how->foreign))
		as.board = board_map(&fd);
	as.row = board_row(as.board);
	pool_run(&as, &order);
	_exit(0);
}

/* --- the master ------------------------------------------------------------------------- */

static int
start(const struct crew_plan *plan, size_t n)
{
	struct pool_order order = { .plan = plan, .n = n, .reload = &deeds };
	int pid;

	memset(how, 0, sizeof(*how));
	memset(board->slot, 0, sizeof(board->slot));
	board->slots = 0;
	atomic_store(&board->audit_lost, 0);
	atomic_store(&board->redis_away, 0);
	next_plan = plan;
	next_n = n;
	if (ftruncate(said, 0) != 0 || lseek(said, 0, SEEK_SET) != 0)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(said, STDERR_FILENO);
		pool_run(&as, &order);
		_exit(0);
	}
	return pid;
}

static bool
has_said(const char *words)
{
	static char text[65536];
	ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strstr(text, words) != NULL;
}

static bool
says(const char *words, int most_ms)
{
	for (; most_ms > 0 && !has_said(words); most_ms -= 10)
		usleep(10000);
	return has_said(words);
}

static int
ended(int pid, int most_ms)
{
	int status;

	for (; most_ms > 0; most_ms -= 5) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		usleep(5000);
	}
	return -1000;
}

static int
count(enum pool pool)
{
	int i, n = 0;

	for (i = 0; i < SLOTS_MAX; i++)
		n += board->slot[i].pool == pool && atomic_load(&board->slot[i].pid) > 0;
	return n;
}

static int
pid_of(enum pool pool)
{
	int i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (board->slot[i].pool == pool && atomic_load(&board->slot[i].pid) > 0)
			return atomic_load(&board->slot[i].pid);
	return 0;
}

static bool
is_there(int pid)
{
	return kill(pid, 0) == 0;
}

/* --- tests ------------------------------------------------------------------------------ */

static void
test_life(void)
{
	static const struct crew_plan plan[] = {
		{ POOL_FAST,  3, false, wait_for_quit },
		{ POOL_AUDIT, 1, true,  wait_for_quit },
	};
	int pid = start(plan, LEN(plan)), worker, audit;

	ok(says("ready", 15000), "it is ready when all stand");
	is_int(count(POOL_FAST), 3, "as many as planned");
	is_int(count(POOL_AUDIT), 1, "in each pool");
	usleep(1100000);	/* nobody dies young */
	worker = pid_of(POOL_FAST);
	kill(worker, SIGKILL);
	ok(says("was ended by signal 9", 2000), "a death is told");
	usleep(50000);
	is_int(count(POOL_FAST), 3, "and mended at once");
	ok(!is_there(worker), "by another process");
	ok(!has_said("die young"), "without a brake");

	audit = pid_of(POOL_AUDIT);
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "SIGTERM ends it");
	is_int(count(POOL_FAST) + count(POOL_AUDIT), 0, "with all its children");
	ok(!is_there(audit), "really");
	ok(!has_said("not gone yet"), "and without force");
}

static void
test_brake(void)
{
	static const struct crew_plan plan[] = { { POOL_FAST, 4, false, die_young } };
	int pid = start(plan, LEN(plan)), births;

	usleep(1000000);	/* 0, 100, 300, 700 ms: four rounds */
	births = (int)atomic_load(&board->audit_lost);
	ok(births >= 12 && births <= 20, "processes that die young are born slowly: %d births in a second", births);
	ok(has_said("the next one in 100 ms") && has_said("the next one in 400 ms"), "slower and slower, and it is told");
	kill(pid, SIGTERM);
	is_int(ended(pid, 1000), 0, "a stop does not wait for the brake");
}

static void
test_burial(void)
{
	static const struct crew_plan plan[] = { { POOL_FAST, 1, false, die_with_request } };
	struct segment_place from = { 1, 0 };
	struct segment_batch b;
	struct arena mem;
	int pid = start(plan, LEN(plan));

	arena_init(&mem, 65536, 16 << 20);
	ok(says("in its hand request", 2000), "a death in mid-request is told as one");
	usleep(300000);
	is_int(segment_read(&mem, dir, from, false, &b), 0, "the log is read");
	is_int(b.n, 1, "its event is written, once");
	ok(b.n == 1 && strstr(b.at[0], "\"code\":\"died\"") && strstr(b.at[0], "list_pipelines"), "from its draft");
	kill(pid, SIGTERM);
	is_int(ended(pid, 2000), 0, "and the master goes on until it is stopped");
	arena_close(&mem);
}

static void
test_stop(void)
{
	static const struct crew_plan plan[] = {
		{ POOL_FAST,  2, false, be_stubborn },
		{ POOL_AUDIT, 1, true,  wait_for_quit },
	};
	int pid, audit;
	int64_t from;

	cfg.drain_timeout_ms = 300;
	pid = start(plan, LEN(plan));
	ok(says("ready", 15000), "children that do not listen");
	audit = pid_of(POOL_AUDIT);
	from = base_now_us();
	kill(pid, SIGTERM);
	ok(says("sending SIGTERM", 1000), "are asked again");
	ok(is_there(audit), "the last pool waits for them");
	ok(says("sending SIGKILL", 1000), "and then not asked");
	is_int(ended(pid, 2000), 0, "so a stop ends");
	ok(base_now_us() - from < 1500000, "in the time it was given");

	cfg.drain_timeout_ms = 60000;
	pid = start(plan, LEN(plan));
	ok(says("ready", 15000), "and if that is too long");
	kill(pid, SIGTERM);
	ok(says("finishing", 1000), "a second signal");
	kill(pid, SIGTERM);
	ok(says("sending SIGTERM", 1000), "hurries");
	kill(pid, SIGTERM);
	is_int(ended(pid, 2000), 0, "and a third ends it");
}

static void
test_orphans(void)
{
	static const struct crew_plan plan[] = { { POOL_FAST, 2, false, wait_for_quit } };
	int pid = start(plan, LEN(plan)), child, waited;

	ok(says("ready", 15000), "a master");
	child = pid_of(POOL_FAST);
	kill(pid, SIGKILL);
	is_int(ended(pid, 1000), -SIGKILL, "is killed");
	for (waited = 0; waited < 1000 && is_there(child); waited += 10) {
		usleep(10000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	ok(!is_there(child), "its children end too");
}

static int
row_of(enum pool pool)
{
	int i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (board->slot[i].pool == pool && atomic_load(&board->slot[i].pid) > 0)
			return board->slot[i].row;
	return -1;
}

static bool
comes(_Atomic int *number, int value, int most_ms)
{
	for (; most_ms > 0 && atomic_load(number) != value; most_ms -= 5)
		usleep(5000);
	return atomic_load(number) == value;
}

static void
test_refused_reload(void)
{
	static const struct crew_plan plan[] = { { POOL_FAST, 2, false, wait_for_quit } };
	int pid = start(plan, LEN(plan)), worker;

	ok(comes(&how->images, 1, 15000), "a generation stands");
	worker = pid_of(POOL_FAST);
	atomic_store(&how->check_status, 1);
	kill(pid, SIGHUP);
	ok(says("refused: 256", 2000), "a check that fails");
	is_int(pid_of(POOL_FAST), worker, "changes nothing");
	atomic_store(&how->check_status, 0);
	atomic_store(&how->exec_fails, 1);
	kill(pid, SIGHUP);
	ok(says("refused: 0", 2000), "neither does a program that cannot be executed");
	is_int(count(POOL_FAST), 2, "everybody is there");
	atomic_store(&how->check_hangs, 1);
	kill(pid, SIGHUP);
	ok(comes(&how->checks, 3, 2000), "while a check runs");
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "a stop does not wait for it");
	is_int(atomic_load(&how->images), 1, "and nothing was reloaded");
}

static void
test_reload(void)
{
	static const struct crew_plan plan[] = {
		{ POOL_FAST,  3, false, wait_for_quit },
		{ POOL_AUDIT, 1, true,  wait_for_quit },
	};
	int pid = start(plan, LEN(plan)), before, i, others = 0;

	ok(comes(&how->images, 1, 15000), "a generation stands");
	before = pid_of(POOL_FAST);
	atomic_store(&how->check_hangs, 1);
	kill(pid, SIGHUP);
	ok(comes(&how->checks, 1, 2000), "a reload is checked");
	kill(pid, SIGHUP);
	usleep(50000);
	is_int(atomic_load(&how->checks), 1, "another one meanwhile waits");
	atomic_store(&how->check_hangs, 0);
	ok(comes(&how->images, 2, 15000), "the next image stands");
	ok(comes(&how->images, 3, 15000), "and then the one after it");
	for (i = 0; i < 300 && (is_there(before) || count(POOL_FAST) + count(POOL_AUDIT) > 4); i++)
		usleep(10000);
	ok(!is_there(before), "those before are gone");
	is_int(count(POOL_FAST), 3, "as many workers as planned");
	is_int(count(POOL_AUDIT), 1, "in each pool");
	for (i = 0; i < SLOTS_MAX; i++)
		others += atomic_load(&board->slot[i].pid) > 0 && board->slot[i].row != row_of(POOL_FAST);
	is_int(others, 0, "and all have one row of proofs");

	kill(pid_of(POOL_FAST), SIGKILL);
	ok(says("was ended by signal 9", 2000), "a death is told after a reload too");
	for (i = 0; i < 200 && count(POOL_FAST) < 3; i++)
		usleep(10000);		/* it died young */
	is_int(count(POOL_FAST), 3, "and mended");
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "and a stop ends all");
	is_int(count(POOL_FAST) + count(POOL_AUDIT), 0, "of them");
}

/* Old workers that do not listen: the new ones serve, and the old ones are ended on a timer. */
static void
test_stubborn_old(void)
{
	static const struct crew_plan stubborn[] = { { POOL_FAST, 2, false, be_stubborn } };
	int pid, old;

	cfg.drain_timeout_ms = 300;
	pid = start(stubborn, LEN(stubborn));
	ok(comes(&how->images, 1, 15000), "workers that do not listen");
	old = pid_of(POOL_FAST);
	kill(pid, SIGHUP);
	ok(comes(&how->images, 2, 15000), "do not hold a reload back");
	is_int(count(POOL_FAST), 4, "they are there beside the new ones");
	ok(says("of before the reload; sending SIGTERM", 2000) && says("sending SIGKILL", 2000), "are asked, and not asked");
	ok(comes(&how->alone, 2, 2000) && !is_there(old), "and gone");
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "a stop ends the new ones as any");
	cfg.drain_timeout_ms = 5000;
}

static void
test_inherited_burial(void)
{
	static const struct crew_plan plan[] = { { POOL_FAST, 1, false, wait_for_quit } };
	struct segment_place from = { 1, 0 };
	struct segment_batch b;
	struct slot *slot = NULL;
	struct arena mem;
	int pid = start(plan, LEN(plan)), old, i;

	arena_init(&mem, 65536, 16 << 20);
	ok(comes(&how->images, 1, 15000), "a worker");
	old = pid_of(POOL_FAST);
	for (i = 0; i < SLOTS_MAX && !slot; i++)
		slot = atomic_load(&board->slot[i].pid) == old ? &board->slot[i] : NULL;
	crypt_uuid(slot->event.id);
	slot->event.at_us = base_wall_us();
	slot_put(slot->event.tool, sizeof(slot->event.tool), "get_pipeline");
	atomic_store(&slot->stage, EVENT_OPEN);
	kill(old, SIGSTOP);	/* its request takes long */
	kill(pid, SIGHUP);
	ok(comes(&how->images, 2, 15000), "is old after a reload");
	ok(is_there(old), "and finishes its request");
	kill(old, SIGKILL);
	ok(says("in its hand request", 2000), "if it dies with it");
	ok(comes(&how->alone, 2, 2000), "the new image knows");
	is_int(segment_read(&mem, dir, from, false, &b), 0, "the log is read");
	ok(b.n > 0 && strstr(b.at[b.n - 1], "get_pipeline") && strstr(b.at[b.n - 1], "\"code\":\"died\""), "and writes its event");
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "it goes on until it is stopped");
	arena_close(&mem);
}

static void
test_foreign_board(void)
{
	static const struct crew_plan plan[] = {
		{ POOL_FAST,  2, false, wait_for_quit },
		{ POOL_AUDIT, 1, true,  wait_for_quit },
	};
	int pid = start(plan, LEN(plan)), old;

	ok(comes(&how->images, 1, 15000), "a generation stands");
	old = pid_of(POOL_AUDIT);
	atomic_store(&how->foreign, 1);
	kill(pid, SIGHUP);
	ok(comes(&how->images, 2, 15000), "one with another board takes over");
	ok(comes(&how->alone, 2, 15000), "those before end");
	ok(!is_there(old), "the audit process too");
	kill(pid, SIGTERM);
	is_int(ended(pid, 15000), 0, "a stop ends it");
	ok(!has_said("old process"), "and all went in peace");
}

int
main(void)
{
	char command[96];
	int fd;

	if (!mkdtemp(dir))
		return 1;
	said = memfd_create("said", MFD_CLOEXEC);
	fcntl(said, F_SETFL, O_APPEND);
	board = board_map(&fd);
	atomic_store(&board->segment, 1);
	how = mmap(NULL, sizeof(*how), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cfg = (struct config){ .audit_dir = dir, .node = "n1", .audit_segment_bytes = 1 << 20, .drain_timeout_ms = 5000 };
	as = (struct process){ .cfg = &cfg, .board = board };
	prctl(PR_SET_CHILD_SUBREAPER, 1);	/* orphans are collected here */
	signal(SIGCHLD, SIG_DFL);
	test_life();
	test_brake();
	test_burial();
	test_stop();
	test_refused_reload();
	test_reload();
	test_stubborn_old();
	test_inherited_burial();
	test_foreign_board();
	test_orphans();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
