/*
 * tell: a frame per stream, as each has an id of its own in it.
 *
 * What a legacy session has subscribed to may change while its stream is open, in any worker; so
 * Redis is asked each time, and the frame goes out when it has answered.
 */
#include "tell.h"
#include "catalog.h"
#include "notice.h"
#include "log.h"
#include "resource.h"
#include "rpc.h"
#include "sse.h"

#define FRAME_MAX	(16 << 10)	/* of an id and a URI at their longest, whose every character is an escape */
#define FRAMES_MAX	((LISTS_COUNT + SUBSCRIBE_URIS_MAX) * FRAME_MAX)	/* all that a stream may have asked for */
#define ABOVE_MAX	16		/* of one resource, whose subscribers are told */
#define SUBSCRIPTION	"\"_meta\":{\"" RPC_NS "subscriptionId\":"

/* --- frames ----------------------------------------------------------------------------- */

static void
begin(struct buf *b)
{
	buf_str(b, SSE_STARTS "{\"jsonrpc\":\"2.0\",");
}

static void
end(struct buf *b)
{
	buf_str(b, "}" SSE_ENDS);
}

static void
write_list(struct buf *b, const struct stream *s, enum lists what)
{
	begin(b);
	buf_fmt(b, "\"method\":\"notifications/%s/list_changed\"", lists_name(what));
	if (*s->id)
		buf_fmt(b, ",\"params\":{" SUBSCRIPTION "%s}}", s->id);
	end(b);
}

