/* ticket: expiry "." base64url(facts) "." base64url(HMAC-SHA-256). */
#include "ticket.h"
#include "fail.h"
#include "json.h"
#include "reply.h"

#define FACTS_DEPTH 8

/* Of the request: a digest, so that a large body is not copied.  What comes with a GET means nothing, and a fast worker does not read it. */
static void
digest_request(struct request *rq, char hex[2 * CRYPT_HASH + 1])
{
	const char *method = rq->param[PARAM_METHOD], *uri = rq->param[PARAM_URI];
	bool posted = method && strcmp(method, "POST") == 0;
	unsigned char hash[CRYPT_HASH];
	struct buf b;

	crypt_sha256(hash, posted ? rq->body : "", posted ? rq->body_len : 0);
	crypt_hex(hex, hash, CRYPT_HASH);
	buf_init(&b, &rq->mem, SIZE_MAX / 2);
	buf_fmt(&b, "%s\n%s\n%s", method ? method : "", uri ? uri : "", hex);
	crypt_sha256(hash, b.at, b.len);
	crypt_hex(hex, hash, CRYPT_HASH);
}

static void
sign(struct request *rq, const struct crypt_key *key, const char *expiry, const char *facts, unsigned char mac[CRYPT_HASH])
{
	char digest[2 * CRYPT_HASH + 1];
	struct buf b;

	digest_request(rq, digest);
	buf_init(&b, &rq->mem, 2 * TICKET_MAX);
	buf_fmt(&b, "ticket\n%s\n%s\n%s", expiry, digest, facts);
	crypt_hmac(mac, key, b.at, b.len);
}

int
ticket_make(struct request *rq, const char *facts, size_t len)
{
	const char *expiry = arena_fmt(&rq->mem, "%" PRId64, base_wall_us() + TICKET_LIFE_US);
	unsigned char mac[CRYPT_HASH];
	const char *text;

	if (len > TICKET_MAX)
		return fail(rq, FAIL_PARAMS, "Invalid params: that is too much for one subscription.");
	sign(rq, rq->key, expiry, facts, mac);
	text = arena_fmt(&rq->mem, "%s.%s.%s", expiry, crypt_base64url(&rq->mem, facts, len),
	    crypt_base64url(&rq->mem, mac, CRYPT_HASH));
	if (strlen(text) > TICKET_MAX)
		return fail(rq, FAIL_PARAMS, "Invalid params: that is too much for one subscription.");
	reply_header(rq, "X-Mcp-Ticket", text);
	rq->place = POOL_STREAM;
	return 0;
}

/* While a reload changes the key, a worker from before it may have signed. */
static bool
is_signed(struct request *rq, const char *const part[3], const unsigned char *facts, const unsigned char *mac)
{
	const struct crypt_key *const keys[] = { rq->key, rq->key_old };
	unsigned char want[CRYPT_HASH];
	size_t i;

	for (i = 0; i < LEN(keys); i++) {
		if (!keys[i])
			continue;
		sign(rq, keys[i], part[0], (const char *)facts, want);
		if (crypt_same(want, mac, CRYPT_HASH))
			return true;
	}
	return false;
}

/* The three parts of a ticket as texts of their own. */
static int
split(struct request *rq, const char *text, const char *part[3])
{
	char *rest = arena_str(&rq->mem, text);
	int i;

	for (i = 0; i < 3; i++)
		part[i] = strsep(&rest, ".");
	return part[2] && !rest ? 0 : -1;
}

const char ticket_late[] = "the ticket is too old";

struct json_object *
ticket_read(struct request *rq, const char **why)
{
	const char *text = rq->param[PARAM_TICKET], *part[3];
	unsigned char *facts, *mac;
	size_t len, mac_len;
	int64_t expiry;

	*why = "there is no ticket";
	if (!text || !*text)
		return NULL;
	*why = "the ticket is malformed";
	if (strlen(text) > TICKET_MAX || split(rq, text, part) != 0 || base_number(part[0], 0, INT64_MAX, &expiry) != 0)
		return NULL;
	facts = crypt_base64url_decode(&rq->mem, part[1], strlen(part[1]), &len);
	mac = crypt_base64url_decode(&rq->mem, part[2], strlen(part[2]), &mac_len);
	if (!facts || !mac || mac_len != CRYPT_HASH)
		return NULL;
	*why = "the ticket is not ours, or of another request";
	if (strlen((const char *)facts) != len || !is_signed(rq, part, facts, mac))
		return NULL;
	*why = ticket_late;
	if (expiry <= base_wall_us())
		return NULL;
	*why = "the facts of the ticket are not JSON";
	return json_parse(&rq->mem, (const char *)facts, len, FACTS_DEPTH);
}
