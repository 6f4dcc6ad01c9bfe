/*
 * audit: the event of a request, and its way into the node's log.
 *
 * A worker that appends says in its slot to which segment, so that the shipper knows when nobody
 * writes to an old one any more: it may only remove a segment below the board's number to which
 * no slot points.
 */
#include "audit.h"
#include "bucket.h"
#include "fail.h"
#include "log.h"
#include "tenant.h"

#define RECORD_ROOM	(16 * AUDIT_RECORD_MAX)	/* a record, and what the log's line has besides */
#define SAMPLE		100		/* events, of which a full log takes one */
#define BURY_LOOKS_BACK (1 << 20)	/* bytes of the segment in which a dead worker's event may stand */

static struct {
	uint64_t segment;
	int      fd;		/* -1: none open */
} log_open = { 0, -1 };		/* this process's descriptor of the log */

void
audit_path(char *out, size_t room, const char *dir, uint64_t segment)
{
	snprintf(out, room, "%s/%016" PRIx64 ".log", dir, segment);
}

/* --- the event -------------------------------------------------------------------------- */

void
audit_begin(struct request *rq)
{
	struct event *e = &rq->slot->event;
	uint64_t seq = e->seq;

	memset(e, 0, sizeof(*e));
	crypt_uuid(e->id);
	e->at_us = base_wall_us();
	e->seq = seq + 1;
	e->count = 1;
	slot_put(e->ip, sizeof(e->ip), rq->param[PARAM_ADDR]);
	rq->trace = trace_of(rq->param[PARAM_TRACEPARENT], rq->param[PARAM_TRACESTATE], rq->param[PARAM_BAGGAGE]);
	slot_put(e->trace, sizeof(e->trace), rq->trace.parent);
	slot_put(e->catalog, sizeof(e->catalog), rq->param[PARAM_CATALOG]);
	if (rq->who)		/* a later message of a batch */
		tenant_name(e, rq->who, rq->workspace);
	buf_init(&rq->record, &rq->mem, RECORD_ROOM);
	atomic_store(&rq->slot->stage, EVENT_OPEN);
}

void
audit_forget(struct request *rq)
{
	rq->slot->event.seq--;		/* so that there is no gap */
	atomic_store(&rq->slot->stage, EVENT_NONE);
}

void
audit_settle(struct request *rq)
{
	struct event *e = &rq->slot->event;

	e->outcome = fail_row(rq->failed)->outcome;
	e->duration_us = base_now_us() - rq->start_us;
	e->bytes_out = rq->reply.streamed + (rq->failed == FAIL_GONE ? 0 : rq->reply.body.len);
	slot_put(e->protocol, sizeof(e->protocol), rq->version);
	if (rq->failed && !e->code[0])
		snprintf(e->code, sizeof(e->code), "%d", fail_row(rq->failed)->code);
}

static void
add_text(struct buf *b, const char *name, const char *value)
{
	if (!value[0])
		return;
	buf_fmt(b, ",\"%s\":", name);
	buf_json(b, value, strlen(value));
}

void
audit_json(struct buf *b, const struct event *e, const char *node, enum pool pool, int pid)
{
	char stamp[BASE_STAMP_MAX];

	base_stamp(stamp, e->at_us);
	buf_fmt(b, "{\"v\":1,\"id\":\"%s\",\"at\":\"%s\"", e->id, stamp);
	add_text(b, "node", node);
	buf_fmt(b, ",\"worker\":%d,\"seq\":%" PRIu64 ",\"count\":%u,\"pool\":\"%s\"", pid, e->seq, e->count,
	    slot_pool_name(pool));
	add_text(b, "catalog", e->catalog);
	add_text(b, "tenant", e->tenant);
	add_text(b, "workspace", e->workspace);
	add_text(b, "principal", e->principal);
	add_text(b, "credential", e->credential);
	add_text(b, "credential_name", e->credential_name);
	add_text(b, "method", e->method);
	add_text(b, "tool", e->tool);
	add_text(b, "outcome", slot_outcome_name(e->outcome));
	add_text(b, "code", e->code);
	buf_fmt(b, ",\"duration_us\":%" PRId64 ",\"redis_us\":%" PRId64 ",\"sql_us\":%" PRId64 ",\"upstream_us\":%" PRId64,
	    e->duration_us, e->redis_us, e->sql_us, e->upstream_us);
	add_text(b, "args_digest", e->args_digest);
	buf_fmt(b, ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64, e->bytes_in, e->bytes_out);
	add_text(b, "protocol", e->protocol);
	add_text(b, "client", e->client);
	add_text(b, "ip", e->ip);
	add_text(b, "trace", e->trace);
	buf_char(b, '}');
}

