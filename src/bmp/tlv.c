/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What BMP messages are made of: TLVs and statistics, a row each. RFC 7854 4.4, 4.5, 4.7, 4.8;
 * RFC 8671 6; RFC 9069 5; statistics from 18 on and TLVs of Route Monitoring by their drafts.
 */
#include "bmp/message.h"

#include "core/mem.h"

#define ENTERPRISE	0x8000		/* of a TLV's type in version 4: its owner's number follows */

static const struct bmp_row information[] = {
	{ BMP_INFO_STRING,   BMP_FORM_TEXT, "string" },
	{ BMP_INFO_SYSDESCR, BMP_FORM_TEXT, "sysDescr" },
	{ BMP_INFO_SYSNAME,  BMP_FORM_TEXT, "sysName" },
	{ BMP_INFO_TABLE,    BMP_FORM_TEXT, "VRF/table name" },
	{ BMP_INFO_ADMIN,    BMP_FORM_TEXT, "admin label" },
}, termination[] = {
	{ 0, BMP_FORM_TEXT, "string" },
	{ 1, BMP_FORM_U16,  "reason" },
}, mirroring[] = {
	{ BMP_MIRROR_MESSAGE,     BMP_FORM_BGP, "BGP message" },
	{ BMP_MIRROR_INFORMATION, BMP_FORM_U16, "information" },
}, monitoring[] = {
	{ 1,                   BMP_FORM_BYTES, "stateless parsing" },
	{ 2,                   BMP_FORM_BYTES, "group" },
	{ BMP_INFO_TABLE,      BMP_FORM_TEXT,  "VRF/table name" },
	{ BMP_MONITOR_MESSAGE, BMP_FORM_BGP,   "BGP message" },
	{ 5,                   BMP_FORM_BYTES, "path marking" },
};

static const struct tlv_table {
	const struct bmp_row *row;
	size_t rows;
} tables[BMP_TLV_KINDS] = {
	[BMP_TLV_INFORMATION] = { information, ARRAY_LEN(information) },
	[BMP_TLV_TERMINATION] = { termination, ARRAY_LEN(termination) },
	[BMP_TLV_MIRRORING]   = { mirroring, ARRAY_LEN(mirroring) },
	[BMP_TLV_MONITORING]  = { monitoring, ARRAY_LEN(monitoring) },
};

/* RFC 7854 4.9, RFC 9069 5.3. */
static const struct bmp_row down_reasons[] = {
	{ 1, BMP_FORM_BGP,  "local system closed, NOTIFICATION sent" },
	{ 2, BMP_FORM_U16,  "local system closed, no NOTIFICATION" },
	{ 3, BMP_FORM_BGP,  "remote system closed, NOTIFICATION received" },
	{ 4, BMP_FORM_NONE, "remote system closed, no NOTIFICATION" },
	{ 5, BMP_FORM_NONE, "peer de-configured" },
	{ 6, BMP_FORM_TLVS, "local system closed, TLV data" },
};

/* RFC 7854 4.5. */
static const struct bmp_row termination_reasons[] = {
	{ 0, BMP_FORM_NONE, "session administratively closed" },
	{ 1, BMP_FORM_NONE, "unspecified reason" },
	{ 2, BMP_FORM_NONE, "out of resources" },
	{ 3, BMP_FORM_NONE, "redundant connection" },
	{ 4, BMP_FORM_NONE, "session permanently administratively closed" },
};

#define U32	BMP_FORM_U32
#define U64	BMP_FORM_U64
#define AFI	BMP_FORM_AFI_U64

