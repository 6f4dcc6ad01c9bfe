/* stdio_http: a curl multi handle, and an inbox per exchange. */
#include "stdio_http.h"
#include "log.h"
#include <curl/curl.h>

#define CONNECT_MS	10000L
#define KEEPALIVE_S	30L		/* idle connections are asked whether they live */
#define IDLE_S		50L		/* an idle connection older than that is not used again: servers close at 60 */
#define HEAD_MAX	(64 << 10)	/* bytes of headers in an answer */
#define RETRY_AFTER_MAX	3600
#define FDS_MAX		4
#define SPARE_MAX	8L		/* connections kept for the next request: a burst must not cost for ever */

struct stdio_http {
	CURLM                 *multi;
	struct curl_slist     *header;	/* of every request */
	const char            *ca_file;
	struct stdio_exchange *first;
};

struct stdio_exchange {
	struct stdio_exchange *next;
	struct stdio_http     *http;
	CURL                  *easy;
	struct curl_slist     *header;
	struct stdio_ask       ask;
	struct stdio_answer    answer;
	char                  *inbox;		/* came since the last turn */
	size_t                 len, room;
	size_t                 sent;		/* of the body */
	size_t                 head_bytes;
	int64_t                heard_us;
	bool                   ended;		/* over() is due */
	bool                   dropped;		/* nobody is called any more; freed at the end of the turn */
	char                   why[CURL_ERROR_SIZE];
};

/* --- what libcurl calls ----------------------------------------------------------------- */

static size_t
take_body(char *bytes, size_t one, size_t n, void *who)
{
	struct stdio_exchange *x = who;
	size_t room = x->room ? x->room : CURL_MAX_WRITE_SIZE;

	(void)one;
	x->heard_us = base_now_us();
	while (room - x->len < n)
		room *= 2;
	if (room != x->room) {
		x->inbox = realloc(x->inbox, room);
		if (!x->inbox)
			bug("out of memory: %zu bytes", room);
		x->room = room;
	}
	memcpy(x->inbox + x->len, bytes, n);
	x->len += n;
	return n;
}

/*
 * libcurl sends a request again by itself when a connection that was idle turns out to be closed.  It
 * cannot once it has read of a body that is given this way: a call must not be carried out twice.
 */
static size_t
give_body(char *to, size_t one, size_t n, void *who)
{
	struct stdio_exchange *x = who;
	size_t left = x->ask.len - x->sent;

	(void)one;
	if (n > left)
		n = left;
	memcpy(to, x->ask.body + x->sent, n);
	x->sent += n;
	return n;
}

/* The value of a header line without the blanks around it, if it has this name; else NULL. */
static const char *
value_of(const char *line, size_t n, const char *name, size_t *len)
{
	size_t at = strlen(name);

	if (n <= at || strncasecmp(line, name, at) != 0 || line[at] != ':')
		return NULL;
	for (at++; at < n && (line[at] == ' ' || line[at] == '\t'); at++)
		;
	while (n > at && isspace((unsigned char)line[n - 1]))
		n--;
	*len = n - at;
	return line + at;
}

/* Headers that fit no field here are as good as absent; what cannot be printed must not reach a terminal. */
static void
keep(char *to, size_t room, const char *from, size_t n)
{
	size_t i;

	if (n >= room)
		return;
	for (i = 0; i < n; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[n] = '\0';
}

static void
keep_type(struct stdio_answer *a, const char *from, size_t n)
{
	size_t len = 0;
	char *c;

	while (len < n && from[len] != ';' && from[len] != ' ')
		len++;
	keep(a->type, sizeof(a->type), from, len);
	for (c = a->type; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static size_t
take_head(char *line, size_t one, size_t n, void *who)
{
	struct stdio_exchange *x = who;
	struct stdio_answer *a = &x->answer;
	const char *value;
	char text[16] = "";
	int64_t seconds;
	size_t len;

	(void)one;
	x->heard_us = base_now_us();
	x->head_bytes += n;
	if (x->head_bytes > HEAD_MAX)
		return 0;
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0)	/* perhaps there was a 100 before */
		*a = (struct stdio_answer){ .retry_after_s = -1 };
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &a->status);
	if ((value = value_of(line, n, "Content-Type", &len)))
		keep_type(a, value, len);
	else if ((value = value_of(line, n, "Mcp-Session-Id", &len)))
		keep(a->session, sizeof(a->session), value, len);
	else if ((value = value_of(line, n, "Location", &len)))
		keep(a->location, sizeof(a->location), value, len);
	else if ((value = value_of(line, n, "Retry-After", &len)))
		keep(text, sizeof(text), value, len);
	if (base_number(text, 0, RETRY_AFTER_MAX, &seconds) == 0)
		a->retry_after_s = (int)seconds;
	return n;
}

/* --- beginning and ending --------------------------------------------------------------- */

static struct curl_slist *
add_header(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = curl_slist_append(list, line);

	if (!more)
		bug("out of memory");
	return more;
}

struct stdio_http *
stdio_http_open(const char *ca_file, const char *const *header, size_t n)
{
	struct stdio_http *h = calloc(1, sizeof(*h));
	size_t i;

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(h->multi = curl_multi_init()))
		die("libcurl cannot be used.");
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, SPARE_MAX);
	h->ca_file = ca_file;
	for (i = 0; i < n; i++)
		h->header = add_header(h->header, header[i]);
	return h;
}

