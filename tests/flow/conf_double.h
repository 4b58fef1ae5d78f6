/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for src/conf in tests of the enrichment: a configuration is a list of rows, files are
 * written to a folder of the test's own.
 */
#ifndef WB_TESTS_CONF_DOUBLE_H
#define WB_TESTS_CONF_DOUBLE_H

#include "conf/conf.h"

struct conf_double_row {
	const char *output;		/* NULL: for all */
	const char *var, *value;
};

struct conf *conf_double(const char *const *outputs, const struct conf_double_row *row);

#endif
