/*
 * main: mcp-fpm, the master.
 *
 * The start is one list, in boot(); whatever is wrong stops it there with a sentence.  -t walks the
 * same list as far as it can without disturbing a master that runs.
 */
#include "base.h"
#include "board.h"
#include "config.h"
#include "consumer.h"
#include "log.h"
#include "pool.h"
#include "segment.h"
#include "sockets.h"
#include "warden.h"
#include "worker.h"

#define CATALOGS_BYTES_MAX ((size_t)1 << 30)

struct boot {
	struct config    cfg;
	struct arena     mem;		/* of the process */
	struct crypt_key key;
	struct catalogs  catalogs;
	enum proof       verdict[CATALOGS_MAX];
	char             audit_id[SEGMENT_ID];
	struct process   process;
};

static const char usage[] =
	"usage: mcp-fpm [-e FILE] [-t]\n"
	"\n"
	"Serves MCP tools over FastCGI until SIGTERM; see mcp-fpm(8).\n"
	"\n"
	"  -e FILE     settings, a line NAME=VALUE each; the environment wins\n"
	"  -t          check settings, catalogs and the isolation of tenants, and exit\n"
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
load_key(struct boot *b)
{
	const char *why;

	if (crypt_key_file(&b->mem, &b->key, b->cfg.key_file, &why) != 0)
		die("MCP_KEY_FILE: %s", why);
}

static void
load_catalogs(struct boot *b)
{
	const char *why;

	if (catalogs_load(&b->mem, b->cfg.tools, &b->catalogs, &why) != 0)
		die("%s", why);
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
	if (got == DB_REFUSED)
		die("the isolation of tenants is not proven; see sql/ and mcpctl migrate");
	return got;
}

static void
map_board(struct boot *b, uint64_t segment)
{
	struct board *board;
	int fd;
	size_t i;

	board = board_map(&fd);
	for (i = 0; i < CATALOGS_MAX; i++)
		atomic_store(&board->proof[i], (int)b->verdict[i]);
	atomic_store(&board->segment, segment);
	b->process.board = board;
}

static void
say_what_runs(const struct boot *b)
{
	const struct catalog *c;

	log_say("mcp-fpm " MCP_VERSION ": %" PRId64 " workers", b->cfg.fast_workers);
	for (c = b->catalogs.at; c < b->catalogs.at + b->catalogs.n; c++)
		log_say("catalog %s: %zu tools", c->name, c->tools);
}

static void
run_pools(struct boot *b)
{
	const struct pool_plan plan[] = {
		{ POOL_FAST,   b->cfg.fast_workers,  false, worker_run },
		{ POOL_WARDEN, 1,                    true,  warden_run },
		{ POOL_AUDIT,  b->cfg.audit_workers, true,  consumer_run },
	};

	pool_run(&b->process, plan, LEN(plan));
}

/* What both a start and -t need. */
static enum db_outcome
check(struct boot *b, const char *file)
{
	arena_init(&b->mem, 1 << 20, CATALOGS_BYTES_MAX);
	config_load(&b->cfg, file);
	need_settings(&b->cfg);
	load_key(b);
	load_catalogs(b);
	return prove(b);
}

static int
boot(struct boot *b, const char *file)
{
	uint64_t segment;

	log_role("master");
	umask(027);
	if (check(b, file) == DB_AWAY)
		log_say("starting without PostgreSQL: 503 until the isolation of tenants is proven");
	segment = segment_own(b->cfg.audit_dir, b->audit_id);
	b->process = (struct process){ .cfg = &b->cfg, .key = &b->key, .catalogs = &b->catalogs, .audit_id = b->audit_id };
	b->process.listen_fast = sockets_open("fast", b->cfg.listen_fast, b->cfg.socket_group);
	map_board(b, segment);
	say_what_runs(b);
	run_pools(b);
	sockets_close();
	log_say("stopped");
	return 0;
}

static int
test(struct boot *b, const char *file)
{
	enum db_outcome proven = check(b, file);
	const struct catalog *c;

	if (access(b->cfg.audit_dir, W_OK | X_OK) != 0)
		die("MCP_AUDIT_DIR %s: %s", b->cfg.audit_dir, strerror(errno));
	if (proven == DB_AWAY)
		die("PostgreSQL is away, so the isolation of tenants cannot be proven");
	for (c = b->catalogs.at; c < b->catalogs.at + b->catalogs.n; c++)
		printf("catalog %s: %zu tools, isolation is proven\n", c->name, c->tools);
	return 0;
}

/* --- the command line ------------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "settings", no_argument, NULL, 's' },
		{ "version",  no_argument, NULL, 'v' },
		{ "help",     no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct boot b;
	const char *file = NULL;
	bool only_test = false;
	int option;

	while ((option = getopt_long(argc, argv, "e:th", options, NULL)) != -1)
		switch (option) {
		case 'e':
			file = optarg;
			break;
		case 't':
			only_test = true;
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
	return only_test ? test(&b, file) : boot(&b, file);
}
