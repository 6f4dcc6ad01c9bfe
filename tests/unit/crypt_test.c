/* crypt: known answers, canonical base64, uuids, the form of keys. */
#include "tap.h"
#include "crypt.h"

static struct arena mem;

static const char *
hex_of(const unsigned char *bytes, size_t n)
{
	char *out = arena_take(&mem, 2 * n + 1);

	crypt_hex(out, bytes, n);
	return out;
}

static void
test_digests(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {	/* FIPS 180-4 examples */
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	struct crypt_key key = { .len = 20 }, text_key = { .byte = "Jefe", .len = 4 };
	unsigned char out[CRYPT_HASH];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		crypt_sha256(out, rows[i].text, strlen(rows[i].text));
		is_str(hex_of(out, sizeof(out)), rows[i].want, "SHA-256 of \"%s\"", rows[i].text);
	}
	memset(key.byte, 0x0b, 20);	/* RFC 4231, test cases 1 and 2 */
	crypt_hmac(out, &key, "Hi There", 8);
	is_str(hex_of(out, sizeof(out)), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "HMAC, RFC 4231 case 1");
	crypt_hmac(out, &text_key, "what do ya want for nothing?", 28);
	is_str(hex_of(out, sizeof(out)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "HMAC, RFC 4231 case 2");
	ok(crypt_same("abc", "abd", 2) && !crypt_same("abc", "abd", 3), "crypt_same");
}

static void
test_base64(void)
{
	static const struct {
		const char *text, *bytes;
		size_t      n;
	} rows[] = {	/* RFC 4648, section 10 */
		{ "", "", 0 }, { "Zg==", "f", 1 }, { "Zm8=", "fo", 2 }, { "Zm9v", "foo", 3 }, { "Zm9vYg==", "foob", 4 },
		{ "Zm9vYmE=", "fooba", 5 }, { "Zm9vYmFy", "foobar", 6 }, { "+/8=", "\xfb\xff", 2 }, { "AAAA", "\0\0\0", 3 },
	};
	static const char *const bad[] = {
		"Zg", "Zg=", "Zg===", "Z", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", " Zm9v", "Zm9vYg==Zg==", "Z=g=", "-_8=", "Zm9*", "A===",
		"\tAAA", "AAA\t", "Zm9vZm9v\t\t\t\t",
	};
	size_t i, len = 99;

	for (i = 0; i < LEN(rows); i++) {
		unsigned char *out = crypt_base64_decode(&mem, rows[i].text, strlen(rows[i].text), &len);

		ok(out && len == rows[i].n && memcmp(out, rows[i].bytes, len) == 0, "base64 \"%s\"", rows[i].text);
		is_str(crypt_base64(&mem, rows[i].bytes, rows[i].n), rows[i].text, "and back");
	}
	for (i = 0; i < LEN(bad); i++)
		ok(!crypt_base64_decode(&mem, bad[i], strlen(bad[i]), &len), "refuses base64 row %zu", i);
}

static void
test_base64url(void)
{
	static const char *const bad[] = { "Zg==", "+_8", "/_8", "Zh", "Z", "AAAAA", "Zm9 ", "Zm9v=" };
	unsigned char bytes[256];
	size_t n, i, len;
	int wrong = 0;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (n = 0; n <= sizeof(bytes); n++) {
		char *text = crypt_base64url(&mem, bytes, n);
		unsigned char *back = crypt_base64url_decode(&mem, text, strlen(text), &len);

		wrong += !back || len != n || memcmp(back, bytes, n) != 0 || back[n] != '\0' || strpbrk(text, "+/=") != NULL;
	}
	is_int(wrong, 0, "bytes of every length come back");
	is_str(crypt_base64url(&mem, "\xfb\xff", 2), "-_8", "the alphabet of URLs");
	for (i = 0; i < LEN(bad); i++)
		ok(!crypt_base64url_decode(&mem, bad[i], strlen(bad[i]), &len), "refuses base64url %s", bad[i]);
}

static void
test_uuid(void)
{
	static const struct {
		const char *text;
		bool        want;
	} rows[] = {
		{ "a0c3e000-0000-4000-8000-000000000001", true }, { "A0C3E000-0000-4000-8000-00000000000F", true },
		{ "a0c3e000-0000-4000-8000-00000000000", false }, { "a0c3e000-0000-4000-8000-0000000000011", false },
		{ "a0c3e000000040008000000000000001", false }, { "{a0c3e000-0000-4000-8000-000000000001}", false },
		{ "a0c3e000-0000-4000-8000-00000000000g", false }, { "a0c3e000_0000-4000-8000-000000000001", false },
		{ "", false }, { "a0c3e000-", false }, { "a0c3e0000-000-4000-8000-000000000001", false },
	};
	char a[CRYPT_UUID], b[CRYPT_UUID];
	int64_t ms = base_wall_us() / 1000;
	uint64_t stamp;
	size_t i;
	int unordered = 0;

	for (i = 0; i < LEN(rows); i++)
		ok(crypt_is_uuid(rows[i].text) == rows[i].want, "is \"%s\" a uuid", rows[i].text);
	crypt_uuid(a);
	ok(crypt_is_uuid(a), "a new uuid is one: %s", a);
	ok(a[14] == '7' && strchr("89ab", a[19]), "of version 7 and variant 10");
	snprintf(b, sizeof(b), "%.8s%.4s", a, a + 9);
	stamp = strtoull(b, NULL, 16);
	ok((int64_t)stamp >= ms && (int64_t)stamp <= ms + 1000, "that begins with the time in milliseconds");
	for (i = 0; i < 20; i++) {
		usleep(1100);
		crypt_uuid(b);
		unordered += strcmp(a, b) >= 0;
		memcpy(a, b, sizeof(a));
	}
	is_int(unordered, 0, "later ones sort behind");
}

static void
test_random(void)
{
	unsigned char a[64], b[64], zero[64] = { 0 };
	int seen[256] = { 0 }, kinds = 0, i;
	unsigned char c;

	crypt_random(a, sizeof(a));
	crypt_random(b, sizeof(b));
	ok(memcmp(a, b, sizeof(a)) != 0 && memcmp(a, zero, sizeof(a)) != 0, "random bytes differ");
	for (i = 0; i < 8192; i++) {
		crypt_random(&c, 1);
		seen[c]++;
	}
	for (i = 0; i < 256; i++)
		kinds += seen[i] > 0;
	is_int(kinds, 256, "every byte comes up");
}

static void
test_forked(void)
{
	unsigned char mine[16], theirs[16];
	int end[2];
	pid_t pid;

	crypt_random(mine, 1);	/* fills the pool, which the child gets a copy of */
	if (pipe(end) != 0)
		abort();
	fflush(stdout);
	pid = fork();
	crypt_forked();
	crypt_random(mine, sizeof(mine));
	if (pid == 0)
		_exit(write(end[1], mine, sizeof(mine)) == sizeof(mine) ? 0 : 1);
	is_int(read(end[0], theirs, sizeof(theirs)), sizeof(theirs), "a child's random bytes");
	waitpid(pid, NULL, 0);
	ok(memcmp(mine, theirs, sizeof(mine)) != 0, "are not its parent's");
}

static void
test_keys(void)
{
	struct secret a, b;
	size_t i, passed = 0, from = strlen("plx_"), n;
	char bent[sizeof(a.text)];

	crypt_key_make(&a, "plx");
	crypt_key_make(&b, "plx");
	n = strlen(a.text);
	is_int(n, 4 + 43 + 6, "a key's length");
	ok(strncmp(a.text, "plx_", 4) == 0 && strspn(a.text + 4, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 49,
	    "prefix and base62");
	ok(strcmp(a.text, b.text) != 0, "no two are the same");
	ok(crypt_key_plausible(a.text, "plx") && crypt_key_plausible(b.text, "plx"), "both are plausible");
	ok(!crypt_key_plausible(a.text, "pl") && !crypt_key_plausible(a.text, "plxx") && !crypt_key_plausible(a.text, "xlp"), "with their prefix only");
	for (i = 0; i < n; i++) {
		memcpy(bent, a.text, n + 1);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		passed += crypt_key_plausible(bent, "plx");
		memcpy(bent, a.text, n + 1);
		bent[i] = '\0';
		passed += crypt_key_plausible(bent, "plx");
	}
	for (i = from; i + 1 < n; i++) {
		memcpy(bent, a.text, n + 1);
		bent[i] = a.text[i + 1];
		bent[i + 1] = a.text[i];
		passed += strcmp(bent, a.text) != 0 && crypt_key_plausible(bent, "plx");
	}
	is_int(passed, 0, "no key with one wrong character, cut short, or with two of them exchanged");
	ok(!crypt_key_plausible("", "plx") && !crypt_key_plausible("plx_", "plx"), "nor nothing");
	/* The checksum is CRC-32 in base62: fixed, because keys live longer than programs. */
	ok(crypt_key_plausible("plx_00000000000000000000000000000000000000000002mVKXy", "plx"), "the checksum of a known key");
	crypt_key_make(&a, "sixteen_letters_and_more");
	is_int(strlen(a.text), 16 + 1 + 49, "a prefix has at most 16 characters");
}

static void
test_key_file(void)
{
	char path[] = "/tmp/crypt_test.XXXXXX", bytes[100];
	struct crypt_key key;
	const char *why = NULL;
	int fd = mkstemp(path);

	memset(bytes, 'k', sizeof(bytes));
	is_int(write(fd, bytes, 31), 31, "a file of 31 bytes");
	ok(crypt_key_file(&mem, &key, path, &why) == -1 && strstr(why, "32 bytes"), "is no key file: %s", why);
	is_int(write(fd, bytes, 1), 1, "one more");
	is_int(crypt_key_file(&mem, &key, path, &why), 0, "is one");
	is_int(key.len, 32, "of 32 bytes");
	is_int(write(fd, bytes, 68), 68, "a longer one");
	is_int(crypt_key_file(&mem, &key, path, &why), 0, "is one too");
	is_int(key.len, 64, "of which 64 count");
	close(fd);
	unlink(path);
	ok(crypt_key_file(&mem, &key, path, &why) == -1 && strstr(why, "No such file"), "none at all: %s", why);
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 16 << 20);
	test_digests();
	test_base64();
	test_base64url();
	test_uuid();
	test_random();
	test_forked();
	test_keys();
	test_key_file();
	arena_close(&mem);
	return tap_done();
}
