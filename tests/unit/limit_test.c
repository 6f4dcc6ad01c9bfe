/* limit: which bucket refuses, what the headers say, and that nothing is taken in vain. */
#include "limit.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

static int
take(struct limit *limit, int n)
{
	ask_message(&rq, "{}");
	return limit_take(&rq, limit, n, NULL);	/* Redis is away: this node alone */
}

static void
test_plan(void)
{
	struct limit plan;
	int i, served = 0;

	for (i = 0; i < 100; i++) {
		ask_message(&rq, "{}");
		limit_of_plan(&rq, &plan, 1);
		served += limit_take(&rq, &plan, 1, NULL) == 0;
	}
	is_int(served, 60, "a plan of sixty a minute");
	is_int(rq.failed, FAIL_RATE, "then it refuses");
	ok(strstr(rq.reply.head.at, "Retry-After: 1\r\n") != NULL, "and says when to come again");
	ok(strstr(rq.reply.head.at, "RateLimit-Limit: 60\r\nRateLimit-Remaining: 0\r\nRateLimit-Reset: 60\r\n") != NULL, "in numbers too");
	is_str(plan.key, "mcp:t:bucket", "its key in Redis");
}

static void
test_several(void)
{
	struct limit both[2];
	int i, served = 0;

	ask.who.number = 77;
	ask.who.own_per_minute = 5;
	for (i = 0; i < 10; i++) {
		ask_message(&rq, "{}");
		limit_of_plan(&rq, &both[0], 1);
		limit_of_credential(&rq, &both[1], 1);
		served += take(both, 2) == 0;
	}
	is_int(served, 5, "the tightest bucket counts");
	ok(strstr(rq.reply.head.at, "RateLimit-Limit: 5\r\n") != NULL, "and is the one that is told of");
	is_int(take(both, 1), 0, "the plan's own tokens were not taken in vain");
	ok(strstr(rq.reply.head.at, "RateLimit-Remaining: 54\r\n") != NULL, "54 are left of 60 after six");
	is_str(both[1].key, "mcp:t:bucket:c", "a credential's key in Redis");
	limit_of_tool(&rq, &both[1], "first", 3, 1);
	is_str(both[1].key, "mcp:t:bucket:first", "a tool's");
	both[1].tokens = 4;
	is_int(take(both, 2), -1, "more than a bucket ever holds");
}

static void
test_flight(void)
{
	int i;

	ask.board->slots = 6;
	ask.who.in_flight = 3;
	for (i = 1; i < 3; i++)
		atomic_store(&ask.board->slot[i].calling, ask.who.number);
	ask_message(&rq, "{}");
	is_int(limit_fly(&rq), 0, "the third of three");
	atomic_store(&ask.board->slot[0].calling, 0);
	atomic_store(&ask.board->slot[3].calling, ask.who.number);
	ask_message(&rq, "{}");
	is_int(limit_fly(&rq), -1, "a fourth");
	is_int(rq.failed, FAIL_RATE, "is too many");
	is_int(atomic_load(&ask.board->slot[0].calling), 0, "and does not count itself");
}

int
main(void)
{
	ask_init(&rq);
	ask_silence();
	test_plan();
	test_several();
	test_flight();
	return ask_done(&rq);
}
