/* ticket: for one request and five seconds, and not a bit of it can be altered. */
#include "ticket.h"
#include "fail.h"
#include "json.h"
#include "reply.h"
#include "tap.h"

static const struct crypt_key key = { .byte = "0123456789abcdef0123456789abcdef", .len = 32 };
static const struct crypt_key other = { .byte = "another key of thirty-two bytes.", .len = 32 };
static char body[] = "{\"method\":\"subscriptions/listen\"}";

static void
begin(struct request *rq)
{
	*rq = (struct request){ .key = &key, .body = body, .body_len = strlen(body) };
	rq->param[PARAM_METHOD] = "POST";
	rq->param[PARAM_URI] = "/planasonix/mcp";
	arena_init(&rq->mem, 65536, 1 << 28);
	reply_init(rq, 4096);
}

static const char *
ticket_of(struct request *rq, const char *facts)
{
	char *at;

	is_int(ticket_make(rq, facts, strlen(facts)), 0, "a ticket is made");
	at = strstr(rq->reply.head.at, "X-Mcp-Ticket: ");
	return at ? arena_copy(&rq->mem, at + 14, strcspn(at + 14, "\r")) : "";
}

static bool
holds(struct request *rq, const char *ticket, const char **why)
{
	rq->param[PARAM_TICKET] = ticket;
	return ticket_read(rq, why) != NULL;
}

/* Each bit of each character. */
static void
test_altered(struct request *rq, const char *ticket)
{
	char *altered = arena_str(&rq->mem, ticket);
	int accepted = 0, bit;
	const char *why;
	size_t i;

	for (i = 0; ticket[i]; i++)
		for (bit = 0; bit < 8; bit++) {
			altered[i] = (char)(ticket[i] ^ 1 << bit);
			accepted += holds(rq, altered, &why);
			altered[i] = ticket[i];
		}
	is_int(accepted, 0, "no altered bit is accepted");
	ok(holds(rq, altered, &why), "and unaltered it holds");
}

/* A fast worker has not read what came with it, a stream worker has. */
static void
test_get(struct request *rq)
{
	const char *why, *ticket;

	rq->param[PARAM_METHOD] = "GET";
	reply_init(rq, 4096);
	rq->body = NULL;
	rq->body_len = 0;
	ticket = ticket_of(rq, "{\"kind\":1}");
	rq->body = body;
	rq->body_len = strlen(body);
	ok(holds(rq, ticket, &why), "the body of a GET means nothing");
	rq->param[PARAM_METHOD] = "POST";
	ok(!holds(rq, ticket, &why), "which makes no POST of it");
}

static void
test_other_request(struct request *rq, const char *ticket)
{
	const char *why;

	rq->param[PARAM_URI] = "/globex/mcp";
	ok(!holds(rq, ticket, &why), "not for another path");
	rq->param[PARAM_URI] = "/planasonix/mcp";
	rq->param[PARAM_METHOD] = "GET";
	ok(!holds(rq, ticket, &why), "not for another method");
	rq->param[PARAM_METHOD] = "POST";
	body[2] ^= 1;
	ok(!holds(rq, ticket, &why), "not for another body");
	body[2] ^= 1;
	rq->body_len--;
	ok(!holds(rq, ticket, &why), "not for a shorter body");
	rq->body_len++;
	test_get(rq);
	rq->key = &other;
	ok(!holds(rq, ticket, &why), "not under another key");
	rq->key = &key;
	ok(holds(rq, ticket, &why), "but for its own");
}

static void
test_forms(struct request *rq)
{
	static const char *const bad[] = { "", ".", "..", "...", "1.e30.AAAA", "99999999999999999.e30.", "x.e30.AAAA", "1" };
	const char *why = "";
	size_t i;

	for (i = 0; i < LEN(bad); i++)
		ok(!holds(rq, bad[i], &why), "\"%s\" is no ticket", bad[i]);
	ok(!holds(rq, NULL, &why), "nor is none");
	is_str(why, "there is no ticket", "which is said");
}

static void
test_too_long(struct request *rq)
{
	char *facts = arena_take(&rq->mem, TICKET_MAX + 1);

	memset(facts, ' ', TICKET_MAX);
	facts[0] = '{';
	facts[TICKET_MAX - 1] = '}';
	facts[TICKET_MAX] = '\0';
	is_int(ticket_make(rq, facts, TICKET_MAX), -1, "what nginx would not take is refused");
	is_int(rq->failed, FAIL_PARAMS, "as invalid params");
}

int
main(void)
{
	struct request rq;
	const char *ticket, *why;
	struct json_object *facts;

	begin(&rq);
	ticket = ticket_of(&rq, "{\"kind\":\"listen\",\"id\":\"a.b\"}");
	is_int(rq.place, POOL_STREAM, "the request is the stream pool's");
	rq.param[PARAM_TICKET] = ticket;
	facts = ticket_read(&rq, &why);
	is_str(json_get_str(facts, "id"), "a.b", "the facts come back");
	test_altered(&rq, ticket);
	test_other_request(&rq, ticket);
	test_forms(&rq);
	usleep(TICKET_LIFE_US);
	ok(!holds(&rq, ticket, &why), "five seconds later it does not hold");
	is_str(why, "the ticket is too old", "which is said");
	test_too_long(&rq);
	arena_close(&rq.mem);
	return tap_done();
}
