/* bind_sql: settings, statement, audit; and what each SQLSTATE says to a model. */
#include "bind_sql.h"
#include "audit.h"
#include "cursor.h"
#include "encode.h"
#include "fail.h"

/* Ids of the statements that every connection prepares; tools' begin at 16. */
enum { STATEMENT_ENTER = 1, STATEMENT_LEAVE = 2, STATEMENT_AUDIT = 3 };

/*
 * role comes last: the settings before it are made, and the credential is looked at, with the
 * worker's own rights.
 */
static const char enter_sql[] =
	"select set_config('transaction_read_only', $1, true), set_config('statement_timeout', $2, true), "
	"set_config('TimeZone', 'UTC', true), set_config('search_path', $3, true), set_config('mcp.tenant', $4, true), "
	"set_config('mcp.workspace', $5, true), set_config('mcp.principal', $6, true), set_config('mcp.roles', $7, true), "
	"set_config('mcp.scopes', $8, true), set_config('mcp.request', $9, true), mcp.enter($10, $11), "
	"set_config('role', $12, true)";

/*
 * A statement of its own: PostgreSQL asks for the right to call a function before it computes the
 * first column, so mcp.audit() in the same one would still be called as the catalog's role.
 */
static const struct db_statement leave = { .id = STATEMENT_LEAVE, .sql = "select set_config('role', 'none', true)" };
static const char audit_sql[] = "select mcp.audit($1)";

struct run {
	struct request     *rq;
	const struct tool  *tool;
	struct encode       encode;
	struct db_statement audit;
};

/* --- one attempt ------------------------------------------------------------------------ */

static void
fill_enter(struct run *run, struct db_statement *s)
{
	const struct identity *who = run->rq->who;
	const struct catalog *c = run->tool->catalog;
	const char *const at[] = {
		run->tool->writes ? "off" : "on",
		arena_fmt(&run->rq->mem, "%" PRId64, run->tool->timeout_ms),
		c->search_path, who->tenant, "", who->principal, who->roles, who->scopes,
		run->rq->slot->event.id, who->credential, who->generation, c->role,
	};

	*s = (struct db_statement){ .id = STATEMENT_ENTER, .sql = enter_sql, .n = LEN(at) };
	memcpy(s->at, at, sizeof(at));
}

static int
take_row(void *ctx, const struct db_row *row)
{
	struct run *run = ctx;

	return encode_row(&run->encode, row);
}

/* The event of a write, recorded in the write's own transaction: neither is there without the other. */
static const struct db_statement *
record_event(void *ctx)
{
	struct run *run = ctx;
	struct request *rq = run->rq;
	struct buf b;

	audit_settle(rq);
	if (run->encode.count == 0 && run->tool->result.none)
		rq->slot->event.outcome = OUTCOME_TOOL_ERROR;	/* what the answer will say; recorded all the same */
	buf_init(&b, &rq->mem, 16 * AUDIT_RECORD_MAX);
	audit_json(&b, &rq->slot->event, rq->cfg->node, rq->slot->pool, atomic_load(&rq->slot->pid));
	run->audit = (struct db_statement){ .id = STATEMENT_AUDIT, .sql = audit_sql, .n = 1, .at = { b.at } };
	return &run->audit;
}

static enum db_outcome
attempt(struct run *run, struct json_object *args, int64_t limit, struct db_error *error)
{
	struct request *rq = run->rq;
	struct db_statement enter, main = run->tool->statement;
	struct db_call call = { .mem = &rq->mem, .enter = &enter, .main = &main, .row = take_row, .ctx = run };
	enum db_outcome got;

	/* A legacy client that is gone did not cancel (2025-11-25, transports): its call goes on. */
	call.client_fd = rq->era == ERA_MODERN ? rq->client_fd : -1;
	call.leave = run->tool->writes ? &leave : NULL;
	call.after = run->tool->writes ? record_event : NULL;
	fill_enter(run, &enter);
	main.at[0] = json_plain(args, NULL);
	encode_begin(&run->encode, run->tool, args, limit, &rq->mem);
	got = db_run(rq->db, &call);
	rq->slot->event.sql_us += call.us;
	*error = call.error;
	return got;
}

/* --- errors ----------------------------------------------------------------------------- */

/* How a SQLSTATE, by its beginning, is answered.  NULL: PostgreSQL's message is ours and goes out. */
static const struct {
	const char *state;
	enum fail   what;
	const char *says;
} states[] = {
	{ "MC401", FAIL_CREDENTIAL,  "Unauthorized" },
	{ "MC403", FAIL_SCOPE,       NULL },
	{ "MC4",   FAIL_TOOL,        NULL },
	{ "P0001", FAIL_TOOL,        NULL },
	{ "22",    FAIL_TOOL,        "An argument has a value that cannot be used here." },
	{ "25006", FAIL_SCOPE,       "Insufficient permissions. This API key may only read." },
	{ "40001", FAIL_TOOL,        "Others are changing the same data. Try again." },
	{ "40P01", FAIL_TOOL,        "Others are changing the same data. Try again." },
	{ "55P03", FAIL_TOOL,        "Others are changing the same data. Try again." },
	{ "57014", FAIL_TOOL,        "The call took longer than this tool may take. Ask for less." },
	{ "08",    FAIL_UNAVAILABLE, NULL },
	{ "53",    FAIL_UNAVAILABLE, NULL },
	{ "57P",   FAIL_UNAVAILABLE, NULL },
};

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

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
fail_constraint(struct run *run, const struct db_error *error)
{
	struct request *rq = run->rq;
	struct buf says;
	struct db_statement sql = {
		.sql = "select obj_description(c.oid, 'pg_constraint') from pg_catalog.pg_constraint c "
		    "join pg_catalog.pg_namespace n on n.oid = c.connamespace where n.nspname = $1 and c.conname = $2",
		.n = 2, .at = { run->tool->catalog->schema, error->constraint },
	};
	struct db_call call = { .mem = &rq->mem, .client_fd = -1, .main = &sql, .row = take_text, .ctx = &says };

	buf_init(&says, &rq->mem, 1000);
	if (error->constraint && db_run(rq->db, &call) != DB_DONE)
		buf_cut(&says, 0);
	fail(rq, FAIL_TOOL, "%s", says.len ? says.at : "The change contradicts what is stored.");
	rq->why = arena_fmt(&rq->mem, "%s %s", error->state, error->message);
	return -1;
}

