/*
 * stdio_call: the life of a call: sending it, reading JSON or an event stream, passing messages on to
 * the client, waiting, ending.
 *
 * What a message or the end of an answer means, the file of its era says, through struct stdio_way.
 */
#ifndef STDIO_CALL_H
#define STDIO_CALL_H

#include "stdio_bridge.h"

/* A call without a message yet; its memory is there for one. */
struct stdio_call *stdio_call_new(struct stdio_bridge *b, const struct stdio_way *way) must_use;

/* Forgets the last answer.  Comes before stdio_call_send(); what that is given may lie in the arena returned. */
struct arena *stdio_call_anew(struct stdio_call *c);

/* Sends it: ask.text as a POST, or a GET where there is none or c->reads is set. */
void stdio_call_send(struct stdio_call *c, const char *url, const char *const *header, size_t n, int64_t silence_us);

/* It is over: drops what is in the air.  The call is freed later, by stdio_call_sweep(). */
void stdio_call_end(struct stdio_call *c);

/*
 * Calls way->due() after a pause that grows with c->tries: 250 ms, doubled up to 30 s, at least least_ms.
 * A stream that was in order for a while begins with the shortest again.
 */
void stdio_call_wait(struct stdio_call *c, int64_t least_ms);

/* A message for the call from wherever: passes it on, notes that it is answered. */
void stdio_call_message(struct stdio_call *c, const struct stdio_message *m);

/* Status and headers of its answer so far. */
const struct stdio_answer *stdio_call_answer(const struct stdio_call *c);

/* The call of the client with this id that is not answered yet, or NULL. */
struct stdio_call *stdio_call_find(struct stdio_bridge *b, struct json_object *id);

int stdio_call_count(const struct stdio_bridge *b);

/* Calls way->due() where it is time; returns milliseconds until the next, at most 60,000. */
int stdio_call_due(struct stdio_bridge *b);

void stdio_call_sweep(struct stdio_bridge *b);

/* A line to the client. */
void stdio_call_write(struct stdio_bridge *b, const char *text, size_t n);

#endif
