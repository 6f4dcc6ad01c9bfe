/* schema_uri: a reference is cut into its five parts, and the parts of the base fill the gaps. */
#include "schema_uri.h"

struct parts {
	struct text scheme, authority, path, query;	/* at NULL: there is none */
	const char *fragment;				/* NULL: none */
};

/* Length of "scheme" in front of a colon; 0: there is none. */
static size_t
scheme_length(const char *uri)
{
	size_t n;

	if (!isalpha((unsigned char)uri[0]))
		return 0;
	for (n = 1; isalnum((unsigned char)uri[n]) || (uri[n] && strchr("+-.", uri[n])); n++)
		;
	return uri[n] == ':' ? n : 0;
}

static struct parts
cut(const char *uri)
{
	struct parts p = { 0 };
	size_t n = scheme_length(uri);

	if (n > 0) {
		p.scheme = (struct text){ uri, n };
		uri += n + 1;
	}
	if (strncmp(uri, "//", 2) == 0) {
		p.authority = (struct text){ uri + 2, strcspn(uri + 2, "/?#") };
		uri += 2 + p.authority.len;
	}
	p.path = (struct text){ uri, strcspn(uri, "?#") };
	uri += p.path.len;
	if (*uri == '?') {
		p.query = (struct text){ uri + 1, strcspn(uri + 1, "#") };
		uri += 1 + p.query.len;
	}
	if (*uri == '#')
		p.fragment = uri + 1;
	return p;
}

/* RFC 3986, 5.2.4: takes "." and ".." out of a path, in place. */
static void
remove_dots(char *path)
{
	char *in = path, *out = path;
	size_t n;

	while (*in) {
		n = 1 + strcspn(in + 1, "/");
		if (n == 2 && strncmp(in, "/.", 2) == 0) {
			in += in[2] ? 2 : 1;
			in[0] = '/';
		} else if (n == 3 && strncmp(in, "/..", 3) == 0) {
			while (out > path && *--out != '/')
				;
			in += in[3] ? 3 : 2;
			in[0] = '/';
		} else {
			memmove(out, in, n);
			out += n;
			in += n;
			continue;
		}
		if (!in[1]) {
			*out++ = '/';
			break;
		}
	}
	*out = '\0';
}

/* RFC 3986, 5.2.3: the base's folder and the reference's path. */
static char *
merge(struct arena *mem, const struct parts *base, struct text path)
{
	size_t folder = base->path.len;

	while (folder > 0 && base->path.at[folder - 1] != '/')
		folder--;
	if (folder == 0 && base->authority.at)
		return arena_fmt(mem, "/%.*s", (int)path.len, path.at);
	return arena_fmt(mem, "%.*s%.*s", (int)folder, folder ? base->path.at : "", (int)path.len, path.at);
}

static int
hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

static char *
decoded(struct arena *mem, const char *text)
{
	char *all = arena_str(mem, text), *out = all;

	for (; *text; text++) {
		int high = *text == '%' ? hex_digit(text[1]) : -1, low = high >= 0 ? hex_digit(text[2]) : -1;

		if (low >= 0 && (high | low) != 0) {
			*out++ = (char)(high << 4 | low);
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
	return all;
}

static char *
joined(struct arena *mem, const struct parts *p, const char *path)
{
	return arena_fmt(mem, "%.*s%s%s%.*s%s%s%.*s", (int)p->scheme.len, p->scheme.at ? p->scheme.at : "",
	    p->scheme.at ? ":" : "", p->authority.at ? "//" : "", (int)p->authority.len, p->authority.at ? p->authority.at : "",
	    path, p->query.at ? "?" : "", (int)p->query.len, p->query.at ? p->query.at : "");
}

char *
schema_uri_resolve(struct arena *mem, const char *base, const char *ref, const char **fragment)
{
	struct parts r = cut(ref), b = cut(base);
	char *path = arena_copy(mem, r.path.at, r.path.len);

	*fragment = r.fragment ? decoded(mem, r.fragment) : "";
	if (r.scheme.at) {
		/* nothing of the base */
	} else if (r.authority.at) {
		r.scheme = b.scheme;
	} else {
		if (r.path.len == 0) {
			path = arena_copy(mem, b.path.at, b.path.len);
			r.query = r.query.at ? r.query : b.query;
		} else if (path[0] != '/') {
			path = merge(mem, &b, r.path);
		}
		r.scheme = b.scheme;
		r.authority = b.authority;
	}
	if (path[0] == '/')
		remove_dots(path);
	return joined(mem, &r, path);
}

bool
schema_uri_absolute(const char *uri)
{
	return scheme_length(uri) > 0;
}

char *
schema_uri_token(struct arena *mem, const char **at)
{
	const char *s = *at;
	char *token, *out;
	size_t n;

	if (*s != '/')
		return NULL;
	n = strcspn(s + 1, "/");
	*at = s + 1 + n;
	token = out = arena_copy(mem, s + 1, n);
	for (s = token; *s; s++) {
		if (*s == '~' && (s[1] == '0' || s[1] == '1'))
			*out++ = *++s == '0' ? '~' : '/';
		else
			*out++ = *s;
	}
	*out = '\0';
	return token;
}
