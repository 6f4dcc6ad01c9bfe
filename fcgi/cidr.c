/* cidr: inet_pton() reads the addresses; the prefix is ours. */
#include "cidr.h"

#define MAPPED_BITS	96	/* of ::ffff:0:0/96, where IPv4 lies within IPv6 */

static const unsigned char mapped[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

/* IPv4 in IPv6's clothes becomes IPv4. */
static void
unmap(struct cidr *c)
{
	if (c->family != AF_INET6 || c->bits < MAPPED_BITS || memcmp(c->byte, mapped, sizeof(mapped)) != 0)
		return;
	memmove(c->byte, c->byte + sizeof(mapped), 4);
	c->family = AF_INET;
	c->bits -= MAPPED_BITS;
}

int
cidr_parse(struct cidr *out, const char *text)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	int64_t bits;

	if (len >= sizeof(address))
		return -1;
	memcpy(address, text, len);
	address[len] = '\0';
	out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out->family, address, out->byte) != 1)
		return -1;
	bits = out->family == AF_INET6 ? 128 : 32;
	if (text[len] && base_number(text + len + 1, 0, bits, &bits) != 0)
		return -1;
	out->bits = (int)bits;
	unmap(out);
	return 0;
}

bool
cidr_has(const struct cidr *net, const struct cidr *address)
{
	size_t whole = (size_t)net->bits / 8;
	int rest = net->bits % 8;

	if (net->family != address->family || net->bits > address->bits || memcmp(net->byte, address->byte, whole) != 0)
		return false;
	return rest == 0 || ((net->byte[whole] ^ address->byte[whole]) >> (8 - rest)) == 0;
}
