/* resource_file: what in resources.json stops a start, and what comes of the rest. */
#include "resource_file.h"
#include "folder.h"

#define FILE "resources.json"
#define ONE(members) "{\"resources\":[{\"uri\":\"a:b\",\"name\":\"n\"" members "}]}"
#define MANY(members) "{\"templates\":[{\"uriTemplate\":\"a:b/{id}\",\"name\":\"n\"" members "}]}"

static void
test_file(void)
{
	is_str(folder_refusal(), "", "a folder without the file");
	is_int(folder.all.at[0].resources.n, 0, "has no resources");
	folder_refuses(FILE, "[]", "expected an object");
	folder_refuses(FILE, "{\"resource\":[]}", "unknown member \"resource\"");
	folder_refuses(FILE, "{\"resources\":{}}", "resources: expected an array");
	folder_refuses(FILE, "{\"resources\":[7]}", "resources[0]: expected an object");
	folder_refuses(FILE, "{\"templates\":null}", "templates: expected an array");
}

static void
test_resources(void)
{
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"colour\":1"), "a:b: unknown member \"colour\"");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"list\":\"x\""), "unknown member \"list\"");
	folder_refuses(FILE, ONE(",\"text\":7"), "text: expected a text");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"title\":\"\""), "title: is empty");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"size\":-1"), "size: expected 0 to");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"icons\":{}"), "icons: expected an array");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"icons\":[7]"), "a:b: icons: [0] must be an object");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"annotations\":{\"priority\":2}"), "a:b: annotations: priority must be at most 1");
	folder_refuses(FILE, ONE(",\"file\":\"none.txt\",\"mimeType\":\"text/plain\""), "a:b: ");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"scope\":[]"), "scope: expected a word");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"ttl_ms\":86400001"), "ttl_ms: expected 0 to 86400000");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"timeout_ms\":5001"), "timeout_ms: expected 1 to 5000");
	folder_refuses(FILE, ONE(""), "exactly one of text, file, sql");
	folder_refuses(FILE, ONE(",\"text\":\"x\",\"sql\":\"x\""), "exactly one of text, file, sql");
	folder_refuses(FILE, "{\"resources\":[{\"name\":\"n\",\"text\":\"x\"}]}", "uri: must be there");
	folder_refuses(FILE, "{\"resources\":[{\"uri\":\"a:b\",\"text\":\"x\"}]}", "name: must be there");
	folder_refuses(FILE, "{\"resources\":[{\"uri\":\"b\",\"name\":\"n\",\"text\":\"x\"}]}", "uri: expected a URI with a scheme");
	folder_refuses(FILE, "{\"resources\":[{\"uri\":\"a:b\",\"name\":\"n\",\"text\":\"x\"},{\"uri\":\"a:b\",\"name\":\"m\",\"text\":\"x\"}]}",
	    "a:b: stands in the file twice");
	folder_refuses(FILE, ONE(",\"file\":\"x.bin\""), "mimeType: goes with file");
	folder_refuses(FILE, ONE(",\"file\":\"../x\",\"mimeType\":\"text/plain\""), "a file in the same folder");
	folder_put(FILE, ONE(",\"file\":\"gone.bin\",\"mimeType\":\"image/png\""));
	ok(strstr(folder_refusal(), "gone.bin: No such file"), "a file that is not there: %s", folder_refusal());
	folder_put(FILE, ONE(",\"sql\":\"gone\""));
	ok(strstr(folder_refusal(), "gone.sql: No such file"), "a statement that is not there: %s", folder_refusal());
	folder_refuses(FILE, ONE(",\"sql\":\"a/b\""), "the stem of an SQL file");
	folder_put("bad.txt", "\xFF");
	folder_refuses(FILE, ONE(",\"file\":\"bad.txt\",\"mimeType\":\"text/plain\""), "is no text in UTF-8");
}

