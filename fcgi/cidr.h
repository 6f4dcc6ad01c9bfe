/*
 * cidr: networks and addresses of both kinds of IP, as texts that come from PostgreSQL and nginx.
 *
 * An IPv4 address written the IPv6 way (::ffff:192.0.2.1) is that IPv4 address: which of the two a
 * socket shows depends on how it was bound, not on the caller.
 */
#ifndef CIDR_H
#define CIDR_H

#include "base.h"

struct cidr {
	int           family;	/* AF_INET or AF_INET6 */
	int           bits;	/* of the prefix; all of them: one address */
	unsigned char byte[16];	/* network order; 4 or 16 of them count */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone.  0, or -1: it is neither. */
int cidr_parse(struct cidr *out, const char *text) must_use;

/* Lies the address within the network?  A network of one kind has no address of the other. */
bool cidr_has(const struct cidr *net, const struct cidr *address);

#endif
