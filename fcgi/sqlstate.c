/* sqlstate: one table, longest beginnings first. */
#include "sqlstate.h"
#include "fail.h"

/* By the beginning of the SQLSTATE.  says NULL: the message is the author's and goes out. */
static const struct row {
	const char *state;
	enum fail   what;
	const char *word;
	int         status;
	const char *says;
} rows[] = {
	{ "MC401", FAIL_CREDENTIAL,  "UNAUTHORIZED",         401, "Unauthorized" },
	{ "MC403", FAIL_SCOPE,       "FORBIDDEN",            403, NULL },
	{ "MC404", FAIL_TOOL,        "NOT_FOUND",            404, NULL },
	{ "MC409", FAIL_TOOL,        "CONFLICT",             409, NULL },
	{ "MC422", FAIL_TOOL,        "UNPROCESSABLE_ENTITY", 422, NULL },
	{ "P0001", FAIL_TOOL,        "BAD_REQUEST",          400, NULL },
	{ "22",    FAIL_TOOL,        "BAD_REQUEST",          400, "An argument has a value that cannot be used here." },
	{ "25006", FAIL_SCOPE,       "FORBIDDEN",            403, "Insufficient permissions. This API key may only read." },
	{ "40001", FAIL_TOOL,        "BUSY",                 503, "Others are changing the same data. Try again." },
	{ "40P01", FAIL_TOOL,        "BUSY",                 503, "Others are changing the same data. Try again." },
	{ "55P03", FAIL_TOOL,        "BUSY",                 503, "Others are changing the same data. Try again." },
	{ "57014", FAIL_TOOL,        "TIMEOUT",              504, "The call took longer than this tool may take. Ask for less." },
	{ "08",    FAIL_UNAVAILABLE, NULL,                     0, "PostgreSQL is away." },
	{ "53",    FAIL_UNAVAILABLE, NULL,                     0, "PostgreSQL is away." },
	{ "57P",   FAIL_UNAVAILABLE, NULL,                     0, "PostgreSQL is away." },
};

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void
keep_words(struct request *rq, const struct db_error *error)
{
	rq->why = arena_fmt(&rq->mem, "%s %s", error->state, error->message);
}

/* --- constraints ------------------------------------------------------------------------ */

static int
take_text(void *ctx, const struct db_row *row)
{
	struct buf *b = ctx;

	if (row->at[0])
		buf_add(b, row->at[0], (size_t)row->len[0]);
	return 1;
}

/* The sentence that the constraint's author left as its comment; a fixed one if there is none. */
static int
fail_constraint(struct request *rq, const struct tool *tool, const struct db_error *error)
{
	struct buf says;
	struct db_statement sql = {
		.sql = "select obj_description(c.oid, 'pg_constraint') from pg_catalog.pg_constraint c "
		    "join pg_catalog.pg_namespace n on n.oid = c.connamespace where n.nspname = $1 and c.conname = $2",
		.n = 2, .at = { tool->catalog->schema, error->constraint }, .row = take_text,
	};
	struct db_call call = { .mem = &rq->mem, .client_fd = -1, .main = &sql, .ctx = &says };

	buf_init(&says, &rq->mem, 1000);
	if (error->constraint && db_run(rq->db, &call) != DB_DONE)
		buf_cut(&says, 0);
	fail(rq, FAIL_TOOL, "%s", says.len ? says.at : "The change contradicts what is stored.");
	rq->tool_error = (struct tool_error){ .word = "CONFLICT", .status = 409 };
	keep_words(rq, error);
	return -1;
}

/* --- the rest --------------------------------------------------------------------------- */

static bool
is_json(struct request *rq, const char *text)
{
	static const struct json_caps caps = { .depth = 16, .values = 1000 };
	struct json_flaw flaw;

	return text && *text == '{' && json_check(&rq->mem, text, strlen(text), &caps, &flaw) == 0;
}

static int
fail_row_of(struct request *rq, const struct row *r, const struct db_error *error)
{
	fail(rq, r->what, "%s", r->says ? r->says : error->message);
	rq->tool_error = (struct tool_error){ .word = r->word, .status = r->status };
	if (r->says) {
		keep_words(rq, error);
		return -1;
	}
	if (is_json(rq, error->detail))
		rq->tool_error.details = error->detail;
	if (error->hint && *error->hint)
		rq->tool_error.hint = error->hint;
	return -1;
}

int
sqlstate_fail(struct request *rq, const struct tool *tool, const struct db_error *error)
{
	size_t i;

	snprintf(rq->slot->event.code, sizeof(rq->slot->event.code), "%s", error->state);
	if (begins(error->state, "23"))
		return fail_constraint(rq, tool, error);
	for (i = 0; i < LEN(rows); i++)
		if (begins(error->state, rows[i].state))
			return fail_row_of(rq, &rows[i], error);
	return fail(rq, FAIL_INTERNAL, "%s: %s %s", tool->name, error->state, error->message);
}

bool
sqlstate_passes(const struct db_error *error)
{
	return strcmp(error->state, "40001") == 0 || strcmp(error->state, "40P01") == 0 || strcmp(error->state, "55P03") == 0;
}
