/*
 * warden: a loop over one LISTEN connection, a quarter of a second long.
 *
 * A round trip twice a second proves that the server still hears us; while it hangs we hang with
 * it, the stamp on the board grows old, and the workers stop trusting their caches.
 */
#include "warden.h"
#include "consumer.h"
#include "db.h"
#include "json.h"
#include "log.h"
#include "proof.h"

#define BEAT_MS		200		/* between two stamps */
#define ECHO_US		500000		/* between two round trips */
#define RETRY_MS	1000		/* PostgreSQL is away */
#define AGAIN_US	3600000000	/* between two proofs */
#define AGAIN_FAILED_US	60000000	/* the same, while one has failed */
#define ARENA_MAX	(256 << 20)	/* of a proof: every tool's columns, every finding */
#define SAYS_MAX	(1 << 20)
#define BURST		(NEWS_KEPT / 4)	/* news, after which the readers get */
#define BREATH_US	10000		/* so much time, lest they be overtaken */

struct warden {
	const struct process *self;
	struct board *board;
	_Atomic int  *proof;		/* the board's row of our generation */
	struct news_ring *news;		/* the same */
	int           burst;		/* news since the last breath */
	struct db    *db;		/* where we listen */
	struct arena  mem;		/* of one turn of the loop */
	bool          hears;		/* LISTEN is on */
	bool          said_away;
	int64_t       echo_us;		/* of the last round trip */
	int64_t       prove_us;		/* when the next proof is due */
	int64_t       weighed_us;
	unsigned char said[CRYPT_HASH];	/* digest of the findings that were logged last */
};

/* --- proof ------------------------------------------------------------------------------ */

enum db_outcome
warden_prove(const struct config *cfg, const struct catalogs *catalogs, struct arena *mem,
    enum proof verdict[CATALOGS_MAX], struct buf *says)
{
	static struct db *db;		/* its connection is closed between two proofs */
	enum db_outcome got = DB_DONE, all = DB_DONE;
	const struct catalog *c;

	if (!db)
		db = db_make(cfg->pg, "mcp-fpm proof");

	for (c = catalogs->at; c < catalogs->at + catalogs->n && got != DB_AWAY; c++) {
		got = proof_catalog(db, mem, c, says);
		if (got == DB_DONE)
			verdict[c->number] = PROOF_PASSED;
		else if (got == DB_REFUSED)
			verdict[c->number] = PROOF_FAILED;
		if (got != DB_DONE && all != DB_AWAY)
			all = got;
	}
	db_close(db);
	return all;
}

/* Findings that were logged a minute ago are not logged again. */
static void
log_findings(struct warden *w, struct buf *says)
{
	unsigned char digest[CRYPT_HASH];
	char *line, *rest = says->at;

	crypt_sha256(digest, says->at, says->len);
	if (memcmp(digest, w->said, CRYPT_HASH) == 0)
		return;
	memcpy(w->said, digest, CRYPT_HASH);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_say("%s", line);
}

static void
note_verdict(struct warden *w, const struct catalog *c, enum proof verdict)
{
	enum proof was = (enum proof)atomic_exchange(&w->proof[c->number], (int)verdict);

	if (was == verdict)
		return;
	if (verdict == PROOF_PASSED)
		log_say("catalog %s: isolation is proven; it is served", c->name);
	else
		log_say("catalog %s: isolation is not proven; it is not served", c->name);
}

static void
prove(struct warden *w)
{
	const struct catalogs *all = w->self->catalogs;
	enum proof verdict[CATALOGS_MAX];
	enum db_outcome got;
	struct buf says;
	size_t i;

	for (i = 0; i < CATALOGS_MAX; i++)
		verdict[i] = (enum proof)atomic_load(&w->proof[i]);
	buf_init(&says, &w->mem, SAYS_MAX);
	got = warden_prove(w->self->cfg, all, &w->mem, verdict, &says);
	for (i = 0; i < all->n; i++)
		note_verdict(w, &all->at[i], verdict[all->at[i].number]);
	if (got == DB_REFUSED)
		log_findings(w, &says);
	w->prove_us = base_now_us() + (got == DB_DONE ? AGAIN_US : got == DB_REFUSED ? AGAIN_FAILED_US : RETRY_MS * 1000);
}

/* Idempotency keys that are a day old; what is left over, the next hour forgets. */
static void
purge(struct warden *w)
{
	static struct db *db;		/* its connection is closed between two turns */
	struct db_statement sql = { .sql = "select mcp.idempotency_purge()" };
	struct db_call call = { .mem = &w->mem, .client_fd = -1, .main = &sql };

	if (!db)
		db = db_make(w->self->cfg->pg, "mcp-fpm purge");
	if (db_query(db, &call) == DB_REFUSED)
		log_say("idempotency keys are not forgotten: %s", call.error.message);
	db_close(db);
}

static void
prove_if_due(struct warden *w)
{
	if (base_now_us() < w->prove_us)
		return;
	prove(w);
	purge(w);
}

/* --- listening -------------------------------------------------------------------------- */

static void
be_deaf(struct warden *w, const char *why)
{
	w->hears = false;
	if (!w->said_away)
		log_say("PostgreSQL is away: %s", why ? why : "the connection broke");
	w->said_away = true;
}

