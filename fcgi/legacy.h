/*
 * legacy: what only revisions before 2026-07-28 have.
 *
 * logging/setLevel, resources/subscribe, resources/unsubscribe, and the cancelling of one message by
 * another.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include "request.h"

int legacy_run_level(struct request *rq) must_use;
int legacy_run_subscribe(struct request *rq) must_use;
int legacy_run_unsubscribe(struct request *rq) must_use;

/* The message in hand is run from here on, and can be cancelled until the worker has nothing in hand. */
void legacy_in_hand(struct request *rq);

/* A notification or response that was posted: it does what it does, and nothing else. */
void legacy_take(struct request *rq);

#endif
