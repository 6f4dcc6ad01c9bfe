/*
 * slot: what all processes of a node see of each other, in one shared mapping.
 *
 * A board has one slot per process, written by that process only (and by the master when it is gone),
 * read by anybody.  It holds the draft of the audit event: the master writes it for a worker that died.
 */
#ifndef SLOT_H
#define SLOT_H

#include "base.h"
#include "event.h"
#include "news.h"
#include "recall.h"

#define SLOTS_MAX	512		/* two generations, as a reload has them, of the most workers */
#define BUCKETS		(1 << 16)	/* 1 MB; far more than tenants, credentials, tools in a minute */
#define CATALOGS_MAX	64
#define SEATS_MAX	(1 << 16)	/* 1 MB; open streams of the node, two generations of them */
#define PROOF_ROWS	4		/* generations of processes that may live at one time */
#define FACE		4		/* numbers: of the catalog's name (0: none), its tools, prompts, resources */
#define BOARD_LAYOUT	128		/* the text by which a board is recognised */

/* Those that requests come to stand first: each has a listening socket. */
enum pool { POOL_FAST, POOL_SLOW, POOL_STREAM, POOL_AUDIT, POOL_WARDEN, POOL_COUNT };

#define POOL_LISTENERS	(POOL_STREAM + 1)

enum slot_state { SLOT_FREE, SLOT_IDLE, SLOT_BUSY };

/* How far the event of the request in hand has come. */
enum event_stage {
	EVENT_NONE,	/* no request in hand */
	EVENT_OPEN,	/* begun; if the worker dies the master writes it */
	EVENT_WRITING,	/* in write(); the master looks whether it is in the log */
	EVENT_WRITTEN
};

struct slot {
	_Atomic int      pid;		/* 0: free */
	enum pool        pool;
	int              row;		/* of the board's proof[]: its generation's */
	_Atomic int      state;		/* enum slot_state */
	_Atomic uint64_t calling;	/* slot_number() of the tenant whose tool runs here; 0: none */
	_Atomic int      asking;	/* waits for a person to answer */
	_Atomic int      stage;		/* enum event_stage */
	_Atomic uint64_t in_hand;	/* slot_request() of the request in hand, if it is one of a session; 0: it is not */
	_Atomic uint64_t cancelled;	/* the one to which the client wants no answer: whoever sets it sends SIGUSR1 */
	_Atomic uint64_t segment;	/* audit segment being written to; 0: none */
	int64_t          since_us;	/* of state, monotonic */
	uint64_t         requests;	/* answered by this process */
	_Atomic int      streams;	/* that are open here */
	struct event     event;
	struct event     flood;		/* 401s of one address that were too many for events of their own; count 0: none */
	int64_t          flood_us;	/* monotonic: when flood is to be written */
};

/* A token bucket as one number (GCRA): the time at which it will be full again. */
struct bucket {
	_Atomic uint64_t key;		/* 0: free */
	_Atomic int64_t  full_us;	/* wall clock */
};

/* Where somebody has a stream open; see seat.h. */
struct seat {
	_Atomic uint64_t who;		/* 0: free */
	_Atomic int      slot;		/* of the process that holds the stream */
};

enum proof { PROOF_PENDING, PROOF_PASSED, PROOF_FAILED };

struct board {
	char             layout[BOARD_LAYOUT];	/* first, whatever a version puts behind it */
	_Atomic uint64_t identity_epoch;	/* raised when a credential, tenant or plan changed */
	_Atomic int64_t  listening_us;		/* monotonic time at which LISTEN was last known to work */
	_Atomic int      proof[PROOF_ROWS][CATALOGS_MAX];	/* enum proof; a generation numbers its catalogs itself */
	uint64_t         face[PROOF_ROWS][CATALOGS_MAX][FACE];	/* what lists a generation serves: lists_whole() */
	_Atomic int      newest;		/* row of the newest generation */
	struct news_loss lost;			/* notices that Redis did not take */
	_Atomic uint64_t segment;		/* audit segment to append to, from 1 */
	_Atomic uint64_t audit_bytes;		/* of all segments, as last counted */
	_Atomic int      audit_full;		/* the log cannot take more */
	_Atomic uint64_t audit_lost;		/* events of reads that could not be written */
	_Atomic int      redis_away;		/* some worker works with node-local limits */
	_Atomic uint64_t buckets_evicted;
	_Atomic int      seats;			/* of seat[] in use */
	int              slots;			/* of slot[] in use */
	struct bucket    bucket[BUCKETS];
	struct seat      seat[SEATS_MAX];
	struct recall    recall[RECALLS];	/* of sessions */
	struct slot      slot[SLOTS_MAX];
	struct news_ring news[PROOF_ROWS];	/* of each generation's warden */
};

/* The one place where a slot changes its state. */
void slot_move(struct slot *s, enum slot_state to);

/* How many busy slots of the pool run a tool of this tenant. */
int slot_calling(const struct board *b, enum pool pool, uint64_t tenant);

/* How many slots wait for a person. */
int slot_asking(const struct board *b);

/* A text as a number for slots and buckets: a hash, never 0. */
uint64_t slot_number(const char *text);

/* A request (its id as JSON) of a session, for in_hand. */
uint64_t slot_request(const char *session, const char *id);

/* Cancels that request if a worker of this node has it in hand; `own` is not asked.  False: nobody has it. */
bool slot_cancel(struct board *b, const struct slot *own, const char *session, const char *id);

const char *slot_pool_name(enum pool pool);
const char *slot_outcome_name(enum outcome outcome);

/* Copies text into a fixed field, cut at a character's border. */
void slot_put(char *field, size_t room, const char *text);

#endif
