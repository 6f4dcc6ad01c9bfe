/* slot: the few functions that touch a slot; who maps the board is the master's matter. */
#include "slot.h"
#include "utf8.h"

void
slot_move(struct slot *s, enum slot_state to)
{
	s->since_us = base_now_us();
	atomic_store(&s->state, to);
	if (to == SLOT_BUSY)
		return;
	atomic_store(&s->calling, 0);
	atomic_store(&s->in_hand, 0);
	atomic_store(&s->asking, 0);
}

int
slot_calling(const struct board *b, enum pool pool, uint64_t tenant)
{
	int n = 0, i;

	for (i = 0; i < b->slots; i++)
		n += b->slot[i].pool == pool && atomic_load(&b->slot[i].calling) == tenant;
	return n;
}

int
slot_asking(const struct board *b)
{
	int n = 0, i;

	for (i = 0; i < b->slots; i++)
		n += atomic_load(&b->slot[i].asking);
	return n;
}

uint64_t
slot_number(const char *text)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);	/* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	return h ? h : 1;
}

/* Ids of different JSON types differ, and so do equal ones of two sessions. */
uint64_t
slot_request(const char *session, const char *id)
{
	uint64_t of_id = slot_number(id) * UINT64_C(0xFF51AFD7ED558CCD);
	uint64_t both = slot_number(session) ^ of_id ^ of_id >> 32;

	return both ? both : 1;
}

bool
slot_cancel(struct board *b, const struct slot *own, const char *session, const char *id)
{
	uint64_t request = slot_request(session, id);
	int i, pid;

	for (i = 0; i < b->slots; i++) {
		struct slot *s = &b->slot[i];

		pid = atomic_load(&s->pid);
		if (s == own || pid <= 0 || atomic_load(&s->in_hand) != request)
			continue;
		atomic_store(&s->cancelled, request);
		return kill(pid, SIGUSR1) == 0;
	}
	return false;
}

const char *
slot_pool_name(enum pool pool)
{
	static const char *const name[POOL_COUNT] = { "fast", "slow", "stream", "audit", "warden" };

	return name[pool];
}

const char *
slot_outcome_name(enum outcome outcome)
{
	static const char *const name[OUTCOME_COUNT] = {
		"ok", "tool_error", "denied", "rate_limited", "bad_request", "cancelled", "unavailable", "internal",
	};

	return name[outcome];
}

void
slot_put(char *field, size_t room, const char *text)
{
	size_t at = 0, n = text ? strlen(text) : 0, step;
	uint32_t code;

	while (at < n && (step = utf8_step(text + at, n - at, &code)) > 0 && at + step < room) {
		memcpy(field + at, text + at, step);
		at += step;
	}
	field[at] = '\0';
}
