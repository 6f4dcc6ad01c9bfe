/* segment: reading, counting, removing. */
#include "segment.h"
#include "json.h"
#include "log.h"

#define CHUNK_BYTES	(1 << 20)	/* of a segment, read at once; also bounds a batch */
#define NAME_DIGITS	16
#define OTHERS_BEGIN	65536	/* segments that an older generation may begin until it is gone */
#define LOCK_WAIT_MS	5000	/* a dying master's children may still answer */

/* --- the folder ------------------------------------------------------------------------- */

/* The number in a segment's file name; 0: it is something else. */
static uint64_t
number_of(const char *name)
{
	if (strspn(name, "0123456789abcdef") != NAME_DIGITS || strcmp(name + NAME_DIGITS, ".log") != 0)
		return 0;
	return strtoull(name, NULL, 16);
}

/* Calls each() with the number of every segment, in no order. */
static int
walk(const char *dir, void (*each)(void *ctx, const char *path, uint64_t number), void *ctx)
{
	char path[PATH_MAX];
	struct dirent *e;
	uint64_t number;
	DIR *d = opendir(dir);

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		number = number_of(e->d_name);
		if (number == 0)
			continue;
		audit_path(path, sizeof(path), dir, number);
		each(ctx, path, number);
	}
	closedir(d);
	return 0;
}

struct bounds {
	uint64_t least;		/* looked for: the lowest from here on */
	uint64_t lowest;	/* found; 0: none */
	uint64_t highest;
};

static void
bound(void *ctx, const char *path, uint64_t number)
{
	struct bounds *b = ctx;

	(void)path;
	if (number >= b->least && (b->lowest == 0 || number < b->lowest))
		b->lowest = number;
	if (number > b->highest)
		b->highest = number;
}

uint64_t
segment_from(const char *dir, uint64_t least)
{
	struct bounds b = { .least = least };

	return walk(dir, bound, &b) == 0 ? b.lowest : 0;
}

/* --- possession ------------------------------------------------------------------------- */

/* The lock is on the folder itself, and shared with every child: it ends with the last of them. */
static int
lock_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), waited;

	if (fd < 0)
		die("MCP_AUDIT_DIR %s: %s", dir, strerror(errno));
	for (waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += 50) {
		if (errno != EWOULDBLOCK)
			die("MCP_AUDIT_DIR %s: cannot lock it: %s", dir, strerror(errno));
		if (waited >= LOCK_WAIT_MS)
			die("MCP_AUDIT_DIR %s: another mcp-fpm writes its log there", dir);
		usleep(50000);
	}
	return fd;
}

static bool
is_locked_by(const char *dir, int lock)
{
	struct stat folder, locked;

	return lock >= 0 && stat(dir, &folder) == 0 && fstat(lock, &locked) == 0 &&
	    folder.st_dev == locked.st_dev && folder.st_ino == locked.st_ino;
}

static int
read_id(const char *path, char id[SEGMENT_ID])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return -1;
	n = fd < 0 ? -1 : read(fd, id, SEGMENT_ID - 1);
	if (n < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	id[n] = '\0';
	if (strspn(id, "0123456789abcdef") != SEGMENT_ID - 1)
		die("%s: not the id of an audit log; if it is lost, remove the file: what is in the log is shipped again",
		    path);
	return 0;
}

/* Written aside and renamed: a half-written id would be a new one at each start. */
static void
make_id(const char *dir, const char *path, char id[SEGMENT_ID])
{
	unsigned char random[SEGMENT_ID / 2];
	char aside[PATH_MAX];
	int fd;

	crypt_random(random, sizeof(random));
	crypt_hex(id, random, sizeof(random));
	snprintf(aside, sizeof(aside), "%s/id.new", dir);
	fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, id, SEGMENT_ID - 1) != SEGMENT_ID - 1 || fsync(fd) != 0 || rename(aside, path) != 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void
own_id(const char *dir, char id[SEGMENT_ID])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/id", dir);
	if (read_id(path, id) != 0)
		make_id(dir, path, id);
}

