/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of output this daemon has: a row each. Stands above the libraries of outputs, because
 * those of SQL know the frame and not the other way round.
 */
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "out/memory.h"
#include "out/output.h"
#include "out/print.h"
#include "sql/output.h"

static const struct out_kind *const kinds[] = {
	&out_print,
	&out_memory,
#if WB_HAVE_MYSQL
	&out_mysql,
#endif
#if WB_HAVE_PGSQL
	&out_pgsql,
#endif
	&out_sqlite3,
};

const struct out_kind *const *
out_kinds(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

const struct out_kind *
out_kind(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcasecmp(kinds[i]->type, type) == 0)
			return kinds[i];
	return NULL;
}
