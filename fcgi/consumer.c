/* consumer: one loop: wait for news, ship batches, weigh the log once a second. */
#include "consumer.h"
#include "cache.h"
#include "log.h"
#include "segment.h"
#include "usage.h"

#define CACHE_MS	2000		/* a batch is large, and nobody waits for it */
#define GATHER_MS	25		/* after news: let a batch come together */
#define FALLBACK_MS	1000		/* a look without news */
#define RETRY_MS	1000		/* Redis is away */
#define LAST_WORDS_US	3000000		/* after SIGQUIT */
#define KEEP_S		60		/* Redis may lose its last seconds with its machine */
#define FREE_LEAST	(16 << 20)	/* bytes that the disk must have left */
#define ARENA_MAX	(256 << 20)	/* a batch is a chunk of the log and copies of its records */

struct consumer {
	const struct config *cfg;
	struct board  *board;
	struct cache  *cache;
	struct usage  *usage;		/* of credentials, noted from what is shipped */
	struct arena   mem;		/* of the batch in hand */
	char           key[64];		/* where Redis keeps the position */
	char           believed[48];	/* what it has there, as far as we know */
	struct segment_place place;	/* next byte to ship */
	bool           stuck;		/* the last batch could not be read or shipped */
	bool           light;		/* the last batch was small, and more is being written */
	int            quit_fd, news_fd;
	int64_t        quit_us;		/* SIGQUIT came; 0: not yet */
	int64_t        weighed_us;
	uint64_t       passed[KEEP_S];	/* place.number at each of the last seconds */
	unsigned       second;
};

/*
 * KEYS: the stream, the position.  ARGV: the position as believed, the new one, events.
 * {1, 0, 0}: done.  {0, segment, offset}: the position is another, 0 0 for none, and nothing was done.
 */
static struct cache_script ship_script = { .text =
	"local now = redis.call('GET', KEYS[2]) or ''\n"
	"if now ~= ARGV[1] then\n"
	"  local s, o = string.match(now, '^(%d+) (%d+)$')\n"
	"  return {0, tonumber(s or '0'), tonumber(o or '0')}\n"
	"end\n"
	"for i = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end\n"
	"redis.call('SET', KEYS[2], ARGV[2])\n"
	"return {1, 0, 0}\n"
};

/* --- the position ----------------------------------------------------------------------- */

static void
write_place(char out[48], struct segment_place at)
{
	snprintf(out, 48, "%" PRIu64 " %" PRId64, at.number, at.offset);
}

/* Redis has another position than we believed: it is right, or it has lost it. */
static void
seek_to(struct consumer *c, uint64_t number, int64_t offset)
{
	struct segment_place at = { number, offset };

	c->place = at;
	if (number == 0)
		c->believed[0] = '\0';
	else
		write_place(c->believed, at);
	if (number > atomic_load(&c->board->segment)) {
		log_say("Redis says that the audit log was shipped up to segment %" PRIu64
		    ", which is not there yet; shipping all of it", number);
		c->place = (struct segment_place){ 0 };
	}
}

/* --- shipping --------------------------------------------------------------------------- */

/* -1, having said why when it began. */
static int
be_stuck(struct consumer *c, const char *why)
{
	if (!c->stuck)
		log_say("the audit log waits on disk: %s", why);
	c->stuck = true;
	return -1;
}

static void
move_on(struct consumer *c, const struct segment_batch *b)
{
	if (b->torn > 0)
		log_say("segment %" PRIu64 " of the audit log: %d unfinished records dropped", c->place.number, b->torn);
	c->place.offset += b->used;
	c->light = b->n < SEGMENT_RECORDS / 2 && c->place.number == atomic_load(&c->board->segment);
}

/* One round trip.  0: shipped, or the position was corrected.  -1: Redis did not take it. */
static int
ship(struct consumer *c, const struct segment_batch *b)
{
	const char *argv[SEGMENT_RECORDS + 4] = { "mcp:audit", c->key, c->believed };
	size_t len[SEGMENT_RECORDS + 4];
	struct segment_place next = { c->place.number, c->place.offset + b->used };
	int64_t got[3] = { 0 };
	char position[48];
	const char *why = NULL;
	int argc = 4, i;

	write_place(position, next);
	argv[3] = position;
	for (i = 0; i < argc; i++)
		len[i] = strlen(argv[i]);
	for (i = 0; i < b->n; i++, argc++) {
		argv[argc] = b->at[i];
		len[argc] = b->len[i];
	}
	if (cache_run(c->cache, &ship_script, 2, argc, argv, len, got, 3, &why) != 3)
		return be_stuck(c, why ? why : "Redis answers in another form");
	if (c->stuck)
		log_say("the audit log is shipped again");
	c->stuck = false;
	if (got[0] != 1) {
		seek_to(c, (uint64_t)got[1], got[2]);
		return 0;
	}
	for (i = 0; i < b->n; i++)
		usage_note(c->usage, b->at[i], b->len[i]);
	move_on(c, b);
	memcpy(c->believed, position, sizeof(position));
	return 0;
}

/* On to the next segment that is there.  False: none is. */
static bool
go_on(struct consumer *c)
{
	uint64_t next = segment_from(c->cfg->audit_dir, c->place.number + 1);

	if (next == 0)
		return false;
	c->place = (struct segment_place){ next, 0 };
	return true;
}

