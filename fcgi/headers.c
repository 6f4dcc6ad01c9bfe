/* headers: trimming, decoding, comparing. */
#include "headers.h"
#include "utf8.h"

#define BASE64_STARTS	"=?base64?"
#define BASE64_ENDS	"?="

static char *
trim(struct request *rq, const char *v)
{
	size_t len;

	v += strspn(v, " \t");
	len = strlen(v);
	while (len > 0 && strchr(" \t", v[len - 1]))
		len--;
	return arena_copy(&rq->mem, v, len);
}

char *
headers_trimmed(struct request *rq, enum param p)
{
	return rq->param[p] ? trim(rq, rq->param[p]) : NULL;
}

/* The decoded value with its length; NULL: bytes outside visible ASCII, or bad base64. */
static const char *
decode(struct request *rq, const char *v, size_t *len)
{
	size_t starts = strlen(BASE64_STARTS), ends = strlen(BASE64_ENDS), i;
	unsigned char *out;

	*len = strlen(v);
	for (i = 0; i < *len; i++)
		if (((unsigned char)v[i] < 0x20 && v[i] != '\t') || (unsigned char)v[i] > 0x7E)
			return NULL;
	if (*len < starts + ends || memcmp(v, BASE64_STARTS, starts) != 0 || memcmp(v + *len - ends, BASE64_ENDS, ends) != 0)
		return v;
	out = crypt_base64_decode(&rq->mem, v + starts, *len - starts - ends, len);
	return out && utf8_valid((char *)out, *len) ? (char *)out : NULL;
}

const char *
headers_decoded(struct request *rq, const char *value, size_t *len)
{
	return decode(rq, trim(rq, value), len);
}

bool
headers_equal(struct request *rq, enum param p, const char *text, size_t len)
{
	const char *v = headers_trimmed(rq, p);
	size_t got;

	if (!v || !(v = decode(rq, v, &got)))
		return false;
	return got == len && memcmp(v, text, len) == 0;
}

bool
headers_is_json(const char *content_type)
{
	static const char json[] = "application/json";
	const char *v = content_type;

	if (!v)
		return false;
	v += strspn(v, " \t");
	if (strncasecmp(v, json, strlen(json)) != 0)
		return false;
	v += strlen(json);
	v += strspn(v, " \t");
	return *v == '\0' || *v == ';';
}

bool
headers_accepts(const char *accept, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	while (accept && *accept) {
		size_t len;

		accept += strspn(accept, " \t,");
		len = strcspn(accept, " \t,;");
		if (len == strlen(type) && strncasecmp(accept, type, len) == 0)
			return true;
		if (len == 3 && memcmp(accept, "*/*", 3) == 0)
			return true;
		if (len == major + 1 && strncasecmp(accept, type, major) == 0 && accept[major] == '*')
			return true;
		accept += strcspn(accept, ",");
	}
	return false;
}

/* Length of the host in host[:port] or [v6][:port]. */
static size_t
host_len(const char *host)
{
	const char *end = *host == '[' ? strchr(host, ']') : NULL;

	return end ? (size_t)(end - host) + 1 : strcspn(host, ":");
}

static bool
port_is_fine(const char *rest)
{
	return *rest == '\0' || (*rest == ':' && rest[1] && strspn(rest + 1, "0123456789") == strlen(rest + 1));
}

bool
headers_host_known(const struct config *cfg, const char *host)
{
	size_t len = host_len(host);

	return port_is_fine(host + len) && config_has(&cfg->hosts, host, len);
}

bool
headers_origin_known(const struct config *cfg, const char *origin)
{
	const char *host;

	if (config_has(&cfg->origins, origin, strlen(origin)))
		return true;
	if (strncasecmp(origin, "https://", 8) == 0)
		host = origin + 8;
	else if (strncasecmp(origin, "http://", 7) == 0)
		host = origin + 7;
	else
		return false;
	return headers_host_known(cfg, host);
}
