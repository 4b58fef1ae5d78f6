/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: map files, line by line and word by word. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/mapfile.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/waybill-fuzz.XXXXXX";
	struct conf_notes notes = { 0 };
	struct mapword word[8];
	struct mapfile *mf;
	unsigned line;
	char *text;
	int fd = mkstemp(path), n;

	assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	mf = mapfile_open(path, &notes);
	assert(mf != NULL);
	while ((text = mapfile_line(mf, &line)) != NULL) {
		n = mapfile_words(mf, text, word, 8, &notes);
		for (int i = 0; i < n; i++)
			assert(strlen(word[i].key) > 0 && word[i].value != NULL);
	}
	mapfile_close(mf);
	conf_notes_done(&notes);
	close(fd);
	unlink(path);
	return 0;
}
