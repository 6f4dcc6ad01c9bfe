/*
 * tenant: the credential of a request, looked up once and remembered for a while.
 *
 * What is remembered may be outdated; that is harmless for calls that run SQL, because mcp.enter()
 * checks the generation in the very transaction, and bounded for the others: an entry dies when
 * the board's epoch moves (the warden hears of changes by NOTIFY), after half a minute at most,
 * and after a second when nobody is listening.
 */
#include "tenant.h"
#include "bucket.h"
#include "cidr.h"
#include "db.h"

#define ENTRIES			512	/* a power of two */
#define ASK_MS			3000	/* PostgreSQL answers this in less than one */
#define TRUST_US		30000000
#define TRUST_DEAF_US		1000000	/* while nobody listens for changes */
#define TRUST_UNKNOWN_US	2000000	/* that a credential does not exist */

struct entry {
	unsigned char    hash[CRYPT_HASH];
	bool             used;
	int64_t          since_us;	/* monotonic */
	uint64_t         epoch;		/* the board's, before PostgreSQL was asked */
	enum fail        refusal;	/* FAIL_NONE: who is filled */
	const char      *why;		/* of a refusal, for the log */
	struct arena     mem;		/* what who points into */
	struct identity  who;
	char             open[CRYPT_UUID];	/* a workspace known to be open to it, though it is not in the list */
};

static struct entry entries[ENTRIES];	/* this worker's cache */

/* --- what mcp.identify() says ----------------------------------------------------------- */

struct answer {
	struct arena *mem;
	const char   *text;	/* NULL: no such credential */
};

static int
take_answer(void *ctx, const struct db_row *row)
{
	struct answer *a = ctx;

	a->text = row->n > 0 && row->at[0] ? arena_copy(a->mem, row->at[0], (size_t)row->len[0]) : NULL;
	return 1;
}

static void
words_of(struct arena *mem, struct json_object *list, struct words *out)
{
	size_t i, n = json_is_strings(list) ? json_object_array_length(list) : 0;
	const char **at = arena_take(mem, (n + 1) * sizeof(*at));

	for (i = 0; i < n; i++)
		at[i] = json_object_get_string(json_object_array_get_idx(list, i));
	out->at = at;
	out->n = n;
}

static const char *
joined(struct arena *mem, const struct words *list)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, 16384);
	for (i = 0; i < list->n; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", list->at[i]);
	return b.at;
}

static void
fill(struct identity *who, struct arena *mem, struct json_object *o)
{
	struct words roles;

	memset(who, 0, sizeof(*who));
	who->credential = json_text(o, "credential");
	who->credential_name = json_text(o, "credential_name");
	who->catalog = json_text(o, "catalog");
	who->tenant = json_text(o, "tenant");
	who->tenant_slug = json_text(o, "tenant_slug");
	who->principal = json_text(o, "principal");
	who->workspace = json_text(o, "workspace");
	who->bound = strcmp(json_text(o, "workspaces"), "*") != 0;
	words_of(mem, json_get(o, "workspaces"), &who->workspaces);
	who->plan = json_text(o, "plan");
	words_of(mem, json_get(o, "roles"), &roles);
	words_of(mem, json_get(o, "scopes"), &who->scope);
	words_of(mem, json_get(o, "features"), &who->features);
	words_of(mem, json_get(o, "addresses"), &who->addresses);
	who->roles = joined(mem, &roles);
	who->scopes = joined(mem, &who->scope);
	who->reads_only = strcmp(json_text(o, "mode"), "full") != 0;
	who->confirm_required = strcmp(json_text(o, "confirm"), "required") == 0;
	who->generation = arena_fmt(mem, "%" PRId64, json_get_int(o, "generation", -1));
	who->number = slot_number(who->tenant);
	who->credential_number = slot_number(who->credential);
	who->expires_us = (int64_t)(json_object_get_double(json_get(o, "expires_at")) * 1e6);
	who->per_minute = json_get_int(o, "per_minute", 1);
	who->burst = json_get_int(o, "burst", who->per_minute);
	who->in_flight = json_get_int(o, "in_flight", 1);
	who->streams = json_get_int(o, "streams", 1);
	who->sessions = json_get_int(o, "sessions", 1);
	who->own_per_minute = json_get_int(o, "credential_per_minute", 0);
}

enum fail
tenant_parse(struct arena *mem, const char *text, struct identity *who, const char **why)
{
	struct json_object *o = text ? json_parse(mem, text, strlen(text), 16) : NULL;
	const char *state = o ? json_text(o, "state") : "unknown";

	fill(who, mem, o);
	*why = arena_fmt(mem, "the credential is %s", state);
	if (strcmp(state, "ok") == 0)
		return FAIL_NONE;
	return strcmp(state, "suspended") == 0 ? FAIL_REFUSED : FAIL_CREDENTIAL;
}

