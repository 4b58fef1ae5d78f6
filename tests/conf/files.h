/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a test: a folder of its own under /tmp, cleared away at the end. */
#ifndef WB_TESTS_CONF_FILES_H
#define WB_TESTS_CONF_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char files_folder[32];

static inline int
files_setup(void **state)
{
	(void)state;
	strcpy(files_folder, "/tmp/waybill-conf.XXXXXX");
	return mkdtemp(files_folder) != NULL ? 0 : -1;
}

/* Writes a file of the folder and gives its path, good until the next call but three. */
static inline const char *
files_write(const char *name, const char *text)
{
	static char paths[4][64];
	static unsigned next;
	char *path = paths[next++ % 4];
	FILE *f;

	snprintf(path, sizeof(paths[0]), "%s/%s", files_folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	return path;
}

static inline int
files_teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", files_folder);
	return system(command);
}

#endif
