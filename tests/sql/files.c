/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static void
read_file(const char *path, struct sbuf *out)
{
	char part[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_add(out, part, n);
	fclose(f);
}

void
files_compare(const struct sql_file *file, size_t n)
{
	const char *srcdir = getenv("srcdir");

	for (; n > 0; n--, file++) {
		struct sbuf want = { 0 }, have = { 0 }, path = { 0 };

		sbuf_printf(&path, "%s/sql/%s", srcdir != NULL ? srcdir : ".", file->name);
		file->print(file->file, &want);
		read_file(path.text, &have);
		assert_string_equal(sbuf_text(&have), sbuf_text(&want));
		sbuf_done(&want);
		sbuf_done(&have);
		sbuf_done(&path);
	}
}

int
files_write(const char *dir, const struct sql_file *file, size_t n)
{
	for (; n > 0; n--, file++) {
		struct sbuf text = { 0 }, path = { 0 };
		FILE *f;

		sbuf_printf(&path, "%s/%s", dir, file->name);
		file->print(file->file, &text);
		f = fopen(path.text, "w");
		if (f == NULL || fputs(text.text, f) < 0 || fclose(f) != 0) {
			perror(path.text);
			return 1;
		}
		sbuf_done(&text);
		sbuf_done(&path);
	}
	return 0;
}
