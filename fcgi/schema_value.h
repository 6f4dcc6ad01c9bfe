/*
 * schema_value: JSON values as JSON Schema compares them.
 *
 * Numbers by what they are worth (1 is 1.0, and no bit of a 64-bit integer is lost), strings by
 * their bytes, objects whatever the order of their members, and false is not 0
 * (JSON Schema 2020-12, core 4.2.2).
 */
#ifndef SCHEMA_VALUE_H
#define SCHEMA_VALUE_H

#include "json.h"

struct schema_number {
	bool    there;
	bool    whole;	/* i holds it, else d does */
	int64_t i;
	double  d;
};

/* Of an integer or a double; .there is false for anything else. */
struct schema_number schema_value_number(struct json_object *v);

/* Less than 0, 0, more than 0: a is less, equal, more. */
int schema_value_compare(struct schema_number a, struct schema_number b);

/* Is n a whole multiple of step, both taken as the decimals they were written as?  step is above 0. */
bool schema_value_multiple(struct schema_number n, struct schema_number step);

/* Has it no fraction, and does it fit 64 bits?  Then *out is it. */
bool schema_value_whole(struct schema_number n, int64_t *out);

bool schema_value_equal(struct json_object *a, struct json_object *b);

/*
 * Equal values have the same hash; it differs from process to process.  Each value in v, and each
 * 16 bytes of text, is taken off *work; below 0 the hash is not of all.
 */
uint64_t schema_value_hash(struct json_object *v, int64_t *work);

/* Values to look others up in; n may be 0. */
struct schema_set {
	size_t                    n;
	struct schema_set_member *member;	/* by hash */
};

/* The items of an array. */
struct schema_set schema_value_set(struct arena *mem, struct json_object *array, int64_t *work);

bool schema_value_listed(const struct schema_set *set, struct json_object *v, int64_t *work);

/* Are two items of a set the same? */
bool schema_value_twice(const struct schema_set *set, int64_t *work);

#endif
