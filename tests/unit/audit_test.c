/* audit: the event as JSON, records in segments, and the events of the dead. */
#include "tap.h"
#include "audit.h"
#include "child.h"
#include "fail.h"
#include "json.h"
#include "request.h"

static struct arena mem;
static struct board board;
static struct config cfg = { .node = "n1", .audit_segment_bytes = 1 << 20 };
static struct slot *slot = &board.slot[0];
static char dir[] = "/tmp/audit_test.XXXXXX";

/* The text of a segment; "" if there is none. */
static char *
segment_text(uint64_t number)
{
	char path[PATH_MAX];
	const char *why;
	size_t len;
	char *text;

	audit_path(path, sizeof(path), dir, number);
	text = json_file_text(&mem, path, 8 << 20, &len, &why);
	return text ? text : arena_str(&mem, "");
}

static int
count_of(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void
begin(struct request *rq)
{
	*rq = (struct request){ .cfg = &cfg, .board = &board, .slot = slot, .version = "", .mem = { 0 } };
	arena_init(&rq->mem, 4096, 1 << 20);
	buf_init(&rq->reply.body, &rq->mem, 1 << 16);
	rq->param[PARAM_ADDR] = "192.0.2.7";
	rq->param[PARAM_CATALOG] = "planasonix";
	rq->start_us = base_now_us();
	audit_begin(rq);
}

/* Of 401s of one address ten a second have events of their own, the others share one. */
static void
test_flood(void)
{
	struct request rq;
	char shared[CRYPT_UUID] = "";
	int i, own = 0, same = 0;

	for (i = 0; i < 60; i++) {
		begin(&rq);
		memcpy(rq.request_id, slot->event.id, sizeof(rq.request_id));
		fail(&rq, FAIL_CREDENTIAL, "no");
		audit_record(&rq);
		if (slot->flood.count == 0)
			own++;
		else if (!shared[0])
			memcpy(shared, rq.request_id, sizeof(shared));
		else
			same += strcmp(rq.request_id, shared) == 0;
		arena_close(&rq.mem);
	}
	ok(own >= 10 && own <= 12, "about ten events of their own: %d", own);
	is_int(slot->flood.count, 60 - own, "the others are counted in one");
	is_int(same, 60 - own - 1, "whose id their answers carry");
	is_str(slot->flood.id, shared, "and which is the first one's");
	audit_flush(&cfg, &board, slot, false);
	is_int(slot->flood.count, 60 - own, "it is not written before its second is over");
	audit_flush(&cfg, &board, slot, true);
	is_int(slot->flood.count, 0, "or the worker ends");
}

/* A full log takes one event in a hundred, which says how many it stands for. */
static void
test_sampled(void)
{
	struct request rq;
	uint64_t lost = atomic_load(&board.audit_lost);
	int i, written = 0;
	uint32_t count = 0;

	atomic_store(&board.audit_full, 1);
	for (i = 0; i < 250; i++) {
		begin(&rq);
		if (audit_append(&cfg, &board, slot, &rq.record) != 0)
			break;
		if (slot->event.count > 1) {
			written++;
			count += slot->event.count;
		}
		arena_close(&rq.mem);
	}
	is_int(written, 2, "of 250 events a full log takes two");
	is_int(count, 200, "that stand for a hundred each");
	is_int(atomic_load(&board.audit_lost) - lost, 248, "the others are counted");
	atomic_store(&board.audit_full, 0);
}

static void
test_event(void)
{
	struct request rq;
	struct json_object *o;
	struct json_flaw flaw;
	struct event *e = &slot->event;
	char first[CRYPT_UUID];
	struct buf b;

	begin(&rq);
	memcpy(first, e->id, sizeof(first));
	ok(crypt_is_uuid(e->id) && e->seq == 1 && e->count == 1, "an event begins with an id and its number");
	is_int(atomic_load(&slot->stage), EVENT_OPEN, "and is open");
	slot_put(e->method, sizeof(e->method), "tools/call");
	rq.version = "2025-11-25";
	e->bytes_in = 77;
	buf_str(&rq.reply.body, "12345");
	slot_put(e->tool, sizeof(e->tool), "a \"quoted\"\ntool");
	audit_settle(&rq);
	buf_init(&b, &mem, 1 << 16);
	audit_json(&b, e, "n1", POOL_FAST, 42);
	is_int(json_check(&mem, b.at, b.len, &(struct json_caps){ 8, 100 }, &flaw), 0, "the event is JSON");
	o = json_parse(&mem, b.at, b.len, 8);
	is_int(json_get_int(o, "v", 0), 1, "v");
	is_str(json_get_str(o, "id"), first, "id");
	is_str(json_get_str(o, "node"), "n1", "node");
	is_int(json_get_int(o, "worker", 0), 42, "worker");
	is_int(json_get_int(o, "seq", 0), 1, "seq");
	is_str(json_get_str(o, "pool"), "fast", "pool");
	is_str(json_get_str(o, "catalog"), "planasonix", "catalog");
	is_str(json_get_str(o, "method"), "tools/call", "method");
	is_str(json_get_str(o, "tool"), "a \"quoted\"\ntool", "tool");
	is_str(json_get_str(o, "outcome"), "ok", "outcome");
	is_str(json_get_str(o, "code"), NULL, "no code");
	is_str(json_get_str(o, "protocol"), "2025-11-25", "protocol");
	is_str(json_get_str(o, "ip"), "192.0.2.7", "ip");
	is_int(json_get_int(o, "bytes_in", 0), 77, "bytes_in");
	is_int(json_get_int(o, "bytes_out", 0), 5, "bytes_out");
	ok(!json_get(o, "tenant") && !json_get(o, "trace"), "what is not known is not there");
	arena_close(&rq.mem);
	begin(&rq);
	ok(e->seq == 2 && strcmp(e->id, first) != 0 && !e->tool[0], "the next one has the next number and nothing of the last");
	fail(&rq, FAIL_PARAMS, "no");
	audit_settle(&rq);
	ok(e->outcome == OUTCOME_BAD_REQUEST && strcmp(e->code, "-32602") == 0, "a failure's outcome and code");
	arena_close(&rq.mem);
}

static void
test_append(void)
{
	struct request rq;
	char *text;
	int i;

	for (i = 0; i < 3; i++) {
		begin(&rq);
		is_int(audit_append(&cfg, &board, slot, &rq.record), 0, "appended");
		arena_close(&rq.mem);
	}
	is_int(atomic_load(&slot->stage), EVENT_WRITTEN, "the slot says so");
	is_int(atomic_load(&slot->segment), 0, "and points to no segment any more");
	text = segment_text(1);
	is_int(count_of(text, "\x1E{\"v\":1,"), 3, "three records, each behind a record separator");
	is_int(count_of(text, "}\n"), 3, "each with its line feed");
	is_int(atomic_load(&board.audit_bytes), strlen(text), "and the board counts their bytes");
}

static void
test_turn(void)
{
	struct request rq;
	int i;

	cfg.audit_segment_bytes = 1000;
	for (i = 0; i < 10; i++) {
		begin(&rq);
		is_int(audit_append(&cfg, &board, slot, &rq.record), 0, "appended");
		arena_close(&rq.mem);
	}
	cfg.audit_segment_bytes = 1 << 20;
	ok(atomic_load(&board.segment) >= 3, "segments of 1000 bytes are full after a few records");
	ok(count_of(segment_text(2), "\x1E") > 0 && count_of(segment_text(3), "\x1E") > 0, "and the next ones hold the others");
	is_int(count_of(segment_text(1), "\x1E"), 4, "none is begun before the last is full");
}

/* The text of the newest segment, emptied by the call before. */
static void
fresh_segment(void)
{
	atomic_fetch_add(&board.segment, 1);
}

static const char *
newest(void)
{
	return segment_text(atomic_load(&board.segment));
}

static void
test_bury(void)
{
	static const struct {
		enum event_stage stage;
		int              records;
		const char      *name;
	} rows[] = {
		{ EVENT_NONE, 0, "died without a request" },
		{ EVENT_OPEN, 1, "died in a request" },
		{ EVENT_WRITTEN, 0, "died behind its record" },
		{ EVENT_WRITING, 1, "died before its record" },
	};
	struct request rq;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		fresh_segment();
		begin(&rq);
		atomic_store(&slot->stage, rows[i].stage);
		atomic_store(&slot->segment, atomic_load(&board.segment));
		audit_bury(&cfg, &board, slot);
		is_int(count_of(newest(), "\x1E"), rows[i].records, "%s", rows[i].name);
		is_int(count_of(newest(), "\"outcome\":\"internal\",\"code\":\"died\""), rows[i].records, "and its record says so");
		is_int(atomic_load(&slot->stage), EVENT_NONE, "nothing is left to bury");
		audit_bury(&cfg, &board, slot);
		is_int(count_of(newest(), "\x1E"), rows[i].records, "nor is it buried twice");
		arena_close(&rq.mem);
	}
}

