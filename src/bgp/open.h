/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OPEN and its capabilities, a row each. RFC 4271 4.2 and 6.2, RFC 5492, RFC 6793, RFC 6286 (the
 * identifier is any number but 0), RFC 7607 (no AS 0), RFC 9072 (long optional parameters).
 */
#ifndef WB_BGP_OPEN_H
#define WB_BGP_OPEN_H

#include "bgp/message.h"

struct bgp_open {
	uint32_t as;			/* from the AS4 capability where there is one */
	uint32_t id;
	uint16_t hold_s;
	uint32_t families;		/* a bit per row of the table of families */
	bool multiprotocol;		/* any family was named, known to us or not */
	bool as4, refresh;
	unsigned unknown;		/* capabilities without a row */
};

/* -1 with what is to be answered. An OPEN without families is one of IPv4 unicast alone. */
int	open_decode(struct rd body, struct bgp_open *ret, struct bgp_fault *ret_fault);
void	open_encode(struct wr *w, const struct bgp_open *open);

#endif
