/*
 * headers: values of HTTP headers as the protocol compares them.
 */
#ifndef HEADERS_H
#define HEADERS_H

#include "request.h"

/* The value without spaces and tabs around it, in rq's memory; NULL: not sent. */
char *headers_trimmed(struct request *rq, enum param p);

/*
 * Does the header, decoded (MCP 2026-07-28, streamable HTTP, "=?base64?...?="), equal the text?
 * False as well when it is missing or not decodable.
 */
bool headers_equal(struct request *rq, enum param p, const char *text, size_t len);

/* What a value stands for, decoded as above; NULL: nothing. */
const char *headers_decoded(struct request *rq, const char *value, size_t *len);

/* Is the media type of Content-Type application/json?  Parameters and case do not matter. */
bool headers_is_json(const char *content_type);

/* Does Accept take the media type?  A missing header takes nothing. */
bool headers_accepts(const char *accept, const char *type);

/* Is Host (port ignored) among the names? */
bool headers_host_known(const struct config *cfg, const char *host);

/* Is Origin listed, or a page of one of our own hosts? */
bool headers_origin_known(const struct config *cfg, const char *origin);

#endif
