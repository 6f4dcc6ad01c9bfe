/*
 * cursor: places in lists, handed to clients and taken back.
 *
 * A cursor is JSON text and a MAC over it, its purpose, the catalog and the tenant: a client can
 * neither make one nor use one elsewhere.  MCP_KEY_FILE signs, MCP_KEY_FILE_OLD is still accepted.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "request.h"

/* A cursor for the JSON text, in rq's memory.  purpose: the tool or method it belongs to. */
char *cursor_make(struct request *rq, const char *purpose, const char *json, size_t len);

/* The JSON behind a cursor; NULL: not ours, altered, or of another purpose or tenant. */
struct json_object *cursor_read(struct request *rq, const char *purpose, const char *cursor);

#endif
