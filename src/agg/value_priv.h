/* SPDX-License-Identifier: BSD-2-Clause */
/* Between value.c and the files with the larger value types; nobody else's business. */
#ifndef WB_AGG_VALUE_PRIV_H
#define WB_AGG_VALUE_PRIV_H

#include "agg/value.h"

void	value_json_text(const struct value *v, const struct value_style *style, const char *name,
	    struct json *j);

void	value_time_text(const struct value *v, const struct value_style *style, struct sbuf *out);
int	value_time_parse(const char *text, const struct value_style *style, struct value *ret,
	    struct sbuf *room);

void	value_labels_text(const struct value *v, const struct value_style *style, struct sbuf *out);
void	value_labels_json(const struct value *v, const struct value_style *style, const char *name,
	    struct json *j);
void	value_aspath_text(const struct value *v, const struct value_style *style, struct sbuf *out);
void	value_aspath_json(const struct value *v, const struct value_style *style, const char *name,
	    struct json *j);
void	value_comms_text(const struct value *v, const struct value_style *style, struct sbuf *out);
void	value_comms_json(const struct value *v, const struct value_style *style, const char *name,
	    struct json *j);

#endif