/* --- the log ---------------------------------------------------------------------------- */

/* Opens the segment that is current, announcing it in the slot first. */
static int
open_current(const struct config *cfg, struct board *board, struct slot *slot)
{
	char path[PATH_MAX];
	uint64_t now;

	do {
		now = atomic_load(&board->segment);
		atomic_store(&slot->segment, now);
	} while (atomic_load(&board->segment) != now);
	if (log_open.fd >= 0 && log_open.segment == now)
		return 0;
	if (log_open.fd >= 0)
		close(log_open.fd);
	audit_path(path, sizeof(path), cfg->audit_dir, now);
	log_open.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	log_open.segment = now;
	return log_open.fd < 0 ? -1 : 0;
}

/* The segment is long enough: whoever sees it first begins the next. */
static void
turn_over(const struct config *cfg, struct board *board, off_t size)
{
	uint64_t now = log_open.segment;

	if (size >= cfg->audit_segment_bytes)
		atomic_compare_exchange_strong(&board->segment, &now, now + 1);
}

static int
write_record(const struct config *cfg, struct board *board, const struct buf *record)
{
	ssize_t n = write(log_open.fd, record->at, record->len);

	if (n == (ssize_t)record->len) {
		turn_over(cfg, board, lseek(log_open.fd, 0, SEEK_CUR));
		return 0;
	}
	if (n > 0)
		n = write(log_open.fd, "\n", 1);	/* ends the torn record; the shipper drops it */
	return -1;
}

static void
build(struct buf *record, const struct config *cfg, const struct slot *slot, const struct event *event)
{
	buf_char(record, AUDIT_STARTS);
	audit_json(record, event, cfg->node, slot->pool, atomic_load(&slot->pid));
	buf_char(record, '\n');
}

static int
append(const struct config *cfg, struct board *board, struct slot *slot, const struct buf *record)
{
	if (open_current(cfg, board, slot) != 0 || write_record(cfg, board, record) != 0)
		return -1;
	atomic_fetch_add(&board->audit_bytes, record->len);
	return 0;
}

/* An event that belongs to no request at hand. */
static int
append_alone(const struct config *cfg, struct board *board, struct slot *slot, const struct event *event)
{
	struct arena mem;
	struct buf record;
	int got;

	arena_init(&mem, 2 * AUDIT_RECORD_MAX, 64 * AUDIT_RECORD_MAX);
	buf_init(&record, &mem, RECORD_ROOM);
	build(&record, cfg, slot, event);
	got = append(cfg, board, slot, &record);
	arena_close(&mem);
	return got;
}

/*
 * A log that is full still takes one event in SAMPLE, with the number of those it stands for, so
 * that an outsider who fills it does not become invisible.
 */
static bool
sampled_out(const struct board *board, struct event *e)
{
	static uint32_t passed;		/* by this process, since the last one written */

	if (!atomic_load(&board->audit_full)) {
		passed = 0;
		return false;
	}
	passed += e->count;
	if (passed < SAMPLE)
		return true;
	e->count = passed;
	passed = 0;
	return false;
}

/* The slot points to the segment until its stage says how it went: audit_bury() looks there. */
int
audit_append(const struct config *cfg, struct board *board, struct slot *slot, struct buf *record)
{
	if (sampled_out(board, &slot->event)) {
		atomic_fetch_add(&board->audit_lost, 1);
		atomic_store(&slot->stage, EVENT_WRITTEN);
		return 0;
	}
	atomic_store(&slot->stage, EVENT_WRITING);
	buf_cut(record, 0);
	build(record, cfg, slot, &slot->event);
	if (append(cfg, board, slot, record) != 0) {
		if (atomic_exchange(&board->audit_full, 1) == 0)
			log_say("the audit log in %s takes no more: %s", cfg->audit_dir, strerror(errno));
		atomic_fetch_add(&board->audit_lost, 1);
		atomic_store(&slot->stage, EVENT_NONE);
		atomic_store(&slot->segment, 0);
		return -1;
	}
	atomic_store(&slot->stage, EVENT_WRITTEN);
	atomic_store(&slot->segment, 0);
	return 0;
}

/* --- floods of bad credentials ---------------------------------------------------------- */

#define FLOOD_A_SECOND	10
#define FLOOD_US	1000000

