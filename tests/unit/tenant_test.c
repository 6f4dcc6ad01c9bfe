/* tenant: where a credential may stand, and what is refused before PostgreSQL is asked. */
#include "tenant.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

static enum fail
refusal(const char *authorization, const char *x_api_key, const char *api_key)
{
	ask_message(&rq, "{}");
	rq.who = NULL;
	rq.key_prefix = "shp";
	rq.param[PARAM_CATALOG] = "shop";
	rq.param[PARAM_AUTHORIZATION] = authorization;
	rq.param[PARAM_X_API_KEY] = x_api_key;
	rq.param[PARAM_API_KEY] = api_key;
	return tenant_identify(&rq) == 0 ? FAIL_NONE : (enum fail)rq.failed;
}

int
main(void)
{
	struct secret key, other;
	char *bearer, *altered;

	ask_init(&rq);
	crypt_key_make(&key, "shp");
	crypt_key_make(&other, "shp");
	bearer = arena_str(&rq.mem, arena_fmt(&rq.mem, "bEARER  %s", &key.text[0]));
	is_int(refusal(NULL, NULL, NULL), FAIL_CREDENTIAL, "no credential");
	is_str(rq.says, "Unauthorized", "the reason is not said");
	is_str(rq.why, "no credential", "but logged");
	is_int(refusal("Basic dXNlcjpwYXNz", NULL, NULL), FAIL_CREDENTIAL, "another scheme");
	is_int(refusal("Bearer ", NULL, NULL), FAIL_CREDENTIAL, "an empty one");
	is_int(refusal("Bearer noise", NULL, NULL), FAIL_CREDENTIAL, "noise, refused without a query");
	altered = arena_str(&rq.mem, &key.text[0]);
	altered[10] = altered[10] == 'x' ? 'y' : 'x';
	is_int(refusal(NULL, altered, NULL), FAIL_CREDENTIAL, "a checksum that does not fit");
	is_int(refusal(bearer, NULL, NULL), FAIL_UNAVAILABLE, "a plausible key is asked for, and PostgreSQL is away");
	is_int(refusal(NULL, &key.text[0], NULL), FAIL_UNAVAILABLE, "in X-API-Key too");
	is_int(refusal(NULL, NULL, &key.text[0]), FAIL_UNAVAILABLE, "in API_KEY too");
	is_int(refusal(bearer, &key.text[0], &key.text[0]), FAIL_UNAVAILABLE, "the same one everywhere");
	is_int(refusal(bearer, &other.text[0], NULL), FAIL_AMBIGUOUS, "two different ones");
	ok(!rq.who, "nobody was identified");
	return ask_done(&rq);
}
