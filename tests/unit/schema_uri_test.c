/* schema_uri: the examples of RFC 3986, section 5.4, and pointers. */
#include "tap.h"
#include "schema_uri.h"

static struct arena mem;

static void
resolves(const char *base, const char *ref, const char *want, const char *want_fragment)
{
	const char *fragment;

	is_str(schema_uri_resolve(&mem, base, ref, &fragment), want, "\"%s\" from \"%s\"", ref, base);
	is_str(fragment, want_fragment, "and its fragment");
}

static void
test_rfc(void)
{
	static const struct {
		const char *ref, *want;
	} rows[] = {
		{ "g:h", "g:h" }, { "g", "http://a/b/c/g" }, { "./g", "http://a/b/c/g" }, { "g/", "http://a/b/c/g/" }, { "/g", "http://a/g" },
		{ "//g", "http://g" }, { "?y", "http://a/b/c/d;p?y" }, { "g?y", "http://a/b/c/g?y" }, { ";x", "http://a/b/c/;x" },
		{ "g;x", "http://a/b/c/g;x" }, { "", "http://a/b/c/d;p?q" }, { ".", "http://a/b/c/" }, { "./", "http://a/b/c/" },
		{ "..", "http://a/b/" }, { "../", "http://a/b/" }, { "../g", "http://a/b/g" }, { "../..", "http://a/" }, { "../../", "http://a/" },
		{ "../../g", "http://a/g" }, { "../../../g", "http://a/g" }, { "/./g", "http://a/g" }, { "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." }, { ".g", "http://a/b/c/.g" }, { "g..", "http://a/b/c/g.." }, { "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" }, { "./g/.", "http://a/b/c/g/" }, { "g/./h", "http://a/b/c/g/h" }, { "g/../h", "http://a/b/c/h" },
		{ "g;x=1/./y", "http://a/b/c/g;x=1/y" }, { "g?y/./x", "http://a/b/c/g?y/./x" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		resolves("http://a/b/c/d;p?q", rows[i].ref, rows[i].want, "");
}

static void
test_others(void)
{
	resolves("http://a/b", "#x", "http://a/b", "x");
	resolves("http://a/b?q#y", "#", "http://a/b?q", "");
	resolves("http://a/b", "c#/d%25e~1f%22", "http://a/c", "/d%e~1f\"");
	resolves("http://a/b", "#%zz%0", "http://a/b", "%zz%0");
	resolves("http://a/b", "#%00", "http://a/b", "%00");
	resolves("http://a", "b", "http://a/b", "");
	resolves("", "#/$defs/a", "", "/$defs/a");
	resolves("", "a/b", "a/b", "");
	resolves("", "", "", "");
	resolves("/x/y", "z", "/x/z", "");
	resolves("urn:uuid:1", "#a", "urn:uuid:1", "a");
	resolves("urn:example:weather?=op=map", "#a", "urn:example:weather?=op=map", "a");
	resolves("http://a/b", "urn:x:y", "urn:x:y", "");
	ok(schema_uri_absolute("http://x/") && schema_uri_absolute("urn:x") && schema_uri_absolute("file:/x"), "with a scheme");
	ok(!schema_uri_absolute("x/y:z") && !schema_uri_absolute("") && !schema_uri_absolute("//x") && !schema_uri_absolute("1a:b"), "without");
}

static void
test_tokens(void)
{
	const char *at = "/a~1b/~0/~01//0";
	static const char *const want[] = { "a/b", "~", "~1", "", "0", NULL };
	size_t i;

	for (i = 0; i < LEN(want); i++)
		is_str(schema_uri_token(&mem, &at), want[i], "token %zu", i);
	is_str(at, "", "the end is reached");
	at = "a";
	is_str(schema_uri_token(&mem, &at), NULL, "what begins without a slash has none");
	is_str(at, "a", "and stays where it is");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 20);
	test_rfc();
	test_others();
	test_tokens();
	arena_close(&mem);
	return tap_done();
}
