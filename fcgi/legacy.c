/*
 * legacy: small deeds upon the session.
 *
 * A worker says in its slot which request it has in hand, so that another one of this node, which
 * the cancelling came to, finds it; other nodes are told.
 */
#include "legacy.h"
#include "ask.h"
#include "era.h"
#include "fail.h"
#include "notice.h"
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

void
legacy_in_hand(struct request *rq)
{
	if (rq->era == ERA_LEGACY && rq->session && rq->id && strcmp(rq->method, "initialize") != 0)
		atomic_store(&rq->slot->in_hand, slot_request(rq->session, json_plain(rq->id, NULL)));
}

/* Malformed ones are ignored, like those that come too late. */
static void
cancel(struct request *rq)
{
	struct json_object *id = json_get(rq->params, "requestId");
	const char *text = json_plain(id, NULL);

	if (!json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string))
		return;
	if (!slot_cancel(rq->board, rq->slot, rq->session, text) && notice_cancel(rq, rq->session, text) != 0)
		rq->why = "Redis is away: only this node knows of the cancelling";
}

void
legacy_take(struct request *rq)
{
	if (rq->era != ERA_LEGACY || !rq->session)
		return;
	if (!rq->method)
		ask_take_response(rq);
	else if (strcmp(rq->method, "notifications/cancelled") == 0)
		cancel(rq);
}
