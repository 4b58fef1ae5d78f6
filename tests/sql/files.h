/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of sql/: made from tables of ours, compared with them, written anew. */
#ifndef WB_TESTS_SQL_FILES_H
#define WB_TESTS_SQL_FILES_H

#include "core/sbuf.h"

struct sql_file {
	const char *name;
	void (*print)(const void *file, struct sbuf *out);
	const void *file;
};

void	files_compare(const struct sql_file *file, size_t n);	/* asserts */
int	files_write(const char *dir, const struct sql_file *file, size_t n);	/* an exit status */

#endif
