/*
 * catalog: one product's tools, resources and prompts, as its folder declares them.
 *
 * Loaded once, before the fork.  Which of them a caller may see or call is decided here, by
 * one function for both.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "prompt_file.h"
#include "request.h"
#include "resource_file.h"
#include "tenant.h"
#include "tool.h"

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

/* Loads every catalog of every folder (colon list).  0, or -1 with a sentence in *why. */
int catalogs_load(struct arena *mem, const char *folders, struct catalogs *out, const char **why) must_use;

/* By name; NULL: none. */
const struct catalog *catalog_find(const struct catalogs *all, const char *name);
const struct tool *catalog_tool(const struct catalog *c, const char *name);
const struct prompt *catalog_prompt(const struct catalog *c, const char *name);

/*
 * May this identity see and call the tool?  NULL: yes; else the sentence that says why not.
 * Lists and calls both ask here; args are the arguments as sent, NULL for a list.  What is asked about
 * a resource or prompt is its `ask`.
 */
const char *catalog_forbids(const struct tool *t, const struct identity *who, struct json_object *args, struct arena *mem);

/* Is the catalog served to a tenant of this plan and these features?  If not, c->refused says why. */
bool catalog_serves(const struct catalog *c, const struct identity *who);

/*
 * Both, for rq's caller, who may have changed since his call was let in.  0, or -1 with FAIL_REFUSED,
 * FAIL_SCOPE.
 */
int catalog_admits(struct request *rq, const struct tool *t, struct json_object *args) must_use;

/* Is it served to a tenant of this plan over the transport of 2024-11-05? */
bool catalog_offers_sse(const struct catalog *c, const struct identity *who);

/* The file of a tool that seals an argument; NULL: none does. */
const char *catalogs_sealing(const struct catalogs *all);

#endif