const struct bmp_row bmp_stat_rows[] = {
	{ 0,  U32, "prefixes rejected by inbound policy" },
	{ 1,  U32, "duplicate prefix advertisements" },
	{ 2,  U32, "duplicate withdraws" },
	{ 3,  U32, "updates invalidated by a CLUSTER_LIST loop" },
	{ 4,  U32, "updates invalidated by an AS_PATH loop" },
	{ 5,  U32, "updates invalidated by ORIGINATOR_ID" },
	{ 6,  U32, "updates invalidated by a loop of confederation segments" },
	{ 7,  U64, "routes in Adj-RIBs-In" },
	{ 8,  U64, "routes in Loc-RIB" },
	{ 9,  AFI, "routes in Adj-RIB-In of a family" },
	{ 10, AFI, "routes in Loc-RIB of a family" },
	{ 11, U32, "updates treated as withdraw" },
	{ 12, U32, "prefixes treated as withdraw" },
	{ 13, U32, "duplicate update messages" },
	{ 14, U64, "routes in pre-policy Adj-RIB-Out" },
	{ 15, U64, "routes in post-policy Adj-RIB-Out" },
	{ 16, AFI, "routes in pre-policy Adj-RIB-Out of a family" },
	{ 17, AFI, "routes in post-policy Adj-RIB-Out of a family" },
	{ 18, U64, "routes in pre-policy Adj-RIB-In" },
	{ 19, AFI, "routes in pre-policy Adj-RIB-In of a family" },
	{ 20, U64, "routes in post-policy Adj-RIB-In" },
	{ 21, AFI, "routes in post-policy Adj-RIB-In of a family" },
	{ 22, AFI, "pre-policy Adj-RIB-In routes rejected by inbound policy" },
	{ 23, AFI, "post-policy Adj-RIB-In routes accepted by inbound policy" },
	{ 26, AFI, "routes suppressed by damping" },
	{ 27, AFI, "routes stale by graceful restart" },
	{ 28, AFI, "routes stale by long-lived graceful restart" },
	{ 29, U64, "routes left before the threshold of received routes" },
	{ 30, AFI, "routes of a family left before the threshold of received routes" },
	{ 31, U64, "routes left before the threshold of the licence" },
	{ 32, AFI, "routes of a family left before the threshold of the licence" },
	{ 33, U64, "pre-policy Adj-RIB-In routes rejected for their path's length" },
	{ 34, AFI, "pre-policy Adj-RIB-In routes of a family rejected for their path's length" },
	{ 35, AFI, "post-policy Adj-RIB-In routes invalid by RPKI" },
	{ 36, AFI, "post-policy Adj-RIB-In routes valid by RPKI" },
	{ 37, AFI, "post-policy Adj-RIB-In routes not found by RPKI" },
	{ 38, AFI, "pre-policy Adj-RIB-Out routes rejected by outbound policy" },
	{ 39, U64, "pre-policy Adj-RIB-Out routes filtered for their path's length" },
	{ 40, AFI, "pre-policy Adj-RIB-Out routes of a family filtered for their path's length" },
	{ 41, AFI, "post-policy Adj-RIB-Out routes invalid by RPKI" },
	{ 42, AFI, "post-policy Adj-RIB-Out routes valid by RPKI" },
	{ 43, AFI, "post-policy Adj-RIB-Out routes not found by RPKI" },
};
const size_t bmp_stat_count = ARRAY_LEN(bmp_stat_rows);

#undef U32
#undef U64
#undef AFI

static const struct bmp_row *
find(const struct bmp_row *row, size_t rows, uint16_t code)
{
	for (size_t i = 0; i < rows; i++)
		if (row[i].code == code)
			return &row[i];
	return NULL;
}

bool
bmp_tlv_next(struct bmp_tlvs *tlvs, struct bmp_tlv *ret)
{
	struct rd *r = &tlvs->list;
	struct bmp_tlv tlv = { 0 };
	uint16_t len;

	if (r->bad || rd_left(r) == 0)
		return false;
	tlv.type = rd_u16(r);
	len = rd_u16(r);
	if (tlvs->indexed)
		tlv.index = rd_u16(r);
	tlv.value = rd_sub(r, len);
	if (tlvs->enterprise && (tlv.type & ENTERPRISE)) {
		tlv.type &= (uint16_t)~ENTERPRISE;
		tlv.pen = rd_u32(&tlv.value);
		r->bad |= tlv.value.bad;
	}
	if (r->bad)
		return false;
	*ret = tlv;
	return true;
}

bool
bmp_tlv_find(struct bmp_tlvs tlvs, uint16_t type, struct bmp_tlv *ret)
{
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&tlvs, &tlv))
		if (tlv.type == type && tlv.pen == 0) {
			*ret = tlv;
			return true;
		}
	return false;
}

const struct bmp_row *
bmp_tlv_row(enum bmp_tlv_kind kind, uint16_t type)
{
	return find(tables[kind].row, tables[kind].rows, type);
}

const struct bmp_row *
bmp_down_reason(uint8_t code)
{
	return find(down_reasons, ARRAY_LEN(down_reasons), code);
}

const char *
bmp_termination_reason(uint16_t code)
{
	const struct bmp_row *row = find(termination_reasons, ARRAY_LEN(termination_reasons), code);

	return row != NULL ? row->name : "unknown";
}

/* Longer data than the form has is passed over (RFC 7854 4.8); a counter may come as a gauge. */
static void
take_value(struct bmp_stat *s, struct rd data)
{
	if (s->row->form == BMP_FORM_AFI_U64) {
		s->afi = rd_u16(&data);
		s->safi = rd_u8(&data);
		s->value = rd_u64(&data);
	} else {
		s->value = rd_left(&data) >= 8 ? rd_u64(&data) : rd_u32(&data);
	}
	s->cut = data.bad;
}

bool
bmp_stat_next(struct bmp_stats *stats, struct bmp_stat *ret)
{
	struct bmp_stat s = { 0 };

	if (stats->left == 0 || stats->list.bad)
		return false;
	s.type = rd_u16(&stats->list);
	s.data = rd_sub(&stats->list, rd_u16(&stats->list));
	if (stats->list.bad)
		return false;
	stats->left--;
	s.row = find(bmp_stat_rows, bmp_stat_count, s.type);
	if (s.row != NULL)
		take_value(&s, s.data);
	*ret = s;
	return true;
}
