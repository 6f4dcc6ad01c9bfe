/* bind_sql: settings, statement, audit, and the caller's key, in one transaction. */
#include "bind_sql.h"
#include "audit.h"
#include "cursor.h"
#include "encode.h"
#include "fail.h"
#include "mrtr.h"
#include "sqlstate.h"
#include "sse.h"

#define UNDONE		"MC000"	/* how a rehearsal ends: an error, so that nothing stays */
#define GRACE_MS	2000	/* behind a tool's own time limit, which PostgreSQL keeps unless it hangs */

/* Ids of the statements that every connection prepares; tools' begin at 16. */
enum {
	STATEMENT_ENTER = 1, STATEMENT_ROLE, STATEMENT_AUDIT, STATEMENT_CLAIM, STATEMENT_KEEP, STATEMENT_REFUSE, STATEMENT_UNDO
};

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
static const char role_sql[] = "select set_config('role', $1, true)";
static const char audit_sql[] = "select mcp.audit($1)";
static const char claim_sql[] = "select mcp.idempotency_claim($1, $2, $3)";
static const char keep_sql[] = "select mcp.idempotency_keep($1, $2, $3::jsonb)";
static const char refuse_sql[] = "select mcp.unless(true, 'MC404', $1)";
static const char undo_sql[] = "select mcp.unless(true, '" UNDONE "', 'rehearsed')";

struct run {
	struct request     *rq;
	const struct tool  *tool;
	const struct bind_args *args;
	bool                writes;	/* this call, under this credential */
	bool                rehearsal;	/* what it does is undone */
	bool                unsure;	/* the connection broke when the change may have been made */
	struct encode       encode;
	bool                claimed;	/* the caller's key was looked at, and may be used */
	const char         *kept;	/* the result of an earlier call with the same key; NULL: none */
	struct db_statement enter, claim, take_role, main, leave, audit, keep, undo;
};

/* --- statements ------------------------------------------------------------------------- */

static struct db_statement
enter_with(struct run *run, const char *role)
{
	const struct identity *who = run->rq->who;
	struct db_statement s = { .id = STATEMENT_ENTER, .sql = enter_sql, .n = 12 };
	const char *const at[] = {
		run->writes ? "off" : "on",
		arena_fmt(&run->rq->mem, "%" PRId64, run->tool->timeout_ms),
		run->tool->catalog->search_path, who->tenant, run->rq->workspace, who->principal, who->roles, who->scopes,
		run->rq->slot->event.id, who->credential, who->generation, role,
	};

	memcpy(s.at, at, sizeof(at));
	return s;
}

static int
take_row(void *ctx, const struct db_row *row)
{
	struct run *run = ctx;

	return encode_row(&run->encode, row);
}

/* What an earlier call with this key was answered: a JSON text that holds the result's text. */
static int
take_claim(void *ctx, const struct db_row *row)
{
	struct run *run = ctx;
	struct json_object *o = row->at[0] ? json_parse(&run->rq->mem, row->at[0], (size_t)row->len[0], 4) : NULL;

	run->claimed = true;
	run->kept = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
	return 1;
}

static void
fill_statements(struct run *run)
{
	const struct bind_args *args = run->args;
	const char *role = run->tool->catalog->role;

	run->enter = enter_with(run, args->key && !run->rehearsal ? "none" : role);
	run->claim = (struct db_statement){ .id = STATEMENT_CLAIM, .sql = claim_sql, .n = 3,
	    .at = { run->tool->name, args->key, args->digest }, .row = take_claim };
	run->take_role = (struct db_statement){ .id = STATEMENT_ROLE, .sql = role_sql, .n = 1, .at = { role } };
	run->leave = (struct db_statement){ .id = STATEMENT_ROLE, .sql = role_sql, .n = 1, .at = { "none" } };
	run->undo = (struct db_statement){ .id = STATEMENT_UNDO, .sql = undo_sql };
	run->main = run->tool->statement;
	run->main.at[0] = json_plain(args->object, NULL);
	run->main.row = take_row;
}

/* The event of a write, recorded in the write's own transaction: neither is there without the other. */
static const struct db_statement *
record_event(struct run *run)
{
	struct request *rq = run->rq;
	struct buf b;

	if (rq->failed == FAIL_GONE)	/* while its last statement ran, which was done all the same */
		fail_clear(rq);
	audit_settle(rq);
	if (run->encode.count == 0 && run->tool->result.none)
		rq->slot->event.outcome = OUTCOME_TOOL_ERROR;	/* what the answer will say; recorded all the same */
	buf_init(&b, &rq->mem, 16 * AUDIT_RECORD_MAX);
	audit_json(&b, &rq->slot->event, rq->cfg->node, rq->slot->pool, atomic_load(&rq->slot->pid));
	run->audit = (struct db_statement){ .id = STATEMENT_AUDIT, .sql = audit_sql, .n = 1, .at = { b.at } };
	return &run->audit;
}

