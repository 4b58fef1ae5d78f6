/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of OpenMetrics, for those who have numbers to show. Names are without "waybill_" and "_total". */
#ifndef WB_WAYBILLD_METRICS_H
#define WB_WAYBILLD_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sbuf.h"

/* The head of a family: a gauge goes up and down, else it is a counter. */
void	metric_family(struct sbuf *out, const char *name, bool gauge, const char *help);

/* One of its series; labels as OpenMetrics spells them, "" for none. */
void	metric_series(struct sbuf *out, const char *name, bool gauge, const char *labels, uint64_t n);

/* A family of one. */
void	metric_single(struct sbuf *out, const char *name, bool gauge, const char *help, uint64_t n);

#endif
