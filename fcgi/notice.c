/* notice: a line that says what and for whom, and behind it, where there is one, the message as it is. */
#include "notice.h"
#include "buf.h"
#include "cache.h"
#include "catalog.h"
#include "log.h"

static bool said_away;		/* in this worker's log, until Redis is back */

static void
add(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, ",\"%s\":", name);
	buf_json(b, value, strlen(value));
}

/* In memory of its own, until it is published: nobody has counted how much a call tells. */
static void
begin(struct buf *b, struct arena *mem, const char *kind, size_t most)
{
	arena_init(mem, 4096, 8 * most);
	buf_init(b, mem, most);
	buf_fmt(b, "{\"v\":%d,\"kind\":\"%s\"", NOTICE_VERSION, kind);
}

static int
publish(struct request *rq, const struct buf *b)
{
	int64_t from = base_now_us();
	const char *why = "the notice is too long";
	int got = b->full ? -1 : cache_publish(rq->cache, NOTICE_CHANNEL, b->at, b->len, &why);

	arena_close(b->mem);
	rq->slot->event.redis_us += base_now_us() - from;
	if (got != 0 && !said_away)
		log_say("what changes is not told at once: %s", why);
	said_away = got != 0;
	return got;
}

/* What is lost is a gap, which fanout closes. */
static void
tell(struct request *rq, struct buf *b)
{
	buf_char(b, '}');
	if (publish(rq, b) != 0)
		atomic_store(&rq->board->lost.last_us, base_wall_us());
}

static void
begin_for_tenant(struct buf *b, struct arena *mem, struct request *rq, const char *kind)
{
	begin(b, mem, kind, NOTICE_HEAD_MAX + 6 * URI_MAX);	/* each byte of a URI may need \u00XX */
	add(b, "catalog", rq->catalog->name);
	add(b, "tenant", rq->who->tenant);
}

void
notice_list(struct request *rq, const char *what)
{
	struct arena mem;
	struct buf b;

	begin_for_tenant(&b, &mem, rq, "list");
	add(&b, "what", what);
	tell(rq, &b);
}

void
notice_resource(struct request *rq, const char *uri)
{
	struct arena mem;
	struct buf b;

	if (strlen(uri) > URI_MAX)
		return;
	begin_for_tenant(&b, &mem, rq, "resource");
	add(&b, "uri", uri);
	tell(rq, &b);
}

int
notice_session(struct request *rq, const char *session, const char *json, size_t len)
{
	struct arena mem;
	struct buf b;

	if (len > NOTICE_MAX)
		return -1;
	begin(&b, &mem, "session", NOTICE_HEAD_MAX + NOTICE_MAX);
	add(&b, "session", session);
	buf_str(&b, "}\n");
	buf_add(&b, json, len);
	return publish(rq, &b);
}

int
notice_cancel(struct request *rq, const char *session, const char *id)
{
	struct arena mem;
	struct buf b;

	begin(&b, &mem, "cancel", NOTICE_HEAD_MAX);
	add(&b, "session", session);
	add(&b, "id", id);
	buf_char(&b, '}');
	return publish(rq, &b);
}
