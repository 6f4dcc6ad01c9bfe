/* uri: templates that are read and those that are not, and what fits them. */
#include "uri.h"
#include "json.h"
#include "tap.h"

static struct arena mem;

static const char *
refusal(const char *text)
{
	struct uri_template t;
	const char *why = "";

	return uri_template_read(&mem, text, &t, &why) == 0 ? "" : why;
}

/* The values as JSON; "" : it does not fit. */
static const char *
values(const char *template, const char *uri)
{
	struct uri_template t;
	struct json_object *o;
	const char *why;

	if (uri_template_read(&mem, template, &t, &why) != 0)
		return why;
	o = uri_match(&mem, &t, uri);
	return o ? json_plain(o, NULL) : "";
}

static void
test_templates(void)
{
	is_str(refusal("a://b/{c}"), "", "one name");
	is_str(refusal("a:{b}"), "", "a scheme is enough");
	ok(strstr(refusal("a://b"), "no {name}"), "no name");
	ok(strstr(refusal("/b/{c}"), "a scheme"), "no scheme");
	ok(strstr(refusal("a://b/{c} d"), "a scheme"), "a space");
	ok(strstr(refusal("a://b/{c"), "no partner"), "a brace open");
	ok(strstr(refusal("a://b/c}"), "no partner"), "a brace closed");
	ok(strstr(refusal("a://b/{}"), "level 1"), "an empty name");
	ok(strstr(refusal("a://b/{+c}"), "level 1"), "level 2");
	ok(strstr(refusal("a://b{?c,d}"), "level 1"), "level 3");
	ok(strstr(refusal("a://b/{c:3}"), "level 1"), "level 4");
	ok(strstr(refusal("a://b/{c*}"), "level 1"), "an exploded one");
	ok(strstr(refusal("a://b/{c}{d}"), "nothing between"), "two names that touch");
	ok(strstr(refusal("a://b/{c}/{c}"), "twice"), "a name twice");
	ok(strstr(refusal("a://{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"), "more than 8"), "nine names");
}

static void
test_values(void)
{
	static const char one[] = "a://b/{id}", two[] = "a://b/{id}/runs/{run}", dot[] = "a://b/{x}.{y}";

	is_str(values(one, "a://b/42"), "{\"id\":\"42\"}", "a value");
	is_str(values(one, "a://b/%41%2Fb%20c"), "{\"id\":\"A/b c\"}", "percent-encoded");
	is_str(values(one, "a://b/\xC3\xA4%C3%A4"), "{\"id\":\"\xC3\xA4\xC3\xA4\"}", "UTF-8, plain and encoded");
	is_str(values(two, "a://b/1/runs/2"), "{\"id\":\"1\",\"run\":\"2\"}", "two values");
	is_str(values(dot, "a://b/1.2.3"), "{\"x\":\"1\",\"y\":\"2.3\"}", "a value ends where what follows begins");
	is_str(values(dot, "a://b/..x"), "{\"x\":\".\",\"y\":\"x\"}", "but has a character");
	is_str(values("a://{x}/end", "a://1/end"), "{\"x\":\"1\"}", "something behind it");
	is_str(values("a://{x}/end", "a://1/en"), "", "which must be whole");
	is_str(values("a://{x}/end", "a://1/end/"), "", "and the end");
	is_str(values(one, "a://b/"), "", "no value");
	is_str(values(one, "a://b"), "", "too short");
	is_str(values(one, "a://B/1"), "", "another letter");
	is_str(values(one, "a://b/1/2"), "", "a slash ends a value");
	is_str(values(one, "a://b/1?x"), "", "so does a query");
	is_str(values(one, "a://b/1#x"), "", "or a fragment");
	is_str(values(two, "a://b/1/2/runs/3"), "", "none goes over a slash to what follows");
	is_str(values(one, "a://b/%"), "", "half an escape");
	is_str(values(one, "a://b/%4"), "", "two thirds of one");
	is_str(values(one, "a://b/%zz"), "", "no hexadecimal digits");
	is_str(values(one, "a://b/x%00"), "", "NUL");
	is_str(values(one, "a://b/x%0A"), "", "a line break");
	is_str(values(one, "a://b/%7f"), "", "DEL");
	is_str(values(one, "a://b/%FF"), "", "no UTF-8");
	is_str(values(one, "a://b/%C3"), "", "half a character");
}

static void
test_caps(void)
{
	char long_value[URI_VALUE_MAX + 2], *whole;
	char *long_uri = arena_take(&mem, 3 * URI_MAX);

	memset(long_value, 'x', sizeof(long_value));
	long_value[URI_VALUE_MAX] = '\0';
	whole = arena_fmt(&mem, "a://b/%s", long_value);
	ok(*values("a://b/{id}", whole), "the longest value");
	ok(!*values("a://b/{id}", arena_fmt(&mem, "%sx", whole)), "one more");
	memset(long_uri, '.', 2 * URI_MAX);
	memcpy(long_uri, "a://", 4);
	long_uri[URI_MAX] = '\0';
	ok(uri_is_absolute(long_uri), "the longest URI");
	long_uri[URI_MAX] = '.';
	long_uri[URI_MAX + 1] = '\0';
	ok(!uri_is_absolute(long_uri), "one more");
}

int
main(void)
{
	arena_init(&mem, 4096, 1 << 22);
	test_templates();
	test_values();
	test_caps();
	ok(uri_is_absolute("urn:x") && uri_is_absolute("a+b-c.d://x"), "absolute ones");
	ok(!uri_is_absolute("x") && !uri_is_absolute(":x") && !uri_is_absolute("1a:x") && !uri_is_absolute("a:") &&
	    !uri_is_absolute("") && !uri_is_absolute("a:b\n"), "others");
	arena_close(&mem);
	return tap_done();
}
