/* stdio_proxy: the variables in the order in which libcurl looks at them. */
#include "stdio_proxy.h"

#define HOST_MAX	256

/* The variable that is set; an empty one counts as none. */
static const char *
set_one(const char *const *names, size_t n)
{
	const char *value;
	size_t i;

	for (i = 0; i < n; i++) {
		value = getenv(names[i]);
		if (value && *value)
			return names[i];
	}
	return NULL;
}

/* HTTP_PROXY is not among them: a CGI program would take it from whoever asks. */
static const char *
variable_for(const char *url)
{
	static const char *const https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	static const char *const http[] = { "http_proxy", "all_proxy", "ALL_PROXY" };

	return strncasecmp(url, "https:", 6) == 0 ? set_one(https, LEN(https)) : set_one(http, LEN(http));
}

/* The host of "scheme://user:password@host:port/"; all but the host may be missing. */
static void
host_of(const char *proxy, char host[HOST_MAX])
{
	const char *start = strstr(proxy, "://"), *at;

	start = start ? start + 3 : proxy;
	at = strrchr(start, '@');
	start = at ? at + 1 : start;
	if (*start == '[')
		snprintf(host, HOST_MAX, "%.*s", (int)strcspn(start + 1, "]"), start + 1);
	else
		snprintf(host, HOST_MAX, "%.*s", (int)strcspn(start, ":/"), start);
}

/* Does libcurl speak of the proxy, and not of the server? */
static bool
is_about(const char *why, const char *proxy, const char *url)
{
	char host[HOST_MAX];

	host_of(proxy, host);
	return *host && strstr(why, host) && !strstr(url, host);
}

const char *
stdio_proxy_used(const char *url, const char *why)
{
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY" };
	const char *name = variable_for(url);

	if (!name)
		return NULL;
	/* Whether an exception covers this server is libcurl's to know: then its words have to show it. */
	if (set_one(exceptions, LEN(exceptions)) && !is_about(why, getenv(name), url))
		return NULL;
	return name;
}
