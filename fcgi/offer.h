/*
 * offer: what resources.json and prompts.json have in common.
 *
 * An entry is an object whose members a table names; some go out as they stand, others never leave.
 * Its statements are struct tools without a face: they run as tools do (bind_sql), and who may have
 * the entry is decided by the same function (catalog_forbids).
 */
#ifndef OFFER_H
#define OFFER_H

#include "tool.h"

#define OFFER_FILE_MAX	(1 << 20)

/* What completes an argument: a statement with one column of texts. */
struct completion {
	const char *argument;
	struct tool ask;
};

/* An entry while it is read. */
struct offer_load {
	struct arena         *mem;
	const struct catalog *catalog;
	const char           *folder, *file;	/* the catalog's, and the path of the JSON file */
	const char           *entry;	/* its name or URI, for sentences; NULL: not known yet */
	const char          **why;
};

enum offer_kind { OFFER_TEXT, OFFER_COUNT, OFFER_FLAG, OFFER_OBJECT, OFFER_ANNOTATIONS, OFFER_ARRAY, OFFER_ICONS, OFFER_SCOPE };

#define OFFER_SHOWN SIZE_MAX	/* `at` of a member that goes out as it stands */
#define OFFER_READ  (SIZE_MAX - 1)	/* or is read by its file's own code */

struct offer_member {
	const char     *name;
	enum offer_kind kind;
	size_t          at;		/* where it goes in the entry's struct */
	int64_t         least, most;	/* of OFFER_COUNT */
	bool            needed;
};

/* Says file, entry and reason; -1. */
int offer_refuse(struct offer_load *l, const char *fmt, ...) printf_like(2, 3);

/* The file's array of objects called `list`; NULL: there is none, and *n is 0.  -1: it is of another form. */
int offer_list(struct offer_load *l, struct json_object *source, const char *list, struct json_object **out, size_t *n) must_use;

/* Reads the entry's members into `into`, and sets *face to those that go out.  0, or -1. */
int offer_members(struct offer_load *l, const struct offer_member *table, size_t n, struct json_object *source, void *into,
    struct json_object **face) must_use;

/* What every statement of an entry begins with: no scope, the usual caps, reading. */
void offer_tool(struct offer_load *l, struct tool *t, const char *name);

/*
 * Makes t, which carries who may and the caps, run folder/STEM.sql with the arguments `names` (an
 * object whose members they are).  0, or -1.
 */
int offer_statement(struct offer_load *l, struct tool *t, const char *stem, struct json_object *names, enum result_kind kind) must_use;

/* The same for the entry's argument: the names are its fellows, and value.  `like` says who may. */
int offer_completion(struct offer_load *l, struct completion *c, const struct tool *like, const char *argument,
    const char *stem, struct json_object *names) must_use;

/* The bytes of a file in the catalog's folder, in base64 if `binary`.  NULL with *l->why. */
const char *offer_file(struct offer_load *l, const char *name, bool binary, size_t *size);

#endif
