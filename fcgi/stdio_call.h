/*
 * stdio_call: what was asked of the server and is not over yet.
 *
 * A call is a message of the client, or one of our own, with its exchange and what came of its
 * answer.  Here is what all of them have in common: sending, reading JSON or an event stream, passing
 * messages on to the client, and a sentence when nothing good came.  What sets the eras apart stands
 * in their files, behind a struct stdio_way.
 */
#ifndef STDIO_CALL_H
#define STDIO_CALL_H

#include "stdio_era.h"
#include "stdio_http.h"
#include "stdio_sse.h"

#define STDIO_ANSWER_MAX	(16 << 20)	/* bytes of one message from the server */
#define STDIO_CALLS_MAX		200		/* at once */
#define STDIO_SILENCE_US	60000000	/* of a stream that keep-alives should come on every 15 s */

struct stdio_call;

struct stdio_way {
	/* A message came; mine: it is the response to this call.  True: the client is to see it. */
	bool (*message)(struct stdio_call *c, const struct stdio_message *m, bool mine);
	/* The exchange has ended.  Ends the call, or begins it anew. */
	void (*over)(struct stdio_call *c);
	/* NULL, or: an event came that is no message. */
	void (*event)(struct stdio_call *c, const struct stdio_event *e);
	/* NULL, or: the time that stdio_call_wait() set has come. */
	void (*due)(struct stdio_call *c);
};

struct stdio_call {
	struct stdio_call      *next;
	struct stdio_bridge    *b;
	const struct stdio_way *way;
	struct arena            mem;		/* as long as the call */
	struct arena            attempt;	/* as long as one exchange */
	struct stdio_message    ask;		/* .o NULL: nothing to post, a stream is only read */
	struct stdio_exchange  *x;		/* NULL: nothing is in the air */
	struct stdio_answer     answer;		/* of the exchange that has ended */
	struct stdio_sse        sse;		/* once `streams` */
	struct buf              body;		/* of another answer than a stream */
	bool                    streams;
	bool                    too_large;	/* the answer was */
	bool                    answered;	/* the response came, and went to the client if it was for it */
	bool                    reads;		/* only the rest of the answer is asked for */
	bool                    own;		/* our own: the client waits for nothing */
	bool                    waits;		/* for something that its era knows; not sent yet */
	bool                    done;		/* to be swept away */
	bool                    opened;		/* a stream: it was in order once */
	int                     tries;		/* in a row without success */
	int64_t                 since_us;	/* since when its stream is open; 0: it is not */
	int                     generation;	/* of the session it was sent in */
	int64_t                 due_us;		/* when way->due() is to be called; 0: never */
};

struct stdio_bridge {
	struct stdio_http   *http;
	const char          *url;
	const char          *place;		/* the URL without query, for sentences */
	int                  in, out, stop;	/* descriptors; what can be read at stop says: end */
	enum stdio_era       era;
	bool                 held;		/* the client's next line has to wait */
	bool                 closing;		/* the client is gone, or does not read any more */
	struct stdio_call   *first, **last;	/* oldest first */
	struct arena         scratch;		/* one message of the server */
	char                 said[512];		/* the sentence said last, so that it is said once; "": none */
	struct stdio_modern *modern;
	struct stdio_session *session;
};

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

/* Tells client and people why there is no response, and ends the call. */
void stdio_call_fail(struct stdio_call *c);

/* The same with a given error. */
void stdio_call_refuse(struct stdio_call *c, int code, const char *why, struct json_object *data);

/* Status and headers of its answer so far. */
const struct stdio_answer *stdio_call_answer(const struct stdio_call *c);

/* Was its status 2xx? */
bool stdio_call_accepted(const struct stdio_call *c);

/* Was the answer a refusal, which asking again will not change? */
bool stdio_call_refused(const struct stdio_call *c);

/* The call of the client with this id that is not answered yet, or NULL. */
struct stdio_call *stdio_call_find(struct stdio_bridge *b, struct json_object *id);

int stdio_call_count(const struct stdio_bridge *b);

/* Calls way->due() where it is time; returns milliseconds until the next, at most 60,000. */
int stdio_call_due(struct stdio_bridge *b);

void stdio_call_sweep(struct stdio_bridge *b);

/* A line to the client. */
void stdio_call_write(struct stdio_bridge *b, const char *text, size_t n);

#endif
