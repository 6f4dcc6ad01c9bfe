/*
 * stdio_bridge: the data of the bridge: calls, what sets one kind apart from another, and what all
 * share.
 *
 * A call is a message of the client, or one of our own, with its exchange and what came of its
 * answer.  Everything runs in one loop; nobody is called from inside anybody else's work.
 */
#ifndef STDIO_BRIDGE_H
#define STDIO_BRIDGE_H

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
	int64_t              swept_us;		/* when a call was freed last; 0: nothing of it is left */
	struct arena         scratch;		/* one message of the server */
	char                 said[512];		/* the sentence said last, so that it is said once; "": none */
	struct stdio_modern *modern;		/* one of the two is in use, as the era says */
	struct stdio_session *session;
};

#endif