/* Killed behind write(), but before the slot said so: the record is found. */
static void
test_bury_written(void)
{
	struct request rq;
	char path[PATH_MAX];
	size_t len;
	int fd;

	fresh_segment();
	begin(&rq);
	is_int(audit_append(&cfg, &board, slot, &rq.record), 0, "a record");
	atomic_store(&slot->stage, EVENT_WRITING);
	atomic_store(&slot->segment, atomic_load(&board.segment));
	audit_bury(&cfg, &board, slot);
	is_int(count_of(newest(), slot->event.id), 1, "that is in the log is not written again");

	/* The same record torn: without its end. */
	len = strlen(newest());
	audit_path(path, sizeof(path), dir, atomic_load(&board.segment));
	if (truncate(path, (off_t)len - 20) != 0)
		abort();
	atomic_store(&slot->stage, EVENT_WRITING);
	atomic_store(&slot->segment, atomic_load(&board.segment));
	audit_bury(&cfg, &board, slot);
	is_int(count_of(newest(), slot->event.id), 2, "one that is torn at the end of the log is");

	/* Torn, with another process's record behind it. */
	fd = open(path, O_WRONLY | O_TRUNC);
	len = (size_t)dprintf(fd, "\x1E{\"v\":1,\"id\":\"%s\",\"at\x1E{\"v\":1,\"id\":\"other\"}\n", slot->event.id);
	close(fd);
	atomic_store(&slot->stage, EVENT_WRITING);
	atomic_store(&slot->segment, atomic_load(&board.segment));
	audit_bury(&cfg, &board, slot);
	is_int(count_of(newest(), slot->event.id), 2, "and one that is torn before another's record");
	arena_close(&rq.mem);
}

