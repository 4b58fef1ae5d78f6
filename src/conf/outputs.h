/* SPDX-License-Identifier: BSD-2-Clause */
/* The `plugins` line: types and names of outputs. */
#ifndef WB_CONF_OUTPUTS_H
#define WB_CONF_OUTPUTS_H

#include "conf/lines.h"

struct outputs {
	struct conf_output *output;
	size_t count;
};

/*
 * line: NULL where there is none, which means one memory output. Without flows there are but outputs
 * that take routes.
 */
void	outputs_parse(struct outputs *outputs, bool flows, const struct conf_line *line,
	    struct conf_notes *notes);
void	outputs_done(struct outputs *outputs);

bool	outputs_find(const struct outputs *outputs, const char *name, size_t *ret);
const char *outputs_nearest(const struct outputs *outputs, const char *name);	/* or NULL */
void	outputs_print(const struct outputs *outputs, struct sbuf *b);

#endif
