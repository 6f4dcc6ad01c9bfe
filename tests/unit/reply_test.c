/* reply: CGI bytes, and no way to break out of a header. */
#include "reply.h"
#include "ask.h"

int
main(void)
{
	struct request rq;

	ask_init(&rq);
	reply_init(&rq, 100);
	rq.reply.status = 429;
	rq.reply.type = "application/json";
	snprintf(rq.request_id, sizeof(rq.request_id), "ID");
	reply_header(&rq, "X-Test", "a\r\nSet-Cookie: b");
	buf_str(&rq.reply.body, "{}");
	is_int(reply_send(&rq), 0, "sent");
	is_str(ask.answer, "Status: 429 Too Many Requests\r\nX-Request-Id: ID\r\nCache-Control: no-store\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\nX-Test: a\r\n\r\n{}", "status, headers, an empty line, the body");
	reply_init(&rq, 100);
	rq.reply.status = 202;
	is_int(reply_send(&rq), 0, "sent again");
	is_str(ask.answer, "Status: 202 Accepted\r\nX-Request-Id: ID\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n", "no body, no type");
	return ask_done(&rq);
}
