/*
 * rpc: answers in the form of JSON-RPC 2.0.
 *
 * A method writes the members of its result object into the reply's body, between
 * rpc_result_begin() and rpc_result_end(); rpc_failure() replaces what a message has written.
 */
#ifndef RPC_H
#define RPC_H

#include "request.h"

#define RPC_NS "io.modelcontextprotocol/"

/* Starts {"jsonrpc","id","result":{ and what every result of the era carries first. */
void rpc_result_begin(struct request *rq);

/* Adds a member's name; the value follows. */
void rpc_member(struct request *rq, const char *name);

/* How long a client may keep the result, in the modern era; it depends on the credential, so nobody may share it. */
void rpc_caching(struct request *rq, int64_t ttl_ms);

/* Ends the object, with _meta in the modern era. */
void rpc_result_end(struct request *rq);

/* Writes the request's failure behind `from` bytes of body: an error, a result with isError, or one that asks the client. */
void rpc_failure(struct request *rq, size_t from);

#endif
