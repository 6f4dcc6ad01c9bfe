/*
 * fanout: three sources in one epoll set.
 *
 * What is due is found by looking: whatever made the set readable, each turn gives every source a
 * chance, because that costs next to nothing.  The callers of all open streams are one list.  Those to
 * be identified again are asked for by the hundred, in one statement, and each credential once.
 */
#include "fanout.h"
#include "db_async.h"
#include "log.h"
#include "notice.h"

#define TICK_MS		250		/* between two looks, when nothing happens */
#define AGAIN_US	60000000	/* until a caller is identified again */
#define SPREAD_US	10000000	/* up to so much earlier, so that not all are at once */
#define RETRY_US	1000000		/* PostgreSQL is away */
#define QUESTION_MAX	500		/* credentials */
#define FANOUT_SEATS	1024		/* a power of two: to find a credential in a question */
#define IDENTITY_MAX	(16 << 20)	/* bytes in memory, of one that is read */
#define HASH_TEXT	(2 * CRYPT_HASH + 6)	/* "\\x<hexadecimal>", */

struct fanout {
	const struct process *self;
	struct fanout_ears ears;
	void              *ctx;
	int                epoll_fd, timer_fd;
	struct feed       *hears, *carries;
	int64_t            begun_us;	/* wall clock: since when each notice is heard */
	struct news_ring  *news;
	uint64_t           seen;	/* of them */
	struct arena       mem;		/* of one notice, or one identity */

	struct fanout_caller *first;	/* of all that are followed */
	struct fanout_caller *next;	/* where the walk over them goes on */
	struct fanout_caller *judged;	/* in hand; NULL: it was forgotten meanwhile */

	struct db_async   *db;
	char               given[QUESTION_MAX * HASH_TEXT + 3];	/* the question's array, as SQL has it */
	size_t             given_len;
	int                asked;	/* credentials in it */
	const struct fanout_caller *seat[FANOUT_SEATS];	/* one of each, by its hash */
};

/* --- callers ---------------------------------------------------------------------------- */

void
fanout_follow(struct fanout *f, struct fanout_caller *c)
{
	c->before = NULL;
	c->next = f->first;
	c->asked = 0;
	c->again = false;
	c->due_us = base_now_us();
	if (f->first)
		f->first->before = c;
	f->first = c;
}

void
fanout_forget(struct fanout *f, struct fanout_caller *c)
{
	if (c->before)
		c->before->next = c->next;
	else
		f->first = c->next;
	if (c->next)
		c->next->before = c->before;
	if (f->next == c)
		f->next = c->next;
	if (f->judged == c)
		f->judged = NULL;
}

/* The walk's next caller; it, and any other, may be forgotten before the one behind it is asked for. */
static struct fanout_caller *
step(struct fanout *f)
{
	struct fanout_caller *c = f->next;

	if (c)
		f->next = c->next;
	return c;
}

static struct fanout_caller *
first(struct fanout *f)
{
	f->next = f->first;
	return step(f);
}

/* tenant: NULL for all. */
static void
hurry(struct fanout *f, const char *tenant)
{
	struct fanout_caller *c;
	int64_t now = base_now_us();

	for (c = first(f); c; c = step(f)) {
		if (tenant && strcmp(c->tenant, tenant) != 0)
			continue;
		c->again = c->asked > 0;
		c->due_us = now;
	}
}

/* --- notices of other workers ----------------------------------------------------------- */

static void
hear_list(struct fanout *f, struct json_object *head)
{
	const char *catalog = json_get_str(head, "catalog"), *tenant = json_get_str(head, "tenant"), *what = json_get_str(head, "what");

	if (catalog && tenant && what && lists_named(what) != LISTS_COUNT)
		f->ears.list(f->ctx, catalog, tenant, lists_named(what));
}

static void
hear_resource(struct fanout *f, struct json_object *head)
{
	const char *catalog = json_get_str(head, "catalog"), *tenant = json_get_str(head, "tenant"), *uri = json_get_str(head, "uri");

	if (catalog && tenant && uri)
		f->ears.resource(f->ctx, catalog, tenant, uri);
}

