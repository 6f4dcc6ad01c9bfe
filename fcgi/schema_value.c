/* schema_value: hashes find what may be equal, a comparison decides. */
#include "schema_value.h"

/* --- numbers ---------------------------------------------------------------------------- */

struct schema_number
schema_value_number(struct json_object *v)
{
	if (json_object_is_type(v, json_type_int))
		return (struct schema_number){ .there = true, .whole = true, .i = json_object_get_int64(v) };
	if (json_object_is_type(v, json_type_double))
		return (struct schema_number){ .there = true, .d = json_object_get_double(v) };
	return (struct schema_number){ 0 };
}

bool
schema_value_whole(struct schema_number n, int64_t *out)
{
	if (!n.whole && (n.d != floor(n.d) || n.d < -0x1p63 || n.d >= 0x1p63))
		return false;
	*out = n.whole ? n.i : (int64_t)n.d;
	return true;
}

int
schema_value_compare(struct schema_number a, struct schema_number b)
{
	double x = a.whole ? (double)a.i : a.d, y = b.whole ? (double)b.i : b.d;
	int64_t i = 0, j = 0;
	bool fits = schema_value_whole(a, &i), other_fits = schema_value_whole(b, &j);

	/* Rounding to double keeps the order, so it decides unless it made them equal. */
	if (x != y)
		return (x > y) - (x < y);
	if (fits && other_fits)
		return (i > j) - (i < j);
	return other_fits - fits;	/* one is 2^63, which fits no 64 bits, the other an integer below; or both are doubles */
}

/* m * 10^e, m without sign and trailing zeros. */
struct decimal {
	uint64_t m;
	int      e;
};

static struct decimal
shortened(struct decimal d)
{
	while (d.m > 0 && d.m % 10 == 0) {
		d.m /= 10;
		d.e++;
	}
	return d;
}

/* The shortest decimal that reads back as n: what somebody wrote, up to 17 digits. */
static struct decimal
decimal_of(struct schema_number n)
{
	struct decimal d = { n.i < 0 ? -(uint64_t)n.i : (uint64_t)n.i, 0 };
	char text[40], *s;
	int digits;

	if (n.whole)
		return shortened(d);
	for (digits = 14; digits <= 16; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits, fabs(n.d));
		if (strtod(text, NULL) == fabs(n.d))
			break;
	}
	d.m = 0;
	for (s = text; *s && *s != 'e'; s++)
		if (isdigit((unsigned char)*s))
			d.m = d.m * 10 + (uint64_t)(*s - '0');
	d.e = (int)strtol(s + 1, NULL, 10) - (int)(s - text) + 2;
	return shortened(d);
}

/* Does step divide m * 10^zeros?  Zero by zero, so that nothing overflows. */
static bool
divides(uint64_t step, uint64_t m, int zeros)
{
	unsigned __int128 rest = m % step;

	while (zeros-- > 0 && rest != 0)
		rest = rest * 10 % step;
	return rest == 0;
}

bool
schema_value_multiple(struct schema_number n, struct schema_number step)
{
	struct decimal a, b;

	if (n.whole && step.whole)
		return n.i % step.i == 0;
	if (!n.whole && !isfinite(n.d))
		return false;
	a = decimal_of(n);
	b = decimal_of(step);
	if (a.m == 0)
		return true;
	if (a.e >= b.e)
		return divides(b.m, a.m, a.e - b.e);
	/* a has no trailing zero, and the step would have to have some: 0.5 is no multiple of 10, nor 0.5 of 2. */
	return false;
}

/* --- equality --------------------------------------------------------------------------- */

static bool
same_text(struct json_object *a, struct json_object *b)
{
	int n = json_object_get_string_len(a);

	return n == json_object_get_string_len(b) && memcmp(json_object_get_string(a), json_object_get_string(b), (size_t)n) == 0;
}

static bool
same_items(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a), i;

	if (n != json_object_array_length(b))
		return false;
	for (i = 0; i < n; i++)
		if (!schema_value_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
			return false;
	return true;
}

static bool
same_members(struct json_object *a, struct json_object *b)
{
	struct json_object *other;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	json_object_object_foreach(a, name, value)
		if (!json_object_object_get_ex(b, name, &other) || !schema_value_equal(value, other))
			return false;
	return true;
}

