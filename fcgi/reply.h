/*
 * reply: an answer as CGI bytes.
 *
 * Nothing leaves before reply_send(); until then head and body can be begun again.
 */
#ifndef REPLY_H
#define REPLY_H

#include "request.h"

/* Empties head and body.  most: bytes of body that fit. */
void reply_init(struct request *rq, size_t most);

/* Adds a header line; the value must have no line breaks (it is cut there). */
void reply_header(struct request *rq, const char *name, const char *value);

/* Sends status, headers and body.  0, or -1: the client is gone. */
int reply_send(struct request *rq) must_use;

#endif