/* Whoever waits for edges is woken; the number in it means nothing. */
static void
wake_readers(const struct warden *w)
{
	ssize_t n = write(w->self->news_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void)n;
}

/* Every cache is small and soon filled again, so all is forgotten, whoever it was. */
static void
hear_identity(struct warden *w, const char *tenant)
{
	atomic_fetch_add(&w->board->identity_epoch, 1);
	if (crypt_is_uuid(tenant))
		news_tell(w->news, NEWS_IDENTITY, "", tenant, "");
}

/* Any login of the database can write into a channel; what is not as our functions write it is dropped. */
static void
hear_resource(struct warden *w, const char *payload)
{
	static const struct json_caps caps = { .depth = 2, .values = 16 };
	struct json_flaw flaw;
	struct json_object *o;
	const char *tenant, *catalog, *list, *uri, *text;

	arena_reset(&w->mem);	/* there may be very many of them */
	if (json_check(&w->mem, payload, strlen(payload), &caps, &flaw) != 0)
		return;
	o = json_parse(&w->mem, payload, strlen(payload), caps.depth);
	tenant = json_get_str(o, "tenant");
	catalog = json_get_str(o, "catalog");
	list = json_get_str(o, "list");
	uri = json_get_str(o, "uri");
	text = list ? list : uri;
	if (!tenant || !crypt_is_uuid(tenant) || !catalog || strlen(catalog) > 63 || !text || strlen(text) > NEWS_TEXT_MAX)
		return;
	news_tell(w->news, list ? NEWS_LIST : NEWS_RESOURCE, catalog, tenant, text);
}

/* A statement that changes thousands of rows is heard of row by row, all at once. */
static void
breathe(struct warden *w)
{
	if (++w->burst < BURST)
		return;
	w->burst = 0;
	usleep(BREATH_US);
}

static void
hear(void *ctx, const char *channel, const char *payload)
{
	struct warden *w = ctx;

	if (strcmp(channel, "mcp_identity") == 0)
		hear_identity(w, payload);
	else
		hear_resource(w, payload);
	wake_readers(w);
	breathe(w);
}

static enum db_outcome
run(struct warden *w, const char *sql, const char **why)
{
	struct db_error error = { 0 };
	enum db_outcome got = db_script(w->db, &w->mem, sql, &error);

	*why = error.message;
	return got;
}

/* What changed while nobody listened, nobody knows: so the epoch is raised, and there is a gap. */
static void
begin_to_hear(struct warden *w)
{
	const char *why;

	if (run(w, "listen mcp_identity; listen mcp_resource", &why) != DB_DONE) {
		be_deaf(w, why);
		return;
	}
	atomic_fetch_add(&w->board->identity_epoch, 1);
	news_tell(w->news, NEWS_GAP, "", "", "");
	wake_readers(w);
	w->hears = true;
	w->echo_us = base_now_us();
	if (w->said_away)
		log_say("PostgreSQL is back");
	w->said_away = false;
}

/* A round trip, and whatever came with it. */
static void
echo(struct warden *w)
{
	const char *why = NULL;

	if (base_now_us() - w->echo_us >= ECHO_US) {
		if (run(w, "select 1", &why) != DB_DONE) {
			be_deaf(w, why);
			return;
		}
		w->echo_us = base_now_us();
	}
	if (db_notified(w->db, hear, w) != 0)
		be_deaf(w, NULL);
}

static void
wait_for_news(const struct warden *w)
{
	struct pollfd p = { .fd = w->hears ? db_socket(w->db) : -1, .events = POLLIN };

	poll(&p, 1, w->hears ? BEAT_MS : RETRY_MS);
}

/* --- life ------------------------------------------------------------------------------- */

/* Only where nobody ships the log, and so nobody else looks at its size. */
static void
weigh(struct warden *w)
{
	int64_t now = base_now_us();

	if (w->self->cfg->audit_workers > 0 || now - w->weighed_us < 1000000)
		return;
	w->weighed_us = now;
	consumer_weigh(w->self->cfg, w->board, 0);
}

static void
end(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void
end_on_quit(void)
{
	struct sigaction act = { .sa_handler = end };
	sigset_t quit;

	sigaction(SIGQUIT, &act, NULL);
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(SIG_UNBLOCK, &quit, NULL);
}

static bool
is_proven(const struct warden *w)
{
	const struct catalogs *all = w->self->catalogs;
	const struct catalog *c;

	for (c = all->at; c < all->at + all->n; c++)
		if (atomic_load(&w->proof[c->number]) != PROOF_PASSED)
			return false;
	return true;
}

void
warden_run(const struct process *self)
{
	struct warden w = { .self = self, .board = self->board, .proof = self->board->proof[self->slot->row],
		.news = &self->board->news[self->slot->row] };

	end_on_quit();
	w.db = db_make(self->cfg->pg_listen, "mcp-fpm warden");
	arena_init(&w.mem, 64 << 10, ARENA_MAX);
	w.prove_us = is_proven(&w) ? base_now_us() + AGAIN_US : 0;
	slot_move(self->slot, SLOT_IDLE);
	for (;;) {
		if (w.hears)
			echo(&w);
		else
			begin_to_hear(&w);
		if (w.hears) {
			atomic_store(&self->board->listening_us, base_now_us());
			prove_if_due(&w);
		}
		weigh(&w);
		arena_reset(&w.mem);
		wait_for_news(&w);
	}
}