static void
complete(struct run *run)
{
	char *place = encode_place(&run->encode);

	encode_end(&run->encode, place ? cursor_make(run->rq, run->tool->name, place, strlen(place)) : NULL);
}

/* The result under the caller's key; or, when there is none, an error, which gives the key back. */
static const struct db_statement *
keep_result(struct run *run)
{
	struct buf b;

	if (run->encode.count == 0 && run->tool->result.none) {
		run->keep = (struct db_statement){ .id = STATEMENT_REFUSE, .sql = refuse_sql, .n = 1, .at = { run->tool->result.none } };
		return &run->keep;
	}
	complete(run);
	buf_init(&b, &run->rq->mem, 4 * run->tool->result_max + 65536);
	buf_json(&b, run->encode.out.at, run->encode.out.len);
	run->keep = (struct db_statement){ .id = STATEMENT_KEEP, .sql = keep_sql, .n = 3,
	    .at = { run->tool->name, run->args->key, b.at } };
	return &run->keep;
}

static void
add(struct db_batch *b, const struct db_statement *s)
{
	b->at[b->n++] = s;
}

/* A reading call is one round trip, a writing one two. */
static void
next_plain(void *ctx, int batch, struct db_batch *out)
{
	struct run *run = ctx;

	out->last = batch == 1 || !run->writes;
	if (batch == 1) {
		add(out, record_event(run));
		return;
	}
	add(out, &run->enter);
	add(out, &run->main);
	if (run->writes)
		add(out, &run->leave);
}

/* One round trip whose last word is an error. */
static void
next_rehearsed(void *ctx, int batch, struct db_batch *out)
{
	struct run *run = ctx;

	(void)batch;
	out->last = true;
	add(out, &run->enter);
	add(out, &run->main);
	add(out, &run->leave);
	add(out, &run->undo);
}

/* With an idempotency key first its claim is looked at: three round trips, or two for a repeated call. */
static void
next_claimed(void *ctx, int batch, struct db_batch *out)
{
	struct run *run = ctx;

	out->last = batch == 2 || (batch == 1 && run->kept);
	if (batch == 0) {
		add(out, &run->enter);
		add(out, &run->claim);
	} else if (batch == 1 && !run->kept) {
		add(out, &run->take_role);
		add(out, &run->main);
		add(out, &run->leave);
	} else if (batch == 2) {
		add(out, keep_result(run));
		add(out, record_event(run));
	}
}

/* While a statement runs: is the answer still wanted? */
static int
look_up(void *ctx)
{
	struct run *run = ctx;

	return sse_keep_alive(run->rq);
}

static enum db_outcome
attempt(struct run *run, struct db_error *error)
{
	struct request *rq = run->rq;
	struct db_call call = { .mem = &rq->mem, .ctx = run, .tick = look_up,
	    .next = run->rehearsal ? next_rehearsed : run->args->key ? next_claimed : next_plain };
	enum db_outcome got;

	run->writes = run->tool->writes == TOOL_WRITES || (run->tool->writes == TOOL_MAYBE && !rq->who->reads_only);
	run->claimed = false;
	run->kept = NULL;
	call.reads = !run->writes;
	call.timeout_ms = run->tool->timeout_ms + GRACE_MS;
	/* A legacy client that is gone did not cancel (2025-11-25, transports): its call goes on. */
	call.client_fd = rq->era == ERA_MODERN ? rq->client_fd : -1;
	fill_statements(run);
	encode_begin(&run->encode, run->tool, run->args->object, run->args->limit, &rq->mem);
	got = db_run(rq->db, &call);
	rq->slot->event.sql_us += call.us;
	run->unsure = call.unsure;
	*error = call.error;
	return got;
}

/* --- the call --------------------------------------------------------------------------- */

/* The caller's identity has changed since it was looked up: who is it now, and may it still? */
static int
identify_again(struct run *run)
{
	struct request *rq = run->rq;
	bool required = rq->who->confirm_required;

	if (tenant_again(rq) != 0)
		return -1;
	if (run->tool->confirm && rq->who->confirm_required && !required)
		return fail(rq, FAIL_TOOL, "This account has just begun to want every confirmation. Nothing was changed; call again.");
	return catalog_admits(rq, run->tool, run->args->given);
}

static int
fail_unsure(struct run *run, const char *why)
{
	fail_away(run->rq, why);
	run->rq->says = "The database went away before it confirmed the change. Look whether it was made before you repeat it.";
	return -1;
}

