/*
 * catalog_file: one product's tools, resources and prompts, as its folder declares them.
 *
 * Read whole at start; what is wrong stops the start with file, member and reason.  After the fork
 * nothing here changes.
 */
#ifndef CATALOG_FILE_H
#define CATALOG_FILE_H

#include "prompt_file.h"
#include "resource_file.h"
#include "slot.h"

/* How a tool's error is written: a sentence, {"error": {...}}, the same with status and hint. */
enum catalog_errors { ERRORS_TEXT, ERRORS_CODE, ERRORS_STATUS };

struct catalog {
	int                   number;		/* index into the board's proof[] */
	const char           *name, *title, *version, *instructions;
	const char           *server_info;	/* MCP Implementation object, as JSON */
	const char           *role;		/* the PostgreSQL role its calls run as */
	const char           *schema;		/* where its tables are */
	const char           *search_path;	/* "schema, pg_temp" */
	const char           *prefix;		/* of its API keys */
	struct words          plans;		/* plans it is served to; none: all */
	const char           *refused;		/* sentence for tenants of other plans */
	struct words          shared;		/* tables all tenants read: "schema.table" */
	struct words          definer;		/* SECURITY DEFINER functions its role may reach */
	struct words          scopes;		/* every word its tools need, sorted, unique */
	int64_t               page_size;	/* tools per page of tools/list */
	int64_t               list_ttl_ms;
	int64_t               per_minute;	/* default of tools' limit; 0: none */
	enum catalog_errors   errors;
	const char           *feature;		/* a tenant needs it to be served at all; NULL: none */
	bool                  batches;		/* JSON-RPC batches of revision 2025-03-26 */
	bool                  sse;		/* the transport of revision 2024-11-05, */
	struct words          sse_plans;	/* to tenants of these plans; none: all */
	const char           *folder;
	struct tool          *tool;		/* sorted by name */
	size_t                tools;
	struct resources      resources;
	struct prompts        prompts;
	const struct tool   **entry;		/* each tool, and what each resource and prompt runs: who may, and a statement or none */
	size_t                entries;
	bool                  completes;	/* an argument of something has a completion */
	bool                  speaks;		/* it has tools or prompts written in C, which may send log messages */
};

struct catalogs {
	struct catalog *at;
	size_t          n;
};

/* Loads every catalog of every folder (colon list).  0, or -1 with a sentence in *why.  Everything lives in mem. */
int catalog_file_load(struct arena *mem, const char *folders, struct catalogs *out, const char **why) must_use;

#endif
