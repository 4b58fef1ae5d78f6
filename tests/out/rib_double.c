/* SPDX-License-Identifier: BSD-2-Clause */
#include "rib_double.h"

#include <stdlib.h>

#define ASNS	0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5

/* One AS_SEQUENCE (type 2) each; the bytes behind its length are not part of it. */
const uint8_t rib_double_path[5][22] = { { 2, 1, ASNS }, { 2, 2, ASNS }, { 2, 3, ASNS },
	{ 2, 4, ASNS }, { 2, 5, ASNS } };

const uint8_t *
rib_attr(const struct rib *rib, enum attr_kind kind, uint32_t id, size_t *ret_len)
{
	(void)rib;
	if (kind != ATTR_ASPATH)
		abort();
	*ret_len = id == 0 ? 0 : 2 + 4 * ((id - 1) % 5 + 1);
	return rib_double_path[id == 0 ? 0 : (id - 1) % 5];
}
