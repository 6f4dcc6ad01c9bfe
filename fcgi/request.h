/*
 * request: one HTTP request and the message in it, as every layer above sees them.
 *
 * Filled from the front: what has not been reached yet is NULL or 0.  Memory is the arena `mem`;
 * whoever made the request resets it.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "config.h"
#include "crypt.h"
#include "made.h"
#include "mirror.h"
#include "slot.h"
#include "trace.h"
#include "wire.h"

struct cache;
struct catalog;
struct db;
struct identity;
struct mcp_method;
struct prompt;
struct request;
struct resource;
struct round;
struct seal_keys;
struct tool;

/* FastCGI parameters we read; their names are in request.c. */
enum param {
	PARAM_METHOD, PARAM_CONTENT_TYPE, PARAM_TYPE_HEADER, PARAM_CONTENT_LENGTH, PARAM_ADDR, PARAM_CATALOG, PARAM_HOST,
	PARAM_ORIGIN, PARAM_ACCEPT, PARAM_AUTHORIZATION, PARAM_X_API_KEY, PARAM_API_KEY, PARAM_VERSION, PARAM_MCP_METHOD,
	PARAM_MCP_NAME, PARAM_SESSION, PARAM_WORKSPACE, PARAM_TRACEPARENT, PARAM_TRACESTATE, PARAM_BAGGAGE, PARAM_LAST_EVENT,
	PARAM_TICKET, PARAM_URI, PARAM_ENDPOINT, PARAM_QUERY, PARAM_COUNT
};

/* The address that was asked: of the catalog itself, or of the transport of 2024-11-05. */
enum endpoint { ENDPOINT_MCP, ENDPOINT_SSE, ENDPOINT_MESSAGES, ENDPOINT_COUNT };
enum era { ERA_UNKNOWN, ERA_LEGACY, ERA_MODERN };

/* In this order, for logs and for who looks at the board. */
enum step { STEP_GATE, STEP_IDENTIFY, STEP_READ, STEP_PARSE, STEP_PLACE, STEP_ADMIT, STEP_RUN, STEP_COUNT };

struct request {
	/* set by the process before the walk */
	const struct config    *cfg;
	const struct crypt_key *key;	/* signs cursors, digests arguments, seals states */
	const struct crypt_key *key_old;	/* what it made is still accepted; NULL: there is none */
	const struct seal_keys *seal;	/* of tenants' secrets */
	struct board           *board;
	struct slot            *slot;
	struct db              *db;
	struct cache           *cache;
	const struct wire      *wire;
	void                   *io;
	int                     client_fd;	/* closes when the client is gone; -1: cannot tell */
	void                  (*grant)(int64_t ms);	/* the watchdog begins anew, with so much more time; NULL: there is none */
	struct arena            mem;
	const char             *param[PARAM_COUNT];	/* NULL: not sent */
	uint32_t                twice;	/* bit per param: sent more than once */
	struct mirror_headers   mirrored;	/* the headers Mcp-Param-* */
	int64_t                 start_us;	/* monotonic, at accept */

	/* gate, identify, read */
	const struct catalog   *catalog;
	const char             *key_prefix;	/* of the catalog's keys */
	const struct identity  *who;
	const char             *workspace;	/* that this request is narrowed to; "": the whole tenant */
	char                   *body;
	size_t                  body_len;

	/* the message in hand; a batch has several, one after the other */
	enum era                era;
	const char             *version;	/* spoken revision, "" until known */
	struct client           client;
	struct trace            trace;
	const char             *session;	/* Mcp-Session-Id that was checked; NULL: none */
	bool                    believed;	/* it could not be checked: Redis, which alone knows what its client can do, is away */
	struct json_object     *message;
	struct json_object     *id;		/* NULL: a notification, or unreadable */
	const char             *method;
	struct json_object     *params;
	const struct mcp_method *todo;		/* NULL: a notification or response, or not found yet */
	const struct tool      *tool;		/* that is called, or that stands for the resource or prompt asked for */
	const struct resource  *resource;	/* of resources/read */
	const struct prompt    *prompt;		/* of prompts/get */
	struct json_object     *values;		/* what its statement gets: $1 */
	struct round           *round;		/* questions and answers, see mrtr.h; NULL: not a method that asks */
	bool                    batch;	/* the messages of a batch were run and recorded */
	bool                    streams;	/* the answer is an event stream, and its head is out */
	enum pool               place;	/* the pool that is to have this request */
	enum step               step;

	/* trouble: see fail.h */
	int                     failed;	/* enum fail; 0: none */
	const char             *says, *why;	/* a sentence for the caller, and for the log; why NULL: as says */
	const char             *data;	/* JSON text of the error's data; NULL: none */
	struct tool_error       tool_error;	/* more of a failure that a tool refuses with */
	struct made             made;		/* by a tool or prompt written in C */
	struct reply            reply;
	struct buf              record;		/* the message's event, as it went into the audit log; empty: it did not yet */
	char                    request_id[CRYPT_UUID];	/* X-Request-Id: the id of the first event */
};

/* The parameter as FastCGI names it: "HTTP_MCP_METHOD". */
const char *request_param_name(enum param p);

/* Notes name=value if it is one we read. */
void request_param(struct request *rq, const char *name, const char *value);

/* As nginx says in MCP_ENDPOINT; of the catalog itself, if it says nothing. */
enum endpoint request_endpoint(const struct request *rq);

const char *request_step_name(enum step step);

#endif
