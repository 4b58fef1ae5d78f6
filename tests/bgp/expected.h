/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures played again: where they are, and what must come of them. */
#ifndef WB_TESTS_BGP_EXPECTED_H
#define WB_TESTS_BGP_EXPECTED_H

/* The folder of the captures; where it is not there the test is skipped. */
const char *replay_data(void);

/* Line by line against a file of the source tree; the first other one fails. WB_SHOW: print it first. */
void	replay_compare(const char *expected, const char *got);

#endif
