/*
 * streaming: the table of a stream worker, and the peers of its streams, in memory.
 *
 * Nothing is heard of others (there is no fanout): what a stream is told, the test tells it.
 */
#ifndef STREAMING_H
#define STREAMING_H

#include "catalog.h"
#include "log.h"
#include "records.h"
#include "reply.h"
#include "streams.h"
#include "tap.h"
#include "ticket.h"

static struct {
	struct config    cfg;
	struct crypt_key key;
	struct board    *board;
	struct catalog   catalog;
	struct catalogs  catalogs;
	struct process   self;
	struct streams   all;
	char             log[64];	/* folder of the audit log */
} streaming;

static inline void
streaming_init(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, STDERR_FILENO);		/* log lines are not what is tested */
	close(nowhere);
	snprintf(streaming.log, sizeof(streaming.log), "/tmp/streaming.XXXXXX");
	if (!mkdtemp(streaming.log))
		abort();
	streaming.cfg = (struct config){ .body_bytes_max = 1 << 20, .body_depth_max = 16, .body_values_max = 10000, .streams_max = 4,
		.session_idle_ms = 1000, .audit_dir = streaming.log, .audit_bytes_max = 1 << 20, .audit_segment_bytes = 1 << 20, .node = "test" };
	streaming.key = (struct crypt_key){ .byte = "0123456789abcdef0123456789abcdef", .len = 32 };
	streaming.board = mmap(NULL, sizeof(*streaming.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	streaming.board->slots = 1;
	atomic_store(&streaming.board->segment, 1);
	streaming.board->slot[0].pool = POOL_STREAM;
	streaming.catalog = (struct catalog){ .name = "shop", .server_info = "{\"name\":\"shop\",\"version\":\"1\"}" };
	streaming.catalogs = (struct catalogs){ &streaming.catalog, 1 };
	streaming.self = (struct process){ .cfg = &streaming.cfg, .key = &streaming.key, .catalogs = &streaming.catalogs,
		.board = streaming.board, .slot = &streaming.board->slot[0] };
	streaming.all = (struct streams){ .self = &streaming.self, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
}

/* A connection that was accepted; *peer is its other end. */
static inline struct stream *
streaming_accept(int *peer)
{
	struct stream *s;
	int both[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) != 0)
		abort();
	*peer = both[1];
	s = streams_accept(&streaming.all, both[0]);
	s->out.id = 1;
	records_forget();
	return s;
}

/* An open stream of tenant t: a listen to the tools and to shop://a, unless sub says otherwise. */
static inline struct stream *
streaming_open(int *peer, const struct subscription *sub)
{
	static const char *const uri[] = { "shop://a" };
	struct subscription usual = { .kind = SUBSCRIBE_LISTEN, .id = "\"one\"", .list = { [LISTS_TOOLS] = true }, .uri = uri, .uris = 1,
		.session = "", .claim = "", .owned = "", .tenant = "t", .workspace = "" };
	struct stream *s = streaming_accept(peer);

	s->caller.catalog = &streaming.catalog;
	streams_open(&streaming.all, s, sub ? sub : &usual, -1);
	return s;
}

/* The whole of what the peer has heard since it was asked last. */
static inline const char *
streaming_heard(int peer)
{
	records_forget();
	records_hear(peer);
	return records.text;
}

/* A listen, and what a fast worker puts into its ticket. */
#define STREAMING_BODY "{\"jsonrpc\":\"2.0\",\"id\":\"l:1\",\"method\":\"subscriptions/listen\",\"params\":{\"notifications\":" \
	"{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"shop://a\",\"shop://b\"]}}}"
#define STREAMING_FACTS "{\"kind\":0,\"catalog\":\"shop\",\"id\":\"\\\"l:1\\\"\",\"uris\":\"01\",\"tools\":\"000000000000002a\",\"tenant\":\"t\"," \
	"\"credential\":\"c\",\"credential_name\":\"key\",\"version\":\"2026-07-28\",\"streams\":2,\"expires\":0," \
	"\"hash\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}"

/* What nginx would have got from it. */
static inline const char *
streaming_ticket(const char *facts)
{
	static char text[TICKET_MAX + 1];
	static char body[] = STREAMING_BODY;
	struct request rq = { .cfg = &streaming.cfg, .key = &streaming.key, .body = body, .body_len = strlen(body) };
	const char *at;

	rq.param[PARAM_METHOD] = "POST";
	rq.param[PARAM_URI] = "/shop/mcp";
	arena_init(&rq.mem, 65536, 1 << 24);
	reply_init(&rq, 1024);
	if (ticket_make(&rq, facts, strlen(facts)) != 0)
		abort();
	at = strstr(rq.reply.head.at, ": ") + 2;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\r"), at);
	arena_close(&rq.mem);
	return text;
}

/* The request as nginx repeats it to a stream worker, in records.out.  ticket NULL: without one. */
static inline void
streaming_request(const char *ticket, const char *body)
{
	char length[24];

	snprintf(length, sizeof(length), "%zu", strlen(body));
	records_begin();
	records_param("REQUEST_METHOD", "POST");
	records_param("REQUEST_URI", "/shop/mcp");
	records_param("CONTENT_LENGTH", length);
	records_param("REMOTE_ADDR", "192.0.2.1");
	if (ticket)
		records_param("MCP_TICKET", ticket);
	records_body(body);
}

static inline int
streaming_done(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%016x.log", streaming.log, 1);
	unlink(path);
	rmdir(streaming.log);
	close(streaming.all.epoll_fd);
	munmap(streaming.board, sizeof(*streaming.board));
	return tap_done();
}

#endif
