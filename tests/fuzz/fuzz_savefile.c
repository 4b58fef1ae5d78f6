/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a capture file, from link layers and fragments to UDP payloads. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/savefile.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/waybill-fuzz.XXXXXX";
	struct sbuf err = { 0 };
	struct savefile *sf;
	struct dgram d;
	volatile uint8_t sum = 0;
	int fd = mkstemp(path);

	assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	sf = savefile_open(path, &err);
	while (sf != NULL && savefile_next(sf, &d, &err) == 1)
		for (size_t i = 0; i < d.len; i++)
			sum = (uint8_t)(sum + d.bytes[i]);
	savefile_close(sf);
	sbuf_done(&err);
	close(fd);
	unlink(path);
	return 0;
}