static int
fail_sql(struct run *run, const struct db_error *error)
{
	struct request *rq = run->rq;
	size_t i;

	snprintf(rq->slot->event.code, sizeof(rq->slot->event.code), "%s", error->state);
	if (begins(error->state, "23"))
		return fail_constraint(run, error);
	for (i = 0; i < LEN(states); i++) {
		if (!begins(error->state, states[i].state))
			continue;
		if (!states[i].says && states[i].what != FAIL_UNAVAILABLE)
			return fail(rq, states[i].what, "%s", error->message);
		fail(rq, states[i].what, "%s", states[i].says ? states[i].says : "PostgreSQL is away.");
		rq->why = arena_fmt(&rq->mem, "%s %s", error->state, error->message);
		return -1;
	}
	return fail(rq, FAIL_INTERNAL, "%s: %s %s", run->tool->name, error->state, error->message);
}

static bool
worth_retrying(const struct db_error *error)
{
	return strcmp(error->state, "40001") == 0 || strcmp(error->state, "40P01") == 0 || strcmp(error->state, "55P03") == 0;
}

/* --- the call --------------------------------------------------------------------------- */

/* Replaces limit and cursor of a paged tool by what SQL sees.  How many rows to keep, or -1. */
static int64_t
page(struct run *run, struct json_object *args)
{
	const char *cursor = json_get_str(args, "cursor");
	int64_t limit = json_get_int(args, "limit", run->tool->rows_max);
	struct json_object *place;

	if (run->tool->result.kind == RESULT_ROW)
		return 1;
	if (!run->tool->result.page[0])
		return run->tool->rows_max;
	if (limit > run->tool->rows_max)
		limit = run->tool->rows_max;
	json_object_object_add(args, "limit", json_object_new_int64(limit + 1));
	if (!cursor)
		return limit;
	place = cursor_read(run->rq, run->tool->name, cursor);
	if (!place)
		return fail(run->rq, FAIL_TOOL, "cursor is not one that this tool gave out. Call again without it.");
	json_object_object_add(args, "cursor", json_object_get(place));
	return limit;
}

/* The caller's identity has changed since it was looked up: who is it now, and may it still? */
static int
identify_again(struct run *run)
{
	struct request *rq = run->rq;
	const char *why;

	if (tenant_again(rq) != 0)
		return -1;
	if (!catalog_serves(run->tool->catalog, rq->who))
		return fail(rq, FAIL_REFUSED, "%s", run->tool->catalog->refused);
	why = catalog_forbids(run->tool, rq->who, &rq->mem);
	return why ? fail(rq, FAIL_SCOPE, "%s", why) : 0;
}

static int
finish(struct run *run, struct bind_result *out)
{
	struct encode *e = &run->encode;
	char *place = encode_place(e), *cursor = NULL;

	if (e->count == 0 && run->tool->result.none)
		return fail(run->rq, FAIL_TOOL, "%s", run->tool->result.none);
	if (e->count == 0 && run->tool->result.kind != RESULT_ROWS)
		return fail(run->rq, FAIL_TOOL, e->cut ? "The result is too large." : "Nothing was found.");
	if (place)
		cursor = cursor_make(run->rq, run->tool->name, place, strlen(place));
	encode_end(e, cursor);
	out->structured = e->out.at;
	out->structured_len = e->out.len;
	out->text = NULL;
	if (run->tool->result.kind == RESULT_DONE) {
		struct json_object *o = json_parse(&run->rq->mem, e->out.at, e->out.len, 4);

		out->text = json_get_str(o, "message");
	}
	return 0;
}

int
bind_sql(struct request *rq, const struct tool *tool, struct json_object *args, struct bind_result *out)
{
	struct run run = { .rq = rq, .tool = tool };
	int64_t limit = page(&run, args);
	struct db_error error;
	enum db_outcome got;
	bool again = true;

	if (limit < 0)
		return -1;
	for (;;) {
		got = attempt(&run, args, limit, &error);
		if (got != DB_REFUSED || !again)
			break;
		if (strcmp(error.state, "MC401") == 0) {
			if (identify_again(&run) != 0)
				return -1;
		} else if (!worth_retrying(&error)) {
			break;
		}
		again = false;
	}
	if (got == DB_REFUSED)
		return fail_sql(&run, &error);
	if (got == DB_LEFT)
		return fail(rq, FAIL_GONE, "the client left");
	if (got == DB_AWAY)
		return fail_away(rq, error.message);
	return finish(&run, out);
}