static void
append_nowhere(void *ctx)
{
	struct request rq;

	(void)ctx;
	cfg.audit_dir = "/nowhere";
	fresh_segment();
	begin(&rq);
	if (audit_append(&cfg, &board, slot, &rq.record) != -1 || atomic_load(&slot->stage) != EVENT_NONE)
		_exit(2);
	if (audit_append(&cfg, &board, slot, &rq.record) != 0)	/* one of the many that a full log does not take */
		_exit(3);
	if (!atomic_load(&board.audit_full) || atomic_load(&board.audit_lost) != 2)
		_exit(4);
	arena_close(&rq.mem);
}

/* A file that may not grow: the first record fits, the second only in part. */
static void
append_to_full(void *ctx)
{
	struct rlimit most = { 500, 500 };
	struct request rq;
	int *got = ctx;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &most);
	fresh_segment();
	begin(&rq);
	*got = audit_append(&cfg, &board, slot, &rq.record) == 0 && audit_append(&cfg, &board, slot, &rq.record) == -1 && atomic_load(&board.audit_full);
	_exit(*got ? 0 : 2);
}

static void
test_full(void)
{
	struct child c;
	int got = 0;

	child_run(&c, append_nowhere, NULL);
	is_int(c.status, 0, "a log that takes nothing: refused, counted, and said on the board");
	is_int(count_of(c.said, "takes no more"), 1, "to the operator once: %.*s", (int)strcspn(c.said, "\n"), c.said);
	child_run(&c, append_to_full, &got);
	is_int(c.status, 0, "a disk that becomes full in the middle of a record");
}

static void
remove_dir(void)
{
	uint64_t i;
	char path[PATH_MAX];

	for (i = 0; i < 100; i++) {
		audit_path(path, sizeof(path), dir, i);
		unlink(path);
	}
	rmdir(dir);
}

int
main(void)
{
	if (!mkdtemp(dir))
		abort();
	arena_init(&mem, 64 << 10, 64 << 20);
	cfg.audit_dir = dir;
	atomic_store(&board.segment, 1);
	atomic_store(&slot->pid, 42);
	test_event();
	test_append();
	test_turn();
	test_bury();
	test_bury_written();
	test_full();
	test_flood();
	test_sampled();
	remove_dir();
	arena_close(&mem);
	return tap_done();
}
