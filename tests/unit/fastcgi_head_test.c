/* fastcgi_head: whole, unfinished and bad heads; what connections do is fastcgi_test's matter. */
#include "fastcgi_head.h"
#include "tap.h"

static unsigned char head[2048];
static size_t len;

static void
record(int type, int id, const char *content, size_t n, size_t padding)
{
	unsigned char begin[FASTCGI_RECORD] = { FASTCGI_VERSION, (unsigned char)type, 0, (unsigned char)id, (unsigned char)(n >> 8),
		(unsigned char)n, (unsigned char)padding };

	memcpy(head + len, begin, sizeof(begin));
	if (n > 0)
		memcpy(head + len + sizeof(begin), content, n);
	len += sizeof(begin) + n + padding;
}

static enum fastcgi_look
look(void)
{
	size_t params, ends;

	return fastcgi_head_look(head, len, NULL, &params, &ends);
}

static void
begin(int role)
{
	char content[FASTCGI_BEGIN_BYTES] = { 0, (char)role };

	len = 0;
	record(FASTCGI_BEGIN, 1, content, sizeof(content), 0);
}

static void
test_bad(void)
{
	begin(2);
	ok(look() == FASTCGI_BAD, "another role");
	begin(1);
	record(FASTCGI_STDIN, 1, "x", 1, 0);
	ok(look() == FASTCGI_BAD, "a body before the parameters end");
	begin(1);
	record(FASTCGI_PARAMS, 2, "x", 1, 0);
	ok(look() == FASTCGI_BAD, "another id");
	begin(1);
	head[0] = 2;
	ok(look() == FASTCGI_BAD, "another version");
}

static void
test_whole(struct request *rq)
{
	static const char pair[] = "\x0e\x04REQUEST_METHODPOST";
	const char *why;
	size_t params, ends, all, whole = 0;

	begin(1);
	record(FASTCGI_PARAMS, 1, pair, 10, 6);
	record(FASTCGI_PARAMS, 1, pair + 10, sizeof(pair) - 11, 0);
	record(FASTCGI_PARAMS, 1, NULL, 0, 0);
	for (all = len, len = 0; len < all; len++)
		whole += look() != FASTCGI_MORE;
	is_int(whole, 0, "of each beginning more is wanted");
	record(FASTCGI_STDIN, 1, "body", 4, 0);
	ok(fastcgi_head_look(head, len, head, &params, &ends) == FASTCGI_WHOLE, "the end is seen");
	is_int(ends, all, "which is where the body begins");
	is_int(fastcgi_head_take(rq, head, params, &why), 0, "the parameters are taken");
	is_str(rq->param[PARAM_METHOD], "POST", "over the borders of records");
	is_int(fastcgi_head_take(rq, head, params - 1, &why), -1, "not if they end too early");
	is_str(why, "its parameters are malformed", "which is said");
}

int
main(void)
{
	struct request rq = { 0 };

	arena_init(&rq.mem, 4096, 1 << 20);
	test_bad();
	test_whole(&rq);
	arena_close(&rq.mem);
	return tap_done();
}