/* 1: something was done, there may be more.  0: all is shipped.  -1: it is stuck. */
static int
ship_some(struct consumer *c)
{
	bool closed = segment_closed(c->board, c->place.number);	/* asked before its end is looked for */
	struct segment_batch b;

	arena_reset(&c->mem);
	if (c->place.number == 0)
		return go_on(c);
	if (segment_read(&c->mem, c->cfg->audit_dir, c->place, closed, &b) != 0) {
		if (errno != ENOENT)
			return be_stuck(c, strerror(errno));
		return closed && go_on(c);
	}
	if (b.n > 0)
		return ship(c, &b) == 0 ? 1 : -1;
	if (b.used == 0)
		return closed && go_on(c);
	move_on(c, &b);
	return 1;
}

/* --- the size of the log ---------------------------------------------------------------- */

static bool
disk_is_full(const char *dir, uint64_t least)
{
	struct statvfs about;

	return statvfs(dir, &about) == 0 && (uint64_t)about.f_bavail * about.f_frsize < least;
}

void
consumer_weigh(const struct config *cfg, struct board *board, uint64_t below)
{
	uint64_t most = (uint64_t)cfg->audit_bytes_max, bytes = segment_sweep(cfg->audit_dir, below);
	int was = atomic_load(&board->audit_full), full = was;

	if (bytes >= most || disk_is_full(cfg->audit_dir, FREE_LEAST))
		full = 1;
	else if (bytes < most / 10 * 9 && !disk_is_full(cfg->audit_dir, 2 * FREE_LEAST))
		full = 0;
	atomic_store(&board->audit_bytes, bytes);
	atomic_store(&board->audit_full, full);
	if (full != was)
		log_say("the audit log has %" PRIu64 " of %" PRIu64 " bytes: calls that write are %s", bytes, most,
		    full ? "refused until it is shorter" : "taken again");
}

/* Once a second, and at once when the workers have filled the log since. */
static void
weigh(struct consumer *c)
{
	struct board *board = c->board;
	bool filled = !atomic_load(&board->audit_full) &&
	    atomic_load(&board->audit_bytes) >= (uint64_t)c->cfg->audit_bytes_max;
	int64_t now = base_now_us();
	uint64_t below;

	if (!filled && now - c->weighed_us < 1000000)
		return;
	below = c->passed[c->second % KEEP_S];
	if (!filled) {
		c->passed[c->second++ % KEEP_S] = c->place.number;
		c->weighed_us = now;
	}
	if (atomic_load(&board->audit_full))	/* room now is worth more than a second chance */
		below = c->place.number;
	consumer_weigh(c->cfg, board, below);
}

/* --- waiting ---------------------------------------------------------------------------- */

static void
note_quit(struct consumer *c)
{
	struct signalfd_siginfo info;

	if (c->quit_us == 0 && read(c->quit_fd, &info, sizeof(info)) == sizeof(info))
		c->quit_us = base_now_us();
}

/* Sleeps for ms, or until one of the first n of quit_fd and news_fd has something. */
static bool
sleep_on(struct consumer *c, nfds_t n, int ms)
{
	struct pollfd p[2] = {
		{ .fd = c->quit_us ? -1 : c->quit_fd, .events = POLLIN },
		{ .fd = c->news_fd, .events = POLLIN },
	};

	poll(p, n, ms);
	note_quit(c);
	return n > 1 && p[1].revents;
}

static void
await_news(struct consumer *c)
{
	char events[4096];

	if (c->stuck) {
		sleep_on(c, 1, RETRY_MS);
	} else if (sleep_on(c, 2, FALLBACK_MS)) {
		sleep_on(c, 1, GATHER_MS);
		while (read(c->news_fd, events, sizeof(events)) > 0)
			;
	}
}

/* What ship_some() said decides how long. */
static void
pause_after(struct consumer *c, int did)
{
	if (did <= 0)
		await_news(c);
	else if (c->light && c->quit_us == 0)
		sleep_on(c, 1, GATHER_MS);
	else
		note_quit(c);
}

/* --- life ------------------------------------------------------------------------------- */

static void
open_consumer(struct consumer *c, const struct process *self)
{
	sigset_t quit;

	*c = (struct consumer){ .cfg = self->cfg, .board = self->board, .believed = "unknown" };
	c->usage = usage_make(self->cfg->pg);
	c->cache = cache_make(self->cfg->redis, CACHE_MS);
	arena_init(&c->mem, 2 << 20, ARENA_MAX);
	snprintf(c->key, sizeof(c->key), "mcp:audit:position:%s", self->audit_id);
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	c->quit_fd = signalfd(-1, &quit, SFD_NONBLOCK | SFD_CLOEXEC);
	c->news_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (c->quit_fd < 0)
		bug("signalfd: %s", strerror(errno));
	if (c->news_fd < 0 || inotify_add_watch(c->news_fd, self->cfg->audit_dir, IN_MODIFY | IN_CREATE) < 0)
		log_say("no inotify (%s): the audit log is looked at once a second", strerror(errno));
}

static bool
is_over(const struct consumer *c, int did)
{
	return c->quit_us && (did == 0 || base_now_us() - c->quit_us > LAST_WORDS_US);
}

void
consumer_run(const struct process *self)
{
	static const struct segment_batch nothing;
	struct consumer c;
	int did;

	open_consumer(&c, self);
	slot_move(self->slot, SLOT_IDLE);
	ship(&c, &nothing);		/* asks for the position: none is called "unknown" */
	for (;;) {
		did = ship_some(&c);
		weigh(&c);
		usage_write(c.usage, false);
		if (is_over(&c, did))
			break;
		pause_after(&c, did);
	}
	usage_write(c.usage, true);
	arena_close(&c.mem);
	exit(0);
}
