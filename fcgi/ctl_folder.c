/* ctl_folder: names, numbers and digests of migrations; knows nothing of the database. */
#include "ctl_folder.h"
#include "crypt.h"
#include "json.h"
#include "log.h"

#define FILES_MAX	9999		/* four digits */
#define FILE_BYTES_MAX	(16 << 20)
#define WORD		"abcdefghijklmnopqrstuvwxyz0123456789_"

/* The names in a folder for which wanted() is true, sorted. */
static void
list_names(struct ctl *c, const char *folder, bool (*wanted)(const char *folder, const char *name), struct words *out)
{
	struct dirent **entry;
	int n = scandir(folder, &entry, NULL, alphasort), i;
	const char **at;

	if (n < 0)
		die("%s: %s; MCP_SQL names the folder of the migrations", folder, strerror(errno));
	at = arena_zero(&c->mem, ((size_t)n + 1) * sizeof(*at));
	*out = (struct words){ .at = at };
	for (i = 0; i < n; i++) {
		if (wanted(folder, entry[i]->d_name))
			at[out->n++] = arena_str(&c->mem, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
}

static bool
is_catalog(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return name[0] != '.' && strcmp(name, "core") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_migration(const char *folder, const char *name)
{
	(void)folder;
	return name[0] != '.' && base_ends(name, ".sql") && strcmp(name, "demo.sql") != 0;
}

/* NNNN_name.sql: its number, or 0. */
static int
number_of(const char *name)
{
	size_t digits = strspn(name, "0123456789"), word;

	if (digits != 4 || name[4] != '_')
		return 0;
	word = strspn(name + 5, WORD);
	return word > 0 && strcmp(name + 5 + word, ".sql") == 0 ? (int)strtol(name, NULL, 10) : 0;
}

static const char *
digest_of(struct ctl *c, const char *text, size_t len)
{
	unsigned char hash[CRYPT_HASH];
	char *hex = arena_take(&c->mem, 2 * CRYPT_HASH + 1);

	crypt_sha256(hash, text, len);
	crypt_hex(hex, hash, sizeof(hash));
	return hex;
}

static void
read_file(struct ctl *c, struct ctl_file *f, const char *folder, const char *name, int number)
{
	const char *why;
	size_t len;

	f->number = number_of(name);
	f->name = arena_copy(&c->mem, name, strlen(name) - strlen(".sql"));
	f->path = arena_fmt(&c->mem, "%s/%s", folder, name);
	if (f->number == 0)
		die("%s: a migration is called NNNN_name.sql: four digits, then a to z, 0 to 9 and _", f->path);
	if (f->number < number)
		die("%s: there are two migrations with the number %04d", f->path, f->number);
	if (f->number > number)
		die("%s: there is no migration with the number %04d before it", f->path, number);
	f->text = json_file_text(&c->mem, f->path, FILE_BYTES_MAX, &len, &why);
	if (!f->text)
		die("%s", why);
	if (strlen(f->text) != len)
		die("%s: there is a NUL in it", f->path);
	f->digest = digest_of(c, f->text, len);
}

void
ctl_folder_read(struct ctl *c, struct ctl_folder *out, const char *sql, const char *catalog)
{
	const char *folder = arena_fmt(&c->mem, "%s/%s", sql, catalog);
	struct words names;
	size_t i;

	list_names(c, folder, is_migration, &names);
	if (names.n > FILES_MAX)
		die("%s: more than %d migrations", folder, FILES_MAX);
	*out = (struct ctl_folder){ .catalog = catalog, .n = names.n };
	out->file = arena_zero(&c->mem, (names.n + 1) * sizeof(*out->file));
	for (i = 0; i < names.n; i++)
		read_file(c, &out->file[i], folder, names.at[i], (int)i + 1);
	out->demo = arena_fmt(&c->mem, "%s/demo.sql", folder);
	if (access(out->demo, F_OK) != 0)
		out->demo = NULL;
}

void
ctl_folder_list(struct ctl *c, const char *sql, struct words *out)
{
	list_names(c, sql, is_catalog, out);
}