/* Whoever tries keys makes PostgreSQL work; so each address may do that only so often. */
static int
limit_asking(struct request *rq)
{
	const char *ip = rq->slot->event.ip;
	struct bucket_rate rate = { rq->cfg->address_per_minute, rq->cfg->address_per_minute };
	int64_t full_us, wait = bucket_take(rq->board, ~slot_number(ip), rate, 1, base_wall_us(), &full_us);

	if (wait <= 0)
		return 0;
	wait = wait / 1000000 + 1;
	buf_fmt(&rq->reply.head, "Retry-After: %" PRId64 "\r\n", wait);
	return fail(rq, FAIL_RATE, "Too many different credentials from this address. Try again in %" PRId64 " seconds.", wait);
}

static int
ask(struct request *rq, struct entry *e)
{
	char hex[2 * CRYPT_HASH + 3] = "\\x";
	struct answer answer = { .mem = &e->mem };
	struct db_statement sql = { .sql = "select mcp.identify($1::bytea)", .n = 1, .at = { hex }, .row = take_answer };
	struct db_call call = { .mem = &rq->mem, .client_fd = -1, .main = &sql, .ctx = &answer, .reads = true,
	    .timeout_ms = ASK_MS };
	enum db_outcome got;

	e->used = false;
	e->open[0] = '\0';
	e->epoch = atomic_load(&rq->board->identity_epoch);
	arena_reset(&e->mem);
	crypt_hex(hex + 2, e->hash, CRYPT_HASH);
	got = db_run(rq->db, &call);
	rq->slot->event.sql_us += call.us;
	if (got != DB_DONE)
		return fail_away(rq, call.error.message);
	e->refusal = tenant_parse(&e->mem, answer.text, &e->who, &e->why);
	e->who.hash = e->hash;
	e->since_us = base_now_us();
	e->used = true;
	return 0;
}

/* --- the cache -------------------------------------------------------------------------- */

static struct entry *
entry_for(const unsigned char hash[CRYPT_HASH])
{
	struct entry *e = &entries[(hash[0] | (unsigned)hash[1] << 8) & (ENTRIES - 1)];

	if (!e->mem.most)
		arena_init(&e->mem, 4096, 1 << 20);
	if (!e->used || memcmp(e->hash, hash, CRYPT_HASH) != 0) {
		e->used = false;
		memcpy(e->hash, hash, CRYPT_HASH);
	}
	return e;
}

static bool
is_fresh(const struct entry *e, const struct board *board)
{
	int64_t now = base_now_us(), age = now - e->since_us;

	if (!e->used || e->epoch != atomic_load(&board->identity_epoch))
		return false;
	if (now - atomic_load(&board->listening_us) > TRUST_DEAF_US)
		return age < TRUST_DEAF_US;
	return age < (e->refusal == FAIL_CREDENTIAL ? TRUST_UNKNOWN_US : TRUST_US);
}

/* --- the credential of a request -------------------------------------------------------- */

static const char *
bearer(const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	return authorization + 7 + strspn(authorization + 7, " ");
}

/* The one credential presented in *out; NULL: none. */
static int
presented(struct request *rq, const char **out)
{
	const char *at[] = { bearer(rq->param[PARAM_AUTHORIZATION]), rq->param[PARAM_X_API_KEY], rq->param[PARAM_API_KEY] };
	size_t i;

	*out = NULL;
	for (i = 0; i < LEN(at); i++) {
		if (!at[i] || !*at[i])
			continue;
		if (*out && strcmp(*out, at[i]) != 0)
			return fail(rq, FAIL_AMBIGUOUS, "Two different credentials in one request.");
		*out = at[i];
	}
	return 0;
}

void
tenant_name(struct event *ev, const struct identity *who, const char *workspace)
{
	slot_put(ev->tenant, sizeof(ev->tenant), who->tenant);
	slot_put(ev->principal, sizeof(ev->principal), who->principal);
	slot_put(ev->credential, sizeof(ev->credential), who->credential);
	slot_put(ev->credential_name, sizeof(ev->credential_name), who->credential_name);
	slot_put(ev->workspace, sizeof(ev->workspace), workspace);
}

static int
refuse(struct request *rq, const char *why)
{
	fail(rq, FAIL_CREDENTIAL, "%s", why);
	rq->says = fail_row(FAIL_CREDENTIAL)->text;	/* one answer, whatever the reason */
	return -1;
}

/* --- what the request may not choose freely --------------------------------------------- */

