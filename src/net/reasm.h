/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting IP fragments together (RFC 791 3.2, RFC 8200 4.5), in bounded memory: 64 packets at a
 * time, the oldest gives way. Pieces that overlap end their packet (RFC 5722 4).
 */
#ifndef WB_NET_REASM_H
#define WB_NET_REASM_H

#include "core/bytes.h"
#include "net/addr.h"

struct ip_part {
	struct addr src, dst;
	uint32_t id;
	uint8_t proto;
	size_t offset;			/* of this piece, bytes */
	bool more;			/* it is not the last */
};

struct reasm;

struct reasm *reasm_new(void);
void	reasm_free(struct reasm *r);

/*
 * Take a piece. Gives the whole payload, borrowed until the next call, when this piece completed
 * it; a bad reader otherwise.
 */
struct rd reasm_add(struct reasm *r, const struct ip_part *part, struct rd piece);

#endif
