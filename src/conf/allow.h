/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allow files: an address or prefix per line, `!` and `#` comments. A file without entries allows
 * nobody, as pmacct has it since 1.7.1. Read-only once made.
 */
#ifndef WB_CONF_ALLOW_H
#define WB_CONF_ALLOW_H

#include <stdbool.h>

#include "conf/conf.h"
#include "net/addr.h"

struct allow;

/* NULL with every bad line noted. */
struct allow *allow_read(const char *path, struct conf_notes *notes);
void	allow_free(struct allow *a);
bool	allow_has(const struct allow *a, const struct addr *from);

#endif