static void
set(CURL *easy, struct stdio_exchange *x)
{
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mcp-stdio/" MCP_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* A connection per exchange in the air: one that is cancelled is closed, and disturbs no other. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_S);
	if (x->http->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, x->http->ca_file);
	if (stdio_http_is_local(x->ask.url))
		curl_easy_setopt(easy, CURLOPT_PROXY, "");	/* on another machine it would read the credential */
}

static void
set_request(CURL *easy, struct stdio_exchange *x)
{
	const struct curl_slist *every;
	size_t i;

	for (every = x->http->header; every; every = every->next)
		x->header = add_header(x->header, every->data);
	for (i = 0; i < x->ask.headers; i++)
		x->header = add_header(x->header, x->ask.header[i]);
	x->header = add_header(x->header, "Expect:");		/* nothing here is worth a 100 Continue */
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->header);
	curl_easy_setopt(easy, CURLOPT_URL, x->ask.url);
	if (x->ask.body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->ask.len);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(easy, CURLOPT_READDATA, x);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, x->ask.method);
}

struct stdio_exchange *
stdio_http_begin(struct stdio_http *h, const struct stdio_ask *ask)
{
	struct stdio_exchange *x = calloc(1, sizeof(*x));

	if (!x || !(x->easy = curl_easy_init()))
		bug("out of memory");
	x->http = h;
	x->ask = *ask;
	x->answer.retry_after_s = -1;
	x->heard_us = base_now_us();
	set(x->easy, x);
	set_request(x->easy, x);
	if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK)
		bug("curl_multi_add_handle failed");
	x->next = h->first;
	h->first = x;
	return x;
}

static void
hang_up(struct stdio_exchange *x)
{
	if (!x->easy)
		return;
	curl_multi_remove_handle(x->http->multi, x->easy);
	curl_easy_cleanup(x->easy);
	x->easy = NULL;
}

void
stdio_http_drop(struct stdio_exchange *x)
{
	hang_up(x);
	x->dropped = true;
}

void
stdio_http_silence(struct stdio_exchange *x, int64_t silence_us)
{
	x->ask.silence_us = silence_us;
	x->heard_us = base_now_us();
}

const struct stdio_answer *
stdio_http_answer(const struct stdio_exchange *x)
{
	return &x->answer;
}

static void
sweep(struct stdio_http *h)
{
	struct stdio_exchange **at = &h->first, *x;

	while ((x = *at)) {
		if (!x->dropped) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		curl_slist_free_all(x->header);
		free(x->inbox);
		free(x);
	}
}

void
stdio_http_close(struct stdio_http *h)
{
	struct stdio_exchange *x;

	for (x = h->first; x; x = x->next)
		stdio_http_drop(x);
	sweep(h);
	curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->header);
	curl_global_cleanup();
	free(h);
}

/* --- the turn --------------------------------------------------------------------------- */

static enum stdio_trouble
trouble_of(CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		return STDIO_FINE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return STDIO_UNREACHABLE;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return STDIO_UNTRUSTED;
	default:
		return STDIO_BROKEN;
	}
}

static void
finish(struct stdio_exchange *x, enum stdio_trouble trouble, const char *why)
{
	x->answer.trouble = trouble;
	x->answer.why = why;
	x->ended = true;
	hang_up(x);
}

/*
 * libcurl connects anew for a request whose connection broke, and only then finds that it cannot send it
 * a second time.  What it says may so be about the new connection: the request went out on the one before.
 */
static bool
was_cut(const struct stdio_exchange *x, CURLcode result)
{
	enum stdio_trouble trouble = trouble_of(result);

	return result == CURLE_SEND_FAIL_REWIND || (x->sent > 0 && (trouble == STDIO_UNREACHABLE || trouble == STDIO_UNTRUSTED));
}

