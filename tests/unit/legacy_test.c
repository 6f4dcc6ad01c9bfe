/* legacy: levels, URIs, and how a cancelling finds the worker. */
#include "legacy.h"
#include "ask.h"
#include "fail.h"

#define CANCEL "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":%s}}"

static struct request rq;
static volatile sig_atomic_t signals;

static void
hear(int signal_number)
{
	signals += signal_number == SIGUSR1;
}

static void
say(const char *json)
{
	ask_message(&rq, json);
	rq.era = ERA_LEGACY;
	rq.session = "S";
	rq.method = json_get_str(rq.message, "method");
	rq.params = json_get(rq.message, "params");
	rq.id = json_get(rq.message, "id");
}

static void
test_level(void)
{
	say("{\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"error\"}}");
	is_int(legacy_run_level(&rq), 0, "a level");
	is_str(rq.reply.body.at, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "an empty result");
	say("{\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"loud\"}}");
	is_int(legacy_run_level(&rq), -1, "a word that is none");
	is_int(rq.failed, FAIL_PARAMS, "is a bad parameter");
	say("{\"id\":1,\"method\":\"resources/subscribe\",\"params\":{\"uri\":1}}");
	is_int(legacy_run_subscribe(&rq), -1, "a URI that is none");
	is_int(rq.failed, FAIL_PARAMS, "is a bad parameter");
}

/* The other worker is this process. */
static int
cancelled(const char *id)
{
	atomic_store(&ask.board->slot[1].cancelled, 0);
	say(arena_fmt(&rq.mem, CANCEL, id));
	legacy_take(&rq);
	return atomic_load(&ask.board->slot[1].cancelled) != 0;
}

static void
test_cancel(void)
{
	ask.board->slots = 2;
	atomic_store(&ask.board->slot[1].pid, (int)getpid());
	say("{\"id\":\"7\",\"method\":\"tools/call\"}");
	legacy_in_hand(&rq);
	ok(atomic_load(&rq.slot->in_hand) != 0, "a worker says what it has in hand");
	atomic_store(&ask.board->slot[1].in_hand, atomic_load(&rq.slot->in_hand));
	is_int(cancelled("7"), 0, "an id of another type is another request's");
	is_int(cancelled("{}"), 0, "what is no id is nobody's");
	is_int(signals, 0, "and nobody is woken");
	is_int(cancelled("\"7\""), 1, "the worker that has it is told");
	is_int(signals, 1, "and woken");
	ok(atomic_load(&ask.board->slot[1].cancelled) == atomic_load(&ask.board->slot[1].in_hand), "and which request is meant");
	say("{\"id\":1,\"method\":\"initialize\"}");
	slot_move(rq.slot, SLOT_IDLE);
	legacy_in_hand(&rq);
	is_int((long long)atomic_load(&rq.slot->in_hand), 0, "initialize is never cancelled");
}

int
main(void)
{
	ask_init(&rq);
	ask_silence();
	signal(SIGUSR1, hear);
	test_level();
	test_cancel();
	return ask_done(&rq);
}
