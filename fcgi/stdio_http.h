/*
 * stdio_http: many HTTP exchanges at once, for the bridge.
 *
 * The one user of libcurl there.  Knows nothing of MCP.  Nobody is called from inside libcurl: what
 * arrives waits until stdio_http_turn() hands it over, so that a callee may begin and drop exchanges
 * as it likes.  Proxies come from the environment (HTTPS_PROXY, NO_PROXY, ...), but for plain http to
 * this machine; redirects are never followed, because the credential must not go where nobody sent it.
 */
#ifndef STDIO_HTTP_H
#define STDIO_HTTP_H

#include "arena.h"

#define STDIO_HTTP_HEADERS	64	/* of one request */

struct stdio_http;
struct stdio_exchange;

enum stdio_trouble {
	STDIO_FINE,		/* there was a whole answer, of whatever status */
	STDIO_UNREACHABLE,	/* no connection; the request was not sent */
	STDIO_UNTRUSTED,	/* the server's certificate was refused */
	STDIO_SILENT,		/* nothing came for as long as was asked for */
	STDIO_BROKEN,		/* the connection ended too early, or what came is no HTTP */
	STDIO_MISLED,		/* the server sends us where we do not go; our callers say this */
};

struct stdio_answer {
	long               status;		/* 0: none came yet */
	char               type[64];		/* media type in lower case, without parameters */
	char               session[256];	/* Mcp-Session-Id; "": none */
	char               location[256];	/* where a redirect leads; "": none */
	int                retry_after_s;	/* -1: not said */
	enum stdio_trouble trouble;		/* once it is over */
	const char        *why;			/* what libcurl says of the trouble */
};

struct stdio_ask {
	const char        *method;
	const char        *url;
	const char *const *header;	/* "Name: value", copied; besides those of stdio_http_open() */
	size_t             headers;
	const char        *body;	/* has to stay until the exchange is over; NULL: none */
	size_t             len;
	int64_t            silence_us;	/* of the server, that ends it; 0: it may say nothing for ever */
	void             (*data)(void *who, const char *bytes, size_t n);	/* status and headers are known */
	void             (*over)(void *who);	/* the last call; the exchange is gone when it returns */
	void              *who;
};

/* header (n of them) goes with every request; ca_file NULL: the system's authorities. */
struct stdio_http *stdio_http_open(const char *ca_file, const char *const *header, size_t n) must_use;

/* Drops what is in the air and frees everything. */
void stdio_http_close(struct stdio_http *h);

struct stdio_exchange *stdio_http_begin(struct stdio_http *h, const struct stdio_ask *ask) must_use;

/* Ends it now; nobody is called any more.  The connection is closed unless the answer was complete. */
void stdio_http_drop(struct stdio_exchange *x);

/* From now on only so much silence is allowed. */
void stdio_http_silence(struct stdio_exchange *x, int64_t silence_us);

const struct stdio_answer *stdio_http_answer(const struct stdio_exchange *x);

/* Waits at most timeout_ms for traffic or for one of the fds (.events POLLIN), and makes the calls. */
void stdio_http_turn(struct stdio_http *h, struct pollfd *fds, size_t n, int timeout_ms);

/*
 * The absolute URL that ref means where base is the place it was read, in mem.  NULL with a phrase in
 * *why: not http(s), with a name or password in it, or (when base is given) of another origin.
 */
const char *stdio_http_url(struct arena *mem, const char *base, const char *ref, const char **why);

/* Is it plain http to this very machine, by its name or a loopback address?  Then nobody else reads it. */
bool stdio_http_is_local(const char *url);

/* "https://host:port" of a URL that stdio_http_url() has passed, in mem. */
const char *stdio_http_origin(struct arena *mem, const char *url) must_use;

#endif
