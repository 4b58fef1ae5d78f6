/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AS paths as they travel, with AS numbers of 2 or 4 bytes, and the joining of AS_PATH and AS4_PATH
 * from a neighbour that only knows 2 bytes. RFC 4271 4.3, RFC 5065 3, RFC 6793 4.2.3 and 6.
 */
#ifndef WB_BGP_AS4_H
#define WB_BGP_AS4_H

#include "core/bytes.h"

enum { SEGMENT_SET = 1, SEGMENT_SEQUENCE = 2, SEGMENT_CONFED_SEQUENCE = 3, SEGMENT_CONFED_SET = 4 };

#define AS_TRANS	23456		/* RFC 6793 9 */

/* Whether every segment is whole, of a known type, not empty and free of AS 0. */
bool	as4_path_ok(struct rd path, size_t asn_bytes);

/* A path of 2-byte numbers that is ok, written with 4 bytes each. */
void	as4_widen(struct rd path, struct wr *w);

/*
 * AS_PATH (2 bytes) and AS4_PATH (4 bytes), both ok, joined as RFC 6793 4.2.3 says: the leading
 * part of the former where the latter is shorter. Confederation segments of AS4_PATH are left out.
 */
void	as4_merge(struct rd path, struct rd path4, struct wr *w);

#endif
