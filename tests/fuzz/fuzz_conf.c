/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: a configuration file under waybilld and under nfacctd. What is accepted has to print
 * as something that is accepted again and prints the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
write_to(int fd, const void *bytes, size_t len)
{
	if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
}

static void
read_and_print(enum conf_program program, int fd, const char *path)
{
	struct conf_notes notes = { 0 };
	struct conf *conf = conf_read(program, path, NULL, 0, &notes), *again;
	struct sbuf first = { 0 }, second = { 0 };

	conf_notes_print(&notes, &first);
	sbuf_clear(&first);
	if (conf != NULL) {
		conf_print(conf, &first);
		write_to(fd, sbuf_text(&first), first.len);
		again = conf_read(program, path, NULL, 0, &notes);
		assert(again != NULL);
		conf_print(again, &second);
		assert(strcmp(sbuf_text(&first), sbuf_text(&second)) == 0);
		conf_free(again);
	}
	conf_free(conf);
	conf_notes_done(&notes);
	sbuf_done(&first);
	sbuf_done(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const enum conf_program programs[] = { CONF_WAYBILLD, CONF_NFACCTD };
	char path[] = "/tmp/waybill-fuzz.XXXXXX";
	struct sbuf report = { 0 };
	int fd = mkstemp(path);

	assert(fd >= 0);
	for (size_t i = 0; i < 2; i++) {
		write_to(fd, bytes, len);
		read_and_print(programs[i], fd, path);
	}
	write_to(fd, bytes, len);
	conf_compat_report(path, &report);
	sbuf_done(&report);
	close(fd);
	unlink(path);
	return 0;
}