static void
hear_cancel(struct fanout *f, struct json_object *head)
{
	const char *session = json_get_str(head, "session"), *id = json_get_str(head, "id");

	if (session && id)
		f->ears.cancel(f->ctx, session, id);
}

/* Another worker lost notices, a while ago.  If that was before we heard any, we have closed that gap. */
static void
hear_gap(struct fanout *f, struct json_object *head)
{
	if (json_get_int(head, "at", 0) >= f->begun_us)
		f->ears.gap(f->ctx);
}

static void
hear_session(struct fanout *f, struct json_object *head, const char *json, size_t len)
{
	const char *session = json_get_str(head, "session");

	if (!session)
		return;
	if (len == 0)		/* it was ended, perhaps at another node */
		recall_forget(f->self->board->recall, slot_number(session));
	f->ears.session(f->ctx, session, json, len);
}

static const struct {
	const char *kind;
	void      (*hear)(struct fanout *f, struct json_object *head);
} kinds[] = {
	{ "list",     hear_list },
	{ "resource", hear_resource },
	{ "cancel",   hear_cancel },
	{ "gap",      hear_gap },
};

static struct json_object *
head_of(struct fanout *f, const char *text, size_t len)
{
	static const struct json_caps caps = { .depth = 2, .values = 16 };
	struct json_object *head = NULL;
	struct json_flaw flaw;
	char *copy;

	arena_reset(&f->mem);
	copy = arena_copy(&f->mem, text, len);
	if (json_check(&f->mem, copy, len, &caps, &flaw) == 0)
		head = json_parse(&f->mem, copy, len, caps.depth);
	return json_get_int(head, "v", 0) == NOTICE_VERSION ? head : NULL;
}

