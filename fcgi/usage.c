/*
 * usage: a table by credential, and one statement that empties it.
 *
 * The connection is opened for each batch: one in ten seconds costs nothing, and what hangs when
 * PostgreSQL hangs is then almost always the connecting, which has a time limit.
 */
#include "usage.h"
#include "buf.h"
#include "db.h"
#include "log.h"
#include "slot.h"

#define ROWS		2048		/* a power of two */
#define ROWS_MOST	(ROWS / 4 * 3)
#define PERIOD_US	10000000
#define LIST_MAX	(1 << 20)

struct row {
	char     credential[CRYPT_UUID];	/* "": free */
	char     at[BASE_STAMP_MAX];		/* the latest; stamps have one length, so they compare as texts */
	uint64_t times;
};

struct usage {
	struct db   *db;		/* NULL: nothing is kept */
	struct arena mem;		/* of the batch in hand */
	struct row   row[ROWS];
	int          n;
	int64_t      tried_us;		/* to write */
	bool         away;		/* and failed */
};

struct usage *
usage_make(const char *conninfo)
{
	struct usage *u = calloc(1, sizeof(*u));

	if (!u)
		die("there is no memory for %zu bytes", sizeof(*u));
	u->db = conninfo ? db_make(conninfo, "mcp-fpm usage") : NULL;
	u->tried_us = base_now_us();
	arena_init(&u->mem, 1 << 16, 8 << 20);
	return u;
}

/* --- noting ----------------------------------------------------------------------------- */

/*
 * What stands behind name (`"at":`), a text without its quotes or a number.  Within a text there is
 * no bare quote, so name can only be found where a member begins.
 */
static struct text
member(const char *event, size_t len, const char *name)
{
	const char *at = memmem(event, len, name, strlen(name)), *end = event + len;
	struct text found = { NULL, 0 };

	if (!at)
		return found;
	found.at = at + strlen(name);
	found.at += found.at < end && *found.at == '"';
	for (at = found.at; at < end && !strchr("\",}", *at); at++)
		found.len++;
	return found;
}

static bool
is_text(struct text a, const char *b)
{
	return a.len == strlen(b) && memcmp(a.at, b, a.len) == 0;
}

/* Its row, or a free one; NULL: the table is full. */
static struct row *
row_of(struct usage *u, const char *credential)
{
	uint64_t i = slot_number(credential);

	for (;; i++) {
		struct row *row = &u->row[i & (ROWS - 1)];

		if (strcmp(row->credential, credential) == 0)
			return row;
		if (!row->credential[0])
			return u->n < ROWS_MOST ? row : NULL;
	}
}

void
usage_note(struct usage *u, const char *event, size_t len)
{
	struct text who = member(event, len, "\"credential\":"), at = member(event, len, "\"at\":");
	struct text code = member(event, len, "\"code\":"), count = member(event, len, "\"count\":");
	char credential[CRYPT_UUID], stamp[BASE_STAMP_MAX];
	struct row *row;

	if (!u->db || who.len != sizeof(credential) - 1 || at.len == 0 || at.len >= sizeof(stamp))
		return;
	if (is_text(code, "401") || is_text(code, "403"))	/* who was turned away at the door did not use it */
		return;
	snprintf(credential, sizeof(credential), "%.*s", (int)who.len, who.at);
	snprintf(stamp, sizeof(stamp), "%.*s", (int)at.len, at.at);
	row = row_of(u, credential);
	if (!row || !crypt_is_uuid(credential))
		return;
	u->n += !row->credential[0];
	memcpy(row->credential, credential, sizeof(credential));
	row->times += count.len ? strtoul(count.at, NULL, 10) : 1;
	if (strcmp(stamp, row->at) > 0)
		memcpy(row->at, stamp, sizeof(stamp));
}

/* --- writing ---------------------------------------------------------------------------- */

/* The rows as three arrays of PostgreSQL; none of the values needs quotes. */
static void
add_lists(const struct usage *u, struct buf list[3])
{
	const struct row *row;
	int i;

	for (row = u->row; row < u->row + ROWS; row++) {
		if (!row->credential[0])
			continue;
		for (i = 0; i < 3; i++)
			buf_char(&list[i], list[i].len ? ',' : '{');
		buf_str(&list[0], row->credential);
		buf_str(&list[1], row->at);
		buf_fmt(&list[2], "%" PRIu64, row->times);
	}
	for (i = 0; i < 3; i++)
		buf_char(&list[i], '}');
}

struct both {
	struct db_statement limit, used;
};

static void
next(void *ctx, int batch, struct db_batch *out)
{
	const struct both *both = ctx;

	(void)batch;
	*out = (struct db_batch){ .at = { &both->limit, &both->used }, .n = 2, .last = true };
}

static int
write_rows(struct usage *u, struct db_error *error)
{
	struct buf list[3];
	struct both both = { .limit = { .sql = "select set_config('statement_timeout', '1s', true)" } };
	struct db_call call = { .mem = &u->mem, .client_fd = -1, .next = next, .ctx = &both };
	enum db_outcome got;
	int i;

	for (i = 0; i < 3; i++)
		buf_init(&list[i], &u->mem, LIST_MAX);
	add_lists(u, list);
	both.used = (struct db_statement){ .sql = "select mcp.used($1::uuid[], $2::timestamptz[], $3::bigint[])", .n = 3,
	    .at = { list[0].at, list[1].at, list[2].at } };
	got = db_run(u->db, &call);
	db_close(u->db);
	*error = call.error;
	return got == DB_DONE ? 0 : -1;
}

static bool
is_time(const struct usage *u)
{
	return base_now_us() - u->tried_us >= PERIOD_US || (u->n == ROWS_MOST && !u->away);
}

void
usage_write(struct usage *u, bool last)
{
	struct db_error error;
	bool was_away = u->away;

	if (u->n == 0 || (!last && !is_time(u)))
		return;
	u->away = write_rows(u, &error) != 0;
	u->tried_us = base_now_us();
	if (u->away && !was_away)
		log_say("the last use of credentials is not written: %s", error.message ? error.message : "PostgreSQL does not answer");
	if (!u->away) {
		memset(u->row, 0, sizeof(u->row));
		u->n = 0;
	}
	arena_reset(&u->mem);
}
