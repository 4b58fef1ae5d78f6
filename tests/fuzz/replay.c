/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target over files, so that `make check` replays each corpus without a fuzzer. Takes
 * files and folders; without any, tests/fuzz/corpus/X for a program called fuzz_X.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static unsigned
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	struct stat st;
	size_t len;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	/* As long as the input and not a byte longer, so that a sanitizer sees a read too far. */
	bytes = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	len = bytes != NULL ? fread(bytes, 1, (size_t)st.st_size, f) : 0;
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	return 1;
}

static unsigned
replay(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	if (dir == NULL)
		return replay_file(path);
	while ((e = readdir(dir)) != NULL) {
		char *name;

		if (e->d_name[0] == '.' || asprintf(&name, "%s/%s", path, e->d_name) < 0)
			continue;
		n += replay(name);
		free(name);
	}
	closedir(dir);
	return n;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *me = basename(argv[0]);
	unsigned n = 0;
	char *path;

	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	if (argc == 1) {
		me = strstr(me, "fuzz_") != NULL ? strstr(me, "fuzz_") + 5 : me;
		if (asprintf(&path, "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : "..", me) < 0)
			return 1;
		n = replay(path);
		free(path);
	}
	printf("%sok - %u inputs do no harm\n", n > 0 ? "" : "not ", n);
	return n > 0 ? 0 : 1;
}
