/* outlet: bytes arrive in order, a reader that does not read is seen, and one long message is still sent. */
#include "outlet.h"
#include "records.h"
#include "tap.h"

static int peer;

static void
open_both(struct outlet *o)
{
	int s[2], small = 4096;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) != 0)
		abort();
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	*o = (struct outlet){ .fd = s[0], .id = 1 };
	peer = s[1];
	records_forget();
}

static void
close_both(struct outlet *o)
{
	outlet_close(o);
	close(o->fd);
	close(peer);
}

static void
test_order(void)
{
	static char big[1 << 19];
	struct outlet o;
	size_t i;

	open_both(&o);
	for (i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 26);
	is_int(outlet_put(&o, "small", 5), 0, "a small message");
	ok(!outlet_waits(&o), "is in the socket");
	is_int(outlet_put(&o, big, sizeof(big)), 0, "half a megabyte is taken");
	ok(outlet_waits(&o), "and waits");
	is_int(outlet_end(&o), 0, "so does the end");
	for (i = 0; i < 100000 && (outlet_waits(&o) || !records.ended); i++) {
		records_hear(peer);
		if (outlet_go_on(&o) != 0)
			break;
	}
	is_int(records.text_len, 5 + sizeof(big), "all of it arrives");
	ok(memcmp(records.text, "small", 5) == 0 && memcmp(records.text + 5, big, sizeof(big)) == 0, "in order");
	ok(records.ended && !outlet_waits(&o), "with its end, and nothing waits any more");
	close_both(&o);
}

static void
test_cap(void)
{
	char frame[1000] = { 0 };
	struct outlet o;
	int n = 0;

	open_both(&o);
	while (n < 10000 && outlet_put(&o, frame, sizeof(frame)) == 0)
		n++;
	ok(n > OUTLET_MOST / 1000 && n < 2 * OUTLET_MOST / 1000 + 300, "a reader that does not read has %d frames waiting, no more", n);
	ok(o.len - o.from < OUTLET_MOST + 2048, "which is the memory it may cost");
	is_int(outlet_put(&o, frame, 1), -1, "and nothing comes behind them");
	close_both(&o);
}

static void
test_gone(void)
{
	struct outlet o;

	open_both(&o);
	close(peer);
	is_int(outlet_put(&o, "x", 1), -1, "a reader that is gone");
	close_both(&o);
}

int
main(void)
{
	test_order();
	test_cap();
	test_gone();
	return tap_done();
}