static void
take_ends(struct stdio_http *h)
{
	enum stdio_trouble trouble;
	struct stdio_exchange *x;
	CURLMsg *message;
	CURLcode result;
	int left;

	while ((message = curl_multi_info_read(h->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x);
		trouble = trouble_of(result);
		if (trouble == STDIO_BROKEN && x->ask.body && x->sent == 0)
			trouble = STDIO_UNREACHABLE;	/* the server has heard nothing of it */
		if (was_cut(x, result))
			finish(x, STDIO_BROKEN, "the server closed it");
		else
			finish(x, trouble, *x->why ? x->why : curl_easy_strerror(result));
	}
}

static void
hand_over(struct stdio_exchange *x)
{
	char *bytes = x->inbox;
	size_t n = x->len;

	if (n == 0)
		return;
	x->inbox = NULL;	/* an idle stream keeps no buffer */
	x->len = x->room = 0;
	x->ask.data(x->ask.who, bytes, n);
	free(bytes);
}

static void
look_at(struct stdio_exchange *x, int64_t now_us)
{
	if (!x->dropped)
		hand_over(x);
	if (!x->dropped && !x->ended && x->ask.silence_us > 0 && now_us - x->heard_us > x->ask.silence_us)
		finish(x, STDIO_SILENT, "nothing was heard of it");
	if (!x->dropped && x->ended) {
		x->dropped = true;
		x->ask.over(x->ask.who);
	}
}

/* Milliseconds until somebody has been silent for too long, at most most_ms. */
static int
until_silence(const struct stdio_http *h, int most_ms)
{
	int64_t now_us = base_now_us(), left_ms;
	const struct stdio_exchange *x;

	for (x = h->first; x; x = x->next) {
		if (x->dropped || x->ask.silence_us == 0)
			continue;
		left_ms = (x->heard_us + x->ask.silence_us - now_us) / 1000 + 1;
		if (left_ms < most_ms)
			most_ms = left_ms > 0 ? (int)left_ms : 0;
	}
	return most_ms;
}

void
stdio_http_turn(struct stdio_http *h, struct pollfd *fds, size_t n, int timeout_ms)
{
	struct curl_waitfd waits[FDS_MAX] = { 0 };
	struct stdio_exchange *x;
	int running;
	size_t i;

	for (i = 0; i < n && i < FDS_MAX; i++) {
		waits[i].fd = fds[i].fd;
		waits[i].events = CURL_WAIT_POLLIN;
	}
	curl_multi_poll(h->multi, waits, (unsigned)i, until_silence(h, timeout_ms), NULL);
	while (i-- > 0)
		fds[i].revents = waits[i].revents;
	curl_multi_perform(h->multi, &running);
	take_ends(h);
	for (x = h->first; x; x = x->next)
		look_at(x, base_now_us());
	sweep(h);
}

/* --- addresses -------------------------------------------------------------------------- */

static char *
part(struct arena *mem, CURLU *u, CURLUPart what)
{
	char *text = NULL, *copy = NULL;

	if (curl_url_get(u, what, &text, what == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) == CURLUE_OK)
		copy = arena_str(mem, text);
	curl_free(text);
	return copy;
}

static void
free_url(void *u)
{
	curl_url_cleanup(u);
}

static CURLU *
parse(struct arena *mem, const char *base, const char *ref)
{
	CURLU *u = curl_url();

	if (!u)
		bug("out of memory");
	arena_defer(mem, free_url, u);
	if (base && curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK)
		return NULL;
	return curl_url_set(u, CURLUPART_URL, ref, 0) == CURLUE_OK ? u : NULL;
}

const char *
stdio_http_origin(struct arena *mem, const char *url)
{
	CURLU *u = parse(mem, NULL, url);

	if (!u)
		return "";
	return arena_fmt(mem, "%s://%s:%s", part(mem, u, CURLUPART_SCHEME), part(mem, u, CURLUPART_HOST),
	    part(mem, u, CURLUPART_PORT));
}

const char *
stdio_http_url(struct arena *mem, const char *base, const char *ref, const char **why)
{
	CURLU *u = parse(mem, base, ref);
	const char *scheme = u ? part(mem, u, CURLUPART_SCHEME) : NULL, *url;

	*why = NULL;
	if (!scheme || (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		*why = "it is no http or https URL";
	else if (part(mem, u, CURLUPART_USER) || part(mem, u, CURLUPART_PASSWORD))
		*why = "a name or password in a URL can be seen by others";
	if (*why)
		return NULL;
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	url = part(mem, u, CURLUPART_URL);
	if (base && strcasecmp(stdio_http_origin(mem, base), stdio_http_origin(mem, url)) != 0) {
		*why = "it is of another origin";
		return NULL;
	}
	return url;
}

bool
stdio_http_is_local(const char *url)
{
	static const char *const local[] = { "localhost", "127.0.0.1", "[::1]" };
	struct arena mem;
	const char *host;
	bool found = false;
	CURLU *u;
	size_t i;

	if (strncasecmp(url, "http:", 5) != 0)
		return false;
	arena_init(&mem, 4096, 1 << 20);
	u = parse(&mem, NULL, url);
	host = u ? part(&mem, u, CURLUPART_HOST) : NULL;
	for (i = 0; host && i < LEN(local); i++)
		found = found || strcasecmp(host, local[i]) == 0;
	arena_close(&mem);
	return found;
}
