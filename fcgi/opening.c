/* opening: http.h's end of a request, without its waiting. */
#include "opening.h"
#include "audit.h"
#include "catalog.h"
#include "fail.h"
#include "hold.h"
#include "log.h"
#include "reply.h"
#include "rpc.h"
#include "seat.h"
#include "sse.h"
#include "tell.h"
#include "ticket.h"

#define CHUNK_BYTES	(16 << 10)
#define ARENA_BASE	(16 << 20)
#define BODY_COPIES	16
#define REFUSAL_MAX	(64 << 10)
#define FIRST_MAX	(4 << 20)	/* an acknowledgement with a hundred URIs, whose every character may be an escape */

struct opening {
	struct streams     *all;
	struct stream      *s;
	struct request      rq;
	struct subscription sub;
	int                 seat;
};

/* --- the wire --------------------------------------------------------------------------- */

/* The body was read with the rest. */
static ssize_t
read_nothing(void *io, void *bytes, size_t n)
{
	(void)io;
	(void)bytes;
	(void)n;
	return 0;
}

static int
write_answer(void *io, const void *bytes, size_t n)
{
	struct opening *o = io;

	streams_send(o->all, o->s, bytes, n);
	return o->s->stage == STREAM_CLOSED ? -1 : 0;
}

static int
flush_answer(void *io)
{
	(void)io;
	return 0;
}

static void
end_answer(void *io)
{
	(void)io;
}

static const struct wire wire = { read_nothing, write_answer, flush_answer, end_answer };

static void
begin(struct opening *o)
{
	const struct process *self = o->all->self;
	struct request *rq = &o->rq;

	*rq = (struct request){ .cfg = self->cfg, .key = self->key, .key_old = self->key_old,
		.board = self->board, .slot = self->slot, .wire = &wire, .io = o,
		.client_fd = -1, .start_us = base_now_us(), .version = "", .workspace = "", .place = POOL_STREAM };
	arena_init(&rq->mem, CHUNK_BYTES, BODY_COPIES * (size_t)self->cfg->body_bytes_max + ARENA_BASE);
}

/* --- may it open? ----------------------------------------------------------------------- */

/* As tenant_name(), from what the ticket says. */
static void
name(struct event *e, const struct subscription *sub)
{
	slot_put(e->tenant, sizeof(e->tenant), sub->tenant);
	slot_put(e->workspace, sizeof(e->workspace), sub->workspace);
	slot_put(e->principal, sizeof(e->principal), sub->principal);
	slot_put(e->credential, sizeof(e->credential), sub->credential);
	slot_put(e->credential_name, sizeof(e->credential_name), sub->credential_name);
	slot_put(e->client, sizeof(e->client), sub->client);
}

static int
check_ticket(struct opening *o)
{
	struct request *rq = &o->rq;
	const char *why;

	rq->step = STEP_IDENTIFY;
	if (subscribe_read(rq, o->all->self->catalogs, &o->sub, &why) != 0) {
		if (why == ticket_late)
			fail(rq, FAIL_UNAVAILABLE, "The service is busy. Try again in a second.");
		else
			fail(rq, FAIL_REFUSED, "Forbidden.");
		rq->why = why;
		return -1;
	}
	rq->era = o->sub.kind == SUBSCRIBE_LISTEN ? ERA_MODERN : ERA_LEGACY;
	rq->version = o->sub.version;
	if (*o->sub.id)
		rq->id = json_parse(&rq->mem, o->sub.id, strlen(o->sub.id), 2);
	name(&rq->slot->event, &o->sub);
	slot_put(rq->slot->event.method, sizeof(rq->slot->event.method), o->sub.kind == SUBSCRIBE_LISTEN ? "subscriptions/listen" : "GET");
	return 0;
}

static int
take_seat(struct opening *o, int64_t most)
{
	const char *who = *o->sub.principal ? o->sub.principal : o->sub.credential;
	struct request *rq = &o->rq;

	rq->step = STEP_ADMIT;
	if (o->all->opened >= most) {
		fail(rq, FAIL_STREAMS, "Subscription limit reached: this server holds no more.");
		return -1;
	}
	o->seat = seat_take(rq->board, rq->slot, slot_number(who), o->sub.streams);
	if (o->seat < 0)
		return fail(rq, FAIL_STREAMS, "Subscription limit reached: your plan has %" PRId64 " at a time.", o->sub.streams);
	rq->step = STEP_RUN;
	return 0;
}

/* --- the answer ------------------------------------------------------------------------- */

static void
record(struct opening *o)
{
	audit_record(&o->rq);
	atomic_store(&o->rq.slot->stage, EVENT_NONE);
}

static void
refuse(struct opening *o)
{
	struct request *rq = &o->rq;
	const struct fail_row *row = fail_row(rq->failed);

	rq->reply.status = rq->era == ERA_MODERN ? row->modern : row->legacy;
	rq->reply.type = "application/json";
	if (rq->failed == FAIL_UNAVAILABLE)
		reply_header(rq, "Retry-After", "1");
	rpc_failure(rq, 0);
	record(o);
	if (reply_send(rq) != 0)
		rq->why = "the client left before the answer";
	streams_finish(o->all, o->s);
}

/* The head and the first frame leave at once: a client waits for them. */
static void
answer(struct opening *o)
{
	struct request *rq = &o->rq;
	struct stream *s = o->s;
	struct buf b;

	buf_init(&b, &rq->mem, FIRST_MAX);
	sse_head(&b, rq->request_id);
	buf_str(&b, "\r\n");
	tell_first(&b, &o->sub, rq->param[PARAM_URI] ? rq->param[PARAM_URI] : "");
	if (b.full)
		bug("the first frame of a stream is longer than %d bytes", FIRST_MAX);
	record(o);
	s->caller.catalog = rq->catalog;
	slot_put(s->caller.address, sizeof(s->caller.address), rq->param[PARAM_ADDR]);
	streams_open(o->all, s, &o->sub, o->seat);
	hold_renew(o->all, s);
	streams_send(o->all, s, b.at, b.len);
	if (s->stage == STREAM_OPEN && tell_nothing(&o->sub))
		tell_end(o->all, s);
}

static void
serve(struct opening *o, int64_t most)
{
	struct request *rq = &o->rq;

	reply_init(rq, REFUSAL_MAX);
	audit_begin(rq);
	memcpy(rq->request_id, rq->slot->event.id, sizeof(rq->request_id));
	rq->slot->event.bytes_in = rq->body_len;
	if (check_ticket(o) != 0) {
		refuse(o);
	} else if (take_seat(o, most) != 0) {
		hold_refuse(o->all, &o->sub);
		refuse(o);
	} else {
		answer(o);
	}
	audit_log(rq);
	rq->slot->requests++;
}

void
opening_read(struct streams *all, struct stream *s, int64_t most)
{
	struct opening o = { .all = all, .s = s, .seat = -1 };
	const char *why;

	begin(&o);
	switch (intake_read(&s->in, s->out.fd, &o.rq, &s->out.id, &why)) {
	case FASTCGI_WHOLE:
		intake_close(&s->in);
		serve(&o, most);
		break;
	case FASTCGI_MORE:
		break;
	case FASTCGI_BAD:
		if (why)
			log_say("refused a connection: %s", why);
		streams_close(all, s, NULL);
	}
	arena_close(&o.rq.mem);
}
