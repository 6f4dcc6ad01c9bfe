/*
 * feed: hiredis' reader and writer around a socket that does not block.
 *
 * The first command of a connection is ours (SUBSCRIBE or PING); its answer makes it open.  Answers
 * come in the order of the commands, so what is owed is a queue.
 */
#include "feed.h"
#include "log.h"
#include <hiredis/hiredis.h>
#include <hiredis/sds.h>

#define PATIENCE_US	3000000		/* that an answer may take */
#define IDLE_US		2000000		/* without a word, after which we ask */
#define RETRY_US	250000		/* the first pause; each is twice the one before */
#define RETRY_MOST_US	2000000
#define READS		16		/* of 16 kB, in a turn */
#define LIST_MAX	4096		/* texts in an answer */

struct owed {
	void  (*done)(void *ctx, const struct feed_reply *reply);	/* NULL: ours */
	void   *ctx;
};

struct feed {
	const char   *address, *channel;	/* channel NULL: carries commands */
	int           epoll_fd;
	struct feed_ears ears;
	void         *ctx;
	redisContext *redis;		/* NULL: not connected */
	bool          open;
	bool          said_away;
	bool          writes;		/* EPOLLOUT is wanted */
	int64_t       retry_us, pause_us;
	int64_t       heard_us;		/* monotonic, as all here */
	int64_t       asked_us;		/* when the first answer that is owed came to be */
	struct owed   owed[FEED_PENDING_MAX + 1];	/* a ring; one more for our PING */
	unsigned      first, n;
};

static struct feed *
make(const char *address, int epoll_fd)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		bug("out of memory");
	f->address = address;
	f->epoll_fd = epoll_fd;
	f->pause_us = RETRY_US;
	return f;
}

struct feed *
feed_hear(const char *address, int epoll_fd, const char *channel, const struct feed_ears *ears, void *ctx)
{
	struct feed *f = make(address, epoll_fd);

	f->channel = channel;
	f->ears = *ears;
	f->ctx = ctx;
	return f;
}

struct feed *
feed_carry(const char *address, int epoll_fd)
{
	return make(address, epoll_fd);
}

bool
feed_is_open(const struct feed *f)
{
	return f->open;
}

bool
feed_owes(const struct feed *f)
{
	return f->open && f->n > 0;
}

/* --- what is owed ----------------------------------------------------------------------- */

static void
push(struct feed *f, void (*done)(void *, const struct feed_reply *), void *ctx)
{
	f->owed[(f->first + f->n) % LEN(f->owed)] = (struct owed){ done, ctx };
	if (f->n++ == 0)
		f->asked_us = base_now_us();
}

static struct owed
shift(struct feed *f)
{
	struct owed o = f->owed[f->first];

	f->first = (f->first + 1) % LEN(f->owed);
	f->n--;
	return o;
}

/* The connection is gone before anybody is told: what they send then is refused. */
static void
hang_up(struct feed *f, const char *why)
{
	struct owed o;

	if (f->channel && !f->said_away)	/* whoever carries commands stands beside one who hears */
		log_say("Redis is away: %s", why);
	f->said_away = true;
	if (f->redis)
		redisFree(f->redis);
	f->redis = NULL;
	f->open = false;
	f->retry_us = base_now_us() + f->pause_us;
	f->pause_us = f->pause_us * 2 < RETRY_MOST_US ? f->pause_us * 2 : RETRY_MOST_US;
	while (f->n > 0) {
		o = shift(f);
		if (o.done)
			o.done(o.ctx, NULL);
	}
}

/* --- connecting ------------------------------------------------------------------------- */

static redisContext *
connect_now(const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[256];
	int64_t port;

	if (address[0] == '/' || !colon)
		return redisConnectUnixNonBlock(address);
	if (base_number(colon + 1, 1, 65535, &port) != 0)
		port = 6379;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	return redisConnectNonBlock(host, (int)port);
}

