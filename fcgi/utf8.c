/* utf8: RFC 3629, so no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "utf8.h"

static bool
tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

static size_t
step_two(const unsigned char *s, uint32_t *code)
{
	if (!tail(s[1]))
		return 0;
	*code = (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
	return *code >= 0x80 ? 2 : 0;
}

static size_t
step_three(const unsigned char *s, uint32_t *code)
{
	if (!tail(s[1]) || !tail(s[2]))
		return 0;
	*code = (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F);
	return *code >= 0x800 && (*code < 0xD800 || *code > 0xDFFF) ? 3 : 0;
}

static size_t
step_four(const unsigned char *s, uint32_t *code)
{
	if (!tail(s[1]) || !tail(s[2]) || !tail(s[3]))
		return 0;
	*code = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 |
	    (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
	return *code >= 0x10000 && *code <= 0x10FFFF ? 4 : 0;
}

size_t
utf8_step(const char *s, size_t n, uint32_t *code)
{
	const unsigned char *u = (const unsigned char *)s;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*code = u[0];
		return 1;
	}
	if (n >= 2 && (u[0] & 0xE0) == 0xC0)
		return step_two(u, code);
	if (n >= 3 && (u[0] & 0xF0) == 0xE0)
		return step_three(u, code);
	if (n >= 4 && (u[0] & 0xF8) == 0xF0)
		return step_four(u, code);
	return 0;
}

bool
utf8_valid(const char *s, size_t n)
{
	size_t at = 0, step;
	uint32_t code;

	while (at < n) {
		if ((signed char)s[at] >= 0) {
			at++;
			continue;
		}
		step = utf8_step(s + at, n - at, &code);
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

int64_t
utf8_count(const char *s, size_t n)
{
	int64_t count = 0;

	while (n-- > 0)
		count += !tail((unsigned char)*s++);
	return count;
}

size_t
utf8_cut(const char *s, size_t most)
{
	size_t n = strnlen(s, most + 1);

	if (n <= most)
		return n;
	for (n = most; n > 0 && tail((unsigned char)s[n]); n--)
		;
	return n;
}

bool
utf8_hidden(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7F && code < 0xA0) ||
	    (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
	    (code >= 0xE0000 && code <= 0xE007F);
}

size_t
utf8_put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}
