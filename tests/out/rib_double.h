/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for looking up attributes in the RIB: five AS paths. Id n has the ASNs 1 to n; ids 6 to
 * 10 are the same values once more, as if told by somebody else.
 */
#ifndef WB_TESTS_OUT_RIB_DOUBLE_H
#define WB_TESTS_OUT_RIB_DOUBLE_H

#include "rib/view.h"

extern const uint8_t rib_double_path[5][22];

#endif
