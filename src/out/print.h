/* SPDX-License-Identifier: BSD-2-Clause */
/* The `print` output: rows to standard output or to files, as formatted text, CSV or JSON. */
#ifndef WB_OUT_PRINT_H
#define WB_OUT_PRINT_H

#include "out/output.h"

extern const struct out_kind out_print;

#endif
