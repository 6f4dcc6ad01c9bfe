/* state: "s1." base64url(AES-256-GCM of a small JSON object). */
#include "state.h"
#include "cache.h"
#include "fail.h"
#include "log.h"
#include "tenant.h"

#define FORM		"s1."
#define NONCE_BYTES	16
#define SKEW_MS		60000	/* nodes whose clocks differ by less agree on what was used */

static int64_t
now_ms(void)
{
	return base_wall_us() / 1000;
}

/* --- what it is bound to ---------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same for the same value, in whatever order a client wrote its members. */
static void
add_value(struct buf *b, struct json_object *v)
{
	size_t i, n;
	const char **name;

	if (json_object_is_type(v, json_type_array)) {
		buf_char(b, '[');
		for (i = 0; i < json_object_array_length(v); i++, buf_char(b, ','))
			add_value(b, json_object_array_get_idx(v, i));
		buf_char(b, ']');
		return;
	}
	if (!json_object_is_type(v, json_type_object)) {
		buf_str(b, v ? json_plain(v, NULL) : "null");
		return;
	}
	name = arena_take(b->mem, ((size_t)json_object_object_length(v) + 1) * sizeof(*name));
	n = 0;
	json_object_object_foreach(v, key, ignored) {
		(void)ignored;
		name[n++] = key;
	}
	qsort(name, n, sizeof(*name), by_name);
	buf_char(b, '{');
	for (i = 0; i < n; i++, buf_char(b, ',')) {
		buf_json(b, name[i], strlen(name[i]));
		buf_char(b, ':');
		add_value(b, json_get(v, name[i]));
	}
	buf_char(b, '}');
}

/* No field but the name can hold a line break, and the digest behind that has a fixed length. */
static const char *
bound_to(struct request *rq)
{
	const struct identity *who = rq->who;
	const char *name = json_get_str(rq->params, "name"), *uri = json_get_str(rq->params, "uri");
	unsigned char digest[CRYPT_HASH];
	char hex[2 * CRYPT_HASH + 1];
	struct buf b;

	buf_init(&b, &rq->mem, 8 * rq->body_len + 65536);	/* a character takes six bytes at most where it is escaped */
	add_value(&b, json_get(rq->params, "arguments"));
	if (b.full)
		bug("arguments of %zu bytes do not fit their digest", rq->body_len);
	crypt_sha256(digest, b.at, b.len);
	crypt_hex(hex, digest, sizeof(digest));
	return arena_fmt(&rq->mem, "state\n%s\n%s\n%s\n%s\n%s\n%s\n%s", who->catalog, who->tenant, rq->workspace,
	    *who->principal ? who->principal : who->credential, rq->method, name ? name : uri ? uri : "", hex);
}

/* --- to the client and back ------------------------------------------------------------- */

char *
state_seal(struct request *rq, const struct state *s)
{
	unsigned char nonce[NONCE_BYTES], *sealed;
	struct buf b;
	char *text;

	crypt_random(nonce, sizeof(nonce));
	buf_init(&b, &rq->mem, STATE_MAX);
	buf_fmt(&b, "{\"n\":\"%s\",\"e\":%" PRId64 ",\"r\":%" PRId64 ",\"a\":",
	    s->nonce[0] ? s->nonce : crypt_base64url(&rq->mem, nonce, sizeof(nonce)), now_ms() + rq->cfg->state_ms, s->round);
	buf_str(&b, json_plain(s->answers, NULL));
	buf_char(&b, '}');
	if (b.full)
		return NULL;
	sealed = crypt_seal(&rq->mem, rq->key, b.at, b.len, bound_to(rq));
	text = arena_fmt(&rq->mem, FORM "%s", crypt_base64url(&rq->mem, sealed, b.len + CRYPT_SEAL_MORE));
	return strlen(text) <= STATE_MAX ? text : NULL;
}

static struct json_object *
unsealed(struct request *rq, const char *text)
{
	size_t n = strlen(text), len;
	unsigned char *sealed, *clear;

	if (n > STATE_MAX || strncmp(text, FORM, strlen(FORM)) != 0)
		return NULL;
	sealed = crypt_base64url_decode(&rq->mem, text + strlen(FORM), n - strlen(FORM), &len);
	if (!sealed)
		return NULL;
	clear = crypt_open(&rq->mem, rq->key, sealed, len, bound_to(rq));
	if (!clear && rq->key_old)
		clear = crypt_open(&rq->mem, rq->key_old, sealed, len, bound_to(rq));
	/* answers passed the body's caps; they lie two levels deeper here */
	return clear ? json_parse(&rq->mem, (const char *)clear, len - CRYPT_SEAL_MORE, (int)rq->cfg->body_depth_max + 2) : NULL;
}

int
state_open(struct request *rq, const char *text, struct state *out)
{
	struct json_object *o = unsealed(rq, text);
	const char *nonce = json_get_str(o, "n");

	if (!nonce || !json_get(o, "a"))
		return fail(rq, FAIL_PARAMS, "Invalid params: requestState is not what this caller was given for this request and these arguments.");
	*out = (struct state){ .round = json_get_int(o, "r", 0), .until_ms = json_get_int(o, "e", 0), .answers = json_get(o, "a") };
	snprintf(out->nonce, sizeof(out->nonce), "%s", nonce);
	if (out->until_ms <= now_ms())
		return fail(rq, FAIL_PARAMS, "Invalid params: requestState has expired. Call again without it.");
	return 0;
}

/* --- once ------------------------------------------------------------------------------- */

static const char *
key_of(struct request *rq, const struct state *s)
{
	return arena_fmt(&rq->mem, "mcp:state:%s", s->nonce);
}

int
state_claim(struct request *rq, const struct state *s)
{
	const char *why;
	/* For as long as any state with this nonce may live. */
	const char *ms = arena_fmt(&rq->mem, "%" PRId64, STATE_ROUNDS_MAX * rq->cfg->state_ms + SKEW_MS);
	int64_t from = base_now_us();
	char *done;
	int got = cache_text(rq->cache, &rq->mem, 6, (const char *const[]){ "SET", key_of(rq, s), "1", "NX", "PX", ms }, &done, &why);

	rq->slot->event.redis_us += base_now_us() - from;
	if (got != 0) {
		fail(rq, FAIL_UNAVAILABLE, "It cannot be told now whether this answer was used before, so nothing was changed. Try again in a few seconds.");
		rq->why = arena_str(&rq->mem, why);
		return -1;
	}
	return done ? 0 : fail(rq, FAIL_PARAMS, "Invalid params: requestState has been used; nothing was changed again. Call again without it.");
}

void
state_return(struct request *rq, const struct state *s)
{
	const char *why;
	char *was;

	if (cache_text(rq->cache, &rq->mem, 2, (const char *const[]){ "GETDEL", key_of(rq, s) }, &was, &why) != 0)
		log_say("a state that served nothing stays used up: %s", why);
}