static void
take_notice(void *ctx, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	size_t head_len = end ? (size_t)(end - text) : len, i;
	struct fanout *f = ctx;
	struct json_object *head;
	const char *kind;

	if (head_len > NOTICE_HEAD_MAX + 6 * URI_MAX)
		return;
	head = head_of(f, text, head_len);
	kind = json_get_str(head, "kind");
	if (!kind)
		return;
	if (end && strcmp(kind, "session") == 0)
		hear_session(f, head, end + 1, len - head_len - 1);
	for (i = 0; i < LEN(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			kinds[i].hear(f, head);
}

/* What was told before, nobody here has heard. */
static void
begin_to_hear(void *ctx)
{
	struct fanout *f = ctx;

	f->begun_us = base_wall_us();
	f->ears.gap(f->ctx);
}

/* --- notices that our node lost --------------------------------------------------------- */

static void
told_of_loss(void *ctx, const struct feed_reply *reply)
{
	struct fanout *f = ctx;

	if (!reply || reply->kind != FEED_NUMBER)
		atomic_store(&f->self->board->lost.last_us, base_wall_us());
}

/* Who heard nothing either, because Redis was away, has closed that gap; but others may have heard all the time. */
static void
make_up(struct fanout *f)
{
	char text[128];
	const char *argv[] = { "PUBLISH", NOTICE_CHANNEL, text };
	int64_t at;

	if (!feed_is_open(f->hears) || !feed_is_open(f->carries) || (at = news_lost(&f->self->board->lost)) == 0)
		return;
	snprintf(text, sizeof(text), "{\"v\":%d,\"kind\":\"gap\",\"at\":%" PRId64 "}", NOTICE_VERSION, at);
	if (feed_command(f->carries, LEN(argv), argv, NULL, told_of_loss, f) != 0)
		told_of_loss(f, NULL);
}

/* --- the warden's news ------------------------------------------------------------------ */

static void
take_item(struct fanout *f, const struct news_item *n)
{
	switch (n->kind) {
	case NEWS_GAP:
		hurry(f, NULL);
		f->ears.gap(f->ctx);
		break;
	case NEWS_IDENTITY:
		hurry(f, n->tenant);
		break;
	case NEWS_LIST:
		if (lists_named(n->text) != LISTS_COUNT)
			f->ears.list(f->ctx, n->catalog, n->tenant, lists_named(n->text));
		break;
	case NEWS_RESOURCE:
		f->ears.resource(f->ctx, n->catalog, n->tenant, n->text);
	}
}

static void
take_news(struct fanout *f)
{
	struct news_item n;
	int i;

	for (i = 0; i < NEWS_KEPT && news_next(f->news, &f->seen, &n); i++)
		take_item(f, &n);
}

/* --- identities ------------------------------------------------------------------------- */

static const char *
why_gone(const struct fanout_caller *c, const struct identity *who, enum fail failed, const char *why)
{
	if (failed != FAIL_NONE)
		return why;
	if (strcmp(who->catalog, c->catalog->name) != 0)
		return "the credential is of another catalog";
	if (!catalog_serves(c->catalog, who))
		return "the catalog is not served to this plan any more";
	if (c->sse && !catalog_offers_sse(c->catalog, who))
		return "the transport of 2024-11-05 is not offered to this plan any more";
	return tenant_admits(who, c->address, c->workspace) ? NULL : "the credential may not be used from there any more";
}

static void
compare(struct fanout *f, const struct identity *who)
{
	struct fanout_caller *c;
	uint64_t sees;
	int what;

	for (what = 0; what < LISTS_COUNT && (c = f->judged); what++) {
		sees = lists_digest(c->catalog, who, (enum lists)what);
		if (sees == c->seen[what])
			continue;
		c->seen[what] = sees;
		f->ears.sees(f->ctx, c, (enum lists)what);
	}
}

static int64_t
next_due(const struct fanout_caller *c, const struct identity *who)
{
	int64_t now = base_now_us(), expires = who->expires_us - base_wall_us();
	uint32_t chance;

	if (c->again)
		return now;
	if (who->expires_us > 0 && expires < AGAIN_US)
		return now + (expires > 0 ? expires : 0) + TICK_MS * 1000;
	crypt_random(&chance, sizeof(chance));
	return now + AGAIN_US - chance % SPREAD_US;
}

static void
judge(struct fanout *f, struct fanout_caller *c, const struct identity *who, enum fail failed, const char *why)
{
	const char *gone = why_gone(c, who, failed, why);

	c->due_us = next_due(c, who);
	c->asked = 0;
	c->again = false;
	f->judged = c;
	if (gone) {
		f->ears.gone(f->ctx, c, gone);
	} else {
		f->ears.known(f->ctx, c, who);
		compare(f, who);
	}
	f->judged = NULL;
}

static void
take_identity(void *ctx, int number, const char *text)
{
	struct fanout *f = ctx;
	struct fanout_caller *c;
	struct identity who;
	enum fail failed;
	const char *why;

	arena_reset(&f->mem);
	failed = tenant_parse(&f->mem, text, &who, &why);
	for (c = first(f); c; c = step(f))
		if (c->asked == number + 1)
			judge(f, c, &who, failed, why);
}

/* Who has no answer is asked for again.  Nobody is thought ill of because PostgreSQL is away. */
static void
end_question(void *ctx, enum db_outcome outcome, const char *why)
{
	struct fanout *f = ctx;
	struct fanout_caller *c;

	if (outcome == DB_REFUSED)
		log_say("callers of open streams cannot be identified again: %s", why);
	for (c = first(f); c; c = step(f)) {
		if (c->asked == 0)
			continue;
		c->asked = 0;
		c->due_us = base_now_us() + RETRY_US;
	}
	f->asked = 0;
}

/* Its place in the question, from 1; 0: the question is full. */
static int
place_for(struct fanout *f, const struct fanout_caller *c)
{
	unsigned at = (c->hash[0] | (unsigned)c->hash[1] << 8) & (FANOUT_SEATS - 1);

	for (; f->seat[at]; at = (at + 1) & (FANOUT_SEATS - 1))
		if (memcmp(f->seat[at]->hash, c->hash, CRYPT_HASH) == 0)
			return f->seat[at]->asked;
	if (f->asked == QUESTION_MAX)
		return 0;
	f->seat[at] = c;
	f->given_len += (size_t)snprintf(f->given + f->given_len, sizeof(f->given) - f->given_len, "%s\"\\\\x", f->asked ? "," : "{");
	crypt_hex(f->given + f->given_len, c->hash, CRYPT_HASH);
	f->given_len += 2 * CRYPT_HASH;
	f->given[f->given_len++] = '"';
	return ++f->asked;
}

static void
ask(struct fanout *f)
{
	struct db_question q = { "select mcp.identify(h) from unnest($1::bytea[]) with ordinality as asked (h, n) order by n",
		f->given, take_identity, end_question, f };
	int64_t now = base_now_us();
	struct fanout_caller *c;

	if (!db_async_is_free(f->db))
		return;
	f->given_len = 0;
	memset(f->seat, 0, sizeof(f->seat));
	for (c = first(f); c; c = step(f))
		if (c->due_us <= now)
			c->asked = place_for(f, c);
	if (f->asked == 0)
		return;
	memcpy(f->given + f->given_len, "}", 2);
	db_async_ask(f->db, &q);
}

/* --- the turn --------------------------------------------------------------------------- */

static void
add_event(const struct fanout *f, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

static void
open_events(struct fanout *f)
{
	static const struct timespec tick = { 0, TICK_MS * 1000000 };
	struct itimerspec at = { tick, tick };

	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (f->epoll_fd < 0 || f->timer_fd < 0 || timerfd_settime(f->timer_fd, 0, &at, NULL) != 0)
		bug("epoll: %s", strerror(errno));
	add_event(f, f->timer_fd, EPOLLIN);
	add_event(f, f->self->news_fd, EPOLLIN | EPOLLET);	/* all stream workers have it; nobody reads it */
}

struct fanout *
fanout_open(const struct process *self, const struct fanout_ears *ears, void *ctx)
{
	static const struct feed_ears hears = { take_notice, begin_to_hear };
	struct fanout *f = calloc(1, sizeof(*f));

	if (!f)
		bug("out of memory");
	f->self = self;
	f->ears = *ears;
	f->ctx = ctx;
	open_events(f);
	arena_init(&f->mem, 16 << 10, IDENTITY_MAX);
	f->hears = feed_hear(self->cfg->redis, f->epoll_fd, NOTICE_CHANNEL, &hears, f);
	f->carries = feed_carry(self->cfg->redis, f->epoll_fd);
	f->db = db_async_make(self->cfg->pg, "mcp-fpm stream", f->epoll_fd);
	f->news = &self->board->news[self->slot->row];
	f->seen = atomic_load(&f->news->count);
	return f;
}

int
fanout_fd(const struct fanout *f)
{
	return f->epoll_fd;
}

void
fanout_go_on(struct fanout *f)
{
	struct epoll_event e[8];
	uint64_t ticks;

	(void)!epoll_wait(f->epoll_fd, e, LEN(e), 0);		/* the edge of news_fd has been seen */
	(void)!read(f->timer_fd, &ticks, sizeof(ticks));
	feed_go_on(f->carries);			/* first: what is heard makes commands */
	feed_go_on(f->hears);
	make_up(f);
	take_news(f);
	db_async_go_on(f->db);
	ask(f);
	db_async_go_on(f->db);
}

int
fanout_command(struct fanout *f, int argc, const char *const *argv, const size_t *len,
    void (*done)(void *ctx, const struct feed_reply *reply), void *ctx)
{
	return feed_command(f->carries, argc, argv, len, done, ctx);
}

bool
fanout_owes(const struct fanout *f)
{
	return feed_owes(f->carries);
}

bool
fanout_is_free(const struct fanout *f)
{
	return feed_is_open(f->hears) && feed_is_open(f->carries) && !fanout_owes(f);
}

bool
fanout_changed(const struct process *self, const struct catalog *c, enum lists what)
{
	int newest = atomic_load(&self->board->newest);
	uint64_t name = slot_number(c->name);
	int i;

	if (newest == self->slot->row)
		return false;
	for (i = 0; i < CATALOGS_MAX; i++)
		if (self->board->face[newest][i][0] == name)
			return self->board->face[newest][i][1 + what] != self->board->face[self->slot->row][c->number][1 + what];
	return true;
}
