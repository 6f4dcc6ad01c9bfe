/* session: with a real Redis: what is kept, who may use it, how many there are; and without it. */
#include "session.h"
#include "ask.h"
#include "fail.h"
#include "server.h"

static struct request rq;
static struct server redis;

/* A legacy message of this caller, with the header (NULL: not sent). */
static void
say(const char *method, const char *id)
{
	ask_message(&rq, "{}");
	rq.era = ERA_LEGACY;
	rq.method = method;
	rq.version = "2025-03-26";
	rq.client = (struct client){ 0 };
	rq.session = NULL;
	memset(rq.param, 0, sizeof(rq.param));
	rq.param[PARAM_SESSION] = id;
}

static const char *
begin(void)
{
	say("initialize", NULL);
	rq.version = "2025-06-18";
	rq.client = (struct client){ .elicits = true, .roots = true, .level = LEVEL_NOTICE };
	session_begin(&rq);
	return rq.session;
}

static char *
field(const char *id, const char *name)
{
	const char *argv[] = { "HGET", arena_fmt(&rq.mem, "mcp:session:%s", id), name }, *why;
	char *text = NULL;

	return cache_text(rq.cache, &rq.mem, 3, argv, &text, &why) == 0 ? text : NULL;
}

static void
test_beginning(void)
{
	const char *id = begin();

	ok(id && strlen(id) == 43, "an id of 256 bits");
	ok(strstr(rq.reply.head.at, arena_fmt(&rq.mem, "Mcp-Session-Id: %s\r\n", id)) != NULL, "the header names it");
	is_str(field(id, "owner"), "shop/t/c", "it is of this credential");
	is_str(field(id, "version"), "2025-06-18", "the revision agreed on");
	is_str(field(id, "bits"), "33", "what the client can do");
	say("ping", id);
	is_int(session_check(&rq), 0, "another message is of it");
	is_str(rq.session, id, "and knows it");
	is_str(rq.version, "2025-06-18", "its revision");
	ok(rq.client.elicits && rq.client.roots && !rq.client.samples, "its client");
	is_int(rq.client.level, LEVEL_NOTICE, "its level");
	say("initialize", id);
	is_int(session_check(&rq), -1, "a second initialize");
	is_int(rq.failed, FAIL_SHAPE, "has no shape");
}

static void
test_strangers(void)
{
	const char *id = begin();

	say("ping", NULL);
	is_int(session_check(&rq), -1, "none");
	is_int(rq.failed, FAIL_SESSION_MISSING, "is missing");
	say("ping", "never seen");
	is_int(session_check(&rq), -1, "one that is not of our form");
	is_int(rq.failed, FAIL_SESSION, "is unknown");
	ask.who.principal = "somebody";
	say("ping", id);
	is_int(session_check(&rq), -1, "somebody else's");
	is_int(rq.failed, FAIL_SESSION, "is as unknown");
	ask.who.principal = "";
	say("ping", id);
	rq.param[PARAM_ENDPOINT] = "messages";
	is_int(session_check(&rq), -1, "one of another transport");
	is_int(rq.failed, FAIL_SESSION, "is as unknown");
	say("no/such", "never seen");
	is_int(fail(&rq, FAIL_METHOD, "Method not found"), -1, "a message that was refused already");
	is_int(session_first(&rq), -1, "is refused");
	is_int(rq.failed, FAIL_SESSION, "for its session first");
	say("no/such", id);
	is_int(fail(&rq, FAIL_METHOD, "Method not found"), -1, "and in a good one");
	is_int(session_first(&rq), -1, "it is refused");
	is_int(rq.failed, FAIL_METHOD, "for what it was");
	is_str(rq.says, "Method not found", "with its sentence");
}

static void
test_end(void)
{
	const char *id = begin();

	say("x", id);
	is_int(session_check(&rq), 0, "before its end");
	session_end(&rq);
	say("x", id);
	is_int(session_check(&rq), -1, "after it");
	is_int(rq.failed, FAIL_SESSION, "it is unknown");
}

/* Is there such a session, and was Redis asked? */
static void
looks(const char *id, int got, bool asks, const char *what)
{
	say("ping", id);
	rq.slot->event.redis_us = 0;
	is_int(session_check(&rq), got, "%s", what);
	ok((rq.slot->event.redis_us > 0) == asks, asks ? "Redis was asked" : "without Redis");
}

static void
drop(const char *id)
{
	const char *argv[] = { "RENAME", arena_fmt(&rq.mem, "mcp:session:%s", id), "elsewhere" }, *why;
	char *text;

	if (cache_text(rq.cache, &rq.mem, 3, argv, &text, &why) != 0)
		abort();
}