/* For people: the one sentence of a done result. */
static const char *
sentence(struct run *run, const char *structured)
{
	if (run->tool->result.kind != RESULT_DONE)
		return NULL;
	return json_get_str(json_parse(&run->rq->mem, structured, strlen(structured), 4), "message");
}

/* The tool's own error: a sentence, and what programs go by. */
static int
refuse(struct request *rq, const char *word, int status, const char *sentence)
{
	fail(rq, FAIL_TOOL, "%s", sentence);
	rq->tool_error = (struct tool_error){ .word = word, .status = status };
	return -1;
}

/* No row came: the tool's own sentence, or a general one, says that what was asked for is not there. */
static int
refuse_none(struct request *rq, const char *sentence)
{
	return refuse(rq, "NOT_FOUND", 404, sentence);
}

static int
finish(struct run *run, struct bind_result *out)
{
	struct encode *e = &run->encode;

	if (run->kept) {
		out->structured = run->kept;
	} else if (e->count == 0 && run->tool->result.none) {
		return refuse_none(run->rq, run->tool->result.none);
	} else if (run->tool->result.kind == RESULT_CONTENTS && e->cut) {
		/* A part would look like the whole. */
		return refuse(run->rq, "TOO_LARGE", 0, "The resource is larger than what may be read at once.");
	} else if (e->count == 0 && run->tool->result.kind != RESULT_ROWS && run->tool->result.kind != RESULT_TEXTS) {
		return e->cut ? fail(run->rq, FAIL_TOOL, "The result is too large.") : refuse_none(run->rq, "Nothing was found.");
	} else {
		if (!run->args->key)
			complete(run);
		out->structured = e->out.at;
	}
	out->structured_len = strlen(out->structured);
	out->text = sentence(run, out->structured);
	out->count = e->count;
	out->more = e->more;
	return 0;
}

static void
fail_refused(struct run *run, const struct db_error *error)
{
	struct request *rq = run->rq;
	bool claiming = run->args->key && !run->claimed && !run->rehearsal;

	if (claiming && strcmp(error->state, "MC409") == 0)	/* the argument is called what the tool's file calls it */
		refuse(rq, "CONFLICT", 409, arena_fmt(&rq->mem, "%s was used with other arguments", run->tool->idempotency));
	else
		sqlstate_fail(rq, run->tool, error);
}

/* Once more if that may help; what then went wrong is in rq.  DB_DONE: it is done, or was rehearsed. */
static enum db_outcome
run_it(struct run *run)
{
	struct request *rq = run->rq;
	struct db_error error;
	enum db_outcome got;
	bool again = true;

	for (;;) {
		got = attempt(run, &error);
		if (got == DB_REFUSED && run->rehearsal && strcmp(error.state, UNDONE) == 0)
			return DB_DONE;
		if (got != DB_REFUSED || !again || rq->failed)
			break;
		if (strcmp(error.state, "MC401") == 0) {
			if (identify_again(run) != 0)
				return got;
		} else if (!sqlstate_passes(&error)) {
			break;
		}
		again = false;
	}
	if (rq->failed == FAIL_GONE && (got == DB_DONE || (got == DB_AWAY && run->unsure)))
		fail_clear(rq);		/* the cancel came too late: what was done, or may have been, is answered */
	if (got == DB_REFUSED)
		fail_refused(run, &error);
	else if (got == DB_LEFT)
		fail(rq, FAIL_GONE, "the client left");
	else if (got == DB_AWAY)
		run->unsure && !run->rehearsal ? fail_unsure(run, error.message) : fail_away(rq, error.message);
	return got;
}

int
bind_sql(struct request *rq, const struct tool *tool, const struct bind_args *args, struct bind_result *out)
{
	struct run run = { .rq = rq, .tool = tool, .args = args };
	enum db_outcome got;

	if (tool->writes != TOOL_READS && mrtr_claim(rq) != 0)
		return -1;
	got = run_it(&run);
	/* The user's yes counts when PostgreSQL is back.  A function in C may have changed something before. */
	if (got == DB_AWAY && !run.unsure && !tool->c)
		mrtr_unclaim(rq);
	return got == DB_DONE ? finish(&run, out) : -1;
}

int
bind_sql_rehearse(struct request *rq, const struct tool *tool, const struct bind_args *args)
{
	struct run run = { .rq = rq, .tool = tool, .args = args, .rehearsal = true };

	if (run_it(&run) != DB_DONE)
		return -1;
	return run.encode.count > 0 || !tool->result.none ? 0 : refuse_none(rq, tool->result.none);
}

int
bind_sql_ask(struct request *rq, const struct tool *tool, struct json_object *values, struct bind_result *out)
{
	struct bind_args args = { .given = values, .object = values };

	args.limit = tool->result.kind == RESULT_ROW ? 1 : tool->rows_max;
	return bind_sql(rq, tool, &args, out);
}
