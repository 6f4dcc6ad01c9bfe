/*
 * news: what the warden has heard from PostgreSQL, for the stream workers of its node.
 *
 * A ring in shared memory, with one writer who waits for nobody.  A reader that was overtaken, or
 * comes upon an item that is just being written over, is told of a gap instead.
 */
#ifndef NEWS_H
#define NEWS_H

#include "crypt.h"
#include "uri.h"

#define NEWS_KEPT	1024		/* a power of two: how far the slowest reader may be behind */
#define NEWS_TEXT_MAX	URI_MAX		/* bytes */

enum news_kind {
	NEWS_GAP,	/* something before this may not have been heard */
	NEWS_IDENTITY,	/* of tenant */
	NEWS_LIST,	/* text: its name */
	NEWS_RESOURCE	/* text: the URI */
};

struct news_item {
	_Atomic uint64_t number;	/* from 1; 0: being written */
	enum news_kind   kind;
	char             catalog[64], tenant[CRYPT_UUID];
	char             text[NEWS_TEXT_MAX + 1];
};

struct news_ring {
	_Atomic uint64_t count;		/* ever written; where a reader begins */
	struct news_item at[NEWS_KEPT];
};

/* Notices of this node's workers that got lost on their way to others.  Wall clock; 0: never. */
struct news_loss {
	_Atomic int64_t last_us;	/* when it last happened */
	_Atomic int64_t told_us;	/* last_us, when all nodes were last told of a loss */
};

/* Adds an item; only the ring's writer does.  Texts that are too long are a bug(). */
void news_tell(struct news_ring *ring, enum news_kind kind, const char *catalog, const char *tenant, const char *text);

/* Copies the item behind those *seen, and counts it there.  False: there is none. */
bool news_next(struct news_ring *ring, uint64_t *seen, struct news_item *out);

/* A loss that nobody has been told of; only one of those who ask gets it.  0: there is none. */
int64_t news_lost(struct news_loss *loss);

#endif
