/*
 * utf8: is it UTF-8 (RFC 3629), and what in it must not reach a model.
 */
#ifndef UTF8_H
#define UTF8_H

#include "base.h"

/* Length of the valid character at s, 1 to 4, or 0: no valid character starts there. */
size_t utf8_step(const char *s, size_t n, uint32_t *code);

/* Are all n bytes valid UTF-8? */
bool utf8_valid(const char *s, size_t n);

/* How many characters the n bytes are, which are valid. */
int64_t utf8_count(const char *s, size_t n);

/* Bytes of a valid text, at most `most`, that end with a character. */
size_t utf8_cut(const char *s, size_t most);

/*
 * Must the character be dropped from results?  Controls but tab and line feed, tag characters
 * (U+E0000 to U+E007F), which hide text from people but not from models, and bidirectional
 * overrides and isolates, which show text in another order than it is read.
 */
bool utf8_hidden(uint32_t code);

/* Writes code at out (4 bytes of room) and returns how many bytes it took. */
size_t utf8_put(char *out, uint32_t code);

#endif
