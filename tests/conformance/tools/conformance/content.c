/* content: the fixtures that answer with blocks. */
#include "toolkit.h"

TOOLKIT;

/* One red pixel. */
static const unsigned char png[] = {
	0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0,
	0x90, 0x77, 0x53, 0xDE, 0, 0, 0, 12, 'I', 'D', 'A', 'T', 0x08, 0xD7, 0x63, 0xF8, 0xCF, 0xC0, 0, 0, 3, 1, 1, 0, 0x18,
	0xDD, 0x8D, 0xB0, 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82,
};

/* A wave file of eight silent samples. */
static const unsigned char wav[] = {
	'R', 'I', 'F', 'F', 44, 0, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0,
	0x40, 0x1F, 0, 0, 1, 0, 8, 0, 'd', 'a', 't', 'a', 8, 0, 0, 0, 128, 128, 128, 128, 128, 128, 128, 128,
};

int tool_test_image_content(struct request *rq, struct json_object *args);
int tool_test_audio_content(struct request *rq, struct json_object *args);
int tool_test_embedded_resource(struct request *rq, struct json_object *args);
int tool_test_multiple_content_types(struct request *rq, struct json_object *args);
int tool_test_reconnection(struct request *rq, struct json_object *args);
int prompt_test_prompt_with_image(struct request *rq, struct json_object *args);

int
tool_test_image_content(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_image(rq, "image/png", png, sizeof(png));
	return toolkit_done(rq, NULL);
}

int
tool_test_audio_content(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_audio(rq, "audio/wav", wav, sizeof(wav));
	return toolkit_done(rq, NULL);
}

int
tool_test_embedded_resource(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_embed(rq, "test://embedded-resource", "text/plain", "This is an embedded resource content.");
	return toolkit_done(rq, NULL);
}

int
tool_test_multiple_content_types(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_text(rq, "Multiple content types test:");
	toolkit_image(rq, "image/png", png, sizeof(png));
	toolkit_embed(rq, "test://mixed-content-resource", "application/json", "{\"test\":\"data\",\"value\":123}");
	return toolkit_done(rq, NULL);
}

int
tool_test_reconnection(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_text(rq, "Nothing was interrupted, so there is nothing to resume.");
	return toolkit_done(rq, NULL);
}

int
prompt_test_prompt_with_image(struct request *rq, struct json_object *args)
{
	(void)args;
	toolkit_image(rq, "image/png", png, sizeof(png));
	toolkit_text(rq, "Please analyze the image above.");
	return toolkit_done(rq, NULL);
}
