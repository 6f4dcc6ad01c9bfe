/*
 * crypt: digests, random numbers, ids, the form of API keys.
 *
 * The one user of libcrypto.  Knows what a key looks like; whose it is, the database knows.
 */
#ifndef CRYPT_H
#define CRYPT_H

#include "arena.h"

#define CRYPT_HASH	32	/* bytes of SHA-256 */
#define CRYPT_UUID	37	/* a uuid as text, with its NUL */
#define CRYPT_KEY_MAX	96	/* an API key as text, with its NUL */

/* What must not be printed has its own type: %s of it is a compiler error. */
struct secret {
	char text[128];
};

struct crypt_key {
	unsigned char byte[64];
	size_t        len;	/* 32 to 64 */
};

void crypt_sha256(unsigned char out[CRYPT_HASH], const void *bytes, size_t n);
void crypt_hmac(unsigned char out[CRYPT_HASH], const struct crypt_key *key, const void *bytes, size_t n);

/*
 * AES-256-GCM with a key derived from `key`.  crypt_seal() gives nonce, text, tag: CRYPT_SEAL_MORE
 * bytes more than n.  crypt_open() gives n - CRYPT_SEAL_MORE bytes and a NUL, or NULL: altered, or
 * sealed under another key or `bound` text.
 */
#define CRYPT_SEAL_MORE	28
unsigned char *crypt_seal(struct arena *mem, const struct crypt_key *key, const void *bytes, size_t n,
    const char *bound) must_use;
unsigned char *crypt_open(struct arena *mem, const struct crypt_key *key, const void *bytes, size_t n,
    const char *bound) must_use;

/* Constant time. */
bool crypt_same(const void *a, const void *b, size_t n);

/* Fills from the system's generator, through a pool of this process. */
void crypt_random(void *out, size_t n);

/* A uuid of version 7 (RFC 9562): ordered by time, 74 random bits. */
void crypt_uuid(char out[CRYPT_UUID]);

/* Is the text a uuid in its usual form (8-4-4-4-12 hexadecimal digits)? */
bool crypt_is_uuid(const char *text);

/* Lower case hexadecimal, with NUL: 2 * n + 1 bytes. */
void crypt_hex(char *out, const unsigned char *bytes, size_t n);

/* base64 with padding (RFC 4648, section 4), in mem; n is below INT_MAX. */
char *crypt_base64(struct arena *mem, const void *bytes, size_t n);

/* base64url without padding (RFC 4648, section 5), in mem. */
char *crypt_base64url(struct arena *mem, const void *bytes, size_t n);

/* The bytes behind base64url text, with a NUL added; NULL: not canonical. */
unsigned char *crypt_base64url_decode(struct arena *mem, const char *text, size_t n, size_t *len);

/* The bytes behind padded base64 text (RFC 4648, section 4); NULL: not canonical. */
unsigned char *crypt_base64_decode(struct arena *mem, const char *text, size_t n, size_t *len);

/* Makes <prefix>_<43 base62 characters><6 of checksum>.  The prefix has at most 16 characters. */
void crypt_key_make(struct secret *out, const char *prefix);

/* Has the text this form and a right checksum?  Noise is refused here, before any query. */
bool crypt_key_plausible(const char *text, const char *prefix);

/* Reads a key file of 32 bytes or more (the first 64 count).  0, or -1 with a sentence in *why. */
int crypt_key_file(struct arena *mem, struct crypt_key *key, const char *path, const char **why) must_use;

/* After a fork: the children must not share the pool of random numbers. */
void crypt_forked(void);

#endif
