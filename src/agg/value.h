/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Value types: how a primitive's value lies in a key, how it becomes text, JSON and SQL, and how a
 * client's word is read back. One row per type; a primitive names its type and has no code.
 */
#ifndef WB_AGG_VALUE_H
#define WB_AGG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names.h"
#include "core/sbuf.h"
#include "net/addr.h"
#include "rib/attr.h"

enum value_type {
	VT_U8, VT_U16, VT_U32, VT_U64,
	VT_ADDR,		/* 16 bytes; unset prints by style: "0.0.0.0", "::" or "" */
	VT_MAC,			/* 6 bytes in a 64-bit word */
	VT_PROTO,		/* name or number */
	VT_ETYPE,		/* lower-case hex without 0x */
	VT_CHAR,		/* one character: sampling_direction, roa */
	VT_NAME,		/* a names id */
	VT_CLASS,		/* the same; none prints as "unknown" */
	VT_RD,
	VT_TIME,		/* wall_t ns; with a residual column in SQL */
	VT_FWD_STATUS,
	VT_TCP_FLAGS,
	VT_LABELS,		/* MPLS stack: bytes by reference */
	VT_ASPATH, VT_COMMS, VT_ECOMMS, VT_LCOMMS,	/* bytes by reference, of the RIB */
	VT_TYPES
};

/* Is a value of this type a names id, which holds for this process only? */
static inline bool
value_is_name(enum value_type type)
{
	return type == VT_NAME || type == VT_CLASS;
}

/*
 * An RD's first two bytes are its type, of which there are three (RFC 4364 4.2); the highest byte of
 * a VT_RD is therefore free to hold where it was learnt (enum rd_origin of flow/flow.h).
 */
#define VALUE_RD_ORIGIN_SHIFT	56
#define VALUE_RD_MASK		((UINT64_C(1) << VALUE_RD_ORIGIN_SHIFT) - 1)

enum value_class { VC_UINT, VC_ADDR, VC_BYTES, VC_TEXT };

/*
 * A value as an output sees it: nothing in it names a record of the RIB. bytes are borrowed from
 * the table the row stands in.
 */
struct value {
	enum value_type type;
	uint64_t u;				/* VC_UINT */
	struct addr addr;			/* VC_ADDR */
	const uint8_t *bytes;			/* VC_BYTES: attribute bytes; VC_TEXT: text */
	size_t len;
};

/* What an output's configuration says of looks. */
struct value_style {
	const struct names *names;
	char as_path_separator;			/* '_' in outputs of flows */
	bool num_protos, num_hosts;
	bool comms_num;				/* bgp_comms_num */
	bool comms_array, aspath_array, tcpflags_array, labels_array, fwd_status_text;
	bool dscp;				/* tos_encode_as_dscp */
	bool utc, rfc9557, epoch, secs;		/* timestamps_* */
};

struct value_row {
	const char *name;
	uint8_t key_bytes;			/* 1, 2, 4, 8 or 16 in a key */
	enum value_class cls;
	bool by_reference;			/* the key holds an id of the RIB (in a slice) or of
						   the output's value table (outside) */
	const char *sql_mysql, *sql_pgsql, *sql_sqlite;	/* default column types */
	void (*text)(const struct value *v, const struct value_style *style, struct sbuf *out);
	void (*json)(const struct value *v, const struct value_style *style, const char *name,
	    struct json *j);
	int (*parse)(const char *text, const struct value_style *style, struct value *ret,
	    struct sbuf *room);			/* -1: not such a value. NULL: has no text form */
};

extern const struct value_row value_rows[VT_TYPES];

#endif
