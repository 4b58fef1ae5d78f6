/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding as one permutation of bytes. What most steps of a program do is to move bytes of the
 * record to bytes of the flow's head in another order, so that a record of up to 128 bytes becomes
 * the four lines of a head by four instructions that each pick any 64 of 128 bytes (AVX-512 VBMI).
 * Where the processor has none, or a record is longer, or a step does more than move, the steps of
 * decode.c do it, with the same result: a test holds both beside each other.
 */
#ifndef WB_FLOW_PERMUTE_H
#define WB_FLOW_PERMUTE_H

#include "flow/decode.h"
#include "flow/flow.h"

struct permute;

/*
 * What can be moved of the program of a template whose records all have rec_len bytes; the steps of
 * it are taken out of `prog`, those that are left run after it. NULL, and prog as it was, where
 * this machine or this program does not allow it.
 */
struct permute *permute_of(struct program *prog, size_t rec_len);
void	permute_free(struct permute *p);
size_t	permute_memory(const struct permute *p);

/* Write the heads of n flows, each whole: from n records and, where they say nothing, `proto`. */
void	permute_run(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
	    const struct flow *proto, struct flow *flow);

#endif
