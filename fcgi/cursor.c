/* cursor: base64url(json) "." base64url(half an HMAC-SHA-256). */
#include "cursor.h"
#include "tenant.h"

#define MAC	16	/* bytes; 128 bits are enough for what only opens one's own rows */
#define TEXT_MAX 4096

static void
sign(struct request *rq, const struct crypt_key *key, const char *purpose, const char *json, size_t len,
    unsigned char out[CRYPT_HASH])
{
	struct buf b;

	buf_init(&b, &rq->mem, 2 * TEXT_MAX);
	buf_fmt(&b, "cursor\n%s\n%s\n%s\n", rq->who->catalog, rq->who->tenant, purpose);
	buf_add(&b, json, len);
	crypt_hmac(out, key, b.at, b.len);
}

char *
cursor_make(struct request *rq, const char *purpose, const char *json, size_t len)
{
	unsigned char mac[CRYPT_HASH];

	sign(rq, rq->key, purpose, json, len, mac);
	return arena_fmt(&rq->mem, "%s.%s", crypt_base64url(&rq->mem, json, len), crypt_base64url(&rq->mem, mac, MAC));
}

static bool
is_signed(struct request *rq, const struct crypt_key *key, const char *purpose, const char *json, size_t len,
    const unsigned char mac[MAC])
{
	unsigned char want[CRYPT_HASH];

	if (!key)
		return false;
	sign(rq, key, purpose, json, len, want);
	return crypt_same(want, mac, MAC);
}

struct json_object *
cursor_read(struct request *rq, const char *purpose, const char *cursor)
{
	const char *dot = strchr(cursor, '.');
	unsigned char *json, *mac;
	size_t len, mac_len;

	if (!dot || strlen(cursor) > TEXT_MAX)
		return NULL;
	json = crypt_base64url_decode(&rq->mem, cursor, (size_t)(dot - cursor), &len);
	mac = crypt_base64url_decode(&rq->mem, dot + 1, strlen(dot + 1), &mac_len);
	if (!json || !mac || mac_len != MAC)
		return NULL;
	if (!is_signed(rq, rq->key, purpose, (const char *)json, len, mac) &&
	    !is_signed(rq, rq->key_old, purpose, (const char *)json, len, mac))
		return NULL;
	return json_parse(&rq->mem, (const char *)json, len, 8);
}
