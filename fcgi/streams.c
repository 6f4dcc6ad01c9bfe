/*
 * streams: lists by stage, and one function that moves between them.
 *
 * An open stream has a turn, given out in order, so that of 3,000 streams 200 get their comment in
 * the same second.
 */
#include "streams.h"
#include "log.h"
#include "seat.h"
#include "sse.h"

#define PATIENCE_US	5000000		/* for a request that comes, and for an answer that leaves */
#define BEHIND_MOST	(4 << 20)	/* bytes that a reader may be behind in a burst, */
#define BEHIND_US	30000000	/* and for how long: nginx waits no longer for a client */
#define BEHIND_ALL	(8 << 20)	/* bytes of all of them when a turn is over; twice that before */
#define TEXTS_CHUNK	512
#define TEXTS_MOST	(1 << 20)

/* --- lists ------------------------------------------------------------------------------ */

static struct stream **
list_of(struct streams *all, const struct stream *s)
{
	switch (s->stage) {
	case STREAM_READING:
		return &all->reading;
	case STREAM_OPEN:
		return &all->open[s->turn];
	case STREAM_ENDING:
		return &all->ending;
	default:
		return &all->closed;
	}
}

static void
hook(struct streams *all, struct stream *s)
{
	struct stream **first = list_of(all, s);

	s->before = NULL;
	s->next = *first;
	if (*first)
		(*first)->before = s;
	*first = s;
}

static void
unhook(struct streams *all, struct stream *s)
{
	if (s->before)
		s->before->next = s->next;
	else
		*list_of(all, s) = s->next;
	if (s->next)
		s->next->before = s->before;
}

static struct stream **
named_of(struct streams *all, const char *session)
{
	return &all->named[slot_number(session) % STREAMS_NAMED];
}

static void
unname(struct streams *all, struct stream *s)
{
	struct stream **at = named_of(all, s->session);

	while (*at != s)
		at = &(*at)->next_named;
	*at = s->next_named;
}

/* What an open stream holds besides its memory, it gives back here. */
static void
leave(struct streams *all, struct stream *s)
{
	if (all->left)
		all->left(all, s);
	if (s->follows)
		fanout_forget(all->fanout, &s->caller);
	s->follows = false;
	if (*s->session)
		unname(all, s);
	if (s->seat >= 0)
		seat_leave(all->self->board, s->seat);
	s->seat = -1;
	atomic_store(&all->self->slot->streams, --all->opened);
}

/* The one place where a stream changes its stage. */
static void
move(struct streams *all, struct stream *s, enum stream_stage to)
{
	if (s->stage == STREAM_OPEN)
		leave(all, s);
	unhook(all, s);
	s->stage = to;
	s->due_us = base_now_us() + PATIENCE_US;
	hook(all, s);
	all->n -= to == STREAM_CLOSED;
	if (to == STREAM_OPEN)
		atomic_store(&all->self->slot->streams, ++all->opened);
}

/* --- the beginning ---------------------------------------------------------------------- */

struct stream *
streams_accept(struct streams *all, int fd)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = s };

	if (!s)
		bug("out of memory");
	s->out.fd = fd;
	s->seat = -1;
	s->id = s->session = s->claim = s->owned = "";
	s->due_us = base_now_us() + PATIENCE_US;
	arena_init(&s->mem, TEXTS_CHUNK, TEXTS_MOST);
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
	hook(all, s);
	all->n++;
	return s;
}

static void
keep_uris(struct stream *s, const struct subscription *sub)
{
	const char **uri = arena_take(&s->mem, (sub->uris + 1) * sizeof(*uri));

	for (s->uris = 0; s->uris < sub->uris; s->uris++)
		uri[s->uris] = arena_str(&s->mem, sub->uri[s->uris]);
	s->uri = uri;
}

static const char *
kept(struct stream *s, const char *text)
{
	return *text ? arena_str(&s->mem, text) : "";
}

static void
follow(struct streams *all, struct stream *s, const struct subscription *sub)
{
	memcpy(s->caller.hash, sub->hash, CRYPT_HASH);
	memcpy(s->caller.seen, sub->seen, sizeof(s->caller.seen));
	slot_put(s->caller.tenant, sizeof(s->caller.tenant), sub->tenant);
	slot_put(s->caller.workspace, sizeof(s->caller.workspace), sub->workspace);
	s->caller.sse = s->kind == SUBSCRIBE_SSE;
	if (!all->fanout)
		return;
	fanout_follow(all->fanout, &s->caller);
	s->follows = true;
}

void
streams_open(struct streams *all, struct stream *s, const struct subscription *sub, int seat)
{
	s->kind = sub->kind;
	memcpy(s->list, sub->list, sizeof(s->list));
	s->expires_us = sub->expires_us;
	s->id = kept(s, sub->id);
	s->session = kept(s, sub->session);
	s->claim = kept(s, sub->claim);
	s->owned = kept(s, sub->owned);
	keep_uris(s, sub);
	s->seat = seat;
	s->turn = all->next_turn++ % STREAMS_TURNS;
	move(all, s, STREAM_OPEN);
	if (*s->session) {
		s->next_named = *named_of(all, s->session);
		*named_of(all, s->session) = s;
	}
	follow(all, s, sub);
}

/* --- answers ---------------------------------------------------------------------------- */

/*
 * A burst (the answers to calls made at once, a statement that changed thousands of rows) comes faster
 * than any reader reads.  While there is room, who is behind is given the time to catch up.
 */
