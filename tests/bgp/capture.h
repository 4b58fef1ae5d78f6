/* SPDX-License-Identifier: BSD-2-Clause */
/* BGP messages out of captures of TCP, in the order of each direction's stream. */
#ifndef WB_TESTS_BGP_CAPTURE_H
#define WB_TESTS_BGP_CAPTURE_H

#include "bgp/message.h"

/* One direction of a connection. */
struct flow_side {
	uint8_t key[37];		/* source, destination (16 each), ports, IP version */
	uint32_t next_seq;
	bool begun, broken;
	uint8_t *bytes;
	size_t len;
	void *user;			/* the caller's, starts NULL */
};

struct capture {
	struct flow_side side[64];
	size_t sides;
	/* got 1: a message; -1: the stream is broken here, fault says how. */
	void (*each)(void *ctx, struct capture *c, struct flow_side *side, int got,
	    const struct bgp_message *m, const struct bgp_fault *fault);
	/* Instead of `each`: any other protocol. Gives how many bytes it took. */
	size_t (*stream)(void *ctx, struct flow_side *side, const uint8_t *bytes, size_t len);
	void *ctx;
};

/* -1 where the file cannot be read. Segments that came again are passed over; behind a hole the stream begins anew. */
int	capture_read(struct capture *c, const char *path);
struct flow_side *capture_other_way(struct capture *c, const struct flow_side *side);

#endif
