/* form: which schemas are forms, and what fits them. */
#include "form.h"
#include "tap.h"

static struct arena mem;

static struct json_object *
parse(const char *json)
{
	return json_parse(&mem, json, strlen(json), 16);
}

#define FORM(fields) "{\"type\":\"object\",\"properties\":{" fields "}}"

static const char *const forms[] = {
	FORM(""),
	FORM("\"a\":{\"type\":\"string\",\"title\":\"A\",\"description\":\"d\",\"default\":\"x\",\"minLength\":1,\"maxLength\":9,\"format\":\"email\"}"),
	FORM("\"a\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9,\"default\":3},\"b\":{\"type\":\"number\",\"default\":95.5}"),
	FORM("\"a\":{\"type\":\"boolean\",\"default\":true}"),
	FORM("\"a\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"],\"enumNames\":[\"X\",\"Y\"]}"),
	FORM("\"a\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"x\",\"title\":\"X\"}]}"),
	FORM("\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"x\"]},\"minItems\":1,\"maxItems\":2,\"default\":[\"x\"]}"),
	FORM("\"a\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"x\",\"title\":\"X\"}]}}"),
	"{\"$schema\":\"s\",\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}",
};

static const struct {
	const char *schema, *flaw;
} flawed[] = {
	{ "[]", "a form is an object with properties" },
	{ "{\"type\":\"string\"}", "a form is an object with properties" },
	{ "{\"type\":\"object\"}", "a form is an object with properties" },
	{ "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}", "a form knows no additionalProperties" },
	{ "{\"type\":\"object\",\"properties\":{},\"required\":[\"a\"]}", "required: there is no field a" },
	{ "{\"type\":\"object\",\"properties\":{},\"required\":\"a\"}", "required must be an array of names" },
	{ FORM("\"a\":{}"), "a: type must be string, integer, number, boolean or array" },
	{ FORM("\"a\":null"), "a: type must be string, integer, number, boolean or array" },
	{ FORM("\"a\":{\"type\":\"object\",\"properties\":{}}"), "a: type must be string, integer, number, boolean or array" },
	{ FORM("\"a\":{\"type\":\"string\",\"pattern\":\"x\"}"), "a: a form knows no pattern in a field of type string" },
	{ FORM("\"a\":{\"type\":\"string\",\"min\":1}"), "a: a form knows no min in a field of type string" },
	{ FORM("\"a\":{\"type\":\"string\",\"\":1}"), "a: a form knows no  in a field of type string" },
	{ FORM("\"a\":{\"type\":\"string\",\"title description\":1}"), "a: a form knows no title description in a field of type string" },
	{ FORM("\"a\":{\"type\":\"string\",\"format\":\"\"}"), "a: format must be email, uri, date or date-time" },
	{ FORM("\"a\":{\"type\":\"boolean\",\"enum\":[\"x\"]}"), "a: a form knows no enum in a field of type boolean" },
	{ FORM("\"a\":{\"type\":\"string\",\"format\":\"ipv4\"}"), "a: format must be email, uri, date or date-time" },
	{ FORM("\"a\":{\"type\":\"string\",\"enum\":[]}"), "a: enum must be an array of texts" },
	{ FORM("\"a\":{\"type\":\"string\",\"enum\":[\"x\"],\"enumNames\":[\"X\",\"Y\"]}"), "a: enumNames must have a text for each of enum" },
	{ FORM("\"a\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"x\"}]}"),
	  "a: oneOf must be an array of objects with const and title, and there is no enum beside it" },
	{ FORM("\"a\":{\"type\":\"array\"}"), "a: items must be texts with an enum, or have anyOf with objects of const and title" },
	{ FORM("\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
	  "a: items must be texts with an enum, or have anyOf with objects of const and title" },
};

static const char all[] = "{\"type\":\"object\",\"properties\":{"
    "\"s\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":3},\"i\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},"
    "\"n\":{\"type\":\"number\",\"maximum\":1.5},\"b\":{\"type\":\"boolean\"},\"e\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"]},"
    "\"t\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"x\",\"title\":\"X\"}]},"
    "\"m\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"]},\"minItems\":1,\"maxItems\":2},"
    "\"k\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"x\",\"title\":\"X\"}]}}},\"required\":[\"s\"]}";

