/*
 * hold: what Redis is told of the stream of a legacy session.
 *
 * mcp:stream:SESSION says that a GET stream is open, and in which process, so that there is no second
 * one as long as that lives (subscribe_holder()); a session of the 2024-11-05 transport lives exactly
 * as long as its stream.  Without Redis nothing is told, and nothing is closed for that.
 */
#ifndef HOLD_H
#define HOLD_H

#include "streams.h"

/* It is open, still.  To be called at its opening and every STREAMS_RENEWALS ticks. */
void hold_renew(struct streams *all, struct stream *s);

/* It is not any more. */
void hold_release(struct streams *all, struct stream *s);

/* It never will be: what was made for it beforehand keeps nobody out. */
void hold_refuse(struct streams *all, const struct subscription *sub);

#endif