static void
watch(struct feed *f, int how, bool writes)
{
	struct epoll_event e = { .events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.fd = f->redis->fd };

	f->writes = writes;
	if (epoll_ctl(f->epoll_fd, how, f->redis->fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

static void
send_ours(struct feed *f, const char *word, const char *channel)
{
	const char *argv[] = { word, channel };

	push(f, NULL, NULL);
	if (redisAppendCommandArgv(f->redis, channel ? 2 : 1, argv, NULL) != REDIS_OK)
		bug("out of memory");
}

static void
begin(struct feed *f)
{
	f->redis = connect_now(f->address);
	if (!f->redis || f->redis->err) {
		hang_up(f, f->redis ? f->redis->errstr : "out of memory");
		return;
	}
	fcntl(f->redis->fd, F_SETFD, FD_CLOEXEC);
	f->heard_us = base_now_us();
	watch(f, EPOLL_CTL_ADD, true);
	send_ours(f, f->channel ? "SUBSCRIBE" : "PING", f->channel);
}

/* --- answers ---------------------------------------------------------------------------- */

static struct text
text_of(const redisReply *r)
{
	bool is = r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS || r->type == REDIS_REPLY_ERROR;

	return is ? (struct text){ r->str, (size_t)r->len } : (struct text){ "", 0 };
}

/* The answer as done() gets it; room: for the texts of a list. */
static struct feed_reply
reply_of(const redisReply *r, struct text room[LIST_MAX])
{
	struct feed_reply out = { .kind = FEED_NIL, .text = text_of(r), .at = room };
	size_t i;

	if (r->type == REDIS_REPLY_ERROR) {
		out.kind = FEED_ERROR;
	} else if (r->type == REDIS_REPLY_INTEGER) {
		out.kind = FEED_NUMBER;
		out.number = r->integer;
	} else if (r->type == REDIS_REPLY_ARRAY) {
		out.kind = FEED_LIST;
		for (i = 0; i < r->elements && i < LIST_MAX; i++)
			room[i] = text_of(r->element[i]);
		out.n = i;
	} else if (r->type != REDIS_REPLY_NIL) {
		out.kind = FEED_TEXT;
	}
	return out;
}

static bool
is_message(const struct feed *f, const redisReply *r)
{
	return f->channel && r->type == REDIS_REPLY_ARRAY && r->elements == 3 && strcmp(text_of(r->element[0]).at, "message") == 0;
}

static void
be_open(struct feed *f)
{
	if (f->channel && f->said_away)
		log_say("Redis is back");
	f->said_away = false;
	f->open = true;
	f->pause_us = RETRY_US;
	if (f->channel)
		f->ears.begins(f->ctx);
}

/* -1: the connection is of no use. */
static int
take(struct feed *f, const redisReply *r)
{
	static struct text room[LIST_MAX];
	struct feed_reply reply;
	struct owed o;

	if (is_message(f, r)) {
		f->ears.message(f->ctx, text_of(r->element[2]).at, text_of(r->element[2]).len);
		return 0;
	}
	if (f->n == 0)
		return -1;
	o = shift(f);
	if (!f->open && r->type == REDIS_REPLY_ERROR)
		return -1;
	if (!f->open)
		be_open(f);
	if (o.done) {
		reply = reply_of(r, room);
		o.done(o.ctx, &reply);
	}
	return 0;
}

static int
take_all(struct feed *f)
{
	redisReply *r;
	int got = 0;

	while (got == 0) {
		if (redisGetReplyFromReader(f->redis, (void **)&r) != REDIS_OK)
			return -1;
		if (!r)
			break;
		got = take(f, r);
		freeReplyObject(r);
	}
	return got;
}

/* --- the turn --------------------------------------------------------------------------- */

static bool
is_readable(const struct feed *f)
{
	struct pollfd p = { .fd = f->redis->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int
read_some(struct feed *f)
{
	int i;

	for (i = 0; i < READS && is_readable(f); i++) {
		f->heard_us = base_now_us();
		if (redisBufferRead(f->redis) != REDIS_OK || take_all(f) != 0)
			return -1;
		if (f->redis->reader->len - f->redis->reader->pos > FEED_REPLY_MAX) {
			snprintf(f->redis->errstr, sizeof(f->redis->errstr), "an answer is too long");
			return -1;
		}
	}
	return 0;
}

static int
write_some(struct feed *f)
{
	int done = 0;

	if (redisBufferWrite(f->redis, &done) != REDIS_OK)
		return -1;
	if (f->writes == (done != 0))
		watch(f, EPOLL_CTL_MOD, !done);
	return 0;
}

static bool
is_silent(const struct feed *f)
{
	int64_t since = f->asked_us > f->heard_us ? f->asked_us : f->heard_us;

	return f->n > 0 && base_now_us() - since > PATIENCE_US;
}

void
feed_go_on(struct feed *f)
{
	if (!f->redis && f->address && base_now_us() >= f->retry_us)
		begin(f);
	if (!f->redis)
		return;
	if (f->n == 0 && base_now_us() - f->heard_us > IDLE_US)
		send_ours(f, "PING", NULL);
	if (write_some(f) != 0 || read_some(f) != 0 || write_some(f) != 0)
		hang_up(f, f->redis->errstr[0] ? f->redis->errstr : "not an answer to what was asked");
	else if (is_silent(f))
		hang_up(f, "it does not answer");
}

int
feed_command(struct feed *f, int argc, const char *const *argv, const size_t *len,
    void (*done)(void *ctx, const struct feed_reply *reply), void *ctx)
{
	const char *all[64];

	if (!f->open || f->n >= FEED_PENDING_MAX || sdslen(f->redis->obuf) > FEED_WAITING_MAX)
		return -1;
	if (f->channel || argc > (int)LEN(all))
		bug("a command of %d words on a feed that cannot take it", argc);
	memcpy(all, argv, (size_t)argc * sizeof(*argv));
	if (redisAppendCommandArgv(f->redis, argc, all, len) != REDIS_OK)
		bug("out of memory");
	push(f, done, ctx);
	if (!f->writes)
		watch(f, EPOLL_CTL_MOD, true);
	return 0;
}