static void
test_recalled(void)
{
	const char *id = begin(), *short_lived;

	looks(id, 0, true, "the first message");
	looks(id, 0, false, "the next");
	is_str(rq.version, "2025-06-18", "knows the revision");
	ok(rq.client.elicits && rq.client.roots && !rq.client.samples && rq.client.level == LEVEL_NOTICE, "and the client");
	ask.who.principal = "other";
	looks(id, -1, true, "somebody else");
	ask.who.principal = "";
	drop(id);
	looks(id, 0, false, "one that ended elsewhere is noticed a little later");
	recall_forget(rq.board->recall, slot_number(id));
	looks(id, -1, true, "or when this node hears of it");
	ask.cfg.session_idle_ms = 160;
	short_lived = begin();
	looks(short_lived, 0, true, "one that does not live long");
	usleep(12000);
	looks(short_lived, 0, true, "is not remembered long");
	ask.cfg.session_idle_ms = 60000;
}

static void
test_kept(void)
{
	const char *id = begin();
	int i, fit = 0;

	session_level(&rq, LEVEL_ERROR);
	say("x", id);
	is_int(session_check(&rq), 0, "a later message");
	is_int(rq.client.level, LEVEL_ERROR, "has the new level");
	for (i = 0; i <= SESSION_URIS_MAX; i++)
		fit += session_subscribe(&rq, arena_fmt(&rq.mem, "shop://%d", i), true) == 0;
	is_int(fit, SESSION_URIS_MAX, "so many subscriptions");
	is_int(rq.failed, FAIL_PARAMS, "one more is refused");
	fail_clear(&rq);
	is_int(session_subscribe(&rq, "shop://0", true), 0, "one that is there already is none more");
	is_int(session_subscribe(&rq, "shop://0", false), 0, "without it");
	is_int(session_subscribe(&rq, "shop://100", true), 0, "there is room");
}

static void
test_too_many(void)
{
	const char *first, *second;
	int i;

	ask.who.principal = "busy";
	ask.who.sessions = 3;
	first = begin();
	second = begin();
	say("x", first);
	is_int(session_check(&rq), 0, "the first is used again");
	for (i = 0; i < 2; i++)
		begin();
	say("x", second);
	is_int(session_check(&rq), -1, "of four the one unused longest is gone");
	say("x", first);
	is_int(session_check(&rq), 0, "not the one that is used");
	ask.who.principal = "";
	ask.who.sessions = 100;
}

static void
test_sse(void)
{
	const char *id;

	say(NULL, NULL);
	id = session_begin_sse(&rq);
	ok(id != NULL, "a session without a client");
	is_str(field(id, "level"), "1", "whose client hears what other clients hear that said nothing: info");
	say("initialize", id);
	rq.param[PARAM_ENDPOINT] = "messages";
	is_int(session_check(&rq), 0, "its initialize");
	rq.version = "2024-11-05";
	session_begin(&rq);
	is_str(rq.session, id, "begins no other");
	ok(strstr(rq.reply.head.at, "Mcp-Session-Id") == NULL, "and names none");
	say("ping", id);
	rq.param[PARAM_ENDPOINT] = "messages";
	is_int(session_check(&rq), 0, "what follows");
	is_str(rq.version, "2024-11-05", "has its revision");
}

static void
test_without_redis(void)
{
	const char *id = begin(), *lost;

	server_tell(&redis, "stop");
	say("ping", id);
	is_int(session_check(&rq), 0, "Redis away: a session is believed");
	ok(rq.believed, "and the request knows that it was not looked at");
	is_str(rq.session, id, "for what it says");
	is_str(rq.version, "2025-03-26", "but nothing is known of it");
	lost = begin();
	ok(strstr(rq.reply.head.at, "Mcp-Session-Id") != NULL, "initialize gives one all the same");
	say("ping", lost);
	is_int(session_check(&rq), 0, "which is believed as well");
	say("ping", NULL);
	is_int(session_check(&rq), -1, "without one");
	is_int(rq.failed, FAIL_SESSION_MISSING, "it is missing as ever");
	say("ping", id);
	is_int(session_check(&rq), 0, "a session");
	session_level(&rq, LEVEL_ERROR);
	is_int(session_subscribe(&rq, "shop://1", true), -1, "a subscription cannot be kept");
	is_int(rq.failed, FAIL_UNAVAILABLE, "and says so");
	say("ping", id);
	rq.param[PARAM_ENDPOINT] = "messages";
	is_int(session_check(&rq), -1, "the older transport");
	is_int(rq.failed, FAIL_UNAVAILABLE, "cannot be served");
	server_tell(&redis, "start");
	sleep(2);
	say("ping", lost);
	is_int(session_check(&rq), -1, "Redis back: the session it never saw");
	is_int(rq.failed, FAIL_SESSION, "is unknown, so that the client begins again");
	server_tell(&redis, "stop");
	say("ping", lost);
	is_int(session_check(&rq), 0, "Redis away again: believed again");
}

int
main(void)
{
	ask_init(&rq);
	ask_silence();
	server_open(&redis, "redis");
	free(rq.cache);
	rq.cache = cache_make(redis.where, 1000);
	ask.cfg.session_idle_ms = 60000;
	ask.who.sessions = 100;
	test_beginning();
	test_strangers();
	test_end();
	test_recalled();
	test_kept();
	test_too_many();
	test_sse();
	test_without_redis();
	server_close(&redis);
	return ask_done(&rq);
}
