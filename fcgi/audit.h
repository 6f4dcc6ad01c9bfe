/*
 * audit: one event per message, in the node's log before the answer leaves.
 *
 * The log is a folder of segments, NNNNNNNNNNNNNNNN.log (a number in hexadecimal, from 1), of
 * JSON text sequences (RFC 7464: 0x1E, one JSON object, line feed).  A record is one write() on
 * O_APPEND; a record without its line feed is torn, and the next one starts cleanly behind it.
 * Who ships the log, and who removes segments, is the consumer's matter.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "buf.h"
#include "config.h"
#include "slot.h"

#define AUDIT_RECORD_MAX	4096
#define AUDIT_STARTS		0x1E

struct request;

/* Begins the event of the request or of the next message of a batch: id, time, address. */
void audit_begin(struct request *rq);

/* Takes back what audit_begin() began: another process is going to answer the request. */
void audit_forget(struct request *rq);

/* Fills in outcome, code, times and sizes from rq as it stands at the end. */
void audit_settle(struct request *rq);

/* Settles the event and appends it: what every message ends with, before its answer leaves. */
void audit_record(struct request *rq);

/*
 * Writes the event that 401s of one address were gathered in, if its second is over (or whenever,
 * with `now`).  A worker calls it when it has nothing to do and before it ends.
 */
void audit_flush(const struct config *cfg, struct board *board, struct slot *slot, bool now);

/*
 * The request's line in the log: the event's fields, and in which step it ended and why.  Once, after
 * audit_record(), whose record it uses up.
 */
void audit_log(struct request *rq);

/* The event as one JSON object. */
void audit_json(struct buf *b, const struct event *e, const char *node, enum pool pool, int pid);

/*
 * Appends the slot's event to the log, in one write; *record is then what was written, and
 * nothing else.  0, or -1: the log cannot take it (the board then says so, and calls that write are
 * refused until it can).
 */
int audit_append(const struct config *cfg, struct board *board, struct slot *slot, struct buf *record) must_use;

/*
 * For a process that died: writes its event, if one was begun and is not in the log yet, with
 * outcome internal and code "died".  Only the master calls it.
 */
void audit_bury(const struct config *cfg, struct board *board, struct slot *slot);

/* The path of a segment. */
void audit_path(char *out, size_t room, const char *dir, uint64_t segment);

#endif
