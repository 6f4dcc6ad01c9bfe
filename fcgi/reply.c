/* reply: the CGI form of an answer (RFC 3875, section 6). */
#include "reply.h"

#define HEAD_MAX 16384

void
reply_init(struct request *rq, size_t most)
{
	rq->reply.status = 200;
	rq->reply.type = NULL;
	buf_init(&rq->reply.head, &rq->mem, HEAD_MAX);
	buf_init(&rq->reply.body, &rq->mem, most);
}

void
reply_header(struct request *rq, const char *name, const char *value)
{
	buf_fmt(&rq->reply.head, "%s: %.*s\r\n", name, (int)strcspn(value, "\r\n"), value);
}

static const char *
reason(int status)
{
	static const struct {
		int         status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 409, "Conflict" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" }, { 429, "Too Many Requests" },
		{ 499, "Client Closed Request" }, { 503, "Service Unavailable" },
	};
	size_t i;

	for (i = 0; i < LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Error";
}

int
reply_send(struct request *rq)
{
	struct reply *r = &rq->reply;
	struct buf all;

	buf_init(&all, &rq->mem, r->head.len + r->body.len + 1024);
	buf_fmt(&all, "Status: %d %s\r\nX-Request-Id: %s\r\nCache-Control: no-store\r\nContent-Length: %zu\r\n",
	    r->status, reason(r->status), rq->request_id, r->body.len);
	if (r->type)
		buf_fmt(&all, "Content-Type: %s\r\n", r->type);
	buf_add(&all, r->head.at, r->head.len);
	buf_str(&all, "\r\n");
	buf_add(&all, r->body.at, r->body.len);
	return rq->wire->write(rq->io, all.at, all.len);
}
