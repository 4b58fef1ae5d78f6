/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes with a number that no row has is passed over (RFC 7854 4.1, 4.8), but not in silence:
 * each number is counted. The list is bounded; what has no room any more is in the routers' counters.
 */
#include "bmp/station.h"

static const char *const names[BMP_UNKNOWN_KINDS] = {
	[BMP_UNKNOWN_MESSAGE] = "message",
	[BMP_UNKNOWN_PEER_TYPE] = "peer type",
	[BMP_UNKNOWN_INFORMATION] = "information TLV",
	[BMP_UNKNOWN_TERMINATION] = "termination TLV",
	[BMP_UNKNOWN_MIRRORING] = "mirroring TLV",
	[BMP_UNKNOWN_MONITORING] = "route monitoring TLV",
	[BMP_UNKNOWN_STATISTIC] = "statistic",
	[BMP_UNKNOWN_REASON] = "peer down reason",
};

const char *
bmp_unknown_name(enum bmp_unknown_kind kind)
{
	return names[kind];
}

void
unknown_count(struct bmp *bmp, enum bmp_unknown_kind kind, uint32_t number)
{
	size_t i = 0;

	while (i < bmp->unknowns && (bmp->unknown[i].kind != kind ||
	    bmp->unknown[i].number != number))
		i++;
	if (i == UNKNOWN_MOST)
		return;
	if (i == bmp->unknowns)
		bmp->unknown[bmp->unknowns++] = (struct bmp_unknown){ kind, number, 0 };
	bmp->unknown[i].times++;
}

const struct bmp_unknown *
bmp_unknowns(const struct bmp *bmp, size_t *ret_n)
{
	*ret_n = bmp->unknowns;
	return bmp->unknown;
}
