/* news: every reader sees all of it in its order, or knows that it does not. */
#include "tap.h"
#include "child.h"
#include "news.h"

#define MANY 300000

static struct news_ring *ring;

static void
tell_number(uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	news_tell(ring, NEWS_RESOURCE, "shop", "00000000-0000-4000-8000-00000000000a", text);
}

static void
test_order(void)
{
	uint64_t seen = atomic_load(&ring->count), other = seen;
	struct news_item n;

	ok(!news_next(ring, &seen, &n), "nothing yet");
	tell_number(1);
	news_tell(ring, NEWS_LIST, "shop", "", "tools");
	ok(news_next(ring, &seen, &n), "an item");
	is_int(n.kind, NEWS_RESOURCE, "of its kind");
	is_str(n.text, "1", "with its text");
	is_str(n.catalog, "shop", "and catalog");
	is_str(n.tenant, "00000000-0000-4000-8000-00000000000a", "and tenant");
	ok(news_next(ring, &seen, &n) && n.kind == NEWS_LIST, "the next");
	ok(!news_next(ring, &seen, &n), "and no more");
	ok(news_next(ring, &other, &n) && strcmp(n.text, "1") == 0, "another reader has its own place");
}

static void
test_overrun(void)
{
	uint64_t seen = atomic_load(&ring->count);
	struct news_item n;
	int i;

	for (i = 0; i < NEWS_KEPT; i++)
		tell_number((uint64_t)i);
	ok(news_next(ring, &seen, &n) && n.kind == NEWS_RESOURCE && strcmp(n.text, "0") == 0, "as many as are kept are all read");
	tell_number(1);
	tell_number(2);
	ok(news_next(ring, &seen, &n) && n.kind == NEWS_GAP, "who was overtaken is told so");
	ok(!news_next(ring, &seen, &n), "once");
	tell_number(3);
	ok(news_next(ring, &seen, &n) && strcmp(n.text, "3") == 0, "and goes on with what is new");
}

static void
tell_too_long(void *ctx)
{
	char text[NEWS_TEXT_MAX + 2];

	(void)ctx;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	news_tell(ring, NEWS_RESOURCE, "shop", "", text);
}

/* A writer that hardly pauses; the numbers that are read only grow, and none is a mixture. */
static void
test_race(void)
{
	uint64_t seen = atomic_load(&ring->count), last = 0, got, i;
	int status, bad = 0, gaps = 0, read = 0;
	struct news_item n;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		for (i = 1; i <= MANY; i++) {
			tell_number(i);
			if (i % (NEWS_KEPT / 2) == 0)
				usleep(i % (10 * NEWS_KEPT) == 0 ? 200 : 0);
		}
		_exit(0);
	}
	while (last < MANY) {
		if (!news_next(ring, &seen, &n))
			continue;
		if (n.kind == NEWS_GAP) {
			gaps++;
			if (waitpid(pid, &status, WNOHANG) == pid)
				break;
			continue;
		}
		got = strtoull(n.text, NULL, 10);
		bad += got <= last || n.kind != NEWS_RESOURCE;
		last = got;
		read++;
	}
	waitpid(pid, &status, 0);
	is_int(bad, 0, "beside a busy writer nothing wrong is read: %d items, %d gaps", read, gaps);
	ok(read > 0, "and something is");
}

static void
test_lost(void)
{
	struct news_loss loss = { 0 };

	is_int(news_lost(&loss), 0, "nothing was lost");
	atomic_store(&loss.last_us, 5);
	is_int(news_lost(&loss), 5, "a loss is told to one");
	is_int(news_lost(&loss), 0, "and to no other");
	atomic_store(&loss.last_us, 6);
	is_int(news_lost(&loss), 6, "the next one too");
}

int
main(void)
{
	struct child c;

	ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_order();
	test_overrun();
	test_race();
	test_lost();
	child_run(&c, tell_too_long, NULL);
	is_int(c.signal, SIGABRT, "what does not fit is not cut");
	return tap_done();
}