void
audit_flush(const struct config *cfg, struct board *board, struct slot *slot, bool now)
{
	if (slot->flood.count == 0 || (!now && base_now_us() < slot->flood_us))
		return;
	if (append_alone(cfg, board, slot, &slot->flood) != 0)
		atomic_fetch_add(&board->audit_lost, slot->flood.count);
	slot->flood.count = 0;
}

/* Did this address have ten events of its own in this second? */
static bool
is_flood(struct board *board, const char *ip)
{
	struct bucket_rate rate = { 60 * FLOOD_A_SECOND, FLOOD_A_SECOND };
	int64_t full_us;

	return bucket_take(board, slot_number(ip), rate, 1, base_wall_us(), &full_us) > 0;
}

/*
 * A 401 beyond ten a second from one address is counted in one event, whose id its answer carries:
 * whoever tries keys may fill his time, not our log.
 */
static bool
joins_flood(struct request *rq)
{
	struct slot *slot = rq->slot;

	if (rq->failed != FAIL_CREDENTIAL || !is_flood(rq->board, slot->event.ip))
		return false;
	if (slot->flood.count > 0 && strcmp(slot->flood.ip, slot->event.ip) != 0)
		audit_flush(rq->cfg, rq->board, slot, true);
	if (slot->flood.count == 0) {
		slot->flood = slot->event;
		slot->flood_us = base_now_us() + FLOOD_US;
	} else {
		slot->flood.count++;
		slot->event.seq--;	/* no event of its own, so no number either */
	}
	memcpy(rq->request_id, slot->flood.id, sizeof(rq->request_id));
	atomic_store(&slot->stage, EVENT_WRITTEN);
	return true;
}

void
audit_record(struct request *rq)
{
	audit_settle(rq);
	audit_flush(rq->cfg, rq->board, rq->slot, false);
	if (joins_flood(rq))
		return;
	if (audit_append(rq->cfg, rq->board, rq->slot, &rq->record) != 0)
		log_say("event %s is not in the audit log", rq->slot->event.id);
}

/* The record goes on as the line: the same event is not put into words twice. */
void
audit_log(struct request *rq)
{
	struct buf *b = &rq->record;

	if (b->len == 0)	/* of a flood, or of those that a full log does not take */
		build(b, rq->cfg, rq->slot, &rq->slot->event);
	buf_cut(b, b->len - strlen("}\n"));
	add_text(b, "step", request_step_name(rq->step));
	add_text(b, "why", rq->why ? rq->why : "");
	buf_str(b, "}\n");
	log_line(b->at + 1, b->len - 1);	/* without AUDIT_STARTS */
}

/* --- the dead --------------------------------------------------------------------------- */

/* Does the id stand in a whole record of the segment the slot points to? */
static bool
is_written(const struct config *cfg, const struct slot *slot)
{
	char path[PATH_MAX], *text, *found = NULL;
	off_t size, from;
	ssize_t n;
	int fd;

	audit_path(path, sizeof(path), cfg->audit_dir, atomic_load(&slot->segment));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = lseek(fd, 0, SEEK_END);
	from = size > BURY_LOOKS_BACK ? size - BURY_LOOKS_BACK : 0;
	text = malloc(BURY_LOOKS_BACK + 1);
	n = text ? pread(fd, text, BURY_LOOKS_BACK, from) : -1;
	close(fd);
	if (n > 0) {
		text[n] = '\0';
		found = memmem(text, (size_t)n, slot->event.id, strlen(slot->event.id));
	}
	if (found)	/* torn, unless its line feed comes before the next record */
		found = memchr(found, '\n', strcspn(found, "\x1E"));
	free(text);
	return found != NULL;
}

void
audit_bury(const struct config *cfg, struct board *board, struct slot *slot)
{
	int stage = atomic_load(&slot->stage);

	if (stage == EVENT_OPEN || (stage == EVENT_WRITING && !is_written(cfg, slot))) {
		slot->event.outcome = OUTCOME_INTERNAL;
		slot->event.duration_us = base_wall_us() - slot->event.at_us;
		slot_put(slot->event.code, sizeof(slot->event.code), "died");
		if (append_alone(cfg, board, slot, &slot->event) != 0)
			atomic_fetch_add(&board->audit_lost, 1);
	}
	audit_flush(cfg, board, slot, true);
	atomic_store(&slot->stage, EVENT_NONE);
	atomic_store(&slot->segment, 0);
}
