/*
 * folder: a catalog folder that a test fills, and the sentence with which loading it is refused.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include "catalog.h"
#include "tap.h"

/* A tool's file with more members. */
#define FOLDER_TOOL(more) "{\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}}}," \
	"\"result\":{\"row\":true}" more "}"

static struct {
	struct arena    mem;
	char            path[32];	/* of the folder of folders; the catalog's is "shop" in it */
	struct catalogs all;		/* what was loaded last */
} folder;

static inline void
folder_put_bytes(const char *name, const char *bytes, size_t n)
{
	FILE *f = fopen(arena_fmt(&folder.mem, "%s/shop/%s", folder.path, name), "w");

	fwrite(bytes, 1, n, f);
	fclose(f);
}

static inline void
folder_put(const char *name, const char *text)
{
	folder_put_bytes(name, text, strlen(text));
}

static inline void
folder_init(void)
{
	arena_init(&folder.mem, 65536, 1 << 26);
	snprintf(folder.path, sizeof(folder.path), "/tmp/folder.XXXXXX");
	if (!mkdtemp(folder.path) || mkdir(arena_fmt(&folder.mem, "%s/shop", folder.path), 0700) != 0)
		_exit(2);
	folder_put("catalog.json", "{\"title\":\"Shop\",\"version\":\"1\",\"schema\":\"shop\",\"role\":\"shop_tenant\",\"prefix\":\"shp\"}");
}

/* "" : it loads, into folder.all. */
static inline const char *
folder_refusal(void)
{
	const char *why = "";

	return catalog_file_load(&folder.mem, folder.path, &folder.all, &why) == 0 ? "" : why;
}

static inline void
folder_refuses(const char *file, const char *text, const char *part)
{
	const char *why;

	folder_put(file, text);
	why = folder_refusal();
	ok(strstr(why, part) && strstr(why, file), "%s: %s", part, why);
}

static inline void
folder_remove(void)
{
	char *shop = arena_fmt(&folder.mem, "%s/shop", folder.path);
	struct dirent *entry;
	DIR *d = opendir(shop);

	while ((entry = readdir(d)))
		unlink(arena_fmt(&folder.mem, "%s/%s", shop, entry->d_name));
	closedir(d);
	rmdir(shop);
	rmdir(folder.path);
	arena_close(&folder.mem);
}

static inline int
folder_done(void)
{
	folder_remove();
	return tap_done();
}

#endif
