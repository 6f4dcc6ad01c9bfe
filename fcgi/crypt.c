/* crypt: thin over libcrypto and getrandom(). */
#include "crypt.h"
#include "log.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define KEY_BODY	43	/* 43 base62 characters carry 256 bits */
#define KEY_CHECK	6	/* 62^6 > 2^32 */
#define PREFIX_MAX	16

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static struct {
	unsigned char byte[512];
	size_t        left;
} pool;	/* random bytes not yet used; of this process */

void
crypt_sha256(unsigned char out[CRYPT_HASH], const void *bytes, size_t n)
{
	static EVP_MD_CTX *ctx;	/* made once: making it costs more than hashing a key */

	if (!ctx)
		ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 || EVP_DigestUpdate(ctx, bytes, n) != 1 ||
	    EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		bug("SHA-256 failed");
}

void
crypt_hmac(unsigned char out[CRYPT_HASH], const struct crypt_key *key, const void *bytes, size_t n)
{
	unsigned int len = CRYPT_HASH;

	if (!HMAC(EVP_sha256(), key->byte, (int)key->len, bytes, n, out, &len))
		bug("HMAC-SHA-256 failed");
}

/* --- sealing ---------------------------------------------------------------------------- */

#define NONCE	12
#define TAG	16

/* One context for all; the file's key is not used itself, so that it may serve other purposes too. */
static EVP_CIPHER_CTX *
cipher_with(const struct crypt_key *key, const unsigned char nonce[NONCE], int encrypt)
{
	static const char purpose[] = "mcp-fpm seal 1";
	static EVP_CIPHER_CTX *ctx;
	unsigned char derived[CRYPT_HASH];

	if (!ctx)
		ctx = EVP_CIPHER_CTX_new();
	crypt_hmac(derived, key, purpose, strlen(purpose));
	if (!ctx || EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, derived, nonce, encrypt) != 1)
		bug("AES-256-GCM failed");
	explicit_bzero(derived, sizeof(derived));
	return ctx;
}

static void
bind_to(EVP_CIPHER_CTX *ctx, const char *bound)
{
	int n;

	if (EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)bound, (int)strlen(bound)) != 1)
		bug("AES-256-GCM failed");
}

unsigned char *
crypt_seal(struct arena *mem, const struct crypt_key *key, const void *bytes, size_t n, const char *bound)
{
	unsigned char *out = arena_take(mem, n + CRYPT_SEAL_MORE);
	EVP_CIPHER_CTX *ctx;
	int got = 0, rest = 0;

	crypt_random(out, NONCE);
	ctx = cipher_with(key, out, 1);
	bind_to(ctx, bound);
	if ((n > 0 && EVP_CipherUpdate(ctx, out + NONCE, &got, bytes, (int)n) != 1) ||
	    EVP_CipherFinal_ex(ctx, out + NONCE + got, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, out + NONCE + n) != 1)
		bug("AES-256-GCM failed");
	return out;
}

unsigned char *
crypt_open(struct arena *mem, const struct crypt_key *key, const void *bytes, size_t n, const char *bound)
{
	const unsigned char *in = bytes;
	unsigned char *out, tag[TAG];
	EVP_CIPHER_CTX *ctx;
	int got = 0, rest = 0;

	if (n < CRYPT_SEAL_MORE)
		return NULL;
	n -= CRYPT_SEAL_MORE;
	out = arena_take(mem, n + 1);
	memcpy(tag, in + NONCE + n, TAG);
	ctx = cipher_with(key, in, 0);
	bind_to(ctx, bound);
	if ((n > 0 && EVP_CipherUpdate(ctx, out, &got, in + NONCE, (int)n) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) != 1 || EVP_CipherFinal_ex(ctx, out + got, &rest) != 1)
		return NULL;
	out[n] = '\0';
	return out;
}