static size_t
room_for(const struct streams *all, const struct stream *s)
{
	if (s->behind_us > 0 && base_now_us() - s->behind_us > BEHIND_US)
		return 0;
	return all->waiting < 2 * BEHIND_ALL ? BEHIND_MOST : 0;
}

static void
count_waiting(struct streams *all, struct stream *s)
{
	all->waiting += outlet_waiting(&s->out) - s->counted;
	s->counted = outlet_waiting(&s->out);
	if (s->counted <= OUTLET_MOST)
		s->behind_us = 0;
	else if (s->behind_us == 0)
		s->behind_us = base_now_us();
}

/* Epoll tells when the socket takes something again only while something waits. */
static void
watch(struct streams *all, struct stream *s)
{
	bool waits = outlet_waits(&s->out);
	struct epoll_event e = { .events = EPOLLRDHUP | (waits ? EPOLLOUT : 0), .data.ptr = s };

	count_waiting(all, s);
	if (s->stage == STREAM_READING)
		e.events |= EPOLLIN;
	if (waits == s->watched)
		return;
	s->watched = waits;
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_MOD, s->out.fd, &e) != 0)
		bug("epoll: %s", strerror(errno));
}

void
streams_send(struct streams *all, struct stream *s, const void *bytes, size_t n)
{
	if (s->stage >= STREAM_ENDING)
		return;
	s->out.more = room_for(all, s);
	if (outlet_put(&s->out, bytes, n) != 0)
		streams_close(all, s, outlet_waits(&s->out) ? "it does not read" : NULL);
	else
		watch(all, s);
}

void
streams_finish(struct streams *all, struct stream *s)
{
	if (s->stage >= STREAM_ENDING)
		return;
	if (outlet_end(&s->out) != 0 || !outlet_waits(&s->out)) {
		streams_close(all, s, NULL);
		return;
	}
	watch(all, s);
	move(all, s, STREAM_ENDING);
}

void
streams_go_on(struct streams *all, struct stream *s)
{
	if (outlet_go_on(&s->out) != 0)
		streams_close(all, s, NULL);
	else if (s->stage == STREAM_ENDING && !outlet_waits(&s->out))
		streams_close(all, s, NULL);
	else
		watch(all, s);
}

/* --- the end ---------------------------------------------------------------------------- */

void
streams_close(struct streams *all, struct stream *s, const char *why)
{
	if (s->stage == STREAM_CLOSED)
		return;
	if (why)
		log_say("a stream of tenant %s is closed: %s", *s->caller.tenant ? s->caller.tenant : "(unknown)", why);
	move(all, s, STREAM_CLOSED);
	close(s->out.fd);
	s->out.fd = -1;
	outlet_close(&s->out);
	count_waiting(all, s);
	intake_close(&s->in);
}

static struct stream *
longest_behind(const struct streams *all)
{
	struct stream *s, *found = NULL;
	int i;

	for (i = 0; i < STREAMS_TURNS; i++)
		for (s = all->open[i]; s; s = s->next)
			if (s->behind_us > 0 && (!found || s->behind_us < found->behind_us))
				found = s;
	return found;
}

/* Not those in a burst pay for the memory, but who has not read for the longest time. */
void
streams_sweep(struct streams *all)
{
	struct stream *s;

	while (all->waiting > BEHIND_ALL && (s = longest_behind(all)))
		streams_close(all, s, "it does not read");
	while ((s = all->closed)) {
		unhook(all, s);
		arena_close(&s->mem);
		free(s);
	}
}

/* --- all of them ------------------------------------------------------------------------ */

struct stream *
streams_find(struct streams *all, const char *session)
{
	struct stream *s = *named_of(all, session);

	while (s && strcmp(s->session, session) != 0)
		s = s->next_named;
	return s;
}

static void
each_of(struct streams *all, struct stream *first, void (*fn)(struct streams *all, struct stream *s, void *ctx), void *ctx)
{
	struct stream *s, *next;

	for (s = first; s; s = next) {
		next = s->next;
		fn(all, s, ctx);
	}
}

void
streams_each(struct streams *all, void (*fn)(struct streams *all, struct stream *s, void *ctx), void *ctx)
{
	int i;

	for (i = 0; i < STREAMS_TURNS; i++)
		each_of(all, all->open[i], fn, ctx);
}

void
streams_each_due(struct streams *all, int ticks, void (*fn)(struct streams *all, struct stream *s, void *ctx))
{
	int i;

	for (i = (int)(all->ticks % (uint64_t)ticks); i < STREAMS_TURNS; i += ticks)
		each_of(all, all->open[i], fn, NULL);
}

static void
comment(struct streams *all, struct stream *s, void *ctx)
{
	(void)ctx;
	streams_send(all, s, SSE_KEEP_ALIVE, strlen(SSE_KEEP_ALIVE));
}

static void
close_late(struct streams *all, struct stream *first, const char *why)
{
	struct stream *s, *next;

	for (s = first; s; s = next) {
		next = s->next;
		if (s->due_us <= base_now_us())
			streams_close(all, s, why);
	}
}

void
streams_tick(struct streams *all)
{
	streams_each_due(all, STREAMS_TURNS, comment);
	all->ticks++;
	close_late(all, all->reading, "its request did not come whole");
	close_late(all, all->ending, "it does not read");
}
