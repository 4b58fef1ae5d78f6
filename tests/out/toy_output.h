/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WB_TESTS_OUT_TOY_OUTPUT_H
#define WB_TESTS_OUT_TOY_OUTPUT_H

#include "out/output.h"

extern const struct out_kind out_toy;

#endif
