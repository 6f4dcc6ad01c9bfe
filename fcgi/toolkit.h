/*
 * toolkit: all that a tool or prompt written in C may see.
 *
 * NAME.c defines
 *
 *	int tool_NAME(struct request *rq, struct json_object *args)
 *
 * which gets the checked arguments, ends with toolkit_done(), toolkit_says(), toolkit_refuse() or
 * toolkit_wait(), and returns what that returned; prompt_NAME() of a prompt likewise.  One file of the
 * catalog says TOOLKIT; once.  It runs in a worker, one call at a time, and keeps nothing between calls.
 * Objects given away are the request's; objects got are too, so one of these that is put into another is
 * put there with json_object_get().  There is nothing to free.
 */
#ifndef TOOLKIT_H
#define TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

struct request;

/* Raised when something here changes so that a tools.so must be built anew. */
#define TOOLKIT_VERSION 2
#define TOOLKIT extern const int toolkit_version; const int toolkit_version = TOOLKIT_VERSION

#define TOOLKIT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define TOOLKIT_CHECK __attribute__((warn_unused_result))

/* --- the end ---------------------------------------------------------------------------- */

/* The result: an object, or with outputSchema any value that fits it; NULL: the content blocks alone. */
int toolkit_done(struct request *rq, struct json_object *result);

/* The result is a sentence: {"message": ...}. */
int toolkit_says(struct request *rq, const char *fmt, ...) TOOLKIT_PRINTF(2, 3);

/* No result: a sentence that the model can act on. */
int toolkit_refuse(struct request *rq, const char *fmt, ...) TOOLKIT_PRINTF(2, 3);

/* --- content blocks, in their order (MCP 2026-07-28, tools, "Tool Result") -------------- */

void toolkit_text(struct request *rq, const char *fmt, ...) TOOLKIT_PRINTF(2, 3);
void toolkit_image(struct request *rq, const char *mime, const void *bytes, size_t n);
void toolkit_audio(struct request *rq, const char *mime, const void *bytes, size_t n);
void toolkit_link(struct request *rq, const char *uri, const char *name, const char *mime);	/* mime may be NULL */
void toolkit_embed(struct request *rq, const char *uri, const char *mime, const char *text);

/* In a prompt: the blocks that follow are of this role, "user" (as at the start) or "assistant". */
void toolkit_role(struct request *rq, const char *role);

/* --- on the way ------------------------------------------------------------------------- */

/* How far it is, of total (0: not known); only what the client wants is sent.  message may be NULL. */
void toolkit_progress(struct request *rq, double progress, double total, const char *message);

/* A message of a level ("debug" to "emergency") for the client's log.  No secrets.  data: any JSON. */
void toolkit_log(struct request *rq, const char *level, const char *logger, struct json_object *data);

/* Waits.  0, or -1: the client has cancelled, or the call's time is up; return that. */
int toolkit_sleep(struct request *rq, int64_t ms) TOOLKIT_CHECK;

/* Tells every client that listens: "tools", "prompts", "resources" (the lists), or the URI of a resource. */
void toolkit_changed(struct request *rq, const char *what);

/* --- asking the client ------------------------------------------------------------------ */

/*
 * The answer to the question `key` (an ElicitResult, CreateMessageResult, ListRootsResult), or NULL: it
 * is not there yet.  Ask for all that is needed at a time; if one is missing return toolkit_wait(): the
 * function is then run anew, from its start, when the answers are there.  So ask before you change
 * anything.  The tool's file names the methods it may use in `asks`.  params may be NULL.
 */
struct json_object *toolkit_ask(struct request *rq, const char *key, const char *method, struct json_object *params);

/* The same for a form: elicitation/create with message and requestedSchema. */
struct json_object *toolkit_form(struct request *rq, const char *key, const char *message, struct json_object *schema);

/* Can this client be asked so: "elicitation/create", "sampling/createMessage", "roots/list"? */
bool toolkit_can(struct request *rq, const char *method);

/* The end of this round: the client is asked what is missing. */
int toolkit_wait(struct request *rq);

/* --- the rest --------------------------------------------------------------------------- */

/*
 * Runs one statement as the catalog's role for this tenant, with args as $1 (jsonb; NULL: {}), in a
 * transaction of its own.  writes: it may write; then it is recorded in the audit with it.  0 and the
 * rows as an array of objects; *cut (may be NULL) says whether there were more than rows_max or
 * result_max let through.  -1: the call has failed, return that.
 */
int toolkit_rows(struct request *rq, const char *sql, struct json_object *args, bool writes, struct json_object **rows,
    bool *cut) TOOLKIT_CHECK;

/* n bytes, cleared, for as long as the call lasts. */
void *toolkit_take(struct request *rq, size_t n);

/* Has the caller this scope? */
bool toolkit_may(struct request *rq, const char *scope);

#endif
