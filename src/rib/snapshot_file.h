/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snapshot's file: a head of 32 bytes, then blocks (kind u32, length u32, checksum u64, payload).
 *
 *   teller   kind u8, router and router id 16 each, AS u32, name
 *   routes   of the last teller: rd u64, SAFI u8, AFI u8, count u32, then the routes
 *   end      tellers u64, routes u64
 *
 * A route: flags u8; the path, spelled out where it is new to this block, else by number unless it
 * is that of the route before; prefix length u8 and its bytes; path id u32, label u32 where flagged.
 * Paths are numbered per block, so nothing of the RIB has to hold longer than a block.
 */
#ifndef WB_RIB_SNAPSHOT_FILE_H
#define WB_RIB_SNAPSHOT_FILE_H

#include <stdint.h>
#include <xxhash.h>

#define SNAPSHOT_MAGIC	UINT64_C(0x5742524942530d0a)	/* "WBRIBS\r\n" */
#define SNAPSHOT_VERSION 1
#define HEAD_BYTES	32			/* magic, version, zero, saved u64, checksum */
#define BLOCK_HEAD	16
#define ROUTES_AT	10			/* of the count, in a block of routes */

enum block_kind { BLOCK_TELLER = 1, BLOCK_ROUTES, BLOCK_END };

enum saved_flags {
	SAVED_NEW_PATH = 1, SAVED_SAME_PATH = 2, SAVED_PATH_ID = 4, SAVED_LABEL = 8,
};

static inline uint64_t
block_sum(uint32_t kind, const void *payload, size_t len)
{
	return XXH3_64bits_withSeed(payload, len, (uint64_t)kind << 32 | len);
}

#endif
