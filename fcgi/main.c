/*
 * main: mcp-fpm, the master.
 *
 * The start is one list, in boot(); whatever is wrong stops it there with a sentence.  -t walks the
 * same list as far as it can without disturbing a master that runs.  A reload is a start too, of an
 * image that finds its socket, its board and its log open already.
 */
#include "bind_c.h"
#include "base.h"
#include "board.h"
#include "config.h"
#include "consumer.h"
#include "lists.h"
#include "log.h"
#include "reload.h"
#include "seal.h"
#include "segment.h"
#include "sockets.h"
#include "stream.h"
#include "warden.h"
#include "worker.h"

#define CATALOGS_BYTES_MAX ((size_t)1 << 30)
#define RELOAD_MS 30000		/* besides what calls in hand may take */

struct boot {
	struct config    cfg;
	struct arena     mem;		/* of the process */
	struct seal_keys seal;
	struct crypt_key key, key_old;
	struct catalogs  catalogs;
	enum proof       verdict[CATALOGS_MAX];
	char             audit_id[SEGMENT_ID];
	struct process   process;
	struct reload_heritage heritage;	/* of the image before, in a reload */
	struct reload_own      own;		/* of the next one */
};

static const char usage[] =
	"usage: mcp-fpm [-e FILE] [-t | --reload]\n"
	"\n"
	"Serves MCP tools, resources and prompts over FastCGI until SIGTERM; see mcp-fpm(8).\n"
	"\n"
	"  -e FILE     settings, a line NAME=VALUE each; the environment wins\n"
	"  -t          check settings, catalogs and the isolation of tenants, and exit\n"
	"  --reload    check them, tell the server that runs with them, and wait until it has\n"
	"              reloaded\n"
	"  --settings  print every setting with its default\n"
	"  --version   print the version\n"
	"  --help      print this\n";

/* --- the steps of a start --------------------------------------------------------------- */

static void
need_settings(struct config *cfg)
{
	config_need(cfg->pg, "PG");
	config_need(cfg->audit_dir, "AUDIT_DIR");
	config_need(cfg->key_file, "KEY_FILE");
}

static void
load_keys(struct boot *b)
{
	const char *why;

	if (crypt_key_file(&b->mem, &b->key, b->cfg.key_file, &why) != 0)
		die("MCP_KEY_FILE: %s", why);
	if (b->cfg.key_file_old && crypt_key_file(&b->mem, &b->key_old, b->cfg.key_file_old, &why) != 0)
		die("MCP_KEY_FILE_OLD: %s", why);
	if (seal_load(&b->mem, &b->seal, &b->cfg, &why) != 0)
		die("%s", why);
}

static void
load_catalogs(struct boot *b)
{
	const char *why;

	if (catalog_file_load(&b->mem, b->cfg.tools, &b->catalogs, &why) != 0)
		die("%s", why);
	if (bind_c_load(&b->mem, &b->catalogs, &why) != 0)
		die("%s", why);
	if (b->seal.n == 0 && (why = catalogs_sealing(&b->catalogs)))
		die("%s: args: to seal something MCP_SEAL_KEY must be set", why);
}

/* Every finding on a line of its own. */
static void
say_findings(struct buf *says)
{
	char *line, *rest = says->at;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_say("%s", line);
}

/* Of what PostgreSQL can tell now.  Its connection is closed again: no child may inherit one. */
static enum db_outcome
prove(struct boot *b)
{
	enum db_outcome got;
	struct buf says;

	buf_init(&says, &b->mem, 1 << 20);
	got = warden_prove(&b->cfg, &b->catalogs, &b->mem, b->verdict, &says);
	say_findings(&says);
	/* A check went before a reload, whose way back is gone; what is not proven is not served. */
	if (got == DB_REFUSED && !b->heritage.any)
		die("what stands above must be mended first; nothing was changed");
	return got;
}

/* Goes on with the log and the board of the image before. */
static int
keep_board(struct boot *b)
{
	if (segment_keep(b->cfg.audit_dir, b->audit_id, b->own.lock) != 0)
		return -1;
	b->process.board = board_adopt(b->own.board);
	return b->process.board ? 0 : -1;
}

/* Begins new ones.  The processes of the image before keep theirs, which we then cannot read. */
static void
begin_board(struct boot *b)
{
	struct crew_old *o;

	if (b->heritage.olds > 0)
		log_say("the status board or MCP_AUDIT_DIR is another than before: the event of a request whose old worker dies now is lost");
	for (o = b->heritage.old; o < b->heritage.old + b->heritage.olds; o++)
		o->slot = -1;
	if (b->own.board >= 0)
		close(b->own.board);
	b->process.board = board_map(&b->own.board);
	atomic_store(&b->process.board->segment, segment_own(b->cfg.audit_dir, b->audit_id, &b->own.lock));
}

/* What the lists of this generation are, for those of the one before that hold streams open. */
static void
show_face(struct boot *b)
{
	uint64_t (*face)[FACE] = b->process.board->face[b->process.row];
	const struct catalog *c;
	int what;

	memset(face, 0, sizeof(b->process.board->face[0]));
	for (c = b->catalogs.at; c < b->catalogs.at + b->catalogs.n; c++) {
		face[c->number][0] = slot_number(c->name);
		for (what = 0; what < LISTS_COUNT; what++)
			face[c->number][1 + what] = lists_whole(c, (enum lists)what);
	}
	atomic_store(&b->process.board->newest, b->process.row);
}

static void
open_board(struct boot *b)
{
	size_t i;

	b->own.board = b->heritage.board;
	b->own.lock = b->heritage.lock;
	if (keep_board(b) != 0)
		begin_board(b);
	b->process.row = board_row(b->process.board);
	if (b->process.row < 0)
		bug("all rows of proofs are in use");
	for (i = 0; i < CATALOGS_MAX; i++)
		atomic_store(&b->process.board->proof[b->process.row][i], (int)b->verdict[i]);
	show_face(b);
	b->process.news_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->process.news_fd < 0)
		die("eventfd: %s", strerror(errno));
}