bool
schema_value_equal(struct json_object *a, struct json_object *b)
{
	struct schema_number x = schema_value_number(a), y = schema_value_number(b);

	if (a == b)
		return true;
	if (x.there || y.there)
		return x.there && y.there && schema_value_compare(x, y) == 0;
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	switch (json_object_get_type(a)) {
	case json_type_boolean:
		return json_object_get_boolean(a) == json_object_get_boolean(b);
	case json_type_string:
		return same_text(a, b);
	case json_type_array:
		return same_items(a, b);
	case json_type_object:
		return same_members(a, b);
	default:
		return true;	/* null */
	}
}

/* --- hashes ----------------------------------------------------------------------------- */

/* So that nobody can prepare values that collide. */
static uint64_t
hash_seed(void)
{
	static uint64_t seed;	/* of this process; children of a fork share it, and must: sets are made before */

	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			seed = (uint64_t)base_now_us() | 1;
	return seed;
}

static uint64_t
mix(uint64_t h, uint64_t more)
{
	h = (h ^ more) * UINT64_C(0x9E3779B97F4A7C15);
	h = (h ^ h >> 32) * UINT64_C(0xD6E8FEB86659FD93);
	return h ^ h >> 29;
}

static uint64_t
hash_text(uint64_t h, const char *s, size_t n, int64_t *work)
{
	uint64_t word;

	*work -= (int64_t)(n / 16);
	h = mix(h, n);
	for (; n >= sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, s, n);
	return mix(h, word);
}

static uint64_t
hash_number(uint64_t h, struct schema_number n)
{
	uint64_t bits;
	int64_t whole;

	if (schema_value_whole(n, &whole))
		return mix(h, (uint64_t)whole);
	memcpy(&bits, &n.d, sizeof(bits));
	return mix(h, bits);
}

uint64_t
schema_value_hash(struct json_object *v, int64_t *work)
{
	struct schema_number number = schema_value_number(v);
	uint64_t h = hash_seed() ^ (number.there ? json_type_double : json_object_get_type(v)), sum = 0;
	size_t i;

	if (--*work < 0)
		return 0;
	if (number.there)
		return hash_number(h, number);
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		return mix(h, (uint64_t)json_object_get_boolean(v));
	case json_type_string:
		return hash_text(h, json_object_get_string(v), (size_t)json_object_get_string_len(v), work);
	case json_type_array:
		for (i = 0; i < json_object_array_length(v); i++)
			h = mix(h, schema_value_hash(json_object_array_get_idx(v, i), work));
		return mix(h, i);
	case json_type_object: {
		/* A sum, because the order of members does not count. */
		json_object_object_foreach(v, name, value)
			sum += mix(hash_text(h, name, strlen(name), work), schema_value_hash(value, work));
		return mix(h, sum);
	}
	default:
		return mix(h, 0);
	}
}

/* --- sets ------------------------------------------------------------------------------- */

struct schema_set_member {
	uint64_t            hash;
	struct json_object *v;
};

static int
by_hash(const void *a, const void *b)
{
	const struct schema_set_member *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

struct schema_set
schema_value_set(struct arena *mem, struct json_object *array, int64_t *work)
{
	struct schema_set set = { .n = json_object_array_length(array) };
	size_t i;

	set.member = arena_take(mem, (set.n + 1) * sizeof(*set.member));
	for (i = 0; i < set.n; i++) {
		set.member[i].v = json_object_array_get_idx(array, i);
		set.member[i].hash = schema_value_hash(set.member[i].v, work);
	}
	qsort(set.member, set.n, sizeof(*set.member), by_hash);
	return set;
}

bool
schema_value_listed(const struct schema_set *set, struct json_object *v, int64_t *work)
{
	uint64_t hash = schema_value_hash(v, work);
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->member[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < set->n && set->member[low].hash == hash; low++)
		if (schema_value_equal(set->member[low].v, v))
			return true;
	return false;
}

bool
schema_value_twice(const struct schema_set *set, int64_t *work)
{
	size_t i;

	for (i = 1; i < set->n && *work >= 0; i++)
		if (set->member[i - 1].hash == set->member[i].hash && schema_value_equal(set->member[i - 1].v, set->member[i].v))
			return true;
	return false;
}
