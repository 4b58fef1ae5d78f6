/* SPDX-License-Identifier: BSD-2-Clause */
/* The balance of a family of counters. */
#include "core/counter.h"

int64_t
counter_balance(const void *family, const struct counter_row *rows, size_t n_rows)
{
	int64_t balance = 0;

	for (size_t i = 0; i < n_rows; i++) {
		int64_t n = (int64_t)counter_get(
		    (const counter_t *)((const char *)family + rows[i].at));

		switch (rows[i].kind) {
		case COUNTER_INFO:
		case COUNTER_LEVEL:
			break;
		case COUNTER_IN:
		case COUNTER_MADE:
			balance += n;
			break;
		case COUNTER_OUT:
		case COUNTER_DROP:
		case COUNTER_HELD:
			balance -= n;
			break;
		}
	}
	return balance;
}
