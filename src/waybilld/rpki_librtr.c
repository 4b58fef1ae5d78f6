/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librtr: its thread runs the protocol and calls us for every record and every change of state. What it
 * says is gathered and posted with the next state, or when a piece of news is full.
 */
#include "waybilld/rpki_cache.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <rtrlib/rtrlib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"

#define REFRESH_S	3600		/* as pmacct; a cache that has news says so before */
#define CONNECT_MS	10000
#define LOOK_MS		100		/* how often a wait looks whether the end has come */

const bool rpki_built = true;

struct rpki_cache {
	struct rtr_socket socket;	/* first: a record names it, and by it this */
	struct tr_socket transport;
	struct rtr_socket *sockets[1];
	struct rtr_mgr_config *manager;
	rtr_connection_state_fp manage;	/* what the manager does with states */
	struct tcp_conf tcp;
	const char *host, *port;
	struct chan *news;
	struct rpki_news *next;		/* being gathered, NULL: nothing yet */
	atomic_bool ending;
};

static const enum rpki_state states[] = {
	[RTR_CONNECTING] = RPKI_CONNECTING,
	[RTR_ESTABLISHED] = RPKI_SYNCED,
	[RTR_RESET] = RPKI_LOADING,
	[RTR_SYNC] = RPKI_LOADING,
	[RTR_FAST_RECONNECT] = RPKI_CONNECTING,
	[RTR_ERROR_NO_DATA_AVAIL] = RPKI_NO_DATA,
	[RTR_ERROR_NO_INCR_UPDATE_AVAIL] = RPKI_LOADING,
	[RTR_ERROR_FATAL] = RPKI_LOST,
	[RTR_ERROR_TRANSPORT] = RPKI_LOST,
	[RTR_SHUTDOWN] = RPKI_LOST,
	[RTR_CLOSED] = RPKI_CONNECTING,
};

/* Waits while the channel is full: TCP then holds the cache back. */
static void
post(struct rpki_cache *c, enum rpki_state state)
{
	if (c->next == NULL)
		c->next = mem_new(sizeof(*c->next));
	c->next->state = state;
	c->next->serial = c->socket.serial_number;
	c->next->expire_s = c->socket.expire_interval;
	while (!atomic_load(&c->ending)) {
		if (chan_send(c->news, c->next)) {
			c->next = NULL;
			return;
		}
		usleep(1000);
	}
}

static struct addr
addr_of(const struct lrtr_ip_addr *ip)
{
	uint8_t b[16];

	if (ip->ver == LRTR_IPV4)
		return addr_of_v4(ip->u.addr4.addr);
	for (unsigned i = 0; i < 16; i++)
		b[i] = (uint8_t)(ip->u.addr6.addr[i / 4] >> (24 - i % 4 * 8));
	return addr_of_bytes16(b);
}

static void
on_record(struct pfx_table *table, const struct pfx_record record, const bool added)
{
	struct rpki_cache *c = (struct rpki_cache *)(uintptr_t)record.socket;
	struct rpki_news *n;
	struct addr a;

	(void)table;
	if (atomic_load(&c->ending))
		return;
	if (c->next == NULL)
		c->next = mem_new(sizeof(*c->next));
	n = c->next;
	a = addr_of(&record.prefix);
	n->change[n->changes].added = added;
	n->change[n->changes++].vrp = (struct vrp){
		.prefix = { addr_masked(&a, record.min_len), record.min_len },
		.max_len = record.max_len, .as = record.asn,
	};
	if (n->changes == RPKI_CHANGES)
		post(c, RPKI_LOADING);
}

/* Of the session itself: librtr's manager does not tell that a session in step is in step again. */
static void
on_state(const struct rtr_socket *socket, const enum rtr_socket_state state, void *config, void *group)
{
	struct rpki_cache *c = (struct rpki_cache *)(uintptr_t)socket;

	/* A cache that was restarted has a session of its own: librtr would ask for the old one for ever. */
	if (state == RTR_ERROR_FATAL)
		c->socket.request_session_id = true;
	c->manage(socket, state, config, group);
	if (!atomic_load(&c->ending) && (size_t)state < ARRAY_LEN(states))
		post(c, states[state]);
}

/* Until the dialling ended, one way or the other. */
static int
wait_connected(struct rpki_cache *c, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	for (int ms = 0; ms < CONNECT_MS && !atomic_load(&c->ending); ms += LOOK_MS)
		if (poll(&p, 1, LOOK_MS) > 0)
			return tcp_outcome(fd) == 0 ? 0 : -1;
	return -1;
}

static int
dial(struct rpki_cache *c, const struct addrinfo *to)
{
	struct tcp_conf tcp = c->tcp;
	struct addr a = addr_of_sockaddr(to->ai_addr, &tcp.port);
	int fd = tcp_dialler(&tcp, &a);

	if (fd < 0)
		return -1;
	/* librtr bounds its waits by timeouts of a socket that blocks. */
	if (tcp_connect(fd, &a, tcp.port, 0) == 0 && wait_connected(c, fd) == 0 &&
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0)
		return fd;
	close(fd);
	return -1;
}

/* For librtr, in its thread: a connection, by the first address that answers. */
static int
connect_cache(void *arg)
{
	struct rpki_cache *c = arg;
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	int fd = -1;

	if (getaddrinfo(c->host, c->port, &hints, &all) != 0)
		return -1;
	for (const struct addrinfo *to = all; to != NULL && fd < 0; to = to->ai_next)
		fd = dial(c, to);
	freeaddrinfo(all);
	return fd;
}

static int
start(struct rpki_cache *c, const struct rpki_cache_conf *conf)
{
	struct tr_tcp_config tcp = {
		.host = (char *)(uintptr_t)conf->host, .port = (char *)(uintptr_t)conf->port,
		.data = c, .new_socket = connect_cache,
	};
	struct rtr_mgr_group group = { .sockets = c->sockets, .sockets_len = 1, .preference = 1 };

	if (tr_tcp_init(&tcp, &c->transport) != TR_SUCCESS)
		return -1;
	c->socket.tr_socket = &c->transport;
	c->sockets[0] = &c->socket;
	if (rtr_mgr_init(&c->manager, &group, 1, REFRESH_S, conf->expire_s < 600 ? 600 :
	    conf->expire_s, conf->retry_s, on_record, NULL, NULL, NULL) != RTR_SUCCESS)
		return -1;
	/* librtr has no shorter one in its arguments; it is ours to set before the start. */
	c->socket.expire_interval = conf->expire_s;
	c->socket.version = conf->version;
	c->manage = c->socket.connection_state_fp;
	c->socket.connection_state_fp = on_state;
	return rtr_mgr_start(c->manager) == RTR_SUCCESS ? 0 : -1;
}

struct rpki_cache *
rpki_cache_open(const struct rpki_cache_conf *conf, struct chan *news, struct sbuf *err)
{
	struct rpki_cache *c = mem_new(sizeof(*c));

	c->news = news;
	c->tcp = conf->tcp;
	c->host = conf->host;
	c->port = conf->port;
	if (start(c, conf) == 0)
		return c;
	sbuf_printf(err, "rpki_rtr_cache: librtr cannot be started for %s:%s", conf->host, conf->port);
	rpki_cache_close(c);
	return NULL;
}

void
rpki_cache_close(struct rpki_cache *c)
{
	if (c == NULL)
		return;
	atomic_store(&c->ending, true);
	if (c->manager != NULL) {
		rtr_mgr_stop(c->manager);
		rtr_mgr_free(c->manager);
	}
	mem_free(c->next);
	mem_free(c);
}
