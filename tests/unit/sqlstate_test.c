/* sqlstate: what each kind of error is, and that only an author's words go out. */
#include "sqlstate.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

static const struct row {
	const char *state, *message;
	enum fail   what;
	const char *says, *word;
	int         status;
} rows[] = {
	{ "MC401", "words", FAIL_CREDENTIAL, "Unauthorized", "UNAUTHORIZED", 401 },
	{ "MC403", "Not yours.", FAIL_SCOPE, "Not yours.", "FORBIDDEN", 403 },
	{ "MC404", "pipeline not found", FAIL_TOOL, "pipeline not found", "NOT_FOUND", 404 },
	{ "MC409", "In use.", FAIL_TOOL, "In use.", "CONFLICT", 409 },
	{ "MC422", "Bad cron.", FAIL_TOOL, "Bad cron.", "UNPROCESSABLE_ENTITY", 422 },
	{ "P0001", "Raised.", FAIL_TOOL, "Raised.", "BAD_REQUEST", 400 },
	{ "22P02", "words", FAIL_TOOL, "An argument has a value that cannot be used here.", "BAD_REQUEST", 400 },
	{ "25006", "words", FAIL_SCOPE, "Insufficient permissions. This API key may only read.", "FORBIDDEN", 403 },
	{ "40P01", "words", FAIL_TOOL, "Others are changing the same data. Try again.", "BUSY", 503 },
	{ "57014", "words", FAIL_TOOL, "The call took longer than this tool may take. Ask for less.", "TIMEOUT", 504 },
	{ "57P01", "words", FAIL_UNAVAILABLE, "PostgreSQL is away.", NULL, 0 },
	{ "53300", "words", FAIL_UNAVAILABLE, "PostgreSQL is away.", NULL, 0 },
	{ "42P01", "words", FAIL_INTERNAL, "Internal error", NULL, 0 },
	{ "XX000", "words", FAIL_INTERNAL, "Internal error", NULL, 0 },
};

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct db_error e = { .message = rows[i].message };

		memcpy(e.state, rows[i].state, 6);
		ask_message(&rq, "{}");
		fail_clear(&rq);
		is_int(sqlstate_fail(&rq, &ask.tool[0], &e), -1, "%s fails", rows[i].state);
		is_int(rq.failed, rows[i].what, "%s: as what", rows[i].state);
		is_str(rq.says, rows[i].says, "%s: what is said", rows[i].state);
		is_str(rq.tool_error.word, rows[i].word, "%s: its word", rows[i].state);
		is_int(rq.tool_error.status, rows[i].status, "%s: its status", rows[i].state);
		is_str(rq.slot->event.code, rows[i].state, "%s: in the event", rows[i].state);
	}
}

static void
test_more(void)
{
	struct db_error e = { .state = "MC409", .message = "In use.", .detail = "{\"count\":3}", .hint = "Detach it first." };

	fail_clear(&rq);
	sqlstate_fail(&rq, &ask.tool[0], &e);
	is_str(rq.tool_error.details, "{\"count\":3}", "details that are an object");
	is_str(rq.tool_error.hint, "Detach it first.", "and the next step");
	e.detail = "Key (id)=(1) is still referenced.";
	fail_clear(&rq);
	sqlstate_fail(&rq, &ask.tool[0], &e);
	ok(!rq.tool_error.details, "PostgreSQL's own detail does not go out");
	memcpy(e.state, "22P02", 6);
	fail_clear(&rq);
	sqlstate_fail(&rq, &ask.tool[0], &e);
	ok(!rq.tool_error.hint && strstr(rq.why, "In use."), "nor its hint; its words are in the log");
}

int
main(void)
{
	ask_init(&rq);
	test_rows();
	test_more();
	ok(sqlstate_passes(&(struct db_error){ .state = "40001" }), "a serialization failure passes");
	ok(!sqlstate_passes(&(struct db_error){ .state = "23505" }), "a violated constraint does not");
	return ask_done(&rq);
}
