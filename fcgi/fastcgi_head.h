/*
 * fastcgi_head: what a FastCGI request begins with, looked at by our own eyes.
 *
 * BEGIN_REQUEST and its parameters, with caps on their bytes and their number.  Where the bytes come
 * from, and the body behind them, is the matter of whoever reads the connection.
 */
#ifndef FASTCGI_HEAD_H
#define FASTCGI_HEAD_H

#include "request.h"

/* FastCGI 1.0, section 8. */
#define FASTCGI_VERSION		1
#define FASTCGI_RECORD		8	/* bytes of a record before its content */
#define FASTCGI_BEGIN		1
#define FASTCGI_END		3
#define FASTCGI_PARAMS		4
#define FASTCGI_STDIN		5
#define FASTCGI_STDOUT		6
#define FASTCGI_BEGIN_BYTES	8	/* content of a BEGIN_REQUEST */

/*
 * nginx sends the parameters as one record, which has at most 65535 bytes; a request has about
 * thirty, and a browser's or client's headers add some.
 */
#define FASTCGI_HEAD_MAX \
	(FASTCGI_RECORD + FASTCGI_BEGIN_BYTES + 2 * (FASTCGI_RECORD + UINT8_MAX) + UINT16_MAX)

enum fastcgi_look { FASTCGI_WHOLE, FASTCGI_MORE, FASTCGI_BAD };

/*
 * BEGIN_REQUEST, then PARAMS up to an empty one, all of one id.  Of a whole head *params is the
 * length of its parameters, and *ends where the body begins.  They are moved to the front of out
 * (which may be head itself) if out is given.
 */
enum fastcgi_look fastcgi_head_look(const unsigned char *head, size_t have, unsigned char *out, size_t *params, size_t *ends);

/* Reads n bytes of parameters into rq.  0, or -1: *why is a phrase for the log. */
int fastcgi_head_take(struct request *rq, const unsigned char *params, size_t n, const char **why) must_use;

#endif