/* A list that cannot be read opens nothing. */
static bool
is_open_to(const struct words *networks, const char *from)
{
	struct cidr address, net;
	size_t i;

	if (networks->n == 0)
		return true;
	if (from && cidr_parse(&address, from) == 0)
		for (i = 0; i < networks->n; i++)
			if (cidr_parse(&net, networks->at[i]) == 0 && cidr_has(&net, &address))
				return true;
	return false;
}

static int
take_answer_bool(void *ctx, const struct db_row *row)
{
	bool *yes = ctx;

	*yes = row->n > 0 && row->at[0] && row->at[0][0] == 't';
	return 1;
}

/* Asks for a workspace of a credential that is bound to none, and remembers the last one that was open. */
static int
ask_open(struct request *rq, struct entry *e, const char *id, bool *open)
{
	struct db_statement sql = { .sql = "select mcp.narrow($1::uuid, $2::uuid)", .n = 2, .at = { e->who.credential, id },
		.row = take_answer_bool };
	struct db_call call = { .mem = &rq->mem, .client_fd = -1, .main = &sql, .ctx = open };
	enum db_outcome got;

	*open = strcmp(e->open, id) == 0;
	if (*open)
		return 0;
	got = db_run(rq->db, &call);
	rq->slot->event.sql_us += call.us;
	if (got != DB_DONE)
		return fail_away(rq, call.error.message);
	if (*open)
		memcpy(e->open, id, sizeof(e->open));
	return 0;
}

static bool
is_listed(const struct words *list, const char *id)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->at[i], id) == 0)
			return true;
	return false;
}

bool
tenant_admits(const struct identity *who, const char *address, const char *workspace)
{
	if (!is_open_to(&who->addresses, address))
		return false;
	return !who->bound || is_listed(&who->workspaces, workspace[0] ? workspace : who->workspace);
}

/* The id in the form in which PostgreSQL writes it. */
static const char *
lowered(struct arena *mem, const char *id)
{
	char *out = arena_str(mem, id), *c;

	for (c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

/* The choice is the request's: it goes into rq, never into the entry. */
static int
narrow(struct request *rq, struct entry *e)
{
	const char *given = rq->param[PARAM_WORKSPACE];
	bool open = false;

	if (!given) {
		if (e->who.bound && !e->who.workspace[0])
			return fail(rq, FAIL_REFUSED, "This credential is bound to workspaces: X-Workspace-ID must name one of them.");
		rq->workspace = e->who.workspace;
		return 0;
	}
	if (crypt_is_uuid(given)) {
		given = lowered(&rq->mem, given);
		if (e->who.bound)
			open = is_listed(&e->who.workspaces, given);
		else if (ask_open(rq, e, given, &open) != 0)
			return -1;
	}
	if (!open)
		return fail(rq, FAIL_REFUSED, "This workspace is not open to this credential.");
	rq->workspace = given;
	return 0;
}

static int
accept_entry(struct request *rq, struct entry *e)
{
	rq->workspace = "";
	tenant_name(&rq->slot->event, &e->who, "");	/* also when it is refused */
	if (e->refusal == FAIL_REFUSED && strcmp(e->who.catalog, rq->param[PARAM_CATALOG]) == 0)
		return fail(rq, FAIL_REFUSED, "This account is suspended.");
	if (e->refusal != FAIL_NONE)
		return refuse(rq, e->why);
	if (e->who.expires_us > 0 && e->who.expires_us <= base_wall_us())
		return refuse(rq, "the credential is expired");
	if (strcmp(e->who.catalog, rq->param[PARAM_CATALOG]) != 0)
		return refuse(rq, "the credential is of another catalog");
	if (!is_open_to(&e->who.addresses, rq->param[PARAM_ADDR]))
		return fail(rq, FAIL_REFUSED, "This credential may not be used from this address.");
	if (narrow(rq, e) != 0)
		return -1;
	tenant_name(&rq->slot->event, &e->who, rq->workspace);
	rq->who = &e->who;
	return 0;
}

static int
identify(struct request *rq, bool afresh)
{
	unsigned char hash[CRYPT_HASH];
	const char *text;
	struct entry *e;

	if (presented(rq, &text) != 0)
		return -1;
	if (!text)
		return refuse(rq, "no credential");
	if (!crypt_key_plausible(text, rq->key_prefix))
		return refuse(rq, "not a key of this catalog");
	crypt_sha256(hash, text, strlen(text));
	e = entry_for(hash);
	if ((afresh || !is_fresh(e, rq->board)) && (limit_asking(rq) != 0 || ask(rq, e) != 0))
		return -1;
	return accept_entry(rq, e);
}

int
tenant_identify(struct request *rq)
{
	return identify(rq, false);
}

int
tenant_again(struct request *rq)
{
	rq->who = NULL;
	return identify(rq, true);
}
