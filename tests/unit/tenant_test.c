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

#define A "00000000-0000-4000-8000-00000000000a"
#define B "00000000-0000-4000-8000-00000000000b"

static void
test_parse(void)
{
	static const struct {
		const char *text;
		enum fail   want;
		const char *why;
	} all[] = {
		{ NULL,                        FAIL_CREDENTIAL, "the credential is unknown" },
		{ "{\"state\": \"revoked\"}",   FAIL_CREDENTIAL, "the credential is revoked" },
		{ "{\"state\": \"expired\"}",   FAIL_CREDENTIAL, "the credential is expired" },
		{ "{\"state\": \"suspended\"}", FAIL_REFUSED,    "the credential is suspended" },
		{ "{\"state\": \"ok\"}",        FAIL_NONE,       "the credential is ok" },
	};
	struct identity who;
	const char *why;
	size_t i;

	for (i = 0; i < LEN(all); i++) {
		is_int(tenant_parse(&rq.mem, all[i].text, &who, &why), all[i].want, "%s", all[i].why);
		is_str(why, all[i].why, "and why");
	}
	is_int(tenant_parse(&rq.mem, "{\"state\":\"ok\",\"catalog\":\"shop\",\"scopes\":[\"a\",\"b\"],\"expires_at\":1.5,\"mode\":\"read\"}",
	    &who, &why), FAIL_NONE, "an identity");
	is_str(who.scopes, "a b", "its scopes");
	is_int(who.expires_us, 1500000, "its end");
	ok(who.reads_only, "its mode");
}

static void
test_admits(void)
{
	static const char *const nets[] = { "10.0.0.0/8", "noise" }, *const places[] = { A };
	struct identity who = { .workspace = "" };

	ok(tenant_admits(&who, "192.168.0.1", ""), "from anywhere, for the whole tenant");
	ok(tenant_admits(&who, NULL, B), "or a part of it");
	who.addresses = (struct words){ nets, 2 };
	ok(tenant_admits(&who, "10.1.2.3", ""), "from a network that is open to it");
	ok(!tenant_admits(&who, "11.1.2.3", "") && !tenant_admits(&who, "noise", "") && !tenant_admits(&who, NULL, ""), "and no other");
	who = (struct identity){ .bound = true, .workspaces = { places, 1 }, .workspace = "" };
	ok(tenant_admits(&who, "10.1.2.3", A), "bound to a workspace: for that one");
	ok(!tenant_admits(&who, "10.1.2.3", B) && !tenant_admits(&who, "10.1.2.3", ""), "and no other");
	who.workspace = A;
	ok(tenant_admits(&who, "10.1.2.3", ""), "unless it takes it by itself");
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
	test_parse();
	test_admits();
	return ask_done(&rq);
}
