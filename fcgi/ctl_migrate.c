/*
 * ctl_migrate: first compares all folders with what is recorded, then applies what is missing.
 *
 * Nothing runs before everything was found in order.  A second migrate waits at the advisory lock
 * until the first is done, and then finds nothing to do.
 */
#include "ctl_migrate.h"
#include "ctl_folder.h"
#include "ctl_show.h"
#include "json.h"
#include "log.h"

#define LOCK		"7011234816"	/* any number, the same for all who migrate this database */
#define NO_TRANSACTION	"-- no transaction"
#define DEMO_BYTES_MAX	(16 << 20)
#define ANSWER_MAX	(1 << 20)

struct migration {
	struct ctl              *c;
	const char             **root;		/* the folders of catalogs' folders; core is in the first */
	size_t                   roots;
	struct ctl_folder       *folder;
	size_t                   folders;
	const struct ctl_rows   *recorded;	/* catalog, version, name, digest; by catalog and version */
	struct buf               applied, demo;	/* members of the JSON lists */
	int                      fresh, already;
};

/* MCP_SQL; or what lies beside the folders of MCP_TOOLS, where a folder of tools alone is fine but the first. */
static void
find_roots(struct migration *m)
{
	const char *list = m->c->cfg.sql ? m->c->cfg.sql : m->c->cfg.tools, *beside = m->c->cfg.sql ? "" : "/../sql";
	size_t len;

	m->root = arena_take(&m->c->mem, (strlen(list) / 2 + 1) * sizeof(*m->root));
	for (; *list; list += len + (list[len] == ':')) {
		const char *root;

		len = strcspn(list, ":");
		root = arena_fmt(&m->c->mem, "%.*s%s", (int)len, list, beside);
		if (len > 0 && (m->roots == 0 || m->c->cfg.sql || access(root, F_OK) == 0))
			m->root[m->roots++] = root;
	}
	if (m->roots == 0)
		die("MCP_SQL: expected folders, divided by colons");
}

/* The catalogs to migrate that lie below this folder. */
static struct words
names_below(struct migration *m, const char *root)
{
	const char **only = &m->c->value[CTL_CATALOG];
	struct words names = { .at = only };

	if (!*only)
		ctl_folder_list(m->c, root, &names);
	else if (strcmp(*only, "core") != 0)
		names.n = access(arena_fmt(&m->c->mem, "%s/%s", root, *only), F_OK) == 0;
	return names;
}

static void
read_folders(struct migration *m)
{
	const char *only = m->c->value[CTL_CATALOG];
	struct words *names = arena_take(&m->c->mem, m->roots * sizeof(*names));
	size_t i, j;

	if (only && strchr(only, '/'))
		ctl_args_usage("%s is not the name of a catalog", only);
	for (m->folders = 1, i = 0; i < m->roots; i++) {
		names[i] = names_below(m, m->root[i]);
		m->folders += names[i].n;
	}
	m->folder = arena_zero(&m->c->mem, m->folders * sizeof(*m->folder));
	ctl_folder_read(m->c, &m->folder[0], m->root[0], "core");
	for (m->folders = 1, i = 0; i < m->roots; i++)
		for (j = 0; j < names[i].n; j++)
			ctl_folder_read(m->c, &m->folder[m->folders++], m->root[i], names[i].at[j]);
	if (only && strcmp(only, "core") != 0 && m->folders == 1)
		die("%s/%s: %s; MCP_SQL names the folders of the migrations", m->root[0], only, strerror(ENOENT));
}

/* What mcpctl needs itself, and what is recorded there. */
static void
read_record(struct migration *m)
{
	static const char make[] =
	    "create schema if not exists mcp; "
	    "create table if not exists mcp.schema_migration (catalog text not null, version int not null, "
	    "name text not null, digest text not null, applied_at timestamptz not null default now(), "
	    "primary key (catalog, version)); "
	    "comment on schema mcp is 'Identities, audit and migrations of mcp-fpm.'; "
	    "comment on table mcp.schema_migration is 'Which files of sql/ ran, and what they were; written by mcpctl migrate.'";

	ctl_sql_begin(m->c);
	ctl_sql_script(m->c, make, "schema mcp cannot be made: ");
	ctl_sql_commit(m->c);
	ctl_sql_begin(m->c);
	m->recorded = CTL_SQL(m->c, "select catalog, version, name, digest from mcp.schema_migration "
	    "where $1::text is null or catalog in ('core', $1) order by catalog, version", m->c->value[CTL_CATALOG]);
	ctl_sql_commit(m->c);
}

/* The record of a file: its row, or NULL. */
static const char *const *
record_of(const struct migration *m, const char *catalog, int version)
{
	char number[12];
	size_t i;

	snprintf(number, sizeof(number), "%d", version);
	for (i = 0; i < m->recorded->n; i++)
		if (strcmp(m->recorded->at[i][0], catalog) == 0 && strcmp(m->recorded->at[i][1], number) == 0)
			return m->recorded->at[i];
	return NULL;
}

