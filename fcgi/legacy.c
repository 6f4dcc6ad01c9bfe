/*
 * legacy: small deeds upon the session.
 *
 * A worker says in its slot which request it has in hand, so that another one of this node, which
 * the cancelling came to, finds it; other nodes are told.
 */
#include "legacy.h"
#include "era.h"
#include "fail.h"
#include "resource.h"
#include "rpc.h"
#include "session.h"

static int
done(struct request *rq)
{
	rpc_result_begin(rq);
	rpc_result_end(rq);
	return 0;
}

int
legacy_run_level(struct request *rq)
{
	const char *name = json_get_str(rq->params, "level");
	enum level level = name ? client_level(name) : LEVEL_NONE;

	if (level == LEVEL_NONE)
		return fail(rq, FAIL_PARAMS, "Invalid params: level must be one of debug, info, notice, warning, error, critical, alert, emergency.");
	session_level(rq, level);
	return done(rq);
}

/* --- subscriptions ---------------------------------------------------------------------- */

static int
subscribe(struct request *rq, bool on)
{
	const char *uri = json_get_str(rq->params, "uri");

	if (!uri)
		return fail(rq, FAIL_PARAMS, "Invalid params: uri must be a string.");
	if (on && !resource_exists(rq, uri))
		return rq->failed ? -1 : resource_unknown(rq, uri, FAIL_RESOURCE);
	if (session_subscribe(rq, uri, on) != 0)
		return -1;
	return done(rq);
}

int
legacy_run_subscribe(struct request *rq)
{
	return subscribe(rq, true);
}

int
legacy_run_unsubscribe(struct request *rq)
{
	return subscribe(rq, false);
}

/* --- cancelling (MCP 2025-11-25, "Cancellation") ---------------------------------------- */

/* Ids of different JSON types differ, and so do equal ones of two sessions. */
static uint64_t
name_of(struct request *rq, struct json_object *id)
{
	return slot_number(arena_fmt(&rq->mem, "%s %s", rq->session, json_plain(id, NULL)));
}

void
legacy_in_hand(struct request *rq)
{
	if (rq->era == ERA_LEGACY && rq->session && rq->id && strcmp(rq->method, "initialize") != 0)
		atomic_store(&rq->slot->in_hand, name_of(rq, rq->id));
}

/* Is it this node that has the request in hand?  Then its worker is told. */
static bool
cancel_here(struct request *rq, uint64_t name)
{
	struct slot *s;
	int i, pid;

	for (i = 0; i < rq->board->slots; i++) {
		s = &rq->board->slot[i];
		pid = atomic_load(&s->pid);
		if (s == rq->slot || pid <= 0 || atomic_load(&s->in_hand) != name)
			continue;
		atomic_store(&s->cancelled, 1);
		kill(pid, SIGUSR1);
		return true;
	}
	return false;
}

static void
cancel(struct request *rq)
{
	struct json_object *id = json_get(rq->params, "requestId");

	if (!json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string))
		return;		/* malformed ones are ignored, like those that come too late */
	cancel_here(rq, name_of(rq, id));
}

void
legacy_take(struct request *rq)
{
	if (rq->era != ERA_LEGACY || !rq->session || !rq->method)
		return;
	if (strcmp(rq->method, "notifications/cancelled") == 0)
		cancel(rq);
}
