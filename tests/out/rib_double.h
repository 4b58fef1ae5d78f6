/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for the RIB: five AS paths that are the beginnings of one string of bytes. Id n has n
 * ASNs (1, 2, ...); ids 6 to 10 are the same values once more, as if told by somebody else.
 */
#ifndef WB_TESTS_OUT_RIB_DOUBLE_H
#define WB_TESTS_OUT_RIB_DOUBLE_H

#include "rib/view.h"

extern const uint8_t rib_double_path[22];

#endif