static const struct {
	const char *content;
	bool        fits;
} contents[] = {
	{ "{\"s\":\"ab\"}", true }, { "{\"s\":\"äöü\"}", true }, { "{\"s\":\"ab\",\"more\":{}}", true },
	{ "{}", false }, { "[]", false }, { "\"ab\"", false }, { "{\"s\":null}", false },
	{ "{\"s\":\"a\"}", false }, { "{\"s\":\"äöüß\"}", false }, { "{\"s\":12}", false },
	{ "{\"s\":\"ab\",\"i\":1}", true }, { "{\"s\":\"ab\",\"i\":9.0}", true }, { "{\"s\":\"ab\",\"i\":0}", false },
	{ "{\"s\":\"ab\",\"i\":10}", false }, { "{\"s\":\"ab\",\"i\":1.5}", false }, { "{\"s\":\"ab\",\"i\":\"1\"}", false },
	{ "{\"s\":\"ab\",\"n\":1.5}", true }, { "{\"s\":\"ab\",\"n\":1.6}", false }, { "{\"s\":\"ab\",\"n\":true}", false },
	{ "{\"s\":\"ab\",\"b\":false}", true }, { "{\"s\":\"ab\",\"b\":\"false\"}", false }, { "{\"s\":\"ab\",\"b\":0}", false },
	{ "{\"s\":\"ab\",\"b\":null}", false }, { "{\"s\":\"ab\",\"m\":null}", false },
	{ "{\"s\":\"ab\",\"e\":\"y\"}", true }, { "{\"s\":\"ab\",\"e\":\"z\"}", false },
	{ "{\"s\":\"ab\",\"t\":\"x\"}", true }, { "{\"s\":\"ab\",\"t\":\"X\"}", false },
	{ "{\"s\":\"ab\",\"m\":[\"x\",\"y\"]}", true }, { "{\"s\":\"ab\",\"m\":[]}", false }, { "{\"s\":\"ab\",\"m\":[\"z\"]}", false },
	{ "{\"s\":\"ab\",\"m\":[\"x\",\"y\",\"x\"]}", false }, { "{\"s\":\"ab\",\"m\":\"x\"}", false }, { "{\"s\":\"ab\",\"m\":[1]}", false },
	{ "{\"s\":\"ab\",\"k\":[\"x\"]}", true }, { "{\"s\":\"ab\",\"k\":[\"X\"]}", false }, { "{\"s\":\"ab\",\"k\":[]}", true },
};

int
main(void)
{
	struct json_object *form;
	size_t i;

	arena_init(&mem, 65536, 1 << 24);
	for (i = 0; i < LEN(forms); i++)
		is_str(form_flaw(&mem, parse(forms[i])), NULL, "a form: %s", forms[i]);
	for (i = 0; i < LEN(flawed); i++)
		is_str(form_flaw(&mem, parse(flawed[i].schema)), flawed[i].flaw, "no form: %s", flawed[i].schema);
	is_str(form_flaw(&mem, NULL), "a form is an object with properties", "nothing at all");
	form = parse(all);
	is_str(form_flaw(&mem, form), NULL, "one with everything");
	for (i = 0; i < LEN(contents); i++)
		ok(form_fits(form, parse(contents[i].content)) == contents[i].fits, "%s %s", contents[i].content,
		    contents[i].fits ? "fits" : "does not fit");
	ok(!form_fits(form, NULL) && form_fits(parse(forms[3]), NULL), "no content is none of what is required");
	ok(form_is_old(parse(forms[4])) && !form_is_old(parse(forms[5])) && !form_is_old(parse(forms[6])), "what 2025-06-18 knew");
	arena_close(&mem);
	return tap_done();
}
