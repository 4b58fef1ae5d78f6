/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speaking to an RPKI cache (RFC 6810, RFC 8210), by librtr. Its thread does nothing but post news to a
 * channel; rpki_none.c is what stands here in a build without the library.
 */
#ifndef WB_WAYBILLD_RPKI_CACHE_H
#define WB_WAYBILLD_RPKI_CACHE_H

#include "core/chan.h"
#include "net/tcp.h"
#include "rib/vrps.h"

enum rpki_state {
	RPKI_CONNECTING,
	RPKI_LOADING,			/* asked, and not everything is there */
	RPKI_SYNCED,			/* the cache said that this is all, for now */
	RPKI_NO_DATA,			/* it has none itself */
	RPKI_LOST,			/* no connection, or nonsense on it */
	RPKI_STATES
};

#define RPKI_CHANGES	256

/* On the heap, the receiver's. */
struct rpki_news {
	enum rpki_state state;		/* after the changes */
	uint32_t serial, expire_s;
	unsigned changes;
	struct {
		struct vrp vrp;
		bool added;
	} change[RPKI_CHANGES];
};

struct rpki_cache_conf {
	const char *host, *port;	/* good as long as the cache is */
	unsigned version, retry_s, expire_s;
	struct tcp_conf tcp;		/* precedence and buffer */
};

extern const bool rpki_built;
struct rpki_cache;

/* NULL with a sentence in err. */
struct rpki_cache *rpki_cache_open(const struct rpki_cache_conf *conf, struct chan *news,
	    struct sbuf *err);
void	rpki_cache_close(struct rpki_cache *c);		/* nothing is posted any more; NULL is fine */

#endif
