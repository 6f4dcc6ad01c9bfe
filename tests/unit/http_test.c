/* http: what each step refuses, with status, headers, body and event. */
#include "http.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

static const struct row {
	const char *says;
	const char *method, *host, *origin, *type, *length, *key;
	const char *body;
	int         status;
	const char *part;	/* of the answer */
	const char *outcome;
} rows[] = {
	{ "a foreign host", "POST", "evil.example.com", 0, "application/json", "2", 0, "{}", 403, "\"code\":403", "bad_request" },
	{ "no host", "POST", 0, 0, "application/json", "2", 0, "{}", 403, "\"code\":403", "bad_request" },
	{ "a foreign origin", "POST", "localhost", "https://evil.example.com", "application/json", "2", 0, "{}", 403, "\"code\":403", "bad_request" },
	{ "no credential", "POST", "localhost", 0, "application/json", "2", 0, "{}", 401, "WWW-Authenticate: Bearer realm=\"shop\"", "denied" },
	{ "no credential comes before the method", "GET", "localhost", 0, 0, 0, 0, "", 401, "\"code\":401", "denied" },
	{ "PostgreSQL is away", "POST", "localhost:8443", "http://localhost", "application/json", "2", "KEY", "{}", 503, "Retry-After: ", "unavailable" },
};

static void
serve(const struct row *r, const char *key)
{
	memset(rq.param, 0, sizeof(rq.param));
	ask_message(&rq, "{}");
	rq.who = NULL;
	rq.catalog = NULL;
	rq.body_len = 0;
	rq.param[PARAM_METHOD] = r->method;
	rq.param[PARAM_HOST] = r->host;
	rq.param[PARAM_ORIGIN] = r->origin;
	rq.param[PARAM_CONTENT_TYPE] = r->type;
	rq.param[PARAM_CONTENT_LENGTH] = r->length;
	rq.param[PARAM_CATALOG] = "shop";
	rq.param[PARAM_X_API_KEY] = r->key ? key : NULL;
	ask.body = r->body;
	ask.body_at = 0;
	http_serve(&rq, &ask.all);
}

int
main(void)
{
	struct secret key;
	char status[32];
	size_t i;

	ask_init(&rq);
	crypt_key_make(&key, "shp");
	ask_silence();
	for (i = 0; i < LEN(rows); i++) {
		serve(&rows[i], &key.text[0]);
		snprintf(status, sizeof(status), "Status: %d ", rows[i].status);
		ok(strncmp(ask.answer, status, strlen(status)) == 0, "%s: %.40s", rows[i].says, ask.answer);
		ok(strstr(ask.answer, rows[i].part) != NULL, "%s: %s", rows[i].says, rows[i].part);
		ok(strstr(ask.answer, rq.slot->event.id) != NULL, "%s: the answer names its event", rows[i].says);
		is_str(slot_outcome_name(rq.slot->event.outcome), rows[i].outcome, "%s: its outcome", rows[i].says);
		is_int(rq.slot->stage, EVENT_WRITTEN, "%s: the event is in the log", rows[i].says);
	}
	rq.twice = 1U << PARAM_ORIGIN;
	serve(&rows[3], NULL);
	ok(strstr(ask.answer, "\"code\":-32600") != NULL, "a header that came twice");
	rq.twice = 1U << PARAM_MCP_NAME;
	serve(&rows[3], NULL);
	ok(strstr(ask.answer, "twice") == NULL, "one of MCP's own is refused when the message is known");
	return ask_done(&rq);
}
