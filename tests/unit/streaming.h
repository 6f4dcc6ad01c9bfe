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
#include "streams.h"
#include "tap.h"

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
