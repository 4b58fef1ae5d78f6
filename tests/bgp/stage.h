/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A speaker on loopback with a double of the RIB, and neighbours played by hand, byte by byte.
 */
#ifndef WB_TESTS_BGP_STAGE_H
#define WB_TESTS_BGP_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/session.h"
#include "rib_double.h"

struct stage {
	struct event_base *base;
	struct rib rib;
	struct bgp *bgp;
	uint16_t port;
	int64_t longest_ns;		/* CPU time of the longest pass of the loop */
};

void	stage_open(struct stage *st, struct bgp_conf conf);
void	stage_close(struct stage *st);		/* each teller made is gone */
void	pass(struct stage *st);			/* of the loop */
void	linger(struct stage *st, int ms);

/* Run the loop until it is so, the bound is far beyond what a busy machine needs. */
#define UNTIL(st, condition) do { \
		mono_t end_ = mono_add(mono_now(), 60 * NS_PER_SEC); \
		bool so_; \
		while (!(so_ = (condition)) && !mono_due(mono_now(), end_)) \
			pass(st); \
		if (!so_) \
			fail_msg("line %d: never so: %s", __LINE__, #condition); \
	} while (0)

/* A neighbour: a socket and what came over it. */
struct router {
	int fd;
	uint8_t in[8192];
	size_t len;
	bool closed;
};

bool	router_dial(struct stage *st, struct router *r, const char *from, const char *key);
void	hang_up(struct router *r);

/* The next message is of this type; its body is in m until the next call. */
bool	heard(struct router *r, uint8_t type, struct bgp_message *m);
bool	heard_end(struct router *r);

void	say(struct router *r, const void *bytes, size_t len);
void	say_message(struct router *r, uint8_t type, const uint8_t *body, size_t len);
void	say_this_open(struct router *r, const struct bgp_open *o);
void	say_open(struct router *r, uint32_t as, uint16_t hold_s, uint32_t id);
void	say_keepalive(struct router *r);

#define SAY(r, type, ...) \
	say_message(r, type, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* From a connection to Established; the daemon speaks only when it was spoken to. */
void	come_up(struct stage *st, struct router *r, const char *from, uint16_t hold_s);
/* The same with an OPEN of one's own, on a connection that is there. */
void	agree(struct stage *st, struct router *r, const struct bgp_open *o);

void	expect_notification(struct stage *st, struct router *r, uint8_t code, uint8_t subcode);
void	expect_routes(struct stage *st, const char *router, const char *routes);
void	take_info(const struct bgp_peer_info *p, void *ctx);	/* for bgp_peers: of the last one */

char	*file_with(const char *text);		/* its name, to be unlinked and freed */
void	rewrite(const char *name, const char *text);

#define ROUTE_HEAD	0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, \
			0x40, 3, 4, 10, 0, 0, 9

#endif