static void
open_sockets(struct boot *b)
{
	const struct config *cfg = &b->cfg;
	const struct reload_heritage *h = &b->heritage;
	int i;

	for (i = 0; i < POOL_LISTENERS; i++) {
		if (h->any)
			b->own.listen[i] = sockets_keep(h->listen[i], h->path[i], cfg->listen[i], cfg->socket_group);
		else
			b->own.listen[i] = sockets_open(slot_pool_name((enum pool)i), cfg->listen[i], cfg->socket_group);
		b->process.listen[i] = b->own.listen[i];
	}
}

static const char *
count(struct arena *mem, size_t n, const char *noun)
{
	return arena_fmt(mem, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

/* What a catalog has, in words; a catalog without resources or prompts does not speak of them. */
static const char *
counts(struct arena *mem, const struct catalog *c)
{
	const char *resources = c->resources.n ? arena_fmt(mem, ", %s", count(mem, c->resources.n, "resource")) : "";
	const char *prompts = c->prompts.n ? arena_fmt(mem, ", %s", count(mem, c->prompts.n, "prompt")) : "";

	return arena_fmt(mem, "%s%s%s", count(mem, c->tools, "tool"), resources, prompts);
}

/* One line: what --reload reports. */
static void
say_what_runs(struct boot *b)
{
	const struct catalog *c;
	struct buf says;

	buf_init(&says, &b->mem, 16384);
	buf_fmt(&says, "mcp-fpm " MCP_VERSION ": %" PRId64 " workers", b->cfg.fast_workers + b->cfg.slow_workers + b->cfg.stream_workers);
	for (c = b->catalogs.at; c < b->catalogs.at + b->catalogs.n; c++)
		buf_fmt(&says, ", catalog %s with %s", c->name, counts(&b->mem, c));
	log_say("%s", says.at);
	b->own.says = says.at;
}

static void
run_pools(struct boot *b)
{
	const struct crew_plan plan[] = {
		{ POOL_FAST,   b->cfg.fast_workers,   false, worker_run },
		{ POOL_SLOW,   b->cfg.slow_workers,   false, worker_run },
		{ POOL_STREAM, b->cfg.stream_workers, false, stream_run },
		{ POOL_WARDEN, 1,                     true,  warden_run },
		{ POOL_AUDIT,  b->cfg.audit_workers,  true,  consumer_run },
	};
	const struct pool_order order = {
		.plan = plan, .n = LEN(plan), .old = b->heritage.old, .olds = b->heritage.olds, .reload = &reload_deeds,
	};

	pool_run(&b->process, &order);
}

/* What both a start and -t need. */
static enum db_outcome
check(struct boot *b, const char *file)
{
	arena_init(&b->mem, 1 << 20, CATALOGS_BYTES_MAX);
	config_load(&b->cfg, file);
	need_settings(&b->cfg);
	load_keys(b);
	load_catalogs(b);
	return prove(b);
}

static int
boot(struct boot *b, const char *file)
{
	log_role("master");
	umask(027);
	reload_inherit(&b->heritage);
	if (check(b, file) == DB_AWAY)
		log_say("starting without PostgreSQL: 503 until the isolation of tenants is proven");
	b->process = (struct process){ .cfg = &b->cfg, .key = &b->key, .key_old = b->cfg.key_file_old ? &b->key_old : NULL,
	    .seal = &b->seal, .catalogs = &b->catalogs, .audit_id = b->audit_id };
	open_board(b);
	open_sockets(b);
	say_what_runs(b);
	b->own.file = file;
	b->own.audit_dir = b->cfg.audit_dir;
	reload_own(&b->heritage, &b->own);
	run_pools(b);
	sockets_close();
	log_say("stopped");
	return 0;
}

static enum db_outcome
check_beside(struct boot *b, const char *file)
{
	enum db_outcome proven = check(b, file);

	if (access(b->cfg.audit_dir, W_OK | X_OK) != 0)
		die("MCP_AUDIT_DIR %s: %s", b->cfg.audit_dir, strerror(errno));
	return proven;
}

static int
test(struct boot *b, const char *file)
{
	const struct catalog *c;

	if (check_beside(b, file) == DB_AWAY) {
		log_say("PostgreSQL is away, so the isolation of tenants cannot be proven");
		return RELOAD_AWAY;
	}
	for (c = b->catalogs.at; c < b->catalogs.at + b->catalogs.n; c++)
		printf("catalog %s: %s, isolation is proven\n", c->name, counts(&b->mem, c));
	return 0;
}

static int
reload(struct boot *b, const char *file)
{
	if (check_beside(b, file) == DB_AWAY)
		log_say("PostgreSQL is away, so the isolation of tenants cannot be proven now; 503 until it is");
	reload_ask(b->cfg.audit_dir, RELOAD_MS + b->cfg.drain_timeout_ms);
	return 0;
}

/* --- the command line ------------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "reload",   no_argument, NULL, 'r' },
		{ "settings", no_argument, NULL, 's' },
		{ "version",  no_argument, NULL, 'v' },
		{ "help",     no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct boot b;
	int (*deed)(struct boot *, const char *) = boot;
	const char *file = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "e:th", options, NULL)) != -1)
		switch (option) {
		case 'e':
			file = optarg;
			break;
		case 't':
			deed = test;
			break;
		case 'r':
			deed = reload;
			break;
		case 's':
			config_print();
			return 0;
		case 'v':
			puts("mcp-fpm " MCP_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return deed(&b, file);
}