static void
write_resource(struct buf *b, const struct stream *s, const char *uri)
{
	begin(b);
	buf_str(b, "\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":");
	buf_json(b, uri, strlen(uri));
	if (*s->id)
		buf_fmt(b, "," SUBSCRIPTION "%s}", s->id);
	buf_char(b, '}');
	end(b);
}

static void
say(struct streams *all, struct stream *s, const struct buf *b)
{
	if (b->full)
		bug("a frame is longer than %zu bytes", b->most);
	streams_send(all, s, b->at, b->len);
}

/* --- the first one ---------------------------------------------------------------------- */

static const char *const switches[LISTS_COUNT] = {
	[LISTS_TOOLS]     = "toolsListChanged",
	[LISTS_PROMPTS]   = "promptsListChanged",
	[LISTS_RESOURCES] = "resourcesListChanged",
};

/* The comma, unless it is the first member. */
static void
member(struct buf *b, const char *name)
{
	buf_fmt(b, "%s\"%s\":", b->at[b->len - 1] == '{' ? "" : ",", name);
}

static void
write_honoured(struct buf *b, const struct subscription *sub)
{
	size_t i;

	buf_char(b, '{');
	for (i = 0; i < LISTS_COUNT; i++)
		if (sub->list[i]) {
			member(b, switches[i]);
			buf_str(b, "true");
		}
	if (sub->uris > 0)
		member(b, "resourceSubscriptions");
	for (i = 0; i < sub->uris; i++) {
		buf_char(b, i ? ',' : '[');
		buf_json(b, sub->uri[i], strlen(sub->uri[i]));
	}
	buf_str(b, sub->uris > 0 ? "]}" : "}");
}

/* Beside the path that was asked for; the client makes a whole URL of it (MCP 2024-11-05, "HTTP with SSE"). */
static void
write_endpoint(struct buf *b, const char *uri, const char *session)
{
	size_t path = strcspn(uri, "?"), last = path;

	while (last > 0 && uri[last - 1] != '/')
		last--;
	buf_fmt(b, "event: endpoint\ndata: %.*smessages?sessionId=%s\n\n", (int)last, uri, session);
}

void
tell_first(struct buf *b, const struct subscription *sub, const char *uri)
{
	if (sub->kind == SUBSCRIBE_GET)
		buf_str(b, ": open\n\n");
	else if (sub->kind == SUBSCRIBE_SSE)
		write_endpoint(b, uri, sub->session);
	else {
		begin(b);
		buf_str(b, "\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":");
		write_honoured(b, sub);
		buf_fmt(b, "," SUBSCRIPTION "%s}}", sub->id);
		end(b);
	}
}

bool
tell_nothing(const struct subscription *sub)
{
	size_t i, lists = 0;

	for (i = 0; i < LISTS_COUNT; i++)
		lists += sub->list[i];
	return sub->kind == SUBSCRIBE_LISTEN && lists == 0 && sub->uris == 0;
}

/* --- what has changed ------------------------------------------------------------------- */

struct change {
	const char *catalog, *tenant;	/* tenant NULL: every one */
	enum lists  what;
	const char *uri;
	const bool *of;			/* of each resource of the catalog: the URI is one; NULL: nobody has looked yet */
	struct buf  frame;		/* room for one */
};

static bool
concerns(const struct stream *s, const struct change *c)
{
	return strcmp(s->caller.catalog->name, c->catalog) == 0 && (!c->tenant || strcmp(s->caller.tenant, c->tenant) == 0);
}

static void
spread(struct streams *all, struct change *c, void (*fn)(struct streams *all, struct stream *s, void *ctx))
{
	struct arena mem;

	arena_init(&mem, FRAME_MAX, 16 * FRAME_MAX);	/* the frame, and a flag for each resource */
	buf_init(&c->frame, &mem, FRAME_MAX);
	streams_each(all, fn, c);
	arena_close(&mem);
}

static void
list_changed(struct streams *all, struct stream *s, void *ctx)
{
	struct change *c = ctx;

	if (!s->list[c->what] || !concerns(s, c))
		return;
	buf_cut(&c->frame, 0);
	write_list(&c->frame, s, c->what);
	say(all, s, &c->frame);
}

void
tell_list(struct streams *all, const char *catalog, const char *tenant, enum lists what)
{
	struct change c = { .catalog = catalog, .tenant = tenant, .what = what };

	spread(all, &c, list_changed);
}

void
tell_one(struct streams *all, struct stream *s, enum lists what)
{
	struct change c = { .catalog = s->caller.catalog->name, .what = what };
	struct arena mem;

	arena_init(&mem, FRAME_MAX, 4 * FRAME_MAX);
	buf_init(&c.frame, &mem, FRAME_MAX);
	list_changed(all, s, &c);
	arena_close(&mem);
}

/* --- what is for whom ------------------------------------------------------------------- */

void
tell_known(struct stream *s, const struct identity *who)
{
	const struct resources *all = &s->caller.catalog->resources;
	struct arena mem;
	size_t i;

	if (!s->hidden)
		s->hidden = arena_zero(&s->mem, all->n);
	arena_init(&mem, 4096, 16 << 20);	/* for sentences that nobody is told */
	for (i = 0; i < all->n; i++)
		s->hidden[i] = catalog_forbids(&all->at[i].ask, who, NULL, &mem);
	arena_close(&mem);
}

/* Which entries stand for the URI.  False: none does. */
static bool
find_entries(const struct resources *all, const char *uri, bool *of)
{
	struct arena mem;
	bool any = false;
	size_t i;

	arena_init(&mem, 4096, 16 << 20);
	for (i = 0; i < all->n; i++)
		any |= of[i] = resource_stands_for(&mem, &all->at[i], uri);
	arena_close(&mem);
	return any;
}

/* A URI of no entry is what the nearest one above it is. */
static void
look_at_uri(struct change *c, const struct resources *all)
{
	bool *of = arena_zero(c->frame.mem, all->n);
	char uri[URI_MAX + 1];
	char *end;
	int tries;

	snprintf(uri, sizeof(uri), "%s", c->uri);
	for (tries = 0; tries <= ABOVE_MAX && !find_entries(all, uri, of) && (end = strrchr(uri, '/')); tries++)
		*end = '\0';
	c->of = of;
}

/* May the caller have what has changed?  One not identified here yet was looked at a moment ago, by the fast worker. */
static bool
is_for(const struct stream *s, struct change *c)
{
	const struct resources *all = &s->caller.catalog->resources;
	size_t i;

	if (!s->hidden)
		return true;
	if (!c->of)
		look_at_uri(c, all);
	for (i = 0; i < all->n; i++)
		if (c->of[i] && !s->hidden[i])
			return true;
	return false;
}

/* The same of a URI that nobody else is told of; what it takes is in mem. */
static bool
may_hear(const struct stream *s, const char *uri, struct arena *mem)
{
	struct change c = { .uri = uri, .frame.mem = mem };

	return is_for(s, &c);
}

/* --- resources of legacy sessions ------------------------------------------------------- */

/* A question to Redis; the stream may be gone when it is answered. */
struct question {
	struct streams *all;
	char           *session;
	char           *uri;		/* NULL: all that it has subscribed to */
};

/* Of what stands in Redis, no more than a session may have. */
static void
tell_resources_of(struct streams *all, struct stream *s, const struct text *uri, size_t n)
{
	struct arena mem;
	struct buf b;
	size_t i;

	arena_init(&mem, FRAME_MAX, 4 * FRAMES_MAX);
	buf_init(&b, &mem, FRAMES_MAX);
	for (i = 0; i < n && i < SUBSCRIBE_URIS_MAX; i++)
		if (uri[i].len <= URI_MAX && may_hear(s, uri[i].at, &mem))
			write_resource(&b, s, uri[i].at);
	say(all, s, &b);
	arena_close(&mem);
}

static void
take_answer(void *ctx, const struct feed_reply *reply)
{
	struct question *q = ctx;
	struct stream *s = streams_find(q->all, q->session);

	if (s && (!reply || reply->kind == FEED_ERROR))
		s->missed = q->all->missed = true;
	else if (s && reply->kind == FEED_LIST)
		tell_resources_of(q->all, s, reply->at, reply->n);
	else if (s && q->uri && reply->kind == FEED_NUMBER && reply->number == 1)
		tell_resources_of(q->all, s, &(struct text){ q->uri, strlen(q->uri) }, 1);
	free(q->session);
	free(q->uri);
	free(q);
}

static void
ask(struct streams *all, struct stream *s, const char *uri, int argc, const char *const *argv)
{
	struct question *q = malloc(sizeof(*q));

	if (!q)
		bug("out of memory");
	*q = (struct question){ .all = all, .session = strdup(s->session), .uri = uri ? strdup(uri) : NULL };
	if (!uri)
		s->missed = false;
	if (!all->fanout || fanout_command(all->fanout, argc, argv, NULL, take_answer, q) != 0)
		take_answer(q, NULL);
}

static void
key_of(char *out, size_t room, const struct stream *s)
{
	snprintf(out, room, "mcp:session:%s:uris", s->session);
}

/* Has the session subscribed to this resource, or to one above it? */
static void
ask_whether(struct streams *all, struct stream *s, const char *uri)
{
	static const char any[] = "for i = 1, #ARGV do if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 1 then return 1 end end return 0";
	char key[128], above[ABOVE_MAX][URI_MAX + 1];
	const char *argv[4 + 1 + ABOVE_MAX] = { "EVAL", any, "1", key, uri };
	size_t len = strlen(uri);
	int argc = 5;

	key_of(key, sizeof(key), s);
	while (len-- > 0 && argc < (int)LEN(argv))
		if (uri[len] == '/') {
			snprintf(above[argc - 5], sizeof(above[0]), "%.*s", (int)len, uri);
			argv[argc] = above[argc - 5];
			argc++;
		}
	ask(all, s, uri, argc, argv);
}

static void
ask_all(struct streams *all, struct stream *s)
{
	char key[128];

	key_of(key, sizeof(key), s);
	ask(all, s, NULL, 2, (const char *[]){ "SMEMBERS", key });
}

/* --- resources -------------------------------------------------------------------------- */

/* A change below what was subscribed to may be told with its own URI (MCP 2026-07-28, "Subscriptions"). */
static bool
covers(const char *subscribed, const char *uri)
{
	size_t n = strlen(subscribed);

	return strncmp(subscribed, uri, n) == 0 && (uri[n] == '\0' || uri[n] == '/');
}

static void
resource_changed(struct streams *all, struct stream *s, void *ctx)
{
	struct change *c = ctx;
	size_t i;

	if (!concerns(s, c) || !is_for(s, c))
		return;
	if (s->kind != SUBSCRIBE_LISTEN && *s->session) {
		if (!s->missed)		/* who has missed one is told of all */
			ask_whether(all, s, c->uri);
		return;
	}
	for (i = 0; i < s->uris && !covers(s->uri[i], c->uri); i++)
		;
	if (i == s->uris)
		return;
	buf_cut(&c->frame, 0);
	write_resource(&c->frame, s, c->uri);
	say(all, s, &c->frame);
}

/* Nobody can have subscribed to a URI that is too long; whoever tells of one is none of us. */
void
tell_resource(struct streams *all, const char *catalog, const char *tenant, const char *uri)
{
	struct change c = { .catalog = catalog, .tenant = tenant, .uri = uri };

	if (strlen(uri) <= URI_MAX)
		spread(all, &c, resource_changed);
}

/* --- sessions, gaps, the end ------------------------------------------------------------ */

/*
 * Only the older transport has messages for a session; its streams are opened with an id that was just
 * made, those of GET also with one that nobody could check.  A message of ours is one line, but what
 * stands in it may have come from anywhere.
 */
void
tell_session(struct streams *all, const char *session, const char *json, size_t len)
{
	struct stream *s = streams_find(all, session);
	struct arena mem;
	struct buf b;

	if (s && len == 0)		/* the session was ended */
		streams_finish(all, s);
	if (!s || s->kind != SUBSCRIBE_SSE || len == 0 || memchr(json, '\n', len) || memchr(json, '\r', len))
		return;
	arena_init(&mem, len + 1024, 2 * len + (64 << 10));
	buf_init(&b, &mem, len + 1024);
	buf_str(&b, SSE_STARTS);
	buf_add(&b, json, len);
	buf_str(&b, SSE_ENDS);
	say(all, s, &b);
	arena_close(&mem);
}

/* In one piece: who reads is not to lose his stream because so much comes at once. */
static void
tell_everything(struct streams *all, struct stream *s, void *ctx)
{
	struct arena mem;
	struct buf b;
	size_t i;

	(void)ctx;
	arena_init(&mem, FRAME_MAX, 4 * FRAMES_MAX);
	buf_init(&b, &mem, FRAMES_MAX);
	for (i = 0; i < LISTS_COUNT; i++)
		if (s->list[i])
			write_list(&b, s, (enum lists)i);
	for (i = 0; i < s->uris; i++)
		if (may_hear(s, s->uri[i], &mem))
			write_resource(&b, s, s->uri[i]);
	say(all, s, &b);
	arena_close(&mem);
	if (s->kind != SUBSCRIBE_LISTEN && *s->session && s->stage == STREAM_OPEN)
		ask_all(all, s);
}

void
tell_all(struct streams *all)
{
	streams_each(all, tell_everything, NULL);
}

static void
make_up(struct streams *all, struct stream *s, void *ctx)
{
	(void)ctx;
	if (s->missed)
		ask_all(all, s);
}

void
tell_missed(struct streams *all)
{
	if (!all->missed || !all->fanout || !fanout_is_free(all->fanout))
		return;
	all->missed = false;
	streams_each(all, make_up, NULL);
}

void
tell_end(struct streams *all, struct stream *s)
{
	struct arena mem;
	struct buf b;

	arena_init(&mem, FRAME_MAX, 16 * FRAME_MAX);
	buf_init(&b, &mem, 4 * FRAME_MAX);
	begin(&b);
	buf_fmt(&b, "\"id\":%s,\"result\":{\"resultType\":\"complete\"," SUBSCRIPTION "%s,\"" RPC_NS "serverInfo\":%s}}",
	    s->id, s->id, s->caller.catalog->server_info);
	end(&b);
	if (*s->id)
		say(all, s, &b);
	streams_finish(all, s);
	arena_close(&mem);
}
