/* adapt: what clients of each revision get to see. */
#include "adapt.h"
#include "tap.h"

static struct arena mem;

static struct json_object *
parse(const char *text)
{
	return json_parse(&mem, text, strlen(text), 32);
}

static const char *
face(const char *text, const char *version)
{
	return json_plain(adapt_face(&mem, parse(text), adapt_face_number(version)), NULL);
}

static const char *
block(const char *text, const char *version)
{
	return json_plain(adapt_block(&mem, parse(text), version), NULL);
}

static void
test_faces(void)
{
	static const char all[] = "{\"name\":\"t\",\"title\":\"T\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":true,"
	    "\"const\":{\"type\":\"object\",\"properties\":{\"b\":false}}},\"default\":{\"properties\":{\"c\":true}}},"
	    "\"outputSchema\":{\"type\":\"object\",\"properties\":{\"x\":{}}},\"icons\":[]}";
	static const char list[] = "{\"name\":\"t\",\"outputSchema\":{\"type\":\"array\"}}";

	is_str(face(all, "2026-07-28"), all, "the newest revision sees a tool as it is");
	is_str(face(all, ""), all, "and so does one that is not known");
	is_str(face(all, "2025-11-25"), "{\"name\":\"t\",\"title\":\"T\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{},"
	    "\"const\":{\"type\":\"object\",\"properties\":{\"b\":{\"not\":{}}}}},\"default\":{\"properties\":{\"c\":true}}},"
	    "\"outputSchema\":{\"type\":\"object\",\"properties\":{\"x\":{}}},\"icons\":[]}", "older ones: each property has an object, values stay");
	is_str(face(all, "2025-06-18"), face(all, "2025-11-25"), "one face for both that have structured content");
	is_str(face(all, "2025-03-26"), "{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{},"
	    "\"const\":{\"type\":\"object\",\"properties\":{\"b\":{\"not\":{}}}}},\"default\":{\"properties\":{\"c\":true}}}}",
	    "before that there were no titles, icons and outputSchema");
	is_str(face(all, "2024-11-05"), face(all, "2025-03-26"), "nor in the first revision");
	is_str(face(list, "2026-07-28"), list, "an outputSchema that is no object");
	is_str(face(list, "2025-11-25"), "{\"name\":\"t\"}", "is for the newest only");
}

static void
test_blocks(void)
{
	static const char link[] = "{\"type\":\"resource_link\",\"uri\":\"a:b\",\"name\":\"B\"}";
	static const char audio[] = "{\"type\":\"audio\",\"data\":\"AAAA\",\"mimeType\":\"audio/wav\"}";
	static const char text[] = "{\"type\":\"text\",\"text\":\"x\"}";

	is_str(block(link, "2026-07-28"), link, "a link");
	is_str(block(link, "2025-06-18"), link, "stays one as far back as there were some");
	is_str(block(link, "2025-03-26"), "{\"type\":\"text\",\"text\":\"B: a:b\"}", "then it is text");
	is_str(block(audio, "2025-03-26"), audio, "audio");
	is_str(block(audio, "2024-11-05"), "{\"type\":\"resource\",\"resource\":{\"uri\":\"audio://content\",\"mimeType\":\"audio/wav\","
	    "\"blob\":\"AAAA\"}}", "is a resource in the first revision");
	is_str(block(text, "2024-11-05"), text, "text is text");
	ok(adapt_progress_says("2025-03-26") && !adapt_progress_says("2024-11-05"), "progress has no message in the first revision");
}

static void
test_structured(void)
{
	struct json_object *object = parse("{\"type\":\"object\"}"), *list = parse("{\"type\":\"array\"}");

	ok(!adapt_structures("2026-07-28", NULL), "without outputSchema there is no structured content");
	ok(adapt_structures("2026-07-28", list) && adapt_structures("2026-07-28", object), "the newest revision takes any");
	ok(adapt_structures("2025-06-18", object) && !adapt_structures("2025-11-25", list), "older ones take objects");
	ok(!adapt_structures("2025-03-26", object), "still older ones none");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 24);
	test_faces();
	test_blocks();
	test_structured();
	arena_close(&mem);
	return tap_done();
}
