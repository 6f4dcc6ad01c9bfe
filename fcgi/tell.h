/*
 * tell: what clients hear on their streams.
 *
 * Frames of a listen carry the id it was asked under, those of a legacy stream nothing (MCP
 * 2026-07-28, "Subscriptions").  What is told is decided by what the stream asked for; a legacy stream
 * asked for every list, and its resources stand in Redis.
 */
#ifndef TELL_H
#define TELL_H

#include "streams.h"

/* The first frame of a stream, in b: the acknowledgement, the endpoint, or a comment.  uri: the path that was asked for. */
void tell_first(struct buf *b, const struct subscription *sub, const char *uri);

/* Was nothing of what a listen asked for honoured?  Then it ends at once. */
bool tell_nothing(const struct subscription *sub);

/* A list has changed for the callers of this catalog and tenant; tenant NULL: of every one. */
void tell_list(struct streams *all, const char *catalog, const char *tenant, enum lists what);

/* For this one. */
void tell_one(struct streams *all, struct stream *s, enum lists what);

/* What its caller may now: of resources that are not for him he hears nothing, even if they were when he subscribed. */
void tell_known(struct stream *s, const struct identity *who);

/* A resource has changed for them.  Those who subscribed to one above it are told, too. */
void tell_resource(struct streams *all, const char *catalog, const char *tenant, const char *uri);

/* A JSON-RPC message for the client of that 2024-11-05 session, if its stream is here.  Empty: the session, of either kind, was ended. */
void tell_session(struct streams *all, const char *session, const char *json, size_t len);

/* Everything that each stream asked for, once: something may have been missed. */
void tell_all(struct streams *all);

/*
 * To sessions that may have missed a resource: all that they have subscribed to, once, as soon as Redis
 * has answered what it was asked before.  Each turn of fanout.
 */
void tell_missed(struct streams *all);

/* The graceful end: a listen gets its result (MCP 2026-07-28, "Subscriptions"). */
void tell_end(struct streams *all, struct stream *s);

#endif