/* Each file up to the newest recorded one is recorded, by this name and with this text. */
static void
check_folder(const struct migration *m, const struct ctl_folder *folder)
{
	const struct ctl_file *missing = NULL, *f;

	for (f = folder->file; f < folder->file + folder->n; f++) {
		const char *const *record = record_of(m, folder->catalog, f->number);

		if (!record) {
			missing = missing ? missing : f;
			continue;
		}
		if (missing)
			die("%s: has not run, but the newer %s has; migrations only go forward", missing->path, record[2]);
		if (strcmp(record[2], f->name) != 0)
			die("%s: %s has run under this number", f->path, record[2]);
		if (strcmp(record[3], f->digest) != 0)
			die("%s: has been changed since it ran; write a new migration instead", f->path);
	}
}

/* What ran is still there.  A catalog without a folder here is another deployment's business. */
static void
check_record(const struct migration *m)
{
	size_t i, j;

	for (i = 0; i < m->recorded->n; i++)
		for (j = 0; j < m->folders; j++) {
			const char *const *record = m->recorded->at[i];

			if (strcmp(m->folder[j].catalog, record[0]) == 0 && strtoul(record[1], NULL, 10) > m->folder[j].n)
				die("%s/%s.sql: has run in this database, but there is no such file", record[0], record[2]);
		}
}

static void
record(struct migration *m, const struct ctl_folder *folder, const struct ctl_file *f)
{
	CTL_SQL(m->c, "insert into mcp.schema_migration (catalog, version, name, digest) values ($1, $2::int, $3, $4)",
	    folder->catalog, arena_fmt(&m->c->mem, "%d", f->number), f->name, f->digest);
}

static void
apply(struct migration *m, const struct ctl_folder *folder, const struct ctl_file *f)
{
	const char *what = arena_fmt(&m->c->mem, "%s: ", f->path);

	if (strncmp(f->text, NO_TRANSACTION, strlen(NO_TRANSACTION)) == 0) {
		ctl_sql_script(m->c, "set role mcp_owner; set row_security = off", what);
		ctl_sql_script(m->c, f->text, what);
		ctl_sql_script(m->c, "reset role; reset row_security", what);
		ctl_sql_begin(m->c);
	} else {
		ctl_sql_begin(m->c);
		ctl_sql_script(m->c, f->text, what);
	}
	record(m, folder, f);
	ctl_sql_commit(m->c);
}

static void
note(struct migration *m, struct buf *list, const char *verb, const char *path)
{
	buf_str(list, list->len ? "," : "");
	buf_json(list, path, strlen(path));
	if (!m->c->value[CTL_JSON]) {
		const char *line = arena_fmt(&m->c->mem, "%s %s\n", verb, path);

		ctl_show_text(line, strlen(line));
	}
}

static void
apply_folder(struct migration *m, const struct ctl_folder *folder)
{
	const struct ctl_file *f;

	for (f = folder->file; f < folder->file + folder->n; f++) {
		if (record_of(m, folder->catalog, f->number)) {
			m->already++;
			continue;
		}
		apply(m, folder, f);
		m->fresh++;
		note(m, &m->applied, "applied", arena_fmt(&m->c->mem, "%s/%s", folder->catalog, f->name));
	}
}

static void
load_demo(struct migration *m, const struct ctl_folder *folder)
{
	const char *why, *text;
	size_t len;

	if (!folder->demo)
		return;
	text = json_file_text(&m->c->mem, folder->demo, DEMO_BYTES_MAX, &len, &why);
	if (!text)
		die("%s", why);
	ctl_sql_begin(m->c);
	ctl_sql_script(m->c, text, arena_fmt(&m->c->mem, "%s: ", folder->demo));
	ctl_sql_commit(m->c);
	note(m, &m->demo, "loaded the demo of", folder->catalog);
}

static void
tell(struct migration *m)
{
	bool json = m->c->value[CTL_JSON], demo = m->c->value[CTL_DEMO];
	const char *text;

	if (json)
		text = arena_fmt(&m->c->mem, "{\"applied\":[%s],\"already\":%d%s%s%s}\n", m->applied.at, m->already,
		    demo ? ",\"demo\":[" : "", demo ? m->demo.at : "", demo ? "]" : "");
	else
		text = arena_fmt(&m->c->mem, "%d applied, %d already there\n", m->fresh, m->already);
	ctl_show_text(text, strlen(text));
}

int
ctl_migrate(struct ctl *c)
{
	struct migration m = { .c = c };
	size_t i;

	buf_init(&m.applied, &c->mem, ANSWER_MAX);
	buf_init(&m.demo, &c->mem, ANSWER_MAX);
	find_roots(&m);
	read_folders(&m);
	ctl_sql_open(c);
	ctl_sql_script(c, "select pg_advisory_lock(" LOCK ")", "");	/* until the connection closes */
	read_record(&m);
	for (i = 0; i < m.folders; i++)
		check_folder(&m, &m.folder[i]);
	check_record(&m);
	for (i = 0; i < m.folders; i++)
		apply_folder(&m, &m.folder[i]);
	for (i = 0; i < m.folders && c->value[CTL_DEMO]; i++)
		load_demo(&m, &m.folder[i]);
	tell(&m);
	return 0;
}
