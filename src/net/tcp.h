/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sockets for sessions of routers, listening and dialling. What only Linux has (TCP MD5 signatures, binding
 * to an interface) has a plain POSIX twin that says it cannot.
 */
#ifndef WB_NET_TCP_H
#define WB_NET_TCP_H

#include "core/sbuf.h"
#include "net/addr.h"

struct tcp_conf {
	struct addr local;		/* unset: any, both families */
	bool ipv6_only;			/* of any: IPv6 alone */
	uint16_t port;
	const char *interface;		/* NULL: none */
	uint8_t ip_precedence;		/* of what is sent, 0..7 */
	size_t rcvbuf;			/* bytes asked for, 0: the system's default */
};

/* A listening socket that does not block, or -1 with a sentence in err. */
int	tcp_listen(const struct tcp_conf *conf, struct sbuf *err);

/* The next connection, not blocking; -1 with errno. Both ends are told. */
int	tcp_accept(int listener, struct addr *ret_from, uint16_t *ret_port, struct addr *ret_to);

/*
 * A socket that does not block, to dial from: bound to conf->local and interface where they are set,
 * conf->port being the one to dial. -1 with errno. tcp_connect begins to dial; writable means that it
 * ended, and tcp_outcome gives 0 or the error. scope: the interface of a link-local address, else 0.
 */
int	tcp_dialler(const struct tcp_conf *conf, const struct addr *to);
int	tcp_connect(int fd, const struct addr *to, uint16_t port, unsigned scope);
int	tcp_outcome(int fd);

/* The interface by which a link-local neighbor came; 0 for any other. */
unsigned tcp_scope(int fd);

uint16_t tcp_port(int fd);		/* as bound: for port 0 */

/*
 * Send with a TTL of 255 and take only what comes with one of 256 - hops and more (RFC 5082 3). hops 0:
 * only send so, for a listener. -1 with errno.
 */
int	tcp_ttl_security(int fd, uint8_t hops);

/*
 * Have segments to and from `peer` on a listener and what it accepts signed (RFC 2385). An empty
 * key takes the old one away. -1 with errno: ENOSYS where the system has none.
 */
#define TCP_MD5_KEY_MAX	80
int	tcp_md5_key(int fd, const struct addr *peer, const char *key, size_t len);

/* -1 with errno; ENOSYS where the system cannot. */
int	tcp_bind_interface(int fd, const char *interface);

#endif