bool
crypt_same(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
crypt_forked(void)
{
	pool.left = 0;
}

void
crypt_random(void *out, size_t n)
{
	if (n > sizeof(pool.byte))
		bug("%zu random bytes at once", n);
	if (pool.left < n) {
		if (getrandom(pool.byte, sizeof(pool.byte), 0) != sizeof(pool.byte))
			bug("getrandom: %s", strerror(errno));
		pool.left = sizeof(pool.byte);
	}
	pool.left -= n;
	memcpy(out, pool.byte + pool.left, n);
	explicit_bzero(pool.byte + pool.left, n);
}

void
crypt_uuid(char out[CRYPT_UUID])
{
	uint64_t ms = (uint64_t)(base_wall_us() / 1000);
	unsigned char b[16];
	char hex[33];
	int i;

	crypt_random(b, sizeof(b));
	for (i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0F));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
	crypt_hex(hex, b, sizeof(b));
	snprintf(out, CRYPT_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

bool
crypt_is_uuid(const char *text)
{
	int i;

	for (i = 0; i < CRYPT_UUID - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[i] == '\0';
}

void
crypt_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static void
swap_chars(char *s, const char *from, const char *to)
{
	const char *p;

	for (; *s; s++)
		if ((p = strchr(from, *s)))
			*s = to[p - from];
}

char *
crypt_base64(struct arena *mem, const void *bytes, size_t n)
{
	char *out = arena_take(mem, 4 * ((n + 2) / 3) + 1);

	EVP_EncodeBlock((unsigned char *)out, bytes, (int)n);
	return out;
}

char *
crypt_base64url(struct arena *mem, const void *bytes, size_t n)
{
	char *out = crypt_base64(mem, bytes, n);
	size_t len = strlen(out);

	while (len > 0 && out[len - 1] == '=')
		len--;
	out[len] = '\0';
	swap_chars(out, "+/", "-_");
	return out;
}

unsigned char *
crypt_base64_decode(struct arena *mem, const char *text, size_t n, size_t *len)
{
	unsigned char *out = arena_take(mem, n / 4 * 3 + 1);
	char *again = arena_take(mem, n + 1);
	size_t pad = 0;

	if (n % 4 != 0 || n > INT_MAX / 2 || memchr(text, '\n', n) || memchr(text, ' ', n))
		return NULL;
	while (pad < 2 && pad < n && text[n - 1 - pad] == '=')
		pad++;
	if (EVP_DecodeBlock(out, (const unsigned char *)text, (int)n) < 0)
		return NULL;
	*len = n / 4 * 3 - pad;
	out[*len] = '\0';
	EVP_EncodeBlock((unsigned char *)again, out, (int)*len);
	return memcmp(again, text, n) == 0 ? out : NULL;	/* one text per value */
}

unsigned char *
crypt_base64url_decode(struct arena *mem, const char *text, size_t n, size_t *len)
{
	size_t padded = (n + 3) / 4 * 4;
	char *copy;

	if (memchr(text, '+', n) || memchr(text, '/', n) || memchr(text, '=', n) || memchr(text, '\0', n))
		return NULL;
	copy = arena_take(mem, padded + 1);
	memcpy(copy, text, n);
	memset(copy + n, '=', padded - n);
	copy[padded] = '\0';
	swap_chars(copy, "-_", "+/");
	return crypt_base64_decode(mem, copy, padded, len);
}

/* --- API keys --------------------------------------------------------------------------- */

static uint32_t
crc32_of(const char *s, size_t n)
{
	uint32_t crc = 0xFFFFFFFF;
	int bit;

	while (n-- > 0)
		for (crc ^= (unsigned char)*s++, bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
	return ~crc;
}

static void
add_checksum(char *key, size_t len)
{
	uint32_t crc = crc32_of(key, len);
	int i;

	for (i = KEY_CHECK - 1; i >= 0; i--, crc /= 62)
		key[len + (size_t)i] = base62[crc % 62];
	key[len + KEY_CHECK] = '\0';
}

void
crypt_key_make(struct secret *out, const char *prefix)
{
	size_t len = (size_t)snprintf(out->text, sizeof(out->text), "%.*s_", PREFIX_MAX, prefix), i = 0;
	unsigned char c;

	while (i < KEY_BODY) {
		crypt_random(&c, 1);
		if (c < 248)		/* 4 * 62: every character equally likely */
			out->text[len + i++] = base62[c % 62];
	}
	add_checksum(out->text, len + KEY_BODY);
}

bool
crypt_key_plausible(const char *text, const char *prefix)
{
	size_t len = strlen(prefix), body = len + 1 + KEY_BODY;
	char again[CRYPT_KEY_MAX];

	if (strlen(text) != body + KEY_CHECK || body + KEY_CHECK >= sizeof(again))
		return false;
	if (memcmp(text, prefix, len) != 0 || text[len] != '_')
		return false;
	memcpy(again, text, body);
	add_checksum(again, body);
	return memcmp(again, text, body + KEY_CHECK) == 0;
}

int
crypt_key_file(struct arena *mem, struct crypt_key *key, const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, key->byte, sizeof(key->byte));
		close(fd);
	}
	if (n < CRYPT_HASH) {
		*why = arena_fmt(mem, "%s: %s", path, fd < 0 ? strerror(errno) : "a key file has 32 bytes or more");
		return -1;
	}
	key->len = (size_t)n;
	return 0;
}
