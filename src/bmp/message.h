/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BMP messages: from bytes to values, without a socket, a log or memory of its own. RFC 7854 4,
 * RFC 8671 (Adj-RIB-Out), RFC 9069 (Loc-RIB); version 4 as in the draft of BMP TLVs, as far as it
 * is needed to find the UPDATE and the other TLVs in it.
 */
#ifndef WB_BMP_MESSAGE_H
#define WB_BMP_MESSAGE_H

#include "bgp/open.h"
#include "core/bytes.h"
#include "core/sbuf.h"
#include "net/addr.h"
#include "rib/rib.h"

#define BMP_HEADER_LEN	6
#define BMP_PEER_HEADER_LEN	42
#define BMP_MESSAGE_MAX	(256u << 10)	/* two OPENs, or many mirrored messages, and room */

enum bmp_type {
	BMP_ROUTE_MONITORING, BMP_STATISTICS, BMP_PEER_DOWN, BMP_PEER_UP, BMP_INITIATION,
	BMP_TERMINATION, BMP_ROUTE_MIRRORING, BMP_TYPES
};

enum bmp_peer_type {
	BMP_PEER_GLOBAL, BMP_PEER_RD, BMP_PEER_LOCAL, BMP_PEER_LOC_RIB, BMP_PEER_TYPES
};

/* Flags of the per-peer header; F is that of a Loc-RIB, the others of all other types of peers. */
enum {
	BMP_FLAG_V = 0x80,		/* the address is one of IPv6 */
	BMP_FLAG_L = 0x40,		/* post-policy */
	BMP_FLAG_A = 0x20,		/* AS paths have 2-byte numbers */
	BMP_FLAG_O = 0x10,		/* Adj-RIB-Out */
	BMP_FLAG_F = 0x80,		/* the Loc-RIB is filtered */
};

/* The per-peer header, RFC 7854 4.2. */
struct bmp_peer_header {
	uint8_t type, flags;
	uint64_t rd;			/* the distinguisher */
	struct addr addr;		/* unset for a Loc-RIB */
	uint32_t as, id;
	uint32_t sec, usec;		/* 0: not known */
};

/* What a message means by its number, and the form of what follows. */
enum bmp_form {
	BMP_FORM_NONE,
	BMP_FORM_TEXT,
	BMP_FORM_U16,
	BMP_FORM_BGP,			/* a whole BGP message */
	BMP_FORM_TLVS,
	BMP_FORM_BYTES,
	BMP_FORM_U32,			/* a counter */
	BMP_FORM_U64,			/* a gauge */
	BMP_FORM_AFI_U64,		/* AFI, SAFI, gauge */
};

/* TLVs of messages; of each kind of message there is a table of rows. */
enum bmp_tlv_kind {
	BMP_TLV_INFORMATION,		/* Initiation, Peer Up, Peer Down */
	BMP_TLV_TERMINATION,
	BMP_TLV_MIRRORING,
	BMP_TLV_MONITORING,		/* version 4 only; these have an index */
	BMP_TLV_KINDS
};

enum { BMP_INFO_STRING, BMP_INFO_SYSDESCR, BMP_INFO_SYSNAME, BMP_INFO_TABLE, BMP_INFO_ADMIN };
enum { BMP_MIRROR_MESSAGE, BMP_MIRROR_INFORMATION };
enum { BMP_MONITOR_MESSAGE = 4 };

struct bmp_row {
	uint16_t code;
	enum bmp_form form;
	const char *name;
};

struct bmp_tlv {
	uint16_t type;
	uint16_t index;			/* of version 4, else 0 */
	uint32_t pen;			/* of an enterprise's type in version 4, else 0 */
	struct rd value;
};

/* TLVs of a message: how they are laid out, and their bytes. All of them are whole. */
struct bmp_tlvs {
	struct rd list;
	enum bmp_tlv_kind kind;
	bool enterprise, indexed;
};

/* The next one; false at the end. */
bool	bmp_tlv_next(struct bmp_tlvs *tlvs, struct bmp_tlv *ret);
/* The first of a type; false where there is none. Takes a copy, so that the walk is its own. */
bool	bmp_tlv_find(struct bmp_tlvs tlvs, uint16_t type, struct bmp_tlv *ret);
/* The row of a type, NULL where it is not known. */
const struct bmp_row *bmp_tlv_row(enum bmp_tlv_kind kind, uint16_t type);

/* One statistic, RFC 7854 4.8. */
struct bmp_stat {
	const struct bmp_row *row;	/* NULL: a number without a row */
	uint16_t type;
	uint16_t afi;			/* of BMP_FORM_AFI_U64 */
	uint8_t safi;
	bool cut;			/* shorter than its form */
	uint64_t value;
	struct rd data;			/* as it came */
};

struct bmp_stats {
	struct rd list;
	uint32_t left;
};

extern const struct bmp_row bmp_stat_rows[];
extern const size_t bmp_stat_count;

bool	bmp_stat_next(struct bmp_stats *stats, struct bmp_stat *ret);

/* A message, decoded. All bytes are borrowed from the buffer it was framed in. */
struct bmp_message {
	uint8_t version, type;		/* enum bmp_type, or a number without a row */
	bool has_peer;
	const uint8_t *bytes;		/* the whole message */
	size_t len;
	struct bmp_peer_header peer;
	struct bmp_tlvs tlvs;		/* none: empty */
	struct rd bgp;			/* Route Monitoring: the BGP message; Peer Down: NOTIFICATION */
	struct bmp_stats stats;
	struct {
		struct addr local;
		uint16_t local_port, remote_port;
		struct bgp_open sent, received;
	} up;
	struct {
		uint8_t code;
		uint16_t event;		/* of the FSM */
	} reason;
};

/*
 * The first message of a stream of which `len` bytes are there: 1 and its whole length in *ret_len,
 * 0 where more bytes are needed, -1 where the stream is broken, with why.
 */
int	bmp_frame(const uint8_t *bytes, size_t len, size_t *ret_len, const char **ret_why);

/* Decode a whole message. -1 with why; then type and version are good, and nothing else. */
int	bmp_decode(const uint8_t *bytes, size_t len, struct bmp_message *ret, const char **ret_why);

/* Names; "unknown" for numbers without a row. */
const char *bmp_type_name(uint8_t type);
const char *bmp_peer_type_name(uint8_t type);
const struct bmp_row *bmp_down_reason(uint8_t code);		/* NULL: not known */
const char *bmp_termination_reason(uint16_t code);

/* Which of the router's RIBs a header speaks of. */
enum teller_rib bmp_rib_of(const struct bmp_peer_header *h);

#endif
