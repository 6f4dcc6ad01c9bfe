/* slot: the few functions that touch a slot; who maps the board is the master's matter. */
#include "slot.h"
#include "utf8.h"

void
slot_move(struct slot *s, enum slot_state to)
{
	s->since_us = base_now_us();
	atomic_store(&s->state, to);
	if (to != SLOT_BUSY)
		atomic_store(&s->calling, 0);
}

int
slot_calling(const struct board *b, enum pool pool, uint64_t tenant)
{
	int n = 0, i;

	for (i = 0; i < b->slots; i++)
		n += b->slot[i].pool == pool && atomic_load(&b->slot[i].calling) == tenant;
	return n;
}

uint64_t
slot_tenant(const char *uuid)
{
	uint64_t n = 0;
	int digits = 0;

	for (; *uuid && digits < 16; uuid++)
		if (isxdigit((unsigned char)*uuid)) {
			n = n << 4 | (uint64_t)(*uuid <= '9' ? *uuid - '0' : (*uuid | 0x20) - 'a' + 10);
			digits++;
		}
	return n ? n : 1;
}

const char *
slot_pool_name(enum pool pool)
{
	static const char *const name[POOL_COUNT] = { "fast", "audit", "warden" };

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
