/*
 * question: what a handler may ask of a client, and what counts as its answer.
 *
 * The three methods of MCP 2026-07-28, "Multi Round-Trip Requests": elicitation/create (a form, or a
 * URL to open), sampling/createMessage, roots/list.  How a question gets to the client, and when, is
 * mrtr's and ask's matter.
 */
#ifndef QUESTION_H
#define QUESTION_H

#include "request.h"

#define QUESTIONS_MAX		16	/* in one round */
#define QUESTION_KEY_MAX	64	/* characters of [A-Za-z0-9_.-] */

enum question_kind { QUESTION_FORM, QUESTION_URL, QUESTION_SAMPLING, QUESTION_ROOTS };

struct question {
	const char         *key;	/* the handler's name for it */
	const char         *method;
	enum question_kind  kind;
	struct json_object *params;	/* an object, in rq's memory; NULL: none */
};

/*
 * Makes a question of what a handler gives (params may be NULL; the reference becomes rq's).  0, or
 * -1 with FAIL_INTERNAL: the handler asks in a form that the specification does not know.
 */
int question_make(struct request *rq, struct question *q, const char *key, const char *method, struct json_object *params) must_use;

/* Has the client of this message declared that it can be asked so, in the revision it speaks? */
bool question_allowed(const struct request *rq, const struct question *q);

/* The same for the simplest question of a method. */
bool question_possible(const struct request *rq, const char *method);

/* Adds to a ClientCapabilities object what the question takes. */
void question_needs(const struct question *q, struct json_object *capabilities);

/* Is this an answer to it?  A declined or cancelled elicitation is one. */
bool question_answered(const struct question *q, struct json_object *answer);

/*
 * The handler cannot go on: a sentence as a tool's error, or for what is no tool as an internal
 * error that says it.  Returns -1.
 */
int question_refuse(struct request *rq, const char *fmt, ...) printf_like(2, 3);

#endif
