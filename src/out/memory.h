/* SPDX-License-Identifier: BSD-2-Clause */
/* The `memory` output: a table that the `pmacct` client asks, over a UNIX socket. */
#ifndef WB_OUT_MEMORY_H
#define WB_OUT_MEMORY_H

#include "out/output.h"

extern const struct out_kind out_memory;

#endif
