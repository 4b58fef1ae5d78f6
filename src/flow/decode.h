/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: what a template was compiled to. A step takes bytes at one place of a record to one
 * place of a struct; where all records have one length, a step runs over many of them at once.
 */
#ifndef WB_FLOW_DECODE_H
#define WB_FLOW_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names.h"
#include "flow/ie_table.h"

/* Records that are decoded together: few enough that their flows stay in the nearest cache. */
#define DECODE_BLOCK	32

struct step {
	uint8_t op;			/* enum step_op in decode.c */
	uint8_t width;			/* of the place that is written */
	uint8_t into;			/* enum ie_into */
	bool unless_zero;		/* keep what is there where the value is all zero bits */
	uint16_t len;			/* of the bytes in the record; 0: variable */
	uint16_t src;			/* offset in the record; the field's number where variable */
	uint16_t dst;			/* offset in the struct */
};

struct program {
	struct step *step;
	unsigned n;
};

/* Where a step may write: an array of structs per enum ie_into, and the pool for names. */
struct decode_to {
	void *base[3];
	size_t stride[3];
	struct names *names;		/* NULL: names are not kept */
};

/* What a step does, where that is only to move bytes, whatever they are. */
enum step_move {
	MOVE_NONE,			/* it does more, or not the same for all records */
	MOVE_NUMBER,			/* network order to the machine's, cut or filled to the width */
	MOVE_BYTES,			/* as they are */
	MOVE_ADDR4,			/* 4 bytes as they are, into a struct addr */
};
enum step_move step_moves(const struct step *s);

/* The step that takes `len` bytes (0: variable) at `src` of a record to the place of this row. */
struct step step_of(const struct ie *ie, uint16_t src, uint16_t len, bool unless_zero);

/* n records of rec_len bytes each; what the steps read was checked when they were compiled. */
void	decode_run(const struct program *p, const uint8_t *rec, size_t rec_len, unsigned n,
	    const struct decode_to *to);

/* One record whose field i stands at at[i] with len[i] bytes. */
void	decode_run_fields(const struct program *p, const uint8_t *const *at, const uint16_t *len,
	    const struct decode_to *to);

#endif