static void
test_templates(void)
{
	folder_put("get.sql", "select 1");
	folder_refuses(FILE, MANY(""), "sql: must be there");
	folder_refuses(FILE, MANY(",\"sql\":\"get\",\"text\":\"x\""), "unknown member \"text\"");
	folder_refuses(FILE, MANY(",\"sql\":\"get\",\"complete\":[]"), "complete: expected an object");
	folder_refuses(FILE, MANY(",\"sql\":\"get\",\"complete\":{\"x\":\"get\"}"), "complete.x: uriTemplate has no such name");
	folder_refuses(FILE, MANY(",\"sql\":\"get\",\"complete\":{\"id\":7}"), "complete.id: expected the stem");
	folder_refuses(FILE, "{\"templates\":[{\"uriTemplate\":\"a:b\",\"name\":\"n\",\"sql\":\"get\"}]}", "uriTemplate: has no {name}");
	folder_refuses(FILE, "{\"templates\":[{\"uriTemplate\":\"a:{+b}\",\"name\":\"n\",\"sql\":\"get\"}]}", "uriTemplate: expected names");
	folder_refuses(FILE, "{\"templates\":[{\"uriTemplate\":\"a:{uri}\",\"name\":\"n\",\"sql\":\"get\"}]}", "names that statements have already");
}

static void
test_loaded(void)
{
	const struct resources *all;

	folder_put("x.bin", "\x01\x02");
	folder_put(FILE, "{\"resources\":["
	    "{\"uri\":\"a:z\",\"name\":\"z\",\"text\":\"\\\"zz\",\"scope\":[\"one\",\"two\"],\"feature\":\"f\",\"ttl_ms\":5},"
	    "{\"name\":\"b\",\"uri\":\"a:b\",\"file\":\"x.bin\",\"mimeType\":\"image/png\"},"
	    "{\"uri\":\"a:c\",\"name\":\"c\",\"sql\":\"get\"}],"
	    "\"templates\":[{\"uriTemplate\":\"a:b/{id}/{other}\",\"name\":\"t\",\"title\":\"T\",\"sql\":\"get\",\"scope\":\"three\",\"list\":\"get\",\"complete\":{\"other\":\"get\"}}]}");
	is_str(folder_refusal(), "", "a whole file loads");
	all = &folder.all.at[0].resources;
	is_int(all->n, 4, "four entries");
	is_int(all->fixed, 3, "three with a URI of their own");
	is_str(all->at[0].uri, "a:b", "sorted by URI");
	is_str(all->at[0].contents, "[{\"uri\":\"a:b\",\"mimeType\":\"image/png\",\"blob\":\"AQI=\"}]", "a file of bytes");
	is_str(all->at[0].face, "{\"uri\":\"a:b\",\"name\":\"b\",\"mimeType\":\"image/png\",\"size\":2}", "its face, with its size");
	ok(!all->at[1].contents && all->at[1].ask.statement.id, "one that a statement makes");
	is_str(all->at[2].contents, "[{\"uri\":\"a:z\",\"text\":\"\\\"zz\"}]", "a text");
	is_str(all->at[2].face, "{\"uri\":\"a:z\",\"name\":\"z\",\"size\":3}", "back members do not go out");
	is_int(all->at[2].ttl_ms, 5, "ttl_ms");
	is_int(all->at[2].ask.scope.n, 2, "any of two scopes");
	is_str(all->at[2].ask.feature, "f", "a feature");
	ok(all->at[3].many && all->at[3].pattern.vars == 2, "the template comes last");
	ok(tool_gives(&all->at[3].ask, "id") && tool_gives(&all->at[3].ask, "uri") && !tool_gives(&all->at[3].ask, "value"),
	    "its statement gets the values and the URI");
	ok(tool_gives(&all->at[3].complete[0].ask, "id") && tool_gives(&all->at[3].complete[0].ask, "value"), "a completion gets value too");
	is_str(all->at[3].complete[0].argument, "other", "of its argument");
	is_str(all->at[3].list.result.page[0], "name", "a list is paged by name");
	ok(all->at[3].list.statement.id != all->at[3].ask.statement.id, "each statement has an id of its own");
	is_int(folder.all.at[0].scopes.n, 3, "their scopes are the catalog's");
	is_int(folder.all.at[0].entries, 6, "what runs or is asked about is an entry");
	ok(folder.all.at[0].completes, "and it completes");
}

int
main(void)
{
	folder_init();
	test_file();
	test_resources();
	test_templates();
	test_loaded();
	return folder_done();
}
