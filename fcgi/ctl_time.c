/* ctl_time: a number with a unit, or RFC 3339, section 5.6. */
#include "ctl_time.h"

#define FURTHEST_S (INT64_C(36525) * 86400)	/* a hundred years */

static const struct {
	char    letter;
	int64_t seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

static int
parse_span(char out[BASE_STAMP_MAX], const char *text, int64_t wall_us)
{
	size_t len = strlen(text), i;
	char number[16];
	int64_t n;

	if (len < 2 || len > sizeof(number))
		return -1;
	memcpy(number, text, len - 1);
	number[len - 1] = '\0';
	for (i = 0; i < LEN(units) && units[i].letter != text[len - 1]; i++)
		;
	if (i == LEN(units) || base_number(number, -FURTHEST_S / units[i].seconds, FURTHEST_S / units[i].seconds, &n) != 0)
		return -1;
	base_stamp(out, wall_us + n * units[i].seconds * 1000000);
	return 0;
}

/* Where shape has 0 a digit stands, where it has T or - or : that very character. */
static bool
has_shape(const char *text, const char *shape)
{
	for (; *shape; text++, shape++)
		if (*shape == '0' ? !isdigit((unsigned char)*text) : *text != *shape)
			return false;
	return true;
}

/* Behind the seconds: a fraction perhaps, then Z or an offset, then nothing. */
static bool
ends_well(const char *text)
{
	if (*text == '.') {
		size_t digits = strspn(text + 1, "0123456789");

		if (digits == 0 || digits > 6)
			return false;
		text += 1 + digits;
	}
	if (strcmp(text, "Z") == 0)
		return true;
	return (*text == '+' || *text == '-') && has_shape(text + 1, "00:00") && text[6] == '\0';
}

/* The calendar is PostgreSQL's matter; the 31st of February is refused there. */
static int
parse_stamp(char out[BASE_STAMP_MAX], const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00";

	if (!has_shape(text, shape) || !ends_well(text + strlen(shape)))
		return -1;
	snprintf(out, BASE_STAMP_MAX, "%s", text);
	return 0;
}

int
ctl_time_parse(char out[BASE_STAMP_MAX], const char *text, int64_t wall_us)
{
	return strchr(text, 'T') ? parse_stamp(out, text) : parse_span(out, text, wall_us);
}
