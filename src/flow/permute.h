/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding as permutations of bytes. What most steps of a program do is to move bytes of the record to
 * bytes of the flow's head in another order. Two ways to do all of that at once, of which a machine
 * has both, one or none:
 *
 *   lines    each of the head's four lines by one instruction that picks any 64 of 128 bytes
 *            (AVX-512 VBMI); records up to 128 bytes
 *   halves   each half of a line by instructions that pick from two windows of 16 bytes (AVX2), as
 *            many as the record's fields are scattered; records of 16 bytes and more
 *
 * Where there is neither, or a step does more than move, the steps of decode.c do it, with the same
 * result: a test holds them beside each other.
 */
#ifndef WB_FLOW_PERMUTE_H
#define WB_FLOW_PERMUTE_H

#include "flow/decode.h"
#include "flow/flow.h"

enum permute_way { PERMUTE_BEST, PERMUTE_LINES, PERMUTE_HALVES, PERMUTE_NONE };

struct permute;

/*
 * What can be moved of the program of a template whose records all have rec_len bytes; the steps of
 * it are taken out of `prog`, those that are left run after it. NULL, and prog as it was, where
 * this machine or this program does not allow it that way.
 */
struct permute *permute_of(struct program *prog, size_t rec_len, enum permute_way way);
void	permute_free(struct permute *p);
size_t	permute_memory(const struct permute *p);

/* Write the heads of n flows, each whole: from n records and, where they say nothing, `proto`. */
void	permute_run(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
	    const struct flow *proto, struct flow *flow);

#endif
