/*
 * intake: one FastCGI request, read whole without ever waiting.
 *
 * For the process that has many connections.  A request that is there with the first look, as nginx
 * sends it, costs no memory of its own; one that comes in pieces is kept until it is whole.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "fastcgi_head.h"

struct intake {
	unsigned char *at;		/* the pieces that came; NULL: none yet */
	size_t         have, room;
};

/*
 * Reads what has come.  FASTCGI_WHOLE: *id and, in rq (its cfg set), param, body, body_len are filled.
 * FASTCGI_MORE: it goes on when the socket is readable.  FASTCGI_BAD: no request comes here any more;
 * *why is a phrase for the log, NULL if there is nothing to say.
 */
enum fastcgi_look intake_read(struct intake *in, int fd, struct request *rq, unsigned *id, const char **why);

/* Forgets the pieces. */
void intake_close(struct intake *in);

#endif