/* The file at once: numbers must never begin anew, and the newest one tells where they are. */
static void
begin(const char *dir, uint64_t number)
{
	char path[PATH_MAX];
	int fd;

	audit_path(path, sizeof(path), dir, number);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

uint64_t
segment_own(const char *dir, char id[SEGMENT_ID], int *lock)
{
	struct bounds b = { 0 };
	uint64_t behind = is_locked_by(dir, *lock) ? OTHERS_BEGIN : 1;

	if (behind == 1) {
		if (*lock >= 0)
			close(*lock);
		*lock = lock_folder(dir);
	}
	own_id(dir, id);
	if (walk(dir, bound, &b) != 0)
		die("MCP_AUDIT_DIR %s: %s", dir, strerror(errno));
	begin(dir, b.highest + behind);
	return b.highest + behind;
}

int
segment_keep(const char *dir, char id[SEGMENT_ID], int lock)
{
	if (!is_locked_by(dir, lock))
		return -1;
	own_id(dir, id);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------- */

/* A process that appends first says in its slot where, then looks again at the board's number. */
bool
segment_closed(const struct board *board, uint64_t number)
{
	int i;

	if (atomic_load(&board->segment) <= number)
		return false;
	for (i = 0; i < SLOTS_MAX; i++)
		if (atomic_load(&board->slot[i].segment) == number)
			return false;
	return true;
}

static void
take_record(struct arena *mem, const char *text, size_t n, struct segment_batch *b)
{
	char *copy = arena_copy(mem, text, n);
	struct json_flaw flaw;

	if (json_check(mem, copy, n, &(struct json_caps){ .depth = 4, .values = 100 }, &flaw) != 0) {
		b->torn++;
		return;
	}
	b->at[b->n] = copy;
	b->len[b->n++] = n;
}

void
segment_parse(struct arena *mem, const char *text, size_t n, bool closed, struct segment_batch *b)
{
	const char *p = text, *end = text + n, *next, *feed;

	memset(b, 0, sizeof(*b));
	while (p < end && b->n < SEGMENT_RECORDS) {
		next = memchr(p + 1, AUDIT_STARTS, (size_t)(end - p) - 1);
		feed = memchr(p, '\n', (size_t)((next ? next : end) - p));
		if (!feed && !next && !closed)
			break;		/* somebody is writing it */
		if (*p == AUDIT_STARTS && feed)
			take_record(mem, p + 1, (size_t)(feed - p) - 1, b);
		else
			b->torn++;
		p = next ? next : end;
	}
	b->used = p - text;
}

int
segment_read(struct arena *mem, const char *dir, struct segment_place from, bool closed, struct segment_batch *b)
{
	char path[PATH_MAX], *chunk;
	ssize_t n = -1;
	int fd;

	memset(b, 0, sizeof(*b));
	audit_path(path, sizeof(path), dir, from.number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	chunk = arena_take(mem, CHUNK_BYTES);
	n = pread(fd, chunk, CHUNK_BYTES, from.offset);
	if (n > 0)
		/* A full chunk has records in it, unless it is garbage, which nobody will finish. */
		segment_parse(mem, chunk, (size_t)n, closed && n < CHUNK_BYTES, b);
	if (n == CHUNK_BYTES && b->used == 0)
		segment_parse(mem, chunk, (size_t)n, true, b);
	if (b->n > 0 && fdatasync(fd) != 0)
		n = -1;
	close(fd);
	return n < 0 ? -1 : 0;
}

/* --- counting and removing -------------------------------------------------------------- */

struct sweep {
	uint64_t below;
	uint64_t bytes;
};

static void
weigh(void *ctx, const char *path, uint64_t number)
{
	struct sweep *s = ctx;
	struct stat about;

	if (number < s->below && unlink(path) == 0)
		return;
	if (stat(path, &about) == 0)
		s->bytes += (uint64_t)about.st_size;
}

uint64_t
segment_sweep(const char *dir, uint64_t below)
{
	struct bounds b = { 0 };
	struct sweep s = { .below = below };

	if (walk(dir, bound, &b) != 0)
		return 0;
	if (s.below > b.highest)
		s.below = b.highest;
	walk(dir, weigh, &s);
	return s.bytes;
}
