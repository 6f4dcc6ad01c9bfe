/*
 * ask: a request as a test sends it, and the answer as it gets it back.
 *
 * Everything stands in memory: a catalog of two tools, an identity, a wire that keeps what was
 * written.  PostgreSQL and Redis are away; what needs them is tested end to end.
 */
#ifndef ASK_H
#define ASK_H

#include "cache.h"
#include "catalog.h"
#include "log.h"
#include "reply.h"
#include "tap.h"

static struct {
	struct config    cfg;
	struct crypt_key key;
	struct board    *board;
	struct catalog   catalog;
	struct catalogs  all;
	struct tool      tool[3];
	struct identity  who;
	struct cache    *cache;		/* stays reachable when a test puts another in its place: it lives as long as the process */
	const char      *body;
	size_t           body_at;
	char             answer[65536];	/* the last one */
	char             log[64];	/* folder of the audit log */
} ask;

static const char *const ask_hosts[] = { "localhost" };
static const char *const ask_scopes[] = { "a", "b" };

static ssize_t
ask_read(void *io, void *bytes, size_t n)
{
	size_t left = strlen(ask.body) - ask.body_at;

	(void)io;
	if (n > left)
		n = left;
	memcpy(bytes, ask.body + ask.body_at, n);
	ask.body_at += n;
	return (ssize_t)n;
}

static int
ask_write(void *io, const void *bytes, size_t n)
{
	(void)io;
	snprintf(ask.answer, sizeof(ask.answer), "%.*s", (int)n, (const char *)bytes);
	return 0;
}

/* Log lines are not what is tested. */
static inline void
ask_silence(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
}

static inline int
ask_flush(void *io)
{
	(void)io;
	return 0;
}

static inline void
ask_end(void *io)
{
	(void)io;
}

static inline void
ask_init(struct request *rq)
{
	static const struct wire wire = { ask_read, ask_write, ask_flush, ask_end };
	static const char *const names[] = { "first", "second", "third" };
	static const char *const faces[] = { "{\"name\":\"first\"}", "{\"name\":\"second\"}", "{\"name\":\"third\"}" };
	int i;

	snprintf(ask.log, sizeof(ask.log), "/tmp/ask.XXXXXX");
	if (!mkdtemp(ask.log))
		bug("mkdtemp: %s", strerror(errno));
	ask.cfg = (struct config){ .hosts = { ask_hosts, 1 }, .body_bytes_max = 4096, .body_depth_max = 16, .body_values_max = 1000,
	    .batch_max = 3, .node_per_minute = 1000, .address_per_minute = 1000, .audit_dir = ask.log, .audit_bytes_max = 1 << 20, .audit_segment_bytes = 1 << 20,
	    .node = "test" };
	ask.key = (struct crypt_key){ .byte = "0123456789abcdef0123456789abcdef", .len = 32 };
	ask.board = mmap(NULL, sizeof(*ask.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ask.board->slots = 1;
	ask.board->segment = 1;
	ask.board->proof[0][0] = PROOF_PASSED;
	for (i = 0; i < 3; i++)
		ask.tool[i] = (struct tool){ .catalog = &ask.catalog, .name = names[i], .scope = { &ask_scopes[i == 2], 1 },
		    .timeout_ms = 5000, .result_max = 1 << 16, .face = { faces[i], faces[i], faces[i] } };
	ask.catalog = (struct catalog){ .name = "shop", .prefix = "shp", .server_info = "{\"name\":\"shop\",\"version\":\"1\"}",
	    .instructions = "Ask.", .page_size = 2, .list_ttl_ms = 5000, .batches = true, .tool = ask.tool, .tools = 3,
	    .refused = "Not in your plan." };
	ask.all = (struct catalogs){ &ask.catalog, 1 };
	ask.who = (struct identity){ .credential = "c", .credential_name = "key", .catalog = "shop", .tenant = "t", .tenant_slug = "t", .workspace = "",
	    .principal = "", .roles = "", .scopes = "a b", .scope = { ask_scopes, 2 }, .plan = "pro", .number = 1,
	    .credential_number = 2, .per_minute = 60, .burst = 60, .in_flight = 4 };
	ask.cache = cache_make(NULL, 50);
	*rq = (struct request){ .cfg = &ask.cfg, .key = &ask.key, .board = ask.board, .slot = &ask.board->slot[0], .wire = &wire,
	    .client_fd = -1, .db = db_make("host=/nowhere/at/all", "test"), .cache = ask.cache, .version = "", .workspace = "" };
	arena_init(&rq->mem, 65536, 1 << 26);
}

/* What a test changes is set behind this: a request of an identified caller, its body parsed. */
static inline void
ask_message(struct request *rq, const char *json)
{
	reply_init(rq, 1 << 20);
	rq->failed = 0;
	rq->says = rq->why = rq->data = NULL;
	rq->batch = false;
	rq->catalog = &ask.catalog;
	rq->who = &ask.who;
	rq->message = json_parse(&rq->mem, json, strlen(json), 16);
	rq->id = rq->params = NULL;
	rq->method = NULL;
	rq->todo = NULL;
	rq->tool = NULL;
}

static inline int
ask_done(struct request *rq)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%016x.log", ask.log, 1);
	unlink(path);
	rmdir(ask.log);
	arena_close(&rq->mem);
	munmap(ask.board, sizeof(*ask.board));
	free(rq->db);
	return tap_done();
}

#endif
