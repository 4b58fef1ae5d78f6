/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that gathers keys out of flows. Built once by the plan, then only run: by words of
 * the key on the outside, by flows on the inside.
 */
#ifndef WB_AGG_PACK_H
#define WB_AGG_PACK_H

#include "agg/prim.h"
#include "flow/flow.h"

enum pack_from {
	PACK_PLAIN,			/* `bytes` of the flow as they are */
	PACK_TOS, PACK_TIME, PACK_RD, PACK_DIRECTION, PACK_ETYPE, PACK_BOTTOM_LABEL,
	PACK_CONSTANT,			/* `number`, whatever the flow */
};

/* One field (or half an address) of a word. */
struct pack_part {
	enum pack_from from;
	uint16_t word;			/* of the key */
	uint16_t at;			/* offset in struct flow */
	uint8_t shift;			/* left, into its place of the word */
	uint8_t bytes;			/* of a plain number; 0: taken in its own way */
	uint64_t number;
};

#define PACK_FUSED	8		/* parts of a word at most */

/*
 * One word of the key. Where all its parts are plain numbers they are taken in one pass, each as 8
 * bytes of the flow, cut by a mask and shifted into place.
 */
struct pack_word {
	uint16_t word;
	uint16_t first, parts;		/* in part[] */
	bool fused;
	uint16_t at[PACK_FUSED];
	uint8_t down[PACK_FUSED], shift[PACK_FUSED];
	uint64_t mask[PACK_FUSED];
};

/* What an output's configuration says of how values are taken. */
struct pack_style {
	int64_t time_unit_ns;		/* TAKE_TIME cuts to it */
	unsigned tos_shift;		/* 2 with tos_encode_as_dscp */
	uint64_t post_tag, post_tag2;	/* for all flows; 0: none */
};

struct pack_program {
	struct pack_style style;
	size_t parts, words;
	struct pack_part *part;
	struct pack_word *word;
};

/* Room for `most` parts. */
struct pack_program *pack_new(size_t most, const struct pack_style *style);
void	pack_free(struct pack_program *prog);

/* Append a field: fields come in key order, `at` is the key's byte, `from` the flow's. */
void	pack_field(struct pack_program *prog, const struct prim *prim, size_t at, size_t from);
/* The same for a field that is a number for all flows (post_tag). */
void	pack_constant(struct pack_program *prog, const struct prim *prim, size_t at, uint64_t number);
/* After the last field. */
void	pack_seal(struct pack_program *prog);

/* Words 1.. of n keys of `stride` words each; every word with one store. */
void	pack_run(const struct pack_program *prog, const struct flow *flow, unsigned n,
	    uint64_t *keys, size_t stride);

#endif
