/* SPDX-License-Identifier: BSD-2-Clause */
/* See expected.h. */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *
srcdir(void)
{
	return getenv("srcdir") != NULL ? getenv("srcdir") : "..";
}

const char *
replay_data(void)
{
	static char folder[1024];
	const char *data = getenv("WB_SHARED_DATA");

	snprintf(folder, sizeof(folder), "%s/../shared/data", srcdir());
	data = data != NULL ? data : folder;
	if (access(data, R_OK) != 0) {
		print_message("SKIP: no captures: %s is not there (set WB_SHARED_DATA)\n", data);
		skip();
	}
	return data;
}

void
replay_compare(const char *expected, const char *got)
{
	char path[1024], want[1024];
	const char *end;
	unsigned line = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", srcdir(), expected);
	if (getenv("WB_SHOW") != NULL)
		fputs(got, stderr);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(want, sizeof(want), f) != NULL) {
		size_t n = strcspn(want, "\n");

		line++;
		end = strchrnul(got, '\n');
		if ((size_t)(end - got) != n || memcmp(got, want, n) != 0)
			fail_msg("%s:%u: \"%.*s\" came instead", path, line, (int)(end - got), got);
		got = *end != '\0' ? end + 1 : end;
	}
	fclose(f);
	assert_string_equal(got, "");
}
